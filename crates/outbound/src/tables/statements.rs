//! The statements that tables are made, widened and written with.
//!
//! Nothing of a form is part of a statement but names, and those always stand in quotes. Values go as
//! one JSON text: a statement has one parameter, however wide a table is and however many rows a
//! repeat has.

use fieldpost_model::rows::Table;

use super::plan::Target;

/// What the note beside a column begins with that the hub has made.
pub(super) const NOTE: &str = "Fieldpost: ";

/// A name in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\0', "").replace('"', "\"\""))
}

/// The name of a table in quotes.
pub(super) fn quoted_table(table: &Table) -> String {
    match &table.schema {
        Some(schema) => format!("{}.{}", quoted(schema), quoted(&table.name)),
        None => quoted(&table.name),
    }
}

/// A text as a literal, for the one statement that takes no parameters.
pub(super) fn literal(text: &str) -> String {
    let text = text.replace('\0', "").replace('\'', "''");
    if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\"))
    } else {
        format!("'{text}'")
    }
}

/// A column that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewColumn {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) source: String,
}

/// Makes a table.
pub(super) fn create(table: &Table, columns: &[NewColumn]) -> String {
    let made =
        columns.iter().map(|NewColumn { name, kind, .. }| format!("{} {kind}", quoted(name)));
    let key = format!("PRIMARY KEY ({})", key(table));
    let parts: Vec<String> = made.chain([key]).collect();
    format!(
        "CREATE TABLE IF NOT EXISTS {} ({}){}",
        quoted_table(table),
        parts.join(", "),
        notes(table, columns)
    )
}

/// The names of the columns that make the key.
fn key(table: &Table) -> String {
    let names: Vec<String> = table.key().iter().map(|column| quoted(&column.name.name)).collect();
    names.join(", ")
}

/// Adds columns to a table.
pub(super) fn widen(table: &Table, columns: &[NewColumn]) -> String {
    let added: Vec<String> = columns
        .iter()
        .map(|NewColumn { name, kind, .. }| {
            format!("ADD COLUMN IF NOT EXISTS {} {kind}", quoted(name))
        })
        .collect();
    format!("ALTER TABLE {} {}{}", quoted_table(table), added.join(", "), notes(table, columns))
}

/// Notes beside columns what they hold: for people, and for the hub, which knows its own by them.
fn notes(table: &Table, columns: &[NewColumn]) -> String {
    let table = quoted_table(table);
    let note = |NewColumn { name, source, .. }: &NewColumn| {
        let note = literal(&format!("{NOTE}{source}"));
        format!("; COMMENT ON COLUMN {table}.{} IS {note}", quoted(name))
    };
    columns.iter().map(note).collect()
}

/// Writes the one row of a main table, unless a newer state of it is there. It answers with whether
/// there was none before. `forgotten` are the hub's own columns that the row says nothing of.
pub(super) fn upsert(
    table: &Table,
    targets: &[Target],
    forgotten: &[String],
    newer_by: &str,
) -> String {
    let set = targets.iter().map(|target| {
        let name = quoted(&target.name);
        format!("{name} = excluded.{name}")
    });
    let cleared = forgotten.iter().map(|name| format!("{} = NULL", quoted(name)));
    let set: Vec<String> = set.chain(cleared).collect();
    let newer = quoted(newer_by);
    format!(
        "{} ON CONFLICT ({}) DO UPDATE SET {} WHERE kept.{newer} IS NULL OR kept.{newer} <= \
         excluded.{newer} RETURNING kept.xmax = 0",
        insert(table, targets, " AS kept"),
        key(table),
        set.join(", ")
    )
}

/// Writes rows that are not there. The one parameter has them as JSON, `c0` the first column.
pub(super) fn insert(table: &Table, targets: &[Target], alias: &str) -> String {
    let names: Vec<String> = targets.iter().map(|target| quoted(&target.name)).collect();
    let numbered = targets.iter().enumerate();
    let values: Vec<String> = numbered.clone().map(|(place, _)| format!("r.c{place}")).collect();
    let kinds: Vec<String> =
        numbered.map(|(place, target)| format!("c{place} {}", target.kind)).collect();
    format!(
        "INSERT INTO {}{alias} ({}) SELECT {} FROM json_to_recordset($1::json) AS r({})",
        quoted_table(table),
        names.join(", "),
        values.join(", "),
        kinds.join(", ")
    )
}

/// Takes away the rows of one thing. The one parameter is its id.
pub(super) fn delete(table: &Table) -> String {
    let first = table.columns.first().map_or_else(String::new, |column| quoted(&column.name.name));
    format!("DELETE FROM {} WHERE {first} = $1", quoted_table(table))
}

/// What is known of the columns of a table. The one parameter is its name in quotes.
pub(super) const READ_COLUMNS: &str = "
    SELECT a.attname::text, t.typname::text, col_description(a.attrelid, a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped";

/// Holds back other hubs that would change the same tables, until the transaction ends.
pub(super) const LOCK: &str = "SELECT pg_advisory_xact_lock($1)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_quotes() {
        for (name, expected) in [
            ("age", r#""age""#),
            (r#"a"; DROP TABLE b; --"#, r#""a""; DROP TABLE b; --""#),
            ("a\0b", r#""ab""#),
        ] {
            assert_eq!(quoted(name), expected);
        }
        for (text, expected) in [
            ("a", "'a'"),
            ("it's", "'it''s'"),
            (r"\'; DROP TABLE b; --", r"E'\\''; DROP TABLE b; --'"),
            ("a\0b", "'ab'"),
        ] {
            assert_eq!(literal(text), expected);
        }
    }
}
