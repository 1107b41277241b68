//! The project files that the documents show are read by the same code that reads a user's, so a
//! guide cannot show a key that does not exist.

use fieldpost_model::json::Value;
use fieldpost_rules::definition::{put_files, read_project, yaml};

use crate::repository::{TextFile, assert_none, text_files_ending};

/// What a document's `${…}` stand for.
const SECRET: &str = "a-long-random-word-of-letters";
/// What a variable holds whose name says that it is a signing secret, which has a form of its own.
const SIGNING_SECRET: &str = "whsec_bG9uZyBlbm91Z2ggdG8gc2lnbiB3aXRo";

/// Two variables never hold the same, as two secrets never should.
fn variable(name: &str) -> String {
    match name {
        name if name.ends_with("_WHSEC") => SIGNING_SECRET.to_owned(),
        name => format!("{SECRET}-{}", name.to_ascii_lowercase().replace('_', "-")),
    }
}

/// What a document's files of certificates and keys hold.
fn pem_file(name: &str) -> String {
    let kind = if name.contains("key") { "PRIVATE KEY" } else { "CERTIFICATE" };
    format!("-----BEGIN {kind}-----\nMAA=\n-----END {kind}-----\n")
}

/// The blocks of a document that are fenced as YAML.
fn yaml_blocks(document: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "```yaml" {
            let block = lines.by_ref().take_while(|line| line.trim() != "```");
            blocks.push(block.flat_map(|line| [line, "\n"]).collect());
        }
    }
    blocks
}

/// The members of one section of a project file.
fn section<'v>(project: &'v Value<'static>, name: &str) -> Vec<(&'v str, &'v Value<'static>)> {
    let members = project.get(name).and_then(Value::as_object).unwrap_or_default();
    members.iter().map(|(name, value)| (name.as_ref(), value)).collect()
}

/// A file with what a guide leaves out: a name for the project, and the connections that it
/// sends to without showing them.
fn left_out(project: &Value<'static>) -> String {
    let mut file = String::new();
    if project.get("project").is_none() {
        file.push_str("project: guide\n");
    }
    let shown = section(project, "connections");
    let mut missing: Vec<_> = section(project, "forwarders")
        .into_iter()
        .filter_map(|(_, forwarder)| forwarder.get("to")?.as_str())
        .filter(|to| shown.iter().all(|(name, _)| name != to))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        file.push_str("connections:\n");
    }
    for name in missing {
        file.extend(["  ", name, ": { url: 'https://", name, ".example.org' }\n"]);
    }
    file
}

/// Reads all blocks of a document as one project.
fn problems_of(document: &TextFile) -> Vec<String> {
    let read = |text: &str| yaml::read(text, &|name| Some(variable(name)));
    let result = yaml_blocks(&document.text)
        .iter()
        .map(|block| read(block))
        .collect::<Result<Vec<_>, _>>()
        .and_then(yaml::merge)
        .and_then(|project| match left_out(&project) {
            rest if rest.is_empty() => Ok(project),
            rest => yaml::merge(vec![project, read(&rest)?]),
        })
        .and_then(|mut project| {
            let problems = put_files(&mut project, &|name| Ok(pem_file(name)));
            if problems.is_empty() { read_project(&project) } else { Err(problems) }
        });
    let problems = result.err().unwrap_or_default();
    problems.iter().map(|problem| format!("{}: {problem}", document.path)).collect()
}

#[test]
fn project_files_in_documents_are_valid() {
    let documents: Vec<_> = text_files_ending(&[".md"])
        .into_iter()
        .filter(|document| !yaml_blocks(&document.text).is_empty())
        .collect();
    assert!(documents.len() >= 6, "only {} documents show a project file", documents.len());
    let problems: Vec<_> = documents.iter().flat_map(problems_of).collect();
    assert_none("Project files in documents that would be refused:", &problems);
}

#[test]
fn a_wrong_key_in_a_document_is_found() {
    let text = "One:\n```yaml\nsources:\n  kobo: { dialect: kobo }\n```\nTwo:\n```yaml\n\
        forwarders:\n  births: { on: message, fron: kobo, to: there }\n```\n";
    let document = TextFile { path: "guide.md".to_owned(), text: text.to_owned() };
    let problems = problems_of(&document);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("guide.md: forwarders.births"), "{problems:?}");
}
