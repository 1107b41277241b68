//! The guarantees of docs/specs/submission.md have numbers, so that tests and comments can cite
//! them. A number is given once, whatever is cited exists, and each guarantee is cited by a test.

use std::collections::BTreeSet;

use crate::repository::{TextFile, assert_none, text_files};

const SPECIFICATION: &str = "docs/specs/submission.md";
const PREFIX: &str = "MUST-";

/// All `MUST-<number>` in a text.
fn numbers(text: &str) -> Vec<u32> {
    let number = |(offset, _): (usize, &str)| {
        let rest = &text[offset + PREFIX.len()..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok()
    };
    text.match_indices(PREFIX).filter_map(number).collect()
}

/// The numbers that the specification defines: those that begin a line, in bold.
fn defined(specification: &str) -> Vec<u32> {
    let lines = specification.lines().filter_map(|line| line.strip_prefix("**MUST-"));
    lines.filter_map(|rest| rest.split('.').next()?.parse().ok()).collect()
}

/// Numbers given twice, and citations of numbers that do not exist.
fn wrong_numbers(specification: &str, files: &[TextFile]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut offences = Vec::new();
    for number in defined(specification) {
        if !known.insert(number) {
            offences.push(format!("{SPECIFICATION}: {PREFIX}{number} is defined twice"));
        }
    }
    for file in files {
        for number in numbers(&file.text).into_iter().filter(|number| !known.contains(number)) {
            offences.push(format!("{}: cites {PREFIX}{number}, which does not exist", file.path));
        }
    }
    offences
}

/// The tests in a file: all of it in a folder of tests, else what stands behind their mark.
fn tests_in(file: &TextFile) -> &str {
    if file.path.strip_suffix(".rs").is_none() {
        return "";
    }
    if file.path.contains("/tests/") {
        return &file.text;
    }
    file.text.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests)
}

/// Guarantees that no test cites.
fn without_a_test(specification: &str, files: &[TextFile]) -> Vec<String> {
    let cited: BTreeSet<_> = files.iter().flat_map(|file| numbers(tests_in(file))).collect();
    let missing = defined(specification).into_iter().filter(|number| !cited.contains(number));
    missing.map(|number| format!("{SPECIFICATION}: no test cites {PREFIX}{number}")).collect()
}

#[test]
fn every_guarantee_is_cited_by_a_test() {
    let files: Vec<_> =
        text_files().into_iter().filter(|file| !file.path.ends_with("citations.rs")).collect();
    let specification = files.iter().find(|file| file.path == SPECIFICATION).unwrap();
    assert_none(
        "Write `// MUST-<number>` above the test that holds it:",
        &without_a_test(&specification.text, &files),
    );
}

#[test]
fn a_guarantee_without_a_test_is_found() {
    let specification = "**MUST-1.** One.\n**MUST-2.** Two.\n**MUST-3.** Three.\n";
    let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
    let files = [
        file("crates/a/tests/it/b.rs", "// MUST-1"),
        file("crates/a/src/c.rs", "// MUST-2\n#[cfg(test)]\nmod tests { // MUST-3 }"),
        file("crates/a/tests/notes.md", "MUST-2"),
    ];
    assert_eq!(
        without_a_test(specification, &files),
        ["docs/specs/submission.md: no test cites MUST-2"]
    );
}

#[test]
fn cited_guarantees_exist() {
    let files: Vec<_> =
        text_files().into_iter().filter(|file| !file.path.ends_with("citations.rs")).collect();
    let specification = files.iter().find(|file| file.path == SPECIFICATION).unwrap();
    assert!(!defined(&specification.text).is_empty(), "the specification has no numbers");
    assert_none("Mend these numbers:", &wrong_numbers(&specification.text, &files));
}

#[test]
fn a_wrong_number_is_found() {
    let specification = "**MUST-1.** One.\n**MUST-2.** Two, see MUST-1.\n**MUST-2.** Again.\n";
    let test = TextFile {
        path: "a.rs".to_owned(),
        text: "/// Holds MUST-2 and MUST-31, as one MUST-have.".to_owned(),
    };
    let expected = [
        "docs/specs/submission.md: MUST-2 is defined twice",
        "a.rs: cites MUST-31, which does not exist",
    ];
    assert_eq!(wrong_numbers(specification, &[test]), expected);
}
