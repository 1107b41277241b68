//! What is withheld: fields that leave the house less exactly, as a digest, or not at all.
//!
//! A ministry may get every birth and none of the names. What is withheld is taken out of the
//! submission or the case itself, before it is written in any format, so that no format can forget
//! it; what is sent byte for byte cannot withhold anything, and is refused where it is defined. Of a
//! message that is nothing but JSON, fields are taken out by name alone.
//!
//! A field is meant by the end of its path, wherever it stands: `phone` is every field of that name,
//! in groups and in repeats, and `contact/phone` those in a `contact`. What a submission says of itself
//! (who sent it, from which device) stands under `meta`: `meta/user`.
//!
//! Senders tell some things twice: a position and a device beside the answers, a file by its name. What
//! is withheld of the answers is withheld there too, whether a form says what the answers are or not.

mod beside;
mod coarse;
mod fields;

use fieldpost_model::case::Case;
use fieldpost_model::forwarder::{Withheld, Withholding};
use fieldpost_model::hexadecimal;
use fieldpost_model::json::Value;
use fieldpost_model::submission::{Answer, AnswerValue, Group, Metadata, Node, Submission};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use beside::Told;
pub use fields::KnownFields;

/// Bytes of a digest that are sent: enough that no two people of a country share one.
const DIGEST_BYTES: usize = 16;

/// The owner of a case whose owner is not told, as CommCare HQ names nobody. A case without an owner would
/// be told as one of its user.
const NOBODY: &str = "-";

/// Takes out of a submission what is withheld. The key is the project's own: without it nobody can
/// try all telephone numbers until a digest fits.
pub fn submission(submission: &mut Submission, withheld: &[Withheld], key: &[u8]) {
    if withheld.is_empty() {
        return;
    }
    let mut withholder = Withholder::new(withheld, key);
    withholder.is_untyped = submission.is_untyped;
    withholder.group(&mut submission.values);
    withholder.metadata(&mut submission.metadata);
    withholder.told.take_out(submission);
}

/// Takes out of a case what is withheld.
pub fn case(case: &mut Case, withheld: &[Withheld], key: &[u8]) {
    if withheld.is_empty() {
        return;
    }
    let withholder = Withholder::new(withheld, key);
    let closed_by = case.closing.as_mut().map(|closing| (["closed_by"; 2], &mut closing.by));
    let Case { name, owner, external_id, opened_by, modified_by, properties, attachments, .. } =
        case;
    for (names, text) in [
        (["name", "case_name"], name),
        (["owner", "owner_id"], owner),
        (["external_id", "external_id"], external_id),
        (["opened_by", "opened_by"], opened_by),
        (["modified_by", "user_id"], modified_by),
    ]
    .into_iter()
    .chain(closed_by)
    {
        if let Some(how) = withholder.rule_of(&names) {
            let none = if names.contains(&"owner_id") { NOBODY } else { "" };
            *text = withholder.text(how, text).unwrap_or_else(|| none.to_owned());
        }
    }
    properties.retain(|name, value| match withholder.rule(name) {
        None => true,
        Some(how) => match withholder.text(how, value) {
            Some(instead) => {
                *value = instead;
                true
            }
            None => false,
        },
    });
    attachments.retain(|name, _| withholder.rule(name).is_none());
}

/// Takes out of a message's view what is withheld. Names that hold a path, as Kobo writes them
/// (`contact/phone`), are read as one.
pub fn view(view: Value<'static>, withheld: &[Withheld], key: &[u8]) -> Value<'static> {
    if withheld.is_empty() {
        return view;
    }
    Withholder::new(withheld, key).inner(view)
}

struct Withholder<'w> {
    withheld: &'w [Withheld],
    key: &'w [u8],
    /// The names of the groups around.
    path: Vec<String>,
    /// Whether no form says what the answers are.
    is_untyped: bool,
    /// What was withheld and may be told elsewhere as well.
    told: Told<'w>,
}

impl<'w> Withholder<'w> {
    fn new(withheld: &'w [Withheld], key: &'w [u8]) -> Self {
        Self { withheld, key, path: Vec::new(), is_untyped: false, told: Told::default() }
    }

    /// How the field of that name is withheld, inside the groups around. Of several rules the one
    /// that names most of the path counts.
    fn rule(&self, name: &str) -> Option<&'w Withholding> {
        self.rule_of(&[name])
    }

    /// The same for a field that goes by several names.
    fn rule_of(&self, names: &[&str]) -> Option<&'w Withholding> {
        let ends_with = |rule: &&Withheld| {
            let Some((last, groups)) = rule.path.split_last() else { return false };
            names.contains(&last.as_str()) && self.path.ends_with(groups)
        };
        let longest = self.withheld.iter().filter(ends_with).max_by_key(|rule| rule.path.len());
        longest.map(|rule| &rule.how)
    }

    fn group(&mut self, group: &mut Group) {
        let members = std::mem::take(&mut group.members);
        group.members = members
            .into_iter()
            .filter_map(|(name, node)| Some((name.clone(), self.node(&name, node)?)))
            .collect();
        self.members(&mut group.extra);
    }

    fn node(&mut self, name: &str, node: Node) -> Option<Node> {
        if let Some(how) = self.rule(name) {
            return self.withheld_node(how, node);
        }
        match node {
            Node::Group(mut group) => {
                self.inside(name, |this| this.group(&mut group));
                Some(Node::Group(group))
            }
            Node::Repeat(nodes) => {
                let nodes = nodes.into_iter().filter_map(|node| self.node(name, node)).collect();
                Some(Node::Repeat(nodes))
            }
            answer @ Node::Answer(_) => Some(answer),
        }
    }

    /// What is sent instead of a node. Of groups nothing is: a digest of one would tell nobody anything.
    fn withheld_node(&mut self, how: &'w Withholding, node: Node) -> Option<Node> {
        match node {
            Node::Answer(answer) => self.answer(how, answer).map(Node::Answer),
            Node::Repeat(nodes) => {
                let each = nodes.into_iter().filter_map(|node| self.withheld_node(how, node));
                let nodes: Vec<Node> = each.collect();
                (!nodes.is_empty()).then_some(Node::Repeat(nodes))
            }
            Node::Group(group) => {
                self.told_by_group(&group);
                None
            }
        }
    }

    fn answer(&mut self, how: &'w Withholding, answer: Answer) -> Option<Answer> {
        self.told_by_answer(how, &answer);
        match (&answer.value, how) {
            (AnswerValue::Empty, Withholding::Hash | Withholding::Coarsen(_)) => Some(answer),
            (AnswerValue::File, _) | (_, Withholding::Drop) => None,
            (AnswerValue::Geometry(_), _) => coarse::geometry(how, answer),
            (_, Withholding::Hash) => Some(Answer::text(self.digest(answer.written()))),
            (_, Withholding::Coarsen(coarseness)) => coarse::answer(coarseness, &answer),
        }
    }

    /// Remembers what an answer that is withheld told.
    fn told_by_answer(&mut self, how: &'w Withholding, answer: &Answer) {
        match &answer.value {
            AnswerValue::Geometry(_) => self.told.place(how),
            // What is not of the type that the form says may be anything.
            AnswerValue::Unfit => self.told.untyped(how, answer.written()),
            _ if self.is_untyped => self.told.untyped(how, answer.written()),
            _ => self.told.text(how, answer.written()),
        }
    }

    /// The same of a group, which goes with all that it holds, however it is withheld.
    fn told_by_group(&mut self, group: &Group) {
        let how = &Withholding::Drop;
        for (_, node) in &group.members {
            self.told_by_node(node);
        }
        for (_, value) in &group.extra {
            self.told.value(how, value);
        }
    }

    fn told_by_node(&mut self, node: &Node) {
        match node {
            Node::Answer(answer) => self.told_by_answer(&Withholding::Drop, answer),
            Node::Group(group) => self.told_by_group(group),
            Node::Repeat(nodes) => nodes.iter().for_each(|node| self.told_by_node(node)),
        }
    }

    /// What a submission says of itself goes by our names, and by those that senders and formats use.
    fn metadata(&mut self, metadata: &mut Metadata) {
        self.inside("meta", |this| {
            for (names, text) in [
                (["user", "username", "_submitted_by"], &mut metadata.user),
                (["device", "deviceID", "deviceid"], &mut metadata.device),
                (["started_at", "timeStart", "start"], &mut metadata.started_at),
                (["ended_at", "timeEnd", "end"], &mut metadata.ended_at),
            ] {
                // Forms ask for these too, under names of their own.
                let rule = this.rule_of(&names);
                if let Some(written) = text.take() {
                    *text = match rule.or_else(|| this.told.how(&written)) {
                        Some(how) => this.text(how, &written),
                        None => Some(written),
                    };
                }
            }
            for (names, text) in [
                (["user_id", "userID", "userID"], &mut metadata.user_id),
                (["instance_name", "instanceName", "instanceName"], &mut metadata.instance_name),
                (
                    ["submitted_at", "submissionDate", "_submission_time"],
                    &mut metadata.submitted_at,
                ),
            ] {
                if let (Some(how), Some(written)) = (this.rule_of(&names), text.as_deref()) {
                    *text = this.text(how, written);
                }
            }
            this.members(&mut metadata.other);
        });
    }

    /// Takes what is withheld out of what no form knows.
    fn members(&mut self, members: &mut Vec<(String, Value<'static>)>) {
        let taken = std::mem::take(members);
        *members = taken
            .into_iter()
            .filter_map(|(name, value)| Some((name.clone(), self.value(&name, value)?)))
            .collect();
    }

    fn value(&mut self, name: &str, value: Value<'static>) -> Option<Value<'static>> {
        if let Some((group, name)) = name.split_once('/') {
            let mut rest = None;
            match self.rule(group) {
                Some(how) => self.told.value(how, &value),
                None => self.inside(group, |this| rest = this.value(name, value)),
            }
            return rest;
        }
        if let Some(how) = self.rule(name) {
            self.told.value(how, &value);
            let written = value.as_str().or_else(|| value.as_number())?;
            let instead = self.text(how, written)?;
            let number = value.as_number().and_then(|_| Value::number(instead.clone()));
            return Some(number.unwrap_or_else(|| Value::from(instead)));
        }
        match value {
            Value::Array(values) => {
                let kept = values.into_iter().filter_map(|value| self.value(name, value));
                Some(Value::Array(kept.collect()))
            }
            other => {
                let mut kept = None;
                self.inside(name, |this| kept = Some(this.inner(other)));
                kept
            }
        }
    }

    /// Takes out what is withheld of what stands inside a value.
    fn inner(&mut self, value: Value<'static>) -> Value<'static> {
        match value {
            Value::Object(members) => {
                let mut members: Vec<(String, Value<'static>)> =
                    members.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
                self.members(&mut members);
                Value::object(members)
            }
            Value::Array(values) => {
                Value::Array(values.into_iter().map(|value| self.inner(value)).collect())
            }
            scalar => scalar,
        }
    }

    /// What is sent instead of a text.
    fn text(&self, how: &Withholding, written: &str) -> Option<String> {
        match how {
            Withholding::Drop => None,
            _ if written.is_empty() => Some(String::new()),
            Withholding::Hash => Some(self.digest(written)),
            Withholding::Coarsen(coarseness) => coarse::text(coarseness, written),
        }
    }

    fn digest(&self, written: &str) -> String {
        // Any length of key does; the type cannot say so.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key) else { return String::new() };
        mac.update(written.trim().as_bytes());
        let digest = mac.finalize().into_bytes();
        hexadecimal::encode(digest.get(..DIGEST_BYTES).unwrap_or_default())
    }

    fn inside(&mut self, name: &str, work: impl FnOnce(&mut Self)) {
        self.path.push(name.to_owned());
        work(self);
        self.path.pop();
    }
}

#[cfg(test)]
mod tests;
