//! SQL on our tables stands in the store and nowhere else, so that a table can change in one room.

use crate::repository::{TextFile, assert_none, text_files_ending};
use crate::rust_text::split;

/// Rooms that may speak SQL: the store, what writes to tables of others, and what sets up or looks
/// into databases for tests.
fn may_speak_sql(path: &str) -> bool {
    path.starts_with("crates/store/")
        || path.starts_with("crates/outbound/src/tables/")
        || path.starts_with("crates/testkit/")
        || path.contains("/tests/")
        || path.contains("/benches/")
        || path.starts_with("benches/")
}

/// Whether a text is a statement that reads or changes a table. Only its beginning is looked at:
/// a sentence for people may well say "select" further on.
fn is_statement(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<_> = lower.split_whitespace().collect();
    let later = |word: &str| words.contains(&word);
    match words.as_slice() {
        ["insert" | "replace" | "merge", "into", ..]
        | ["delete", "from", ..]
        | ["update", _, "set", ..]
        | ["create" | "alter" | "drop", "table" | "index" | "view" | "unique", ..] => true,
        ["with", _, "as", ..] => later("select") || later("update") || later("insert"),
        ["select", ..] => later("from") && text.contains(['*', '$', '?', '=', '(']),
        _ => false,
    }
}

/// Statements outside the rooms that may speak SQL.
fn statements_outside(files: &[TextFile]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| !may_speak_sql(&file.path)) {
        for literal in split(&file.text).literals {
            if is_statement(&literal.text) {
                let begin: String = literal.text.trim().chars().take(50).collect();
                offences.push(format!("{}:{}: {begin}", file.path, literal.line));
            }
        }
    }
    offences
}

#[test]
fn only_the_store_speaks_sql() {
    let files = text_files_ending(&[".rs"]);
    assert!(files.iter().any(|file| file.path.starts_with("crates/server/")));
    assert_none("Move these statements into crates/store:", &statements_outside(&files));
}

#[test]
fn a_statement_in_the_wrong_room_is_found() {
    let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
    let statement = "fn f() {\n    run(r#\"\n  SELECT id FROM deliveries WHERE id = $1\"#) }";
    let files = [
        file("crates/store/src/read.rs", statement),
        file("crates/engine/tests/it/main.rs", statement),
        file("crates/server/src/api.rs", statement),
        file("crates/engine/src/keep.rs", "// INSERT INTO x\nlet a = \"insert into messages\";"),
        file("crates/engine/src/run.rs", "let a = \"update runs set state = 1\";"),
        file(
            "crates/fieldpost/src/cli.rs",
            "let a = \"Select one from the list\"; let b = \"Update it\";",
        ),
    ];
    let expected = [
        "crates/server/src/api.rs:2: SELECT id FROM deliveries WHERE id = $1",
        "crates/engine/src/keep.rs:2: insert into messages",
        "crates/engine/src/run.rs:1: update runs set state = 1",
    ];
    assert_eq!(statements_outside(&files), expected);
}
