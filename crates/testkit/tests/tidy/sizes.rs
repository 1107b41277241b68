//! No file is longer than a person reads in one go.

use crate::repository::{TextFile, assert_none, text_files_ending};

/// Lines that one file of code may have.
const MAX_LINES: usize = 650;

/// Files longer than the bound. A file whose head says `@generated` is nobody's to read.
fn too_long(files: &[TextFile]) -> Vec<String> {
    let generated =
        |file: &&TextFile| file.text.lines().take(5).any(|line| line.contains("@generated"));
    files
        .iter()
        .filter(|file| !generated(file) && file.text.lines().count() > MAX_LINES)
        .map(|file| format!("{}: {} lines", file.path, file.text.lines().count()))
        .collect()
}

#[test]
fn no_file_of_code_is_too_long() {
    let files = text_files_ending(&[".rs", ".ts", ".tsx", ".css", ".sql"]);
    assert_none(&format!("Split what has more than {MAX_LINES} lines:"), &too_long(&files));
}

#[test]
fn one_line_past_the_bound_is_found() {
    let file = |path: &str, head: &str, lines: usize| TextFile {
        path: path.to_owned(),
        text: head.to_owned() + &"code\n".repeat(lines),
    };
    let files = [
        file("just.rs", "", MAX_LINES),
        file("over.rs", "", MAX_LINES + 1),
        file("types.ts", "// @generated from the API\n", MAX_LINES + 1),
    ];
    assert_eq!(too_long(&files), ["over.rs: 651 lines"]);
}
