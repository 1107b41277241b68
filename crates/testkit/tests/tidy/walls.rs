//! The walls between the crates, as ARCHITECTURE.md draws them: who may import whom, which crates
//! are pure, and which one alone may open a database.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::repository::{assert_none, cargo_metadata};

/// Who may import whom. A crate that is missing here is not in the plan of the house yet.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("fieldpost-model", &[]),
    ("fieldpost-rules", &["model"]),
    ("fieldpost-dialects", &["model"]),
    ("fieldpost-store", &["model"]),
    ("fieldpost-outbound", &["model", "rules"]),
    ("fieldpost-script", &["model", "outbound"]),
    ("fieldpost-engine", &["model", "rules", "dialects", "store", "outbound", "script"]),
    ("fieldpost-server", &["model", "rules", "dialects", "store", "engine"]),
    ("fieldpost", EVERYTHING),
    ("fieldpost-testkit", EVERYTHING),
    ("fieldpost-bench", BENCHED),
];

const EVERYTHING: &[&str] =
    &["model", "rules", "dialects", "store", "outbound", "script", "engine", "server"];

/// Benches use what tests use.
const BENCHED: &[&str] =
    &["model", "rules", "dialects", "store", "outbound", "script", "engine", "server", "testkit"];

/// Crates that decide and translate, and touch nothing.
const PURE: &[&str] = &["fieldpost-model", "fieldpost-rules", "fieldpost-dialects"];

/// What a pure crate may not reach, not even through others: sockets, databases, threads of tasks.
const IMPURE: &[&str] = &[
    "axum",
    "deadpool-postgres",
    "hyper",
    "libsqlite3-sys",
    "reqwest",
    "rusqlite",
    "socket2",
    "tokio",
    "tokio-postgres",
    "tokio-util",
    "tower",
    "ureq",
];

/// What a pure crate may not name itself, with the reason.
const NOT_IN_PURE: &[(&str, &str)] = &[
    ("getrandom", "randomness comes in as an argument"),
    ("rand", "randomness comes in as an argument"),
    ("serde_json", "it rounds numbers; fieldpost_model::json keeps them"),
    ("tempfile", "pure code has no files"),
    ("tracing", "a pure function returns what it found; its caller logs"),
];

/// Who may name these crates; tests and benches excepted.
const RESERVED: &[(&str, &[&str])] = &[
    ("rusqlite", &["fieldpost-store"]),
    ("tokio-postgres", &["fieldpost-store", "fieldpost-outbound"]),
    ("deadpool-postgres", &["fieldpost-store"]),
    ("reqwest", &["fieldpost-outbound", "fieldpost"]),
    ("axum", &["fieldpost-server", "fieldpost"]),
];

/// Crates that only tests and benches use; for them nothing is reserved.
const FOR_TESTS: &[&str] = &["fieldpost-testkit", "fieldpost-bench"];

/// A member of the workspace and the crates that its manifest names.
struct Member {
    name: String,
    /// Names in `[dependencies]` and `[build-dependencies]`.
    imports: Vec<String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The members of the workspace.
fn members(metadata: &Value) -> Vec<Member> {
    let ids = metadata["workspace_members"].as_array().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let member = |package: &Value| Member {
        name: text(&package["name"]),
        imports: package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"] != "dev")
            .map(|dependency| text(&dependency["name"]))
            .collect(),
    };
    packages.iter().filter(|package| ids.contains(&package["id"])).map(member).collect()
}

/// Imports that the plan of the house does not have.
fn forbidden_imports(members: &[Member]) -> Vec<String> {
    let mut offences = Vec::new();
    for Member { name, imports } in members {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(known, _)| known == name) else {
            offences
                .push(format!("{name}: not in the plan; decide in walls.rs whom it may import"));
            continue;
        };
        for import in imports {
            let ours = import.strip_prefix("fieldpost-");
            if ours.is_some_and(|room| !allowed.contains(&room)) || import == "fieldpost" {
                offences.push(format!("{name} imports {import}"));
            }
            let reserved = RESERVED.iter().find(|(reserved, _)| reserved == import);
            if let Some((_, owners)) = reserved
                && !owners.contains(&name.as_str())
                && !FOR_TESTS.contains(&name.as_str())
            {
                offences
                    .push(format!("{name} imports {import}, which is for {}", owners.join(", ")));
            }
            let impure = NOT_IN_PURE.iter().find(|(impure, _)| impure == import);
            if let Some((_, reason)) = impure
                && PURE.contains(&name.as_str())
            {
                offences.push(format!("{name} imports {import}: {reason}"));
            }
        }
    }
    offences
}

/// For each package id: its name, and the ids that it is built with (dev-dependencies left out).
type Graph = BTreeMap<String, (String, Vec<String>)>;

fn resolved_graph(metadata: &Value) -> Graph {
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeMap<_, _> =
        packages.iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let is_built_with = |dependency: &&Value| {
        dependency["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"] != "dev")
    };
    let node = |node: &Value| {
        let id = text(&node["id"]);
        let dependencies = node["deps"].as_array().unwrap().iter().filter(is_built_with);
        let built_with = dependencies.map(|dependency| text(&dependency["pkg"])).collect();
        (id.clone(), (names[&id].clone(), built_with))
    };
    metadata["resolve"]["nodes"].as_array().unwrap().iter().map(node).collect()
}

/// The way from each pure crate to each impure one that it reaches.
fn impure_ways(graph: &Graph) -> Vec<String> {
    let mut offences = Vec::new();
    let pure = graph.iter().filter(|(_, (name, _))| PURE.contains(&name.as_str()));
    for (start, (start_name, _)) in pure {
        let mut seen = BTreeSet::from([start]);
        let mut ways = vec![(start, start_name.clone())];
        while let Some((id, way)) = ways.pop() {
            for next in &graph[id].1 {
                if !seen.insert(next) {
                    continue;
                }
                let name = &graph[next].0;
                let longer = format!("{way} → {name}");
                if IMPURE.contains(&name.as_str()) {
                    offences.push(longer);
                } else {
                    ways.push((next, longer));
                }
            }
        }
    }
    offences
}

#[test]
fn crates_import_only_whom_they_may() {
    let members = members(&cargo_metadata());
    assert!(members.len() >= 9, "cargo names only {} members", members.len());
    assert_none("Imports that break a wall (ARCHITECTURE.md):", &forbidden_imports(&members));
}

#[test]
fn pure_crates_reach_no_input_or_output() {
    let graph = resolved_graph(&cargo_metadata());
    for pure in PURE {
        assert!(graph.values().any(|(name, _)| name == pure), "{pure} is not in the graph");
    }
    assert_none("Pure crates that reach what is not pure:", &impure_ways(&graph));
}

#[track_caller]
fn check(name: &str, imports: &[&str], expected: &[&str]) {
    let imports = imports.iter().map(|import| (*import).to_owned()).collect();
    assert_eq!(forbidden_imports(&[Member { name: name.to_owned(), imports }]), expected);
}

#[test]
fn a_broken_wall_is_found() {
    check("fieldpost-rules", &["fieldpost-model", "serde"], &[]);
    check("fieldpost-model", &["fieldpost-rules"], &["fieldpost-model imports fieldpost-rules"]);
    check("fieldpost-store", &["rusqlite", "fieldpost-model"], &[]);
    check("fieldpost-store", &["fieldpost-rules"], &["fieldpost-store imports fieldpost-rules"]);
    check(
        "fieldpost-server",
        &["fieldpost-outbound"],
        &["fieldpost-server imports fieldpost-outbound"],
    );
    check("fieldpost-server", &["fieldpost"], &["fieldpost-server imports fieldpost"]);
    check("fieldpost", &["fieldpost-testkit"], &["fieldpost imports fieldpost-testkit"]);
    check("fieldpost-testkit", &["tokio-postgres", "axum", "reqwest"], &[]);
    check(
        "fieldpost-engine",
        &["rusqlite"],
        &["fieldpost-engine imports rusqlite, which is for fieldpost-store"],
    );
    check(
        "fieldpost-rules",
        &["rand"],
        &["fieldpost-rules imports rand: randomness comes in as an argument"],
    );
    check(
        "fieldpost-attic",
        &[],
        &["fieldpost-attic: not in the plan; decide in walls.rs whom it may import"],
    );
}

#[test]
fn an_impure_crate_is_found_behind_another() {
    let node = |name: &str, next: &[&str]| {
        let next = next.iter().map(|id| (*id).to_owned()).collect();
        (name.to_owned(), (name.to_owned(), next))
    };
    let graph = Graph::from([
        node("fieldpost-model", &["serde"]),
        node("fieldpost-rules", &["fieldpost-model", "handy"]),
        node("fieldpost-store", &["tokio"]),
        node("handy", &["tokio"]),
        node("serde", &[]),
        node("tokio", &["socket2"]),
        node("socket2", &[]),
    ]);
    assert_eq!(impure_ways(&graph), ["fieldpost-rules → handy → tokio"]);
}
