//! The repository as the checks see it: its text files, and what cargo says of its crates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Folders that hold nothing of ours: what tools build, fetch or keep.
const FOREIGN_FOLDERS: &[&str] = &[".git", "target", "node_modules", "dist"];
/// The folder of a hub that is tried out in the checkout.
const FOLDER_OF_A_HUB: &str = "data";

/// The folder that holds the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// One text file.
pub(crate) struct TextFile {
    /// The path from the root of the repository, with `/` between its parts.
    pub(crate) path: String,
    /// The content.
    pub(crate) text: String,
}

/// Every file of the repository that is text, sorted by path.
pub(crate) fn text_files() -> Vec<TextFile> {
    let root = root();
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().unwrap();
            let is_foreign = FOREIGN_FOLDERS.contains(&name.as_str())
                || (folder == root && name == FOLDER_OF_A_HUB);
            if kind.is_dir() && !is_foreign {
                folders.push(path);
            } else if kind.is_file()
                && let Ok(text) = fs::read_to_string(&path)
            {
                let path = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                files.push(TextFile { path, text });
            }
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    assert!(files.len() > 50, "the walk over the repository found only {} files", files.len());
    files
}

/// The files whose path ends in one of `endings`.
pub(crate) fn text_files_ending(endings: &[&str]) -> Vec<TextFile> {
    let wanted = |file: &TextFile| endings.iter().any(|ending| file.path.ends_with(ending));
    text_files().into_iter().filter(wanted).collect()
}

/// What `cargo metadata` says: the members with their manifests, and the resolved graph.
///
/// Only one platform is resolved, so that crates of other systems need not be downloaded.
pub(crate) fn cargo_metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Fails with all offences, one a line, under a sentence that says what to do.
#[track_caller]
pub(crate) fn assert_none(what_to_do: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{what_to_do}\n  {}\n", offences.join("\n  "));
}
