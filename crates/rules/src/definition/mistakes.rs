//! Everything that is wrong with a project file, told at once.
//!
//! What can be read of a document is looked at as if the rest were right: names that lead nowhere are looked for
//! in it, and whoever knows more of the project (which jobs compile, which secrets are there) looks at it, too. What
//! cannot be read is looked at as it is written, as far as it names something. So mending a file takes one round and
//! not one for each kind of mistake.

use std::collections::HashSet;

use fieldpost_model::json::Value;

use super::access::keep_api_access;
use super::fields::{MORE, SHOWN_KEY_CHARACTERS, collect_part};
use super::lifecycles::{Named, form_problems};
use super::position::in_order;
use super::problem::Problem;
use super::project::{dangling_flow, name_at, read};
use super::unread::{names_of, unread_references};
use super::{ProjectDefinition, ProjectDraft};

/// Everything that is wrong with a document, where it is to be applied to the project that is there already: what
/// single entries have wrong, and names that lead nowhere; in the order of their places. Empty where only applying it
/// can find more.
pub fn mistakes(
    value: &Value<'_>,
    existing: Option<&ProjectDefinition>,
    prune: bool,
) -> Vec<Problem> {
    in_order(value, looked_over(value, existing, prune).1)
}

/// The same, with what could be read of the document: nothing where it is none at all.
pub fn looked_over(
    value: &Value<'_>,
    existing: Option<&ProjectDefinition>,
    prune: bool,
) -> (Option<ProjectDraft>, Vec<Problem>) {
    let (draft, mut problems) = collect_part("", |place| read(value, place));
    let Some(mut draft) = draft else { return (None, problems) };
    // What is found further on has the names around it in its path, and there is enough to mend already.
    if problems.iter().any(|it| it.code == MORE) || has_long_keys(value) {
        return (None, problems);
    }
    keep_api_access(&mut draft, existing, prune);
    let dangling = dangling_flow(&draft, existing, prune).into_iter();
    // A name is known by being written, even where what stands under it cannot be read.
    let is_written = |problem: &Problem| match problem.code {
        "unknown-connection" => names_written(value, "connections", &draft, problem),
        "unknown-source" => names_written(value, "sources", &draft, problem),
        // Which key is meant the sentence says, and no field of the draft.
        "unknown-api-access" => problems.iter().any(|it| it.path.starts_with("api_access")),
        _ => false,
    };
    let dangling: Vec<Problem> = dangling.filter(|problem| !is_written(problem)).collect();
    problems.extend(dangling);
    problems.extend(unread_references(value, &draft, existing.filter(|_| !prune)));
    let written = Named::new(names_of(value, "connections"), names_of(value, "roles"));
    problems.extend(form_problems(&draft, existing, prune, written));
    (Some(draft), problems)
}

/// Adds what else was found of a document that cannot be read as a whole. What stands at, in or around a place of which
/// something is told already comes of that.
pub fn add_found(problems: &mut Vec<Problem>, found: Vec<Problem>) {
    let told: HashSet<String> = problems.iter().map(|problem| problem.path.clone()).collect();
    // Every place that something told stands in.
    let around: HashSet<&str> = told.iter().flat_map(|path| outer(path)).collect();
    let is_told = |path: &str| {
        around.contains(path) || told.contains(path) || outer(path).any(|it| told.contains(it))
    };
    problems.extend(found.into_iter().filter(|it| it.code == MORE || !is_told(&it.path)));
}

/// The places that a path leads through, without its own.
fn outer(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices(['.', '[']).filter_map(|(end, _)| path.get(..end))
}

/// Whether a key of a document is longer than a path shows.
fn has_long_keys(value: &Value<'_>) -> bool {
    let is_long = |key: &str| key.chars().nth(SHOWN_KEY_CHARACTERS).is_some();
    value.as_object().unwrap_or_default().iter().any(|(key, it)| is_long(key) || has_long_keys(it))
        || value.as_array().unwrap_or_default().iter().any(has_long_keys)
}

/// Whether what a forwarder, a workflow or a source refers to stands in that section of the document.
fn names_written(
    value: &Value<'_>,
    section: &str,
    draft: &ProjectDraft,
    problem: &Problem,
) -> bool {
    let name = name_at(draft, &problem.path);
    names_of(value, section).into_iter().any(|written| Some(written) == name)
}
