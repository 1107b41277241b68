//! The manifests of the crates: all inherit the lints and the versions of the workspace, and none
//! names a dependency that its code does not use.

use std::collections::BTreeSet;

use crate::repository::{TextFile, assert_none, text_files_ending};
use crate::rust_text::{is_word, split};

/// What is only there where the kernel is Linux.
const ON_LINUX: &str = "target.'cfg(target_os = \"linux\")'.dependencies";

/// The lines of one table of a manifest, without comments and blank lines.
fn table<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let header = format!("[{name}]");
    manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// The name that a line of a dependency table defines.
fn defined_name(line: &str) -> &str {
    line.split(['.', '=', ' ']).next().unwrap_or_default()
}

/// Whether the word stands in the code, with no letter beside it.
fn mentions(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(offset, _)| {
        !code[..offset].chars().next_back().is_some_and(is_word)
            && !code[offset + word.len()..].chars().next().is_some_and(is_word)
    })
}

/// What is wrong with one manifest. `product` is the code under `src`, `all` that and the tests.
fn offences_of(path: &str, manifest: &str, product: &str, all: &str) -> Vec<String> {
    let mut offences = Vec::new();
    if table(manifest, "lints") != ["workspace = true"] {
        offences.push(format!("{path}: needs [lints] with workspace = true"));
    }
    for (name, code) in [
        ("dependencies", product),
        (ON_LINUX, product),
        ("dev-dependencies", all),
        ("build-dependencies", all),
    ] {
        for line in table(manifest, name) {
            let dependency = defined_name(line);
            if !line.contains("workspace = true") {
                offences.push(format!("{path}: {dependency} has a version of its own"));
            }
            if !mentions(code, &dependency.replace('-', "_")) {
                offences.push(format!("{path}: {dependency} is not used ([{name}])"));
            }
        }
    }
    offences
}

/// The code of all files under `folder`.
fn code_under(files: &[TextFile], folder: &str) -> String {
    let inside = files.iter().filter(|file| file.path.starts_with(folder));
    inside.map(|file| split(&file.text).code).collect()
}

/// The manifests of the members.
fn member_manifests() -> Vec<TextFile> {
    let manifests = text_files_ending(&["/Cargo.toml"]);
    let members: Vec<_> =
        manifests.into_iter().filter(|file| file.text.contains("[package]")).collect();
    assert!(members.len() >= 9, "only {} manifests were found", members.len());
    members
}

#[test]
fn manifests_inherit_and_name_only_what_is_used() {
    let sources = text_files_ending(&[".rs"]);
    let mut offences = Vec::new();
    for TextFile { path, text } in &member_manifests() {
        let folder = path.strip_suffix("Cargo.toml").unwrap();
        let product = code_under(&sources, &format!("{folder}src/"));
        let all = code_under(&sources, folder);
        offences.extend(offences_of(path, text, &product, &all));
    }
    assert_none("Mend these manifests:", &offences);
}

#[test]
fn the_workspace_lists_only_what_a_crate_uses() {
    let members = member_manifests();
    let used: BTreeSet<_> = members
        .iter()
        .flat_map(|file| {
            ["dependencies", ON_LINUX, "dev-dependencies", "build-dependencies"]
                .into_iter()
                .flat_map(|name| table(&file.text, name))
        })
        .map(defined_name)
        .collect();
    let root = text_files_ending(&["Cargo.toml"]);
    let root = root.iter().find(|file| file.path == "Cargo.toml").unwrap();
    let listed = table(&root.text, "workspace.dependencies");
    assert!(listed.len() > 20, "only {} workspace dependencies were found", listed.len());
    let unused: Vec<_> = listed
        .into_iter()
        .map(defined_name)
        .filter(|name| !used.contains(name))
        .map(str::to_owned)
        .collect();
    assert_none("No crate uses these workspace dependencies:", &unused);
}

#[test]
fn a_careless_manifest_is_found() {
    let manifest = "[package]\nname = \"x\"\n\n[dependencies]\nserde.workspace = true\n\
        # why\nfield-kit = { workspace = true, features = [\"a\"] }\nurl = \"2\"\n\n\
        [dev-dependencies]\nproptest.workspace = true\nrstest.workspace = true\n";
    let product = "use field_kit::Kit; use url::Url; mod serdes;";
    let all = "use field_kit::Kit; use url::Url; mod serdes; proptest! {}";
    let expected = [
        "x: needs [lints] with workspace = true",
        "x: serde is not used ([dependencies])",
        "x: url has a version of its own",
        "x: rstest is not used ([dev-dependencies])",
    ];
    assert_eq!(offences_of("x", manifest, product, all), expected);
}
