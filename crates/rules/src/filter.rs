//! Filters: which messages, forms and cases a forwarder wants.
//!
//! A filter's JSON parts have the meaning of PostgreSQL's `@>` on `jsonb`: what happened, be it a
//! message, a submission or a case, must contain `match` and must not contain `unless`. The rules, which [`contains`] follows to the letter:
//!
//! 1. An object contains another that has some of its keys, with values contained in turn.
//! 2. An array contains another each of whose elements is contained by one of its own; order,
//!    length and repetition do not matter.
//! 3. Scalars contain what equals them: strings exactly, numbers as decimals of any size.
//! 4. Kinds must agree, level by level, from the root. The one exception is at the top: an array
//!    contains a scalar that is one of its elements.
//!
//! The remaining parts (`from`, headers, query, and what is known of the event: form, type of case,
//! application, user) compare for equality. [`matches()`] is the
//! decision, [`explain()`] tells it to a person, and [`FilterIndex`] takes it for thousands of
//! filters at once; tests hold the three together.

use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::json::Value;

mod contain;
mod explain;
mod index;

pub use contain::contains;
pub use explain::{Comparison, Condition, Explanation, Part, explain};
pub use index::FilterIndex;

/// What filters see of a message, or of the form or case that it brought.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'m> {
    /// The name of the source that it came in by.
    pub source: &'m str,
    /// The parsed view of its body; of a form or a case, its JSON.
    pub body: &'m Value<'m>,
    /// The headers of its request, names in lower case.
    pub headers: &'m [(String, String)],
    /// The query parameters of its request.
    pub query: &'m [(String, String)],
    /// What is known beside that; nothing of a message.
    pub about: About<'m>,
}

/// What is known of an event, whatever dialect it came in by.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'m> {
    /// What its form is called: its name, its id, its namespace.
    pub form: &'m [&'m str],
    /// The type of its case.
    pub case_type: Option<&'m str>,
    /// The id of its form's application.
    pub application: Option<&'m str>,
    /// What the one who did it is called: the name, the id.
    pub user: &'m [&'m str],
}

/// Whether the filter wants it.
pub fn matches(filter: &MessageFilter, candidate: &Candidate<'_>) -> bool {
    filter.from.as_deref().is_none_or(|source| source == candidate.source)
        && plain_parts_hold(filter, candidate)
        && filter.matches.as_ref().is_none_or(|wanted| contains(candidate.body, wanted))
        && filter.unless.as_ref().is_none_or(|excluded| !contains(candidate.body, excluded))
}

/// Whether all parts hold but `from`, `match` and `unless`.
fn plain_parts_hold(filter: &MessageFilter, candidate: &Candidate<'_>) -> bool {
    let Candidate { about, .. } = candidate;
    carries(candidate.headers, &filter.headers)
        && carries(candidate.query, &filter.query)
        && is_wanted(&filter.forms, about.form)
        && is_wanted(&filter.case_types, about.case_type.as_slice())
        && is_wanted(&filter.applications, about.application.as_slice())
        && is_wanted(&filter.users, about.user)
        && named_of(&filter.without_users, about.user).is_none()
}

/// Whether a list is empty or names what is called so.
fn is_wanted(wanted: &[String], names: &[&str]) -> bool {
    wanted.is_empty() || named_of(wanted, names).is_some()
}

/// The one of the names that the list has.
fn named_of<'n>(list: &[String], names: &[&'n str]) -> Option<&'n str> {
    names.iter().copied().find(|name| list.iter().any(|listed| listed == name))
}

/// Whether every wanted pair is among those sent.
fn carries(sent: &[(String, String)], wanted: &[(String, String)]) -> bool {
    wanted.iter().all(|pair| sent.contains(pair))
}

#[cfg(test)]
mod tests;
