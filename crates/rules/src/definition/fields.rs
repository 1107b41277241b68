//! Reading values strictly: each key is asked for by name, and what nobody asked for is refused.
//!
//! A reader of a noun opens a [`Fields`] on its object, takes the keys it knows, and closes it.
//! Every step reports what is wrong to a common list and goes on, so that one reading finds all
//! problems of a document. What it returns is only of use if the list stayed empty, which
//! [`collect`] sees to.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::json::{Member, Value};
use fieldpost_model::secret::Secret;

use super::later;
use super::problem::Problem;

/// How many characters of a wrong value a message shows.
const SHOWN_CHARACTERS: usize = 60;

/// How many mistakes of a document are told at most. Whoever mends so many asks again.
pub(super) const MAX_TOLD: usize = 1_000;

/// The code of what is said last where there are more mistakes than are told.
pub(super) const MORE: &str = "more-mistakes";

/// How many characters of a key a path shows. Names are shorter; a key can be as long as a document, and whatever is
/// wrong below it would have it in its path.
pub(super) const SHOWN_KEY_CHARACTERS: usize = 200;

/// How many known words a hint chooses from, and how many it lists.
const MAX_SUGGESTED: usize = 1_000;
const MAX_LISTED: usize = 50;

/// How alike two words must be for one to be suggested for the other: 1 is equal.
const LIKENESS: f64 = 0.75;

/// The kinds of objects in a definition, as far as they differ in what is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Project,
    Source,
    Connection,
    Authentication,
    Forwarder,
    Workflow,
    Step,
    /// Any smaller object.
    Inner,
}

/// Runs a reading and turns its problems, if there are any, into its result.
pub(super) fn collect<T>(
    path: &str,
    read: impl FnOnce(Place<'_>) -> Option<T>,
) -> Result<T, Vec<Problem>> {
    match collect_part(path, read) {
        (Some(result), problems) if problems.is_empty() => Ok(result),
        (_, problems) => Err(problems),
    }
}

/// Runs a reading, and gives what could be read beside its problems.
pub(super) fn collect_part<T>(
    path: &str,
    read: impl FnOnce(Place<'_>) -> Option<T>,
) -> (Option<T>, Vec<Problem>) {
    let found = RefCell::new(Found::default());
    let start = Trail { before: None, step: Step::Key(path.to_owned()) };
    let trail = (!path.is_empty()).then(|| Rc::new(start));
    let result = read(Place { trail, found: &found });
    let Found { mut problems, left_out } = found.into_inner();
    if left_out > 0 {
        problems.push(more(left_out));
    }
    (result, problems)
}

/// What is said last where there are more mistakes than are told.
pub(super) fn more(left_out: usize) -> Problem {
    Problem {
        path: String::new(),
        code: MORE,
        message: format!("there are {left_out} more mistakes; only {MAX_TOLD} are told at once"),
        hint: Some("mend these first, and look again".to_owned()),
    }
}

/// What a reading has found to be wrong.
#[derive(Debug, Default)]
struct Found {
    problems: Vec<Problem>,
    /// How many more there were than are told.
    left_out: usize,
}

/// The way to a place. It becomes a path when something is wrong there: most places are right, and each of millions
/// would have the keys around it in its own path.
#[derive(Debug)]
struct Trail {
    before: Option<Rc<Trail>>,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Element(usize),
}

/// A place in a document, to which problems can be reported.
#[derive(Clone, Debug)]
pub(super) struct Place<'p> {
    /// Nothing for the document itself.
    trail: Option<Rc<Trail>>,
    found: &'p RefCell<Found>,
}

impl Place<'_> {
    /// The place of a key of the object at this place.
    pub(super) fn key(&self, key: &str) -> Self {
        self.inner(Step::Key(shown_key(key).into_owned()))
    }

    /// The place of an element of the array at this place.
    pub(super) fn element(&self, index: usize) -> Self {
        self.inner(Step::Element(index))
    }

    fn inner(&self, step: Step) -> Self {
        let trail = Trail { before: self.trail.clone(), step };
        Self { trail: Some(Rc::new(trail)), found: self.found }
    }

    /// The keys from the top.
    fn path(&self) -> String {
        let mut steps = Vec::new();
        let mut trail = self.trail.as_deref();
        while let Some(Trail { before, step }) = trail {
            steps.push(step);
            trail = before.as_deref();
        }
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            match step {
                Step::Key(key) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(key);
                }
                Step::Element(index) => path.extend(["[", &index.to_string(), "]"]),
            }
        }
        path
    }

    /// Reports a problem at this place. Gives nothing, in the place of what could not be read.
    pub(super) fn report<T>(&self, code: &'static str, message: impl Into<String>) -> Option<T> {
        self.add(code, message.into(), None)
    }

    /// Reports a problem that one can say more about.
    pub(super) fn report_with_hint<T>(
        &self,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Option<T> {
        self.add(code, message.into(), Some(hint.into()))
    }

    fn add<T>(&self, code: &'static str, message: String, hint: Option<String>) -> Option<T> {
        let mut found = self.found.borrow_mut();
        if found.problems.len() < MAX_TOLD {
            found.problems.push(Problem { path: self.path(), code, message, hint });
        } else {
            found.left_out += 1;
        }
        None
    }
}

/// A key as a path shows it.
fn shown_key(key: &str) -> Cow<'_, str> {
    match key.char_indices().nth(SHOWN_KEY_CHARACTERS) {
        Some((end, _)) => Cow::Owned(format!("{}…", key.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(key),
    }
}

/// The keys of one object, to be taken by name.
#[derive(Debug)]
pub(super) struct Fields<'v, 'p> {
    pub(super) place: Place<'p>,
    section: Section,
    members: &'v [Member<'v>],
    asked: Vec<&'static str>,
}

impl<'v, 'p> Fields<'v, 'p> {
    /// Opens an object; anything else is a problem.
    pub(super) fn open(section: Section, value: &'v Value<'v>, place: Place<'p>) -> Option<Self> {
        match value.as_object() {
            Some(members) => Some(Self { place, section, members, asked: Vec::new() }),
            None => place.report(
                "wrong-type",
                format!("must be an object with keys, not {}", value.kind_name()),
            ),
        }
    }

    /// Takes a key that may be left out. A `null`, which is what YAML reads after a bare `key:`,
    /// counts as left out.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Field<'v, 'p>> {
        self.asked.push(key);
        let (_, value) = self.members.iter().find(|(name, _)| name == key)?;
        (!value.is_null()).then(|| Field {
            place: self.place.key(key),
            section: self.section,
            key,
            value,
            hidden: false,
        })
    }

    /// Whether a key is there that means something, whoever asks for it later.
    pub(super) fn has(&self, key: &str) -> bool {
        self.members.iter().any(|(name, value)| name == key && !value.is_null())
    }

    /// Takes a key that must be there.
    pub(super) fn require(&mut self, key: &'static str) -> Option<Field<'v, 'p>> {
        let field = self.take(key);
        if field.is_none() {
            self.missing(key);
        }
        field
    }

    /// Reports a key that must be there and is not.
    pub(super) fn missing(&self, key: &str) {
        self.place.key(key).report::<()>("missing-key", format!("`{key}` is missing"));
    }

    /// The one key of an object that must have exactly one of these.
    pub(super) fn only_one_of(&mut self, kinds: &[&'static str]) -> Option<&'static str> {
        let [(key, _)] = self.members else {
            return self.place.report_with_hint(
                "wrong-value",
                format!("must have exactly one key, the kind, and has {}", self.members.len()),
                format!("write {}", one_of(kinds)),
            );
        };
        let kind = kinds.iter().copied().find(|kind| key == kind);
        if kind.is_none() {
            self.asked.extend(kinds);
            self.refuse_what_was_not_asked();
        }
        kind
    }

    /// Refuses every key that was not taken.
    pub(super) fn close(self) {
        self.refuse_what_was_not_asked();
    }

    fn refuse_what_was_not_asked(&self) {
        for (key, _) in self.members {
            if self.asked.contains(&key.as_ref()) {
                continue;
            }
            let place = self.place.key(key);
            if let Some(message) = later::unread_key(self.section, key) {
                let hint = format!("leave `{key}` out");
                place.report_with_hint::<()>("not-supported-yet", message, hint);
            } else {
                let message = format!("there is no key `{key}` here");
                place.report_with_hint::<()>("unknown-key", message, suggestion(key, &self.asked));
            }
        }
    }
}

/// One value, with its place.
#[derive(Debug)]
pub(super) struct Field<'v, 'p> {
    pub(super) place: Place<'p>,
    section: Section,
    key: &'static str,
    pub(super) value: &'v Value<'v>,
    /// Whether the value may be a secret, and is kept out of messages.
    hidden: bool,
}

impl<'v, 'p> Field<'v, 'p> {
    /// A whole document, where it is no part of a larger one.
    pub(super) fn alone(value: &'v Value<'v>, place: Place<'p>) -> Self {
        Self { place, section: Section::Inner, key: "", value, hidden: false }
    }

    /// From now on, keeps the value out of messages.
    pub(super) fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// Opens the value as an object.
    pub(super) fn fields(&self, section: Section) -> Option<Fields<'v, 'p>> {
        Fields::open(section, self.value, self.place.clone())
    }

    /// The members of an object whose keys are names that people chose.
    pub(super) fn entries(&self) -> Vec<(&'v str, Self)> {
        let Some(members) = self.value.as_object() else {
            self.wrong_type::<()>("an object with keys");
            return Vec::new();
        };
        members
            .iter()
            .map(|(name, value)| (name.as_ref(), self.inner(self.place.key(name), value)))
            .collect()
    }

    /// The elements of an array.
    pub(super) fn elements(&self) -> Vec<Self> {
        let Some(elements) = self.value.as_array() else {
            self.wrong_type::<()>("a list");
            return Vec::new();
        };
        elements
            .iter()
            .enumerate()
            .map(|(index, value)| self.inner(self.place.element(index), value))
            .collect()
    }

    fn inner(&self, place: Place<'p>, value: &'v Value<'v>) -> Self {
        Self { place, section: self.section, key: self.key, value, hidden: self.hidden }
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Option<&'v str> {
        match self.any_text() {
            Some("") => self.place.report("wrong-value", "must not be empty"),
            text => text,
        }
    }

    /// A text, which may be empty.
    pub(super) fn any_text(&self) -> Option<&'v str> {
        match self.value {
            Value::String(text) => Some(text),
            Value::Number(_) | Value::Bool(_) => self.place.report_with_hint(
                "wrong-type",
                format!("must be text, not the {}", self.shown()),
                "put it in quotes",
            ),
            _ => self.wrong_type("text"),
        }
    }

    /// A text for where everything is text in the end: headers and queries. Numbers and booleans
    /// are taken as they are written.
    pub(super) fn scalar_text(&self) -> Option<&'v str> {
        match self.value {
            Value::String(text) | Value::Number(text) => Some(text),
            Value::Bool(truth) => Some(if *truth { "true" } else { "false" }),
            _ => self.wrong_type("text"),
        }
    }

    /// A secret that is not empty. It never shows in a message.
    pub(super) fn secret(self) -> Option<Secret> {
        self.hidden().text().map(Secret::new)
    }

    /// `true` or `false`; as text too, which is what `${NAME}` becomes.
    pub(super) fn boolean(&self) -> Option<bool> {
        match self.value {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            _ => self.wrong_type("true or false"),
        }
    }

    /// A whole number in a range.
    pub(super) fn whole_number(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let Some(number) = self.number_text().and_then(|text| text.parse::<i64>().ok()) else {
            return self.wrong_type("a whole number");
        };
        match u32::try_from(number) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => self.out_of_range(&range.start().to_string(), &range.end().to_string()),
        }
    }

    /// A decimal number in a range.
    pub(super) fn decimal(&self, range: RangeInclusive<f64>) -> Option<f64> {
        let number = self.number_text().and_then(|text| text.parse::<f64>().ok());
        match number {
            Some(number) if range.contains(&number) => Some(number),
            Some(_) => self.out_of_range(&range.start().to_string(), &range.end().to_string()),
            None => self.wrong_type("a number"),
        }
    }

    /// The text of a number, which may come as text: that is what `${NAME}` becomes.
    fn number_text(&self) -> Option<&'v str> {
        self.value.as_number().or_else(|| self.value.as_str())
    }

    /// A duration in a range.
    pub(super) fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        let Some(duration) = self.value.as_str().and_then(duration::parse) else {
            return self.place.report_with_hint(
                "wrong-type",
                format!("must be a duration, not {}", self.shown()),
                "write a whole number and a unit: `50ms`, `1s`, `15m`, `6h`, `5d`",
            );
        };
        if range.contains(&duration) {
            return Some(duration);
        }
        self.out_of_range(&duration::format(*range.start()), &duration::format(*range.end()))
    }

    /// One of the members of an enumeration, by name.
    pub(super) fn choice<T: Copy>(&self, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
        let names: Vec<&str> = all.iter().map(|member| name(*member)).collect();
        let Some(text) = self.value.as_str() else {
            return self.wrong_type(&one_of(&names));
        };
        if let Some(found) = all.iter().find(|member| name(**member) == text) {
            return Some(*found);
        }
        let hint = suggestion(text, &names);
        match later::unread_value(self.section, self.key, text) {
            Some(message) => {
                let hint = format!("so far it can be {}", one_of(&names));
                self.place.report_with_hint("not-supported-yet", message, hint)
            }
            None => self.place.report_with_hint(
                "wrong-value",
                format!("{} is not {}", self.shown(), one_of(&names)),
                hint,
            ),
        }
    }

    /// Reports that the value is of the wrong kind.
    pub(super) fn wrong_type<T>(&self, expected: &str) -> Option<T> {
        self.place.report("wrong-type", format!("must be {expected}, not {}", self.shown()))
    }

    /// Reports that the value is beyond its bounds.
    pub(super) fn out_of_range<T>(&self, smallest: &str, largest: &str) -> Option<T> {
        // That it is a text, or a number, is not what is wrong with it.
        let shown = match self.value.as_str() {
            Some(text) if !self.hidden && text.chars().count() <= SHOWN_CHARACTERS => {
                text.to_owned()
            }
            _ => self.shown(),
        };
        self.place.report("out-of-range", format!("{shown} is not from {smallest} to {largest}"))
    }

    /// The value for a message: its kind, and itself unless it may be a secret.
    pub(super) fn shown(&self) -> String {
        let kind = self.value.kind_name();
        match self.value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) if !self.hidden => {
                let json = self.value.to_json();
                if json.chars().count() <= SHOWN_CHARACTERS {
                    return format!("{kind} {json}");
                }
                let start: String = json.chars().take(SHOWN_CHARACTERS).collect();
                format!("{kind} {start}…")
            }
            _ => kind.to_owned(),
        }
    }
}

/// The hint that names the most similar of the known words, or all of them. What is known from two places, as from a
/// project and the file that is applied to it, is listed once.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    let lower = word.to_lowercase().replace('-', "_");
    let similar = known
        .iter()
        .take(MAX_SUGGESTED)
        .map(|candidate| {
            (strsim::jaro_winkler(&lower, &candidate.to_lowercase().replace('-', "_")), candidate)
        })
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .max_by(|(left, _), (right, _)| left.total_cmp(right));
    match similar {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None if known.is_empty() => "there is none".to_owned(),
        None => {
            let mut seen = HashSet::new();
            let mut each = known.iter().filter(|word| seen.insert(**word)).copied();
            let listed: Vec<&str> = each.by_ref().take(MAX_LISTED).collect();
            let more = if each.next().is_some() { ", …" } else { "" };
            format!("known here: `{}`{more}", listed.join("`, `"))
        }
    }
}

/// How a connection is added where a definition names one and there is none.
pub(super) const ADD_CONNECTION: &str =
    "there is none: add one, as `connections: { <name>: { url: https://… } }`";
/// The same for a source.
pub(super) const ADD_SOURCE: &str =
    "there is none: add one, as `sources: { <name>: { dialect: … } }`";
/// The same for a key of `api_access`.
pub(super) const ADD_KEY: &str =
    "there is none: add one, as `api_access: { <name>: { secret: … } }`";

/// The same as [`suggestion`]; where nothing is known, it says how something is made.
pub(super) fn suggestion_or(word: &str, known: &[&str], how: &str) -> String {
    if known.is_empty() { how.to_owned() } else { suggestion(word, known) }
}

/// `a, b or c`, each in backticks.
pub(super) fn one_of(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => format!("`{only}`"),
        [start @ .., last] => format!("`{}` or `{last}`", start.join("`, `")),
    }
}
