//! Words that must not stay in the repository: notes to oneself, skipped tests, addresses of the
//! machine that somebody happened to work on.
//!
//! The words stand here in two halves, or this file would be the first offender.

use crate::repository::{TextFile, assert_none, text_files};
use crate::rust_text::is_word;

/// A word and why it must not stay.
struct Forbidden {
    word: &'static str,
    /// Only where no letter stands before or after it.
    whole: bool,
    reason: &'static str,
}

const FORBIDDEN: &[Forbidden] = &[
    Forbidden { word: concat!("TO", "DO"), whole: true, reason: "do it, or file an issue" },
    Forbidden { word: concat!("FIX", "ME"), whole: true, reason: "mend it, or file an issue" },
    Forbidden { word: concat!("to", "do!("), whole: true, reason: "write the code" },
    Forbidden { word: concat!("unimple", "mented!("), whole: true, reason: "write the code" },
    Forbidden {
        word: concat!("#[ig", "nore"),
        whole: false,
        reason: "assert what happens today, and say in a comment what should",
    },
    Forbidden { word: concat!("/wo", "rk/"), whole: false, reason: "a path of one machine" },
    Forbidden { word: concat!("/ro", "ot/"), whole: false, reason: "a path of one machine" },
    Forbidden { word: concat!("/home/", "user"), whole: false, reason: "a path of one machine" },
    Forbidden {
        word: concat!(".cargo/", "registry"),
        whole: false,
        reason: "a path of one machine",
    },
    Forbidden { word: concat!("static.", "crates.io"), whole: false, reason: REGISTRY },
    Forbidden { word: concat!("index.", "crates.io"), whole: false, reason: REGISTRY },
    Forbidden { word: concat!("pypi", ".org"), whole: false, reason: REGISTRY },
    Forbidden { word: concat!("python", "hosted.org"), whole: false, reason: REGISTRY },
    Forbidden { word: concat!("registry.", "npmjs.org"), whole: false, reason: REGISTRY },
    Forbidden { word: concat!("deb.", "debian.org"), whole: false, reason: REGISTRY },
];

const REGISTRY: &str = "the host of a package registry: leave it to each machine's own settings";

/// Whether the word occurs in the line, as a whole word where that is asked for. No path of a
/// machine follows a parenthesis: that is a step of an `XPath` in a form.
fn occurs(line: &str, forbidden: &Forbidden) -> bool {
    line.match_indices(forbidden.word).any(|(offset, word)| {
        let preceding = line[..offset].chars().next_back();
        if word.starts_with('/') && preceding == Some(')') {
            return false;
        }
        let before = preceding.is_some_and(is_word);
        let after = line[offset + word.len()..].chars().next().is_some_and(is_word);
        !forbidden.whole || !(before || (after && word.ends_with(is_word)))
    })
}

/// Every forbidden word with the line it stands on.
fn forbidden_words(files: &[TextFile]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            for forbidden in FORBIDDEN.iter().filter(|forbidden| occurs(line, forbidden)) {
                let Forbidden { word, reason, .. } = forbidden;
                found.push(format!("{}:{}: {word} ({reason})", file.path, index + 1));
            }
        }
    }
    found
}

#[test]
fn no_forbidden_word_stays() {
    // The lock file names the registry that each crate came from; cargo writes it.
    let files: Vec<_> = text_files().into_iter().filter(|file| file.path != "Cargo.lock").collect();
    assert_none("Words that must not stay:", &forbidden_words(&files));
}

#[test]
fn each_forbidden_word_is_found_and_its_neighbours_are_not() {
    for forbidden in FORBIDDEN {
        let text = format!("fine\nhere: {} and on\n", forbidden.word);
        let file = TextFile { path: "a.md".to_owned(), text };
        let found = forbidden_words(&[file]);
        assert!(found.iter().any(|line| line.starts_with("a.md:2: ")), "{}", forbidden.word);
    }
    let harmless = concat!("a MASTO", "DON and a to", "do list of instance('a')/ro", "ot/item");
    let file = TextFile { path: "a.md".to_owned(), text: harmless.to_owned() };
    assert_eq!(forbidden_words(&[file]), [""; 0]);
}
