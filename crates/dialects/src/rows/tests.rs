//! What rows are made of submissions and cases.

use fieldpost_model::case::{Case, CaseIndex, CaseRelationship, Closing};
use fieldpost_model::form::{AnswerType, Leaf};
use fieldpost_model::rows::{Column, MAX_COLUMNS, MAX_IDENTIFIER};
use fieldpost_model::submission::Answer;

use super::*;
use crate::submission::of_document;

const FACTS: RowFacts<'static> = RowFacts {
    submission: "s-1",
    form: "birth-registration",
    version: 2,
    received_at: Timestamp(0),
    modified_at: Timestamp(1_000_000),
};

/// How many columns every form has.
const FIXED: usize = 15;

fn leaf(name: &str, answer: AnswerType) -> Field {
    Field::new(name, FieldKind::Leaf(Leaf::of(answer)))
}

fn group(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, FieldKind::Group(fields))
}

fn repeat(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, FieldKind::Repeat(fields))
}

fn form(fields: Vec<Field>) -> Form {
    Form { fields, ..Form::default() }
}

/// The submission that a document is, as JSON has its view.
fn read(document: &str, form: Option<&Form>) -> Submission {
    let view = Value::parse(document.as_bytes()).unwrap();
    of_document(&Value::object([("data", view)]), form).unwrap()
}

fn rows(document: &str, form: &Form) -> Rows {
    submission_rows(&read(document, Some(form)), Some(form), &FACTS, None).unwrap()
}

/// The columns that come of the form, with what stands in the first row.
fn answered(rows: &Rows) -> Vec<(String, ColumnKind, String)> {
    let table = &rows.main;
    let row = table.rows.first().unwrap();
    let cell = |(column, cell): (&Column, &Cell)| {
        let shown = match cell {
            Cell::Unfit(text) => format!("{}: {text}", column.spare.name),
            cell => cell.to_json().to_json(),
        };
        (column.name.name.clone(), column.kind, shown)
    };
    table.columns.iter().zip(row).skip(FIXED).map(cell).collect()
}

#[track_caller]
fn check(answer: AnswerType, written: &str, expected: &[(&str, ColumnKind, &str)]) {
    let document = Value::object([("q", Value::from(written))]).to_json();
    let rows = rows(&document, &form(vec![leaf("q", answer)]));
    let answered = answered(&rows);
    let answered: Vec<(&str, ColumnKind, &str)> =
        answered.iter().map(|(name, kind, cell)| (name.as_str(), *kind, cell.as_str())).collect();
    assert_eq!(answered, expected, "{written:?}");
}

#[test]
fn an_answer_stands_in_a_column_of_its_type() {
    use AnswerType as Asked;
    use ColumnKind as Kind;
    for (asked, written, kind, cell) in [
        (Asked::Text, " a ", Kind::Text, r#"" a ""#),
        (Asked::Text, "", Kind::Text, "null"),
        (Asked::Text, "nul\0", Kind::Text, "\"nul\u{fffd}\""),
        (Asked::SelectOne, "yes", Kind::Text, r#""yes""#),
        (Asked::Barcode, "0042", Kind::Text, r#""0042""#),
        (Asked::Time, "10:15:00.000+01:00", Kind::Text, r#""10:15:00.000+01:00""#),
        (Asked::File, "a.jpg", Kind::Text, r#""a.jpg""#),
        (Asked::Integer, "7.0", Kind::Integer, "7"),
        (Asked::Integer, "seven", Kind::Integer, "q_text: seven"),
        (Asked::Integer, "99999999999999999999", Kind::Integer, "q_text: 99999999999999999999"),
        (Asked::Integer, "", Kind::Integer, "null"),
        (Asked::Decimal, "1.50", Kind::Number, "1.50"),
        (Asked::Decimal, "1e5", Kind::Number, "1e5"),
        (Asked::Decimal, "1e99999", Kind::Number, "q_text: 1e99999"),
        (Asked::Decimal, "NaN", Kind::Number, "q_text: NaN"),
        (Asked::Boolean, "1", Kind::Boolean, "true"),
        (Asked::Boolean, "maybe", Kind::Boolean, "q_text: maybe"),
        (Asked::Date, "2026-11-22", Kind::Date, r#""2026-11-22""#),
        (Asked::Date, "2026-11-22T00:00:00.000+02:00", Kind::Date, r#""2026-11-22""#),
        (Asked::Date, "0000-01-01", Kind::Date, "q_text: 0000-01-01"),
        (Asked::Date, "22/11/2026", Kind::Date, "q_text: 22/11/2026"),
        (
            Asked::DateTime,
            "2026-11-22T10:00:00+01:00",
            Kind::Moment,
            r#""2026-11-22T09:00:00.000000Z""#,
        ),
        (Asked::DateTime, "2026-11-22T10:00:00", Kind::Moment, "q_text: 2026-11-22T10:00:00"),
        (Asked::SelectMany, "a b", Kind::Texts, r#"["a","b"]"#),
        (Asked::SelectMany, "", Kind::Texts, "[]"),
        (
            Asked::Geotrace,
            "1 2;3 4",
            Kind::Json,
            r#"{"type":"LineString","coordinates":[[2,1],[4,3]]}"#,
        ),
        (Asked::Geoshape, "here", Kind::Json, "q_text: here"),
    ] {
        check(asked, written, &[("q", kind, cell)]);
    }
}

#[test]
fn a_position_has_columns_for_its_parts() {
    let columns = |place, longitude, latitude, altitude, accuracy| {
        [
            ("q", ColumnKind::Json, place),
            ("q_longitude", ColumnKind::Number, longitude),
            ("q_latitude", ColumnKind::Number, latitude),
            ("q_altitude", ColumnKind::Number, altitude),
            ("q_accuracy", ColumnKind::Number, accuracy),
        ]
    };
    let point = r#"{"type":"Point","coordinates":[36.8,-1.29,1795]}"#;
    let whole = columns(point, "36.8", "-1.29", "1795", "4.9");
    check(AnswerType::Geopoint, "-1.29 36.8 1795 4.9", &whole);
    check(AnswerType::Geopoint, "here", &columns("q_text: here", "null", "null", "null", "null"));
    check(AnswerType::Geopoint, "", &columns("null", "null", "null", "null", "null"));
}

#[test]
fn every_row_says_what_it_is_of() {
    let document =
        r#"{"@id": "births", "@version": "7", "q": "a", "meta": {"instanceID": "uuid:1"}}"#;
    let form = form(vec![leaf("q", AnswerType::Text)]);
    let rows = rows(document, &form);
    let table = &rows.main;
    assert_eq!(
        (table.full_name().as_str(), table.keys, rows.newer_by),
        ("birth_registration", 1, "version")
    );
    assert_eq!(table.columns.len(), FIXED + 1);
    let row = rows.to_json();
    let row = &row.get("birth_registration").unwrap().as_array().unwrap()[0];
    for (column, expected) in [
        ("submission_id", r#""s-1""#),
        ("form", r#""birth-registration""#),
        ("form_version", r#""7""#),
        ("version", "2"),
        ("instance_id", r#""uuid:1""#),
        ("received_at", r#""1970-01-01T00:00:00.000000Z""#),
        ("modified_at", r#""1970-01-01T00:00:01.000000Z""#),
        ("started_at", "null"),
        ("attachments", "[]"),
    ] {
        assert_eq!(row.get(column).unwrap().to_json(), expected, "{column}");
    }
}

#[test]
fn groups_are_flattened_and_what_no_form_knows_stands_aside() {
    let form = form(vec![group("child", vec![leaf("name", AnswerType::Text)])]);
    let rows = rows(r#"{"child": {"name": "Ann", "new": "x"}, "late": "y"}"#, &form);
    let shown = answered(&rows);
    assert_eq!(shown[0], ("child_name".to_owned(), ColumnKind::Text, r#""Ann""#.to_owned()));
    assert_eq!(rows.main.columns[FIXED].name.source, "child/name");
    let extra = r#"{"child/new":"x","late":"y"}"#.to_owned();
    assert_eq!(shown[1], ("extra".to_owned(), ColumnKind::Json, extra));
}

/// A question that nobody answered has its column, so that the table is that of the form.
#[test]
fn columns_are_those_of_the_definition_in_its_order() {
    let form = form(vec![
        leaf("z", AnswerType::Integer),
        group("g", vec![leaf("b", AnswerType::Date)]),
        leaf("a", AnswerType::Text),
    ]);
    let names = |rows: &Rows| -> Vec<String> {
        rows.main.columns.iter().skip(FIXED).map(|column| column.name.name.clone()).collect()
    };
    for document in [r#"{"a": "x"}"#, r#"{"z": "1", "a": "x"}"#] {
        assert_eq!(names(&rows(document, &form)), ["z", "g_b", "a"], "{document}");
    }
}

fn household() -> Form {
    let member =
        vec![leaf("name", AnswerType::Text), repeat("visit", vec![leaf("day", AnswerType::Date)])];
    form(vec![leaf("village", AnswerType::Text), group("g", vec![repeat("member", member)])])
}

#[test]
fn repeats_are_tables_of_their_own() {
    let document = r#"{"village": "v", "g": {"member": [
        {"name": "Ann", "visit": [{"day": "2026-01-01"}, {"day": "2026-01-02"}]},
        {"name": "Bob", "visit": {"day": "2026-01-03"}}]}}"#;
    let rows = rows(document, &household());
    let json = rows.to_json();
    let expected = concat!(
        r#"[{"submission_id":"s-1","position":1,"name":"Ann"},"#,
        r#"{"submission_id":"s-1","position":2,"name":"Bob"}]"#
    );
    assert_eq!(json.get("birth_registration__g_member").unwrap().to_json(), expected);
    let expected = concat!(
        r#"[{"submission_id":"s-1","member_position":1,"position":1,"day":"2026-01-01"},"#,
        r#"{"submission_id":"s-1","member_position":1,"position":2,"day":"2026-01-02"},"#,
        r#"{"submission_id":"s-1","member_position":2,"position":1,"day":"2026-01-03"}]"#
    );
    assert_eq!(json.get("birth_registration__g_member_visit").unwrap().to_json(), expected);
    let keys: Vec<usize> = rows.tables().map(|table| table.keys).collect();
    assert_eq!(keys, [1, 2, 3]);
}

/// The rows of an earlier version have to go.
#[test]
fn tables_of_repeats_are_named_when_nothing_stands_in_them() {
    for document in [r#"{"village": "v"}"#, r#"{"g": {"member": {"name": "Ann"}}}"#] {
        let rows = rows(document, &household());
        let names: Vec<&str> = rows.tables().map(|table| table.name.as_str()).collect();
        let expected = [
            "birth_registration",
            "birth_registration__g_member",
            "birth_registration__g_member_visit",
        ];
        assert_eq!(names, expected, "{document}");
    }
}

#[test]
fn names_that_would_meet_stay_apart() {
    let form = form(vec![
        leaf("Age", AnswerType::Integer),
        leaf("age", AnswerType::Integer),
        group("a", vec![leaf("b", AnswerType::Text)]),
        leaf("a_b", AnswerType::Text),
        leaf("version", AnswerType::Text),
        leaf("ctid", AnswerType::Text),
        leaf("gps", AnswerType::Geopoint),
        leaf("gps_latitude", AnswerType::Decimal),
        leaf("n", AnswerType::Integer),
        leaf("n_text", AnswerType::Text),
        leaf(r#"x"; DROP TABLE y; --"#, AnswerType::Text),
        leaf(&"long".repeat(40), AnswerType::Text),
    ]);
    let rows = rows("{}", &form);
    let columns = &rows.main.columns;
    let mut names: Vec<&str> = columns.iter().map(|column| column.name.name.as_str()).collect();
    for name in &names {
        assert!(name.len() <= MAX_IDENTIFIER && !name.contains(['"', ' ', ';']), "{name}");
    }
    let found = |name: &str| names.contains(&name);
    for taken in ["age", "a_b", "ctid", "gps_latitude"] {
        assert!(!found(taken), "{taken} is of two, or none's");
    }
    assert!(found("version") && found("gps_longitude") && found("n_text"));
    let n = columns.iter().find(|column| column.name.name == "n").unwrap();
    assert!(n.spare.name.starts_with("n_text_") && !found(&n.spare.name), "{}", n.spare.name);
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn without_a_definition_everything_is_text() {
    let document = r#"{"age": "7", "who": {"name": "Ann"}, "many": [{"a": "1"}, {"a": "2"}]}"#;
    let submission = read(document, None);
    let rows = submission_rows(&submission, None, &FACTS, Some("clinic.Births")).unwrap();
    assert_eq!(rows.main.full_name(), "clinic.Births");
    assert!(rows.repeats.is_empty());
    let expected = [
        ("age", ColumnKind::Text, r#""7""#),
        ("who_name", ColumnKind::Text, r#""Ann""#),
        ("many", ColumnKind::Json, r#"[{"a":"1"},{"a":"2"}]"#),
    ];
    let expected = expected.map(|(name, kind, cell)| (name.to_owned(), kind, cell.to_owned()));
    assert_eq!(answered(&rows), expected);
}

/// What is withheld is not in the model any more; it has no column, in no table.
#[test]
fn what_is_withheld_has_no_column() {
    let form = household();
    let mut submission = read(r#"{"village": "v", "g": {"member": {"name": "Ann"}}}"#, Some(&form));
    submission.values.members.retain(|(name, _)| name != "village");
    let Some((_, Node::Group(inner))) = submission.values.members.first_mut() else { panic!() };
    let Some((_, Node::Repeat(members))) = inner.members.first_mut() else { panic!() };
    let Some(Node::Group(member)) = members.first_mut() else { panic!() };
    member.members.retain(|(name, _)| name != "name");
    let rows = submission_rows(&submission, Some(&form), &FACTS, None).unwrap();
    assert_eq!(answered(&rows), []);
    let columns = rows.repeats[0].columns.iter().map(|column| column.name.name.as_str());
    assert_eq!(columns.collect::<Vec<_>>(), ["submission_id", "position"]);
}

/// A digest in the place of a number stands where a text can.
#[test]
fn what_stands_in_the_place_of_an_answer_is_a_text() {
    let form = form(vec![leaf("age", AnswerType::Integer)]);
    let mut submission = read(r#"{"age": "7"}"#, Some(&form));
    submission.values.members[0].1 = Node::Answer(Answer::text("0a1b"));
    let rows = submission_rows(&submission, Some(&form), &FACTS, None).unwrap();
    assert_eq!(answered(&rows)[0].2, "age_text: 0a1b");
}

#[test]
fn a_table_has_only_so_many_columns() {
    let fields = |number: usize| (0..number).map(|n| leaf(&format!("q{n}"), AnswerType::Text));
    let made = |number: usize| {
        let form = form(fields(number).collect());
        submission_rows(&read("{}", Some(&form)), Some(&form), &FACTS, None)
    };
    assert_eq!(made(MAX_COLUMNS - FIXED).unwrap().main.columns.len(), MAX_COLUMNS);
    let refused = made(MAX_COLUMNS - FIXED + 1).unwrap_err();
    assert!(refused.contains("would have 1601 columns"), "{refused}");
    assert!(submission_rows(&read("{}", None), None, &FACTS, Some("a.b.c")).is_err());
}

#[test]
fn a_case_is_a_row() {
    let index = |case_id: &str| CaseIndex {
        case_id: case_id.to_owned(),
        case_type: "household".to_owned(),
        relationship: CaseRelationship::Child,
    };
    let mut case = Case::new("c-1");
    case.case_type = "Patient".to_owned();
    case.name = "Ann".to_owned();
    case.server_modified_at = Timestamp(0);
    case.closing = Some(Closing { at: Timestamp(0), by: String::new() });
    case.indices.insert("parent".to_owned(), index("c-0"));
    case.indices.insert("mother".to_owned(), index("c-2"));
    for (name, value) in
        [("age", "7"), ("last-visit", ""), ("owner_id", "x"), ("mother_id", "y"), ("@case_id", "z")]
    {
        case.properties.insert(name.to_owned(), value.to_owned());
    }
    let rows = case_rows(&case, None).unwrap();
    assert_eq!((rows.main.full_name().as_str(), rows.newer_by), ("patient", "server_modified_at"));
    let json = rows.to_json();
    let row = &json.get("patient").unwrap().as_array().unwrap()[0];
    for (column, expected) in [
        ("case_id", r#""c-1""#),
        ("case_type", r#""Patient""#),
        ("owner_id", "null"),
        ("closed", "true"),
        ("closed_at", r#""1970-01-01T00:00:00.000000Z""#),
        ("parent_id", r#""c-0""#),
        ("host_id", "null"),
        ("mother_id", r#""c-2""#),
        ("age", r#""7""#),
        ("last_visit", r#""""#),
        ("_case_id", r#""z""#),
    ] {
        assert_eq!(row.get(column).unwrap().to_json(), expected, "{column}");
    }
    let others = row
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.starts_with("owner_id_") || name.starts_with("mother_id_"));
    assert_eq!(others.count(), 2);
    let unexpected: Vec<&str> = rows
        .main
        .columns
        .iter()
        .filter(|column| !column.expected)
        .map(|column| column.name.name.as_str())
        .collect();
    assert_eq!(unexpected, ["parent_id", "host_id", "mother_id"]);
    case.case_type.clear();
    assert_eq!(case_rows(&case, None).unwrap().main.name, "cases");
}
