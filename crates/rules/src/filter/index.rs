//! Thousands of filters against one message, form or case, without looking at all of them.
//!
//! ```text
//!   filters ──► distinct fragments ──► the rarest requirement of each ──► tree of paths
//!   message ──► walk down that tree ──► triggers that fire ──► fragments worth a look
//!           ──► fragments contained ──► filters
//! ```
//!
//! The JSON of `match` and `unless` alike is a *fragment*; equal ones are kept and evaluated once.
//! A fragment can only be contained in a message that has each of its scalars at its path, so one
//! of them, the one that few other fragments share, is put into the [tree](tree::PathTree) as a
//! trigger. A message is walked along the tree only: what no filter asks about is passed over.
//! Fragments whose trigger fires are compared in full, so that a hash that collides costs time and
//! never a wrong answer. What an `unless` names is hardly ever there, and costs nothing then.
//!
//! Filters that listen to one source are indexed apart from those that listen to all.

use std::collections::HashMap;

use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::json::Value;

use super::{Candidate, contains, plain_parts_hold};

mod requirement;
mod tree;

use tree::PathTree;

/// Filters made ready to be matched together. Holds its own copy of what it needs of them.
#[derive(Debug, Default)]
pub struct FilterIndex {
    everywhere: Listeners,
    by_source: HashMap<String, Listeners>,
}

impl FilterIndex {
    /// Indexes the filters; `matching` calls them by their position here.
    pub fn build<'f>(filters: impl IntoIterator<Item = &'f MessageFilter>) -> Self {
        let mut everywhere = Vec::new();
        let mut by_source: HashMap<&str, Vec<(usize, &MessageFilter)>> = HashMap::new();
        for (position, filter) in filters.into_iter().enumerate() {
            match &filter.from {
                Some(source) => by_source.entry(source).or_default().push((position, filter)),
                None => everywhere.push((position, filter)),
            }
        }
        Self {
            everywhere: Listeners::of(&everywhere),
            by_source: by_source
                .into_iter()
                .map(|(source, filters)| (source.to_owned(), Listeners::of(&filters)))
                .collect(),
        }
    }

    /// The positions of the filters that want the message, ascending.
    pub fn matching(&self, candidate: &Candidate<'_>) -> Vec<usize> {
        let mut positions = Vec::new();
        self.everywhere.collect(candidate, &mut positions);
        if let Some(listeners) = self.by_source.get(candidate.source) {
            listeners.collect(candidate, &mut positions);
        }
        in_order(positions)
    }
}

#[expect(
    clippy::stable_sort_primitive,
    reason = "the positions are a few ascending runs, which only the stable sort finds and merges"
)]
fn in_order(mut positions: Vec<usize>) -> Vec<usize> {
    positions.sort();
    positions
}

/// The number of a fragment among its listeners' fragments.
type FragmentId = usize;

/// The filters that have the same `from`.
#[derive(Debug, Default)]
struct Listeners {
    tree: PathTree,
    fragments: Vec<Fragment>,
    /// Those that ask nothing of the body.
    of_any_body: Audience,
}

#[derive(Debug)]
struct Fragment {
    json: Value<'static>,
    /// Those that ask the body to contain it.
    audience: Audience,
}

/// Filters whose `match` is decided together.
#[derive(Debug, Default)]
struct Audience {
    /// The positions of those that ask nothing else.
    undemanding: Vec<usize>,
    demanding: Vec<Demanding>,
}

/// What a filter asks beyond `from` and `match`.
#[derive(Debug)]
struct Demanding {
    position: usize,
    unless: Option<FragmentId>,
    /// The filter without these parts, where it asks anything more. Hardly any filter does, and those
    /// that do not should lie close together.
    plain_parts: Option<Box<MessageFilter>>,
}

/// The filter without `from`, `match` and `unless`; `None` where it asks nothing more.
fn plain_parts(filter: &MessageFilter) -> Option<Box<MessageFilter>> {
    let parts = MessageFilter { from: None, matches: None, unless: None, ..filter.clone() };
    (parts != MessageFilter::default()).then(|| Box::new(parts))
}

impl Listeners {
    fn of(filters: &[(usize, &MessageFilter)]) -> Self {
        let mut listeners = Self::default();
        let mut known = HashMap::new();
        for (position, filter) in filters {
            let wanted = filter.matches.as_ref().map(|json| listeners.keep(json, &mut known));
            let unless = filter.unless.as_ref().map(|json| listeners.keep(json, &mut known));
            let audience = match wanted.and_then(|id| listeners.fragments.get_mut(id)) {
                Some(fragment) => &mut fragment.audience,
                None => &mut listeners.of_any_body,
            };
            audience.add(*position, filter, unless);
        }
        listeners.tree = PathTree::of(listeners.fragments.iter().map(|fragment| &fragment.json));
        listeners
    }

    /// The id of a fragment, which is kept if no equal one is.
    fn keep(
        &mut self,
        json: &Value<'static>,
        known: &mut HashMap<String, FragmentId>,
    ) -> FragmentId {
        *known.entry(json.canonical()).or_insert_with(|| {
            self.fragments.push(Fragment { json: json.clone(), audience: Audience::default() });
            self.fragments.len() - 1
        })
    }

    fn collect(&self, candidate: &Candidate<'_>, positions: &mut Vec<usize>) {
        // Whether the body contains the fragment of that id.
        let mut contained = vec![false; self.fragments.len()];
        let mut found = Vec::new();
        self.tree.for_each_suspect(candidate.body, |id| {
            if let (Some(fragment), Some(flag)) = (self.fragments.get(id), contained.get_mut(id))
                && contains(candidate.body, &fragment.json)
            {
                *flag = true;
                found.push(fragment);
            }
        });
        self.of_any_body.collect(candidate, &contained, positions);
        for fragment in found {
            fragment.audience.collect(candidate, &contained, positions);
        }
    }
}

impl Audience {
    fn add(&mut self, position: usize, filter: &MessageFilter, unless: Option<FragmentId>) {
        let plain_parts = plain_parts(filter);
        if unless.is_none() && plain_parts.is_none() {
            self.undemanding.push(position);
        } else {
            self.demanding.push(Demanding { position, unless, plain_parts });
        }
    }

    fn collect(&self, candidate: &Candidate<'_>, contained: &[bool], positions: &mut Vec<usize>) {
        positions.extend_from_slice(&self.undemanding);
        for filter in &self.demanding {
            let excluded = filter.unless.and_then(|id| contained.get(id)).copied();
            if excluded != Some(true)
                && filter.plain_parts.as_ref().is_none_or(|it| plain_parts_hold(it, candidate))
            {
                positions.push(filter.position);
            }
        }
    }
}
