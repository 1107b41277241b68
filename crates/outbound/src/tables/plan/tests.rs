//! What is made, and where cells go.

use super::*;

fn name(name: &str) -> ColumnName {
    ColumnName {
        name: name.to_owned(),
        alternative: format!("{name}_0"),
        source: format!("path/{name}"),
    }
}

fn column(it: &str, kind: ColumnKind) -> Column {
    Column { name: name(it), kind, spare: name(&format!("{it}_text")), expected: true }
}

fn table(kind: ColumnKind, cell: Cell) -> Table {
    Table {
        schema: None,
        name: "births".to_owned(),
        columns: vec![column("id", ColumnKind::Text), column("q", kind)],
        keys: 1,
        rows: vec![vec![Cell::Text("a".to_owned()), cell]],
    }
}

/// A table that is there, with a column `q` of that type, made by somebody else.
fn found(columns: &[(&str, &str, Option<&str>)]) -> Found {
    let columns = columns.iter().map(|(name, kind, source)| {
        let source = source.map(|source| format!("Fieldpost: {source}"));
        ((*name).to_owned(), FoundColumn::new((*kind).to_owned(), source.as_deref()))
    });
    columns.collect()
}

fn number() -> Cell {
    Cell::Number("7".to_owned())
}

#[track_caller]
fn check(
    kind: ColumnKind,
    cell: Cell,
    there: &Found,
    written: &[&str],
    missing: &[&str],
    values: &str,
) {
    let table = table(kind, cell);
    let plan = Plan::new(&table, there);
    let targets: Vec<String> =
        plan.targets.iter().skip(1).map(|it| format!("{} {}", it.name, it.kind)).collect();
    assert_eq!(targets, written);
    let made: Vec<&str> = plan.missing.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(made, missing);
    assert_eq!(plan.values(&table), format!(r#"[{{"c0":"a"{values}}}]"#));
}

#[test]
fn a_table_that_is_not_there_is_made() {
    use ColumnKind::Integer;
    let there = Found::new();
    check(Integer, number(), &there, &["q bigint"], &["id", "q"], r#","c1":7"#);
    check(Integer, Cell::Null, &there, &["q bigint"], &["id", "q"], r#","c1":null"#);
    let unfit = Cell::Unfit("seven".to_owned());
    let both = ["q bigint", "q_text text"];
    check(Integer, unfit, &there, &both, &["id", "q", "q_text"], r#","c1":null,"c2":"seven""#);
    let made = table(Integer, number());
    let (statement, text) = Plan::new(&made, &there).growth(&made, &there).unwrap();
    assert_eq!(statement, "CREATE TABLE");
    let expected =
        r#"CREATE TABLE IF NOT EXISTS "births" ("id" text, "q" bigint, PRIMARY KEY ("id"))"#;
    assert!(text.starts_with(expected), "{text}");
    assert!(text.ends_with(r#"COMMENT ON COLUMN "births"."q" IS 'Fieldpost: path/q'"#), "{text}");
}

#[test]
fn a_column_that_is_there_takes_what_it_can() {
    use ColumnKind::{Boolean, Integer, Json, Moment, Number, Texts};
    let there = |kind: &str| found(&[("id", "text", None), ("q", kind, None)]);
    let texts = Cell::Texts(vec!["a".to_owned(), "b".to_owned()]);
    let unfit = Cell::Unfit("seven".to_owned());
    let moment = Cell::Moment(fieldpost_model::time::Timestamp(0));
    for (kind, cell, is, written, values) in [
        (Integer, number(), "int4", "q bigint", r#","c1":7"#),
        (Integer, number(), "text", "q text", r#","c1":"7""#),
        (Integer, unfit, "varchar", "q text", r#","c1":"seven""#),
        (Integer, Cell::Null, "text", "q text", r#","c1":null"#),
        (Number, number(), "float8", "q numeric", r#","c1":7"#),
        (Texts, texts.clone(), "_text", "q text[]", r#","c1":["a","b"]"#),
        (Texts, texts.clone(), "jsonb", "q jsonb", r#","c1":["a","b"]"#),
        (Texts, texts, "text", "q text", r#","c1":"a b""#),
        (Json, Cell::Json(Value::Array(Vec::new())), "json", "q jsonb", r#","c1":[]"#),
        (Moment, moment, "timestamp", "q timestamptz", r#","c1":"1970-01-01T00:00:00.000000Z""#),
    ] {
        check(kind, cell, &there(is), &[written], &[], values);
    }
    for (kind, cell, is, text) in
        [(Number, number(), "int8", "7"), (Boolean, Cell::Boolean(true), "int4", "true")]
    {
        let values = format!(r#","c1":"{text}""#);
        check(kind, cell, &there(is), &["q_text text"], &["q_text"], &values);
        check(kind, Cell::Null, &there(is), &[], &[], "");
    }
}

/// An answer that is mended leaves nothing behind of what did not fit.
#[test]
fn a_spare_that_is_there_is_written_every_time() {
    let there = found(&[
        ("id", "text", Some("path/id")),
        ("q", "int8", Some("path/q")),
        ("q_text", "text", Some("path/q_text")),
    ]);
    let both = ["q bigint", "q_text text"];
    check(ColumnKind::Integer, number(), &there, &both, &[], r#","c1":7,"c2":null"#);
}

#[test]
fn no_column_holds_two_questions() {
    let there = found(&[("id", "text", None), ("q", "text", Some("path/of/another"))]);
    check(ColumnKind::Integer, number(), &there, &["q_0 bigint"], &["q_0"], r#","c1":7"#);
}

#[test]
fn own_columns_that_a_row_says_nothing_of_are_cleared_and_others_are_not() {
    let there = found(&[
        ("id", "text", Some("path/id")),
        ("gone", "text", Some("path/gone")),
        ("note", "text", None),
    ]);
    let table = table(ColumnKind::Integer, number());
    let plan = Plan::new(&table, &there);
    assert_eq!(plan.forgotten, ["gone"]);
    let (statement, text) = plan.growth(&table, &there).unwrap();
    assert_eq!(statement, "ALTER TABLE");
    let expected = r#"ALTER TABLE "births" ADD COLUMN IF NOT EXISTS "q" bigint; COMMENT"#;
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn what_is_not_expected_is_made_when_there_is_something() {
    for (cell, made) in [(Cell::Null, 1), (number(), 2)] {
        let mut table = table(ColumnKind::Integer, cell);
        table.columns[1].expected = false;
        assert_eq!(Plan::new(&table, &Found::new()).missing.len(), made);
    }
}
