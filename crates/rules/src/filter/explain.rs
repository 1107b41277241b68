//! Why a filter wants a message, form or case or not, told path by path in sentences.
//!
//! The filter is taken apart into conditions, each of which is decided on its own: a message is
//! wanted where all of them hold. `unless` is told from the other end. Where the message escapes
//! it, the first difference is reason enough; where it does not, everything that was found is told.

use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::json::Value;
use fieldpost_model::names;

use super::contain::contains_within;
use super::{About, Candidate, contains, named_of};
use crate::field_path::push_key;

names! {
    /// The parts of a filter, by their names in a project file.
    pub enum Part {
        /// The source.
        From = "from",
        /// The form.
        Forms = "forms",
        /// The type of the case.
        CaseTypes = "case_types",
        /// The application of the form.
        Applications = "applications",
        /// Who did it.
        Users = "users",
        /// Who must not have done it.
        WithoutUsers = "without_users",
        /// What the body must contain.
        Match = "match",
        /// What the body must not contain.
        Unless = "unless",
        /// What the headers must carry.
        Headers = "headers",
        /// What the query must carry.
        Query = "query",
    }
}

names! {
    /// How what the filter names and what the message has compare, whatever that means for the
    /// message: [`Condition::holds`] says whether it may pass.
    pub enum Comparison {
        /// The message has nothing there.
        Absent = "absent",
        /// The message has there what the filter names.
        Same = "same",
        /// The message has something else there.
        Different = "different",
        /// An element of the list there is, or contains, what the filter names.
        HasElement = "has-element",
        /// No element of the list there is, or contains, what the filter names.
        LacksElement = "lacks-element",
    }
}

/// One thing that a filter asks of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The part of the filter that asks.
    pub part: Part,
    /// Where: `form.meta.id`, `tags[]` for any element of `tags`, the name of a header or of a
    /// query parameter; empty for the body as a whole and for what is not in it.
    pub path: String,
    /// What the filter names there, shortened. JSON for the body, plain text elsewhere; of a list
    /// all, with commas between them.
    pub expected: String,
    /// What the message has there, shortened; `None` where it has nothing.
    pub found: Option<String>,
    /// Whether the message may pass, as far as this condition goes.
    pub holds: bool,
    /// How the two compare.
    pub comparison: Comparison,
    /// The same as a sentence.
    pub note: String,
}

/// A filter's decision with its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether the filter wants the message: whether all conditions hold.
    pub matched: bool,
    /// What was looked at, in the order of [`Part`]. Empty for a filter that asks nothing.
    pub conditions: Vec<Condition>,
}

/// The most characters of a value that an explanation shows.
const SHOWN_CHARACTERS: usize = 100;

/// Tells why the filter wants the message or not.
pub fn explain(filter: &MessageFilter, candidate: &Candidate<'_>) -> Explanation {
    let mut conditions = Vec::new();
    conditions.extend(filter.from.as_deref().map(|source| from_source(source, candidate.source)));
    conditions.extend(about(filter, candidate.about));
    if let Some(wanted) = &filter.matches {
        conditions.extend(Search::through(Part::Match, candidate.body, wanted));
    }
    if let Some(excluded) = &filter.unless {
        conditions.extend(unless(candidate.body, excluded));
    }
    let headers = filter.headers.iter().map(|pair| (Part::Headers, candidate.headers, pair));
    let query = filter.query.iter().map(|pair| (Part::Query, candidate.query, pair));
    conditions.extend(headers.chain(query).map(|(part, sent, wanted)| pair(part, sent, wanted)));
    Explanation { matched: conditions.iter().all(|condition| condition.holds), conditions }
}

fn from_source(wanted: &str, source: &str) -> Condition {
    let holds = wanted == source;
    let note = if holds {
        format!("came in by `{source}`")
    } else {
        format!("came in by `{source}`, wanted `{wanted}`")
    };
    Condition {
        part: Part::From,
        path: String::new(),
        expected: wanted.to_owned(),
        found: Some(source.to_owned()),
        holds,
        comparison: compared(holds),
        note,
    }
}

/// What a list of a filter is about, in the words of a sentence.
struct Question<'q> {
    part: Part,
    /// What the filter lists.
    listed: &'q [String],
    /// What the thing is called.
    names: &'q [&'q str],
    /// What is said before its name.
    is: &'static str,
    /// What is said where it has no name.
    absent: &'static str,
}

fn about(filter: &MessageFilter, about: About<'_>) -> Vec<Condition> {
    let questions = [
        Question {
            part: Part::Forms,
            listed: &filter.forms,
            names: about.form,
            is: "the form is",
            absent: "no form is known",
        },
        Question {
            part: Part::CaseTypes,
            listed: &filter.case_types,
            names: about.case_type.as_slice(),
            is: "the type of the case is",
            absent: "no type of case is known",
        },
        Question {
            part: Part::Applications,
            listed: &filter.applications,
            names: about.application.as_slice(),
            is: "the application is",
            absent: "no application is known",
        },
        Question {
            part: Part::Users,
            listed: &filter.users,
            names: about.user,
            is: "it was done by",
            absent: "no user is known",
        },
        Question {
            part: Part::WithoutUsers,
            listed: &filter.without_users,
            names: about.user,
            is: "it was done by",
            absent: "no user is known",
        },
    ];
    questions.iter().filter(|it| !it.listed.is_empty()).map(Question::answer).collect()
}

impl Question<'_> {
    fn answer(&self) -> Condition {
        let Self { part, is, absent, .. } = *self;
        let is_excluding = part == Part::WithoutUsers;
        let named = named_of(self.listed, self.names);
        let found = named.or_else(|| self.names.first().copied()).map(shortened);
        let listed: Vec<&str> = self.listed.iter().map(String::as_str).collect();
        let against = if is_excluding { "not" } else { "wanted" };
        let told = match &found {
            None => absent.to_owned(),
            Some(found) if named.is_some() => format!("{is} `{found}`"),
            Some(found) => {
                format!("{is} `{found}`, {against} `{}`", shortened(&listed.join("` or `")))
            }
        };
        let note = match (is_excluding, named) {
            (false, _) => told,
            (true, None) => format!("not excluded: {told}"),
            (true, Some(_)) => format!("excluded: {told}"),
        };
        let comparison = found.as_ref().map_or(Comparison::Absent, |_| compared(named.is_some()));
        Condition {
            part,
            path: String::new(),
            expected: shortened(&listed.join(", ")),
            found,
            holds: named.is_some() != is_excluding,
            comparison,
            note,
        }
    }
}

/// How two things compare that are both there.
const fn compared(are_same: bool) -> Comparison {
    if are_same { Comparison::Same } else { Comparison::Different }
}

fn pair(part: Part, sent: &[(String, String)], (name, wanted): &(String, String)) -> Condition {
    let values: Vec<&str> =
        sent.iter().filter(|(other, _)| other == name).map(|(_, value)| &**value).collect();
    let holds = values.iter().any(|value| value == wanted);
    let what = if part == Part::Headers { "header" } else { "query parameter" };
    let found = shortened(&values.join(", "));
    let wanted = shortened(wanted);
    let note = match (values.is_empty(), holds) {
        (true, _) => format!("the {what} `{name}` was not sent"),
        (false, true) => format!("the {what} `{name}` is \"{wanted}\""),
        (false, false) => format!("the {what} `{name}` is \"{found}\", wanted \"{wanted}\""),
    };
    let comparison = if values.is_empty() { Comparison::Absent } else { compared(holds) };
    let found = (!values.is_empty()).then_some(found);
    Condition { part, path: name.clone(), expected: wanted, found, holds, comparison, note }
}

fn unless(body: &Value<'_>, excluded: &Value<'_>) -> Vec<Condition> {
    let found = Search::through(Part::Unless, body, excluded);
    match found.iter().find(|condition| !condition.holds) {
        Some(difference) => vec![Condition {
            holds: true,
            note: format!("not excluded: {}", difference.note),
            ..difference.clone()
        }],
        None => found
            .into_iter()
            .map(|condition| Condition {
                holds: false,
                note: format!("excluded: {}", condition.note),
                ..condition
            })
            .collect(),
    }
}

/// The walk through a fragment, which notes for each of its leaves whether the body has it.
struct Search {
    part: Part,
    path: String,
    conditions: Vec<Condition>,
}

impl Search {
    fn through(part: Part, body: &Value<'_>, fragment: &Value<'_>) -> Vec<Condition> {
        let mut search = Self { part, path: String::new(), conditions: Vec::new() };
        match (body, fragment) {
            (_, Value::Array(_) | Value::Object(_)) => search.value(Some(body), fragment),
            (Value::Array(_), scalar) => search.element(body, scalar, contains(body, scalar)),
            (body, scalar) => search.value(Some(body), scalar),
        }
        search.conditions
    }

    fn value(&mut self, found: Option<&Value<'_>>, wanted: &Value<'_>) {
        match (found, wanted) {
            (None, _) => {
                let note = format!("{} is not there", self.place());
                self.note(wanted, None, (false, Comparison::Absent), note);
            }
            (Some(found @ Value::Object(_)), Value::Object(members)) if !members.is_empty() => {
                for (key, wanted) in members {
                    let outside = self.path.len();
                    push_key(&mut self.path, key);
                    self.value(found.get(key), wanted);
                    self.path.truncate(outside);
                }
            }
            (Some(found @ Value::Array(elements)), Value::Array(all)) if !all.is_empty() => {
                for wanted in all {
                    let holds = elements.iter().any(|element| contains_within(element, wanted));
                    self.element(found, wanted, holds);
                }
            }
            (Some(found), wanted) => {
                let holds = contains_within(found, wanted);
                let note = self.compared(found, wanted, holds);
                self.note(wanted, Some(found), (holds, compared(holds)), note);
            }
        }
    }

    /// Notes whether an array has an element that contains what is wanted.
    fn element(&mut self, array: &Value<'_>, wanted: &Value<'_>, holds: bool) {
        let has = if holds { "has an element" } else { "has no element" };
        let which = match wanted {
            Value::Array(_) | Value::Object(_) => "that contains",
            _ => "equal to",
        };
        let note = format!("{} {has} {which} {}", self.place(), shown(wanted));
        let outside = self.path.len();
        self.path.push_str("[]");
        let comparison = if holds { Comparison::HasElement } else { Comparison::LacksElement };
        self.note(wanted, Some(array), (holds, comparison), note);
        self.path.truncate(outside);
    }

    fn note(
        &mut self,
        wanted: &Value<'_>,
        found: Option<&Value<'_>>,
        (holds, comparison): (bool, Comparison),
        note: String,
    ) {
        self.conditions.push(Condition {
            part: self.part,
            path: self.path.clone(),
            expected: shown(wanted),
            found: found.map(shown),
            holds,
            comparison,
            note,
        });
    }

    fn compared(&self, found: &Value<'_>, wanted: &Value<'_>, holds: bool) -> String {
        let place = self.place();
        let names_kind = found.kind_name() != wanted.kind_name();
        let found = described(found, names_kind);
        if holds {
            return format!("{place} is {found}");
        }
        let against = if self.part == Part::Unless { "not" } else { "wanted" };
        format!("{place} is {found}, {against} {}", described(wanted, names_kind))
    }

    fn place(&self) -> String {
        if self.path.is_empty() { "the body".to_owned() } else { format!("`{}`", self.path) }
    }
}

/// A value in a sentence. With `names_kind`, `"8"` and `8` can be told apart by their words too.
fn described(value: &Value<'_>, names_kind: bool) -> String {
    match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Number(_) | Value::String(_) if names_kind => {
            format!("the {} {}", value.kind_name(), shown(value))
        }
        _ => shown(value),
    }
}

fn shown(value: &Value<'_>) -> String {
    shortened(&value.to_json())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
