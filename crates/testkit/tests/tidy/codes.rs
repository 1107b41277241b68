//! The reference of error codes says no more than the code does, and no less: a code that a person
//! looks up is there, and one that is there can be met.
//!
//! That every code of a problem stands in the reference is checked beside the commands, where all
//! rooms are at hand; here are those that stand behind an arrow, and the way back.

use std::collections::BTreeSet;

use crate::repository::{TextFile, assert_none, text_files};

const REFERENCE: &str = "docs/reference/errors.md";
/// The files in which codes are chosen by a `match`.
const CHOSEN_IN: &[&str] = &["crates/engine/src/error.rs", "crates/rules/src/delivery.rs"];

fn is_code(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// The codes that the reference explains: those between backticks in the first cell of a row.
fn explained(reference: &str) -> BTreeSet<&str> {
    let cells = reference.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter(|word| is_code(word)).collect()
}

/// The words that arms of a `match` end in.
fn chosen(code: &str) -> BTreeSet<&str> {
    let arms = code.split("=> \"").skip(1).chain(code.split("Err(\"").skip(1));
    let arms = arms.chain(code.split("code: \"").skip(1));
    arms.filter_map(|rest| rest.split('"').next()).filter(|word| is_code(word)).collect()
}

/// Codes that are chosen and not explained, and codes that are explained and nowhere chosen.
fn differences(reference: &str, files: &[TextFile]) -> Vec<String> {
    let explained = explained(reference);
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| CHOSEN_IN.contains(&file.path.as_str())) {
        for code in chosen(&file.text).into_iter().filter(|code| !explained.contains(code)) {
            offences.push(format!("{REFERENCE}: lacks `{code}` of {}", file.path));
        }
    }
    for code in explained {
        let literal = format!("\"{code}\"");
        if !files.iter().any(|file| file.path.contains("/src/") && file.text.contains(&literal)) {
            offences.push(format!("{REFERENCE}: `{code}` is no word of the code"));
        }
    }
    offences
}

#[test]
fn the_reference_of_codes_is_that_of_the_code() {
    let files = text_files();
    let reference = files.iter().find(|file| file.path == REFERENCE).unwrap();
    assert!(explained(&reference.text).len() > 60, "{:?}", explained(&reference.text));
    assert_none("Mend the reference of codes:", &differences(&reference.text, &files));
}

#[test]
fn a_code_too_few_and_one_too_many_are_found() {
    let reference = "| code | means |\n|---|---|\n| `busy` `gone` | `words` in a sentence |\n";
    let file = TextFile {
        path: "crates/engine/src/error.rs".to_owned(),
        text: "Busy => \"busy\", Lost { .. } => \"not-found\",".to_owned(),
    };
    assert_eq!(
        differences(reference, &[file]),
        [
            "docs/reference/errors.md: lacks `not-found` of crates/engine/src/error.rs",
            "docs/reference/errors.md: `gone` is no word of the code"
        ]
    );
}
