//! The pages that are made from the program are those that are checked in.

use std::fs;
use std::path::Path;

use crate::world::{fieldpost, run};

#[track_caller]
fn check_page(page: &str) {
    let made = run(&mut fieldpost(["reference", page])).well();
    let path = format!("docs/reference/{page}.md");
    let checked_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(&path);
    let checked_in = fs::read_to_string(checked_in).unwrap_or_default();
    assert!(
        made == checked_in,
        "{path} is out of date: run `cargo run -p fieldpost -- reference {page} > {path}`"
    );
}

#[test]
fn the_reference_of_settings_is_up_to_date() {
    check_page("settings");
}

#[test]
fn the_reference_of_commands_is_up_to_date() {
    check_page("commands");
}

#[test]
fn the_reference_of_adaptors_is_up_to_date() {
    check_page("adaptors");
}

/// The files of code below a folder, tests apart.
fn code_below(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            code_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            found.push(code.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}

/// What stands before a code where one is given to a problem.
const BEFORE_A_CODE: [&str; 7] = [
    "bad_request( \"",
    "bad_request(\"",
    "Unreadable::new( \"",
    "Unreadable::new(\"",
    "code: \"",
    ".error(\"",
    ".unexpected(\"",
];

/// The codes in a piece of code: words with a hyphen behind one of the marks, or behind a status.
fn codes_in(code: &str) -> Vec<&str> {
    let marked = BEFORE_A_CODE.iter().flat_map(|mark| code.split(mark).skip(1));
    let behind_status = code.split("StatusCode::").skip(1).filter_map(|rest| {
        let (_, rest) = rest.split_once(", ")?;
        rest.strip_prefix('"')
    });
    marked
        .chain(behind_status)
        .filter_map(|rest| rest.split('"').next())
        .filter(|word| word.contains('-'))
        .filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        .collect()
}

#[test]
fn every_error_code_is_in_the_reference() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/reference/errors.md")).unwrap();
    let mut files = Vec::new();
    for room in ["model", "rules", "dialects", "engine", "server"] {
        code_below(&root.join("crates").join(room).join("src"), &mut files);
    }
    let mut codes: Vec<&str> = files.iter().flat_map(|code| codes_in(code)).collect();
    codes.extend(fieldpost_rules::definition::CODES);
    codes.sort_unstable();
    codes.dedup();
    assert!(codes.len() > 40, "only {} codes were found: {codes:?}", codes.len());
    codes.retain(|code| !page.contains(&format!("`{code}`")));
    assert!(codes.is_empty(), "docs/reference/errors.md lacks {codes:?}");
}
