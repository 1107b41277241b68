//! Message filters: which messages a forwarder wants.
//!
//! A filter's JSON parts have the meaning of PostgreSQL's `@>` on `jsonb`: the message must contain
//! `match` and must not contain `unless`. The rules, which [`contains`] follows to the letter:
//!
//! 1. An object contains another that has some of its keys, with values contained in turn.
//! 2. An array contains another each of whose elements is contained by one of its own; order,
//!    length and repetition do not matter.
//! 3. Scalars contain what equals them: strings exactly, numbers as decimals of any size.
//! 4. Kinds must agree, level by level, from the root. The one exception is at the top: an array
//!    contains a scalar that is one of its elements.
//!
//! The remaining parts (`from`, headers, query) compare for equality. [`matches()`] is the
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

/// What filters see of a message.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'m> {
    /// The name of the source that it came in by.
    pub source: &'m str,
    /// The parsed view of its body.
    pub body: &'m Value<'m>,
    /// The headers of its request, names in lower case.
    pub headers: &'m [(String, String)],
    /// The query parameters of its request.
    pub query: &'m [(String, String)],
}

/// Whether the filter wants the message.
pub fn matches(filter: &MessageFilter, candidate: &Candidate<'_>) -> bool {
    filter.from.as_deref().is_none_or(|source| source == candidate.source)
        && carries(candidate.headers, &filter.headers)
        && carries(candidate.query, &filter.query)
        && filter.matches.as_ref().is_none_or(|wanted| contains(candidate.body, wanted))
        && filter.unless.as_ref().is_none_or(|excluded| !contains(candidate.body, excluded))
}

/// Whether every wanted pair is among those sent.
fn carries(sent: &[(String, String)], wanted: &[(String, String)]) -> bool {
    wanted.iter().all(|pair| sent.contains(pair))
}

#[cfg(test)]
mod tests;
