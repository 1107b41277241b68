//! What the compiler does not check about this repository: the walls between the crates, the size
//! of files, words that must not stay, SQL in the wrong room, links that lead nowhere, guides
//! that show what does not exist.
//!
//! Every check is a pure function over text, and has a test of its own that shows it failing on a
//! made-up offender; the test beside it runs the check over the real repository. A failure lists
//! all offenders with their file and line, and says what to do.

#![expect(
    clippy::string_slice,
    reason = "offsets come from searches in the same text; a wrong one shall fail the test"
)]

#[cfg(test)]
mod citations;
#[cfg(test)]
mod codes;
#[cfg(test)]
mod guides;
#[cfg(test)]
mod links;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod rust_text;
#[cfg(test)]
mod sizes;
#[cfg(test)]
mod sql;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod walls;
#[cfg(test)]
mod words;
