//! What a message must have for a fragment to be contained in it, and which of it is rarest.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use fieldpost_model::json::Value;
use fieldpost_model::json::number::Decimal;

use super::FragmentId;

/// One step of a path from the root of the body downwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step<'f> {
    /// To the value of this key.
    Key(&'f str),
    /// To any element of an array.
    Element,
}

/// What the value at the end of a path must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Test {
    /// A scalar that hashes to this.
    Scalar(u64),
    /// Any object.
    Object,
    /// Any array.
    Array,
}

/// A test at a path. A message that contains the fragment passes it; others may too.
#[derive(Clone, Debug)]
pub(super) struct Requirement<'f> {
    pub(super) path: Vec<Step<'f>>,
    pub(super) test: Test,
    /// How often a message passes by chance, in comparison to others.
    pub(super) likelihood: usize,
}

/// Two strings or numbers are rarely equal by chance,
const LIKELIHOOD_OF_TEXT: usize = 1;
/// two truths often,
const LIKELIHOOD_OF_TRUTH: usize = 8;
/// and where there is an array in one message there is one in most.
const LIKELIHOOD_OF_STRUCTURE: usize = 16;

/// The hash of a scalar, the same for all texts of one number; `None` for arrays and objects.
pub(super) fn scalar_hash(value: &Value<'_>) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Null => 0_u8.hash(&mut hasher),
        Value::Bool(truth) => (1_u8, truth).hash(&mut hasher),
        Value::Number(text) => (2_u8, Decimal::of(text)).hash(&mut hasher),
        Value::String(text) => (3_u8, text).hash(&mut hasher),
        Value::Array(_) | Value::Object(_) => return None,
    }
    Some(hasher.finish())
}

/// For each fragment, by its place, the one requirement that should be looked for first.
pub(super) fn rarest<'f>(
    fragments: impl IntoIterator<Item = &'f Value<'static>>,
) -> Vec<(FragmentId, Requirement<'f>)> {
    let all: Vec<Vec<Requirement<'f>>> = fragments.into_iter().map(requirements).collect();
    let mut sharers: HashMap<(&[Step<'f>], Test), usize> = HashMap::new();
    let mut passers: HashMap<&[Step<'f>], usize> = HashMap::new();
    for requirement in all.iter().flatten() {
        *sharers.entry((&requirement.path, requirement.test)).or_default() += 1;
        *passers.entry(&requirement.path).or_default() += 1;
    }
    // The work to expect is the chance that the trigger fires times the fragments behind it. Of
    // equals, the path that most fragments ask for makes the smallest tree.
    let rank = |requirement: &&Requirement<'f>| {
        let path = requirement.path.as_slice();
        let sharers = sharers.get(&(path, requirement.test)).copied().unwrap_or(1);
        let passers = passers.get(path).copied().unwrap_or(1);
        (sharers.saturating_mul(requirement.likelihood), Reverse(passers))
    };
    all.iter()
        .enumerate()
        .filter_map(|(id, requirements)| Some((id, requirements.iter().min_by_key(rank)?.clone())))
        .collect()
}

/// Everything that a fragment requires: its scalars, and its arrays and objects where they are
/// empty. There always is at least one.
fn requirements<'f>(fragment: &'f Value<'static>) -> Vec<Requirement<'f>> {
    let mut found = Vec::new();
    gather(fragment, &mut Vec::new(), &mut found);
    found
}

fn gather<'f>(
    fragment: &'f Value<'static>,
    path: &mut Vec<Step<'f>>,
    found: &mut Vec<Requirement<'f>>,
) {
    let (test, likelihood) = match fragment {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                path.push(Step::Key(key));
                gather(value, path, found);
                path.pop();
            }
            return;
        }
        Value::Array(elements) if !elements.is_empty() => {
            path.push(Step::Element);
            for element in elements {
                gather(element, path, found);
            }
            path.pop();
            return;
        }
        Value::Object(_) => (Test::Object, LIKELIHOOD_OF_STRUCTURE),
        Value::Array(_) => (Test::Array, LIKELIHOOD_OF_STRUCTURE),
        Value::Null | Value::Bool(_) => (scalar(fragment), LIKELIHOOD_OF_TRUTH),
        Value::Number(_) | Value::String(_) => (scalar(fragment), LIKELIHOOD_OF_TEXT),
    };
    found.push(Requirement { path: path.clone(), test, likelihood });
}

fn scalar(value: &Value<'_>) -> Test {
    Test::Scalar(scalar_hash(value).unwrap_or_default())
}
