//! The flow has one file per step, and the steps meet only in the store: a step that calls another
//! could no longer be continued by a different process. So they do not import each other, and the
//! server imports none of the loops.

use crate::repository::{TextFile, assert_none, text_files_ending};
use crate::rust_text::{is_word, line_of, split};

/// The steps of the flow; each is a file or a folder in the engine's `src`.
const STEPS: &[&str] =
    &["receive", "matching", "keep", "run", "deliver", "record", "lifecycle", "poll", "timers"];

/// The steps that act on their own. The server writes an intent into the store instead.
const LOOPS: &[&str] = &["run", "deliver", "record", "poll", "timers"];

const ENGINE: &str = "crates/engine/src/";
const SERVER: &str = "crates/server/src/";

/// The first names after each `prefix::`, with the offset of the prefix; a group in braces gives
/// all its members.
fn names_after(code: &str, prefix: &str) -> Vec<(usize, String)> {
    let first_name = |text: &str| text.trim_start().chars().take_while(|c| is_word(*c)).collect();
    let mut names = Vec::new();
    for (offset, _) in code.match_indices(prefix) {
        if code[..offset].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let Some(rest) = code[offset + prefix.len()..].trim_start().strip_prefix("::") else {
            continue;
        };
        match rest.trim_start().strip_prefix('{') {
            Some(group) => names.extend(members(group).map(|name| (offset, first_name(name)))),
            None => names.push((offset, first_name(rest))),
        }
    }
    names
}

/// The members of a group whose opening brace has been read; nested groups stay whole.
fn members(group: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    let end = group.find(move |character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        depth < 0
    });
    let mut depth = 0_i32;
    group[..end.unwrap_or(group.len())].split(move |character| {
        depth += i32::from(character == '{') - i32::from(character == '}');
        character == ',' && depth == 0
    })
}

/// The step that a file belongs to; `None` for files of the engine that are no step.
fn step_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix(ENGINE)?;
    let room = inside.split_once('/').map_or(inside, |(folder, _)| folder);
    let name = room.strip_suffix(".rs").unwrap_or(room);
    STEPS.contains(&name).then_some(name)
}

/// Paths from one step to another, and from the server to a loop.
fn crossings(files: &[TextFile]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files {
        let code = split(&file.text).code;
        let (prefix, forbidden, own) = if let Some(step) = step_of(&file.path) {
            ("crate", STEPS, step)
        } else if file.path.starts_with(SERVER) {
            ("fieldpost_engine", LOOPS, "")
        } else {
            continue;
        };
        for (offset, name) in names_after(&code, prefix) {
            if name != own && forbidden.contains(&name.as_str()) {
                let line = line_of(&code, offset);
                offences.push(format!("{}:{line}: {prefix}::{name}", file.path));
            }
        }
    }
    offences
}

#[test]
fn steps_meet_only_in_the_store() {
    let offences = crossings(&text_files_ending(&[".rs"]));
    assert_none("Steps that know another step (ARCHITECTURE.md, invariants):", &offences);
}

#[test]
fn a_crossing_is_found() {
    let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
    let files = [
        file("crates/engine/src/deliver.rs", "use crate::clock::Clock;\nuse crate::record::write;"),
        file("crates/engine/src/keep.rs", "use crate::{clock::{Clock, run}, matching::Plan};"),
        file(
            "crates/engine/src/poll/page.rs",
            "fn f() { crate::poll::go(); crate :: keep::keep() }",
        ),
        file("crates/engine/src/receive.rs", "// crate::deliver\nuse crate::keeper::Keeper;"),
        file("crates/engine/src/lib.rs", "use crate::deliver::Deliver;"),
        file("crates/server/src/inbox.rs", "use fieldpost_engine::{receive, deliver::Lane};"),
    ];
    let expected = [
        "crates/engine/src/deliver.rs:2: crate::record",
        "crates/engine/src/keep.rs:1: crate::matching",
        "crates/engine/src/poll/page.rs:1: crate::keep",
        "crates/server/src/inbox.rs:1: fieldpost_engine::deliver",
    ];
    assert_eq!(crossings(&files), expected);
}
