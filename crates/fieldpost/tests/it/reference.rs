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
