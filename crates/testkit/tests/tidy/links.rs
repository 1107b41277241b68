//! Links between the documents lead somewhere: to a file that exists, and to a heading that it has.

use std::collections::BTreeMap;

use crate::repository::{TextFile, assert_none, root, text_files_ending};

/// A link in a document.
#[derive(Debug, PartialEq)]
struct Link {
    line: usize,
    target: String,
}

/// The text with fenced blocks blanked out; what stands in them is an example.
fn without_fences(text: &str) -> String {
    let mut fenced = false;
    let mut result = String::new();
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        if !(fenced || fence) {
            result.push_str(line);
        }
        fenced ^= fence;
        result.push('\n');
    }
    result
}

/// The targets of `[text](target)` and of `src="target"`.
fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    for (index, line) in without_fences(text).lines().enumerate() {
        for (opening, closing) in [("](", ')'), ("src=\"", '"')] {
            for (offset, _) in line.match_indices(opening) {
                let rest = &line[offset + opening.len()..];
                if let Some(end) = rest.find(closing) {
                    found.push(Link { line: index + 1, target: rest[..end].to_owned() });
                }
            }
        }
    }
    found
}

/// What a heading is called in an address: lower case, blanks to `-`, punctuation gone.
fn anchor(heading: &str) -> String {
    let kept = |character: &char| character.is_alphanumeric() || "-_ ".contains(*character);
    heading.trim().to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
}

/// The anchors of a document's headings.
fn anchors(text: &str) -> Vec<String> {
    let text = without_fences(text);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

/// `folder/of/document.md` and `../other.md` give `folder/other.md`.
fn joined(document: &str, target: &str) -> String {
    let mut parts: Vec<_> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// Links of the documents that lead nowhere. `exists` says whether a path of the repository does.
fn dead_links(documents: &[TextFile], exists: impl Fn(&str) -> bool) -> Vec<String> {
    let anchors_of: BTreeMap<_, _> =
        documents.iter().map(|file| (file.path.as_str(), anchors(&file.text))).collect();
    let mut dead = Vec::new();
    for document in documents {
        for Link { line, target } in links(&document.text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let path =
                if file.is_empty() { document.path.clone() } else { joined(&document.path, file) };
            let headings = anchors_of.get(path.as_str());
            let no_heading = headings.is_some_and(|list| !list.iter().any(|name| name == heading));
            if !exists(&path) || (!heading.is_empty() && no_heading) {
                dead.push(format!("{}:{line}: {target}", document.path));
            }
        }
    }
    dead
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = root();
    let documents = text_files_ending(&[".md"]);
    assert!(documents.iter().any(|file| file.path == "README.md"));
    let dead = dead_links(&documents, |path| root.join(path).exists());
    assert_none("Links that lead nowhere:", &dead);
}

#[test]
fn a_dead_link_is_found() {
    let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
    let documents = [
        file(
            "README.md",
            "# One\n[a](docs/b.md) [b](docs/b.md#two-words) [c](#one) [d](https://example.org/x)\n\
             [e](docs/c.md) [f](docs/b.md#three) [g](#four) <img src=\"docs/d.svg\">\n\
             ```\n[h](nowhere.md)\n# Four\n```\n",
        ),
        file("docs/b.md", "## Two `words`!\n[back](../README.md#one) [gone](README.md)\n"),
    ];
    let exists = |path: &str| documents.iter().any(|file| file.path == path);
    let expected = [
        "README.md:3: docs/c.md",
        "README.md:3: docs/b.md#three",
        "README.md:3: #four",
        "README.md:3: docs/d.svg",
        "docs/b.md:2: README.md",
    ];
    assert_eq!(dead_links(&documents, exists), expected);
}
