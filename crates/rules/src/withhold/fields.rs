//! Fields that are known: what the paths of a forwarder are held against, so that a slip of the pen does not
//! let a name out.
//!
//! They come from the definitions of forms, and from what was filed: a form may send more than its
//! definition says, and many have none.

use std::collections::{BTreeMap, BTreeSet};

use fieldpost_model::case::Case;
use fieldpost_model::form::Field;
use fieldpost_model::json::Value;
use fieldpost_model::submission::{Group, Node, Submission};

/// What submissions say of themselves, by our names and those of senders and formats.
const METADATA: [&str; 18] = [
    "user",
    "username",
    "_submitted_by",
    "user_id",
    "userID",
    "device",
    "deviceID",
    "deviceid",
    "started_at",
    "timeStart",
    "start",
    "ended_at",
    "timeEnd",
    "end",
    "instance_name",
    "instanceName",
    "submitted_at",
    "submissionDate",
];
/// What a case says of itself beside its properties.
const OF_CASES: [&str; 9] = [
    "name",
    "case_name",
    "owner",
    "owner_id",
    "external_id",
    "opened_by",
    "modified_by",
    "user_id",
    "closed_by",
];
/// What people put before a path, because the JSON has it there.
const WRAPPERS: [&str; 4] = ["values", "properties", "form", "data"];
/// How alike two paths must be for one to be meant by the other.
const ALIKE: f64 = 0.8;

/// Fields by their whole paths, with the texts that stand there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownFields(BTreeMap<Vec<String>, BTreeSet<String>>);

impl KnownFields {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what a form asks.
    pub fn add_form(&mut self, fields: &[Field]) {
        self.add_asked(&mut Vec::new(), fields);
    }

    fn add_asked(&mut self, around: &mut Vec<String>, fields: &[Field]) {
        for field in fields {
            around.push(field.name.clone());
            self.0.entry(around.clone()).or_default();
            self.add_asked(around, field.children());
            around.pop();
        }
    }

    /// Adds what every submission may say of itself.
    pub fn add_metadata(&mut self) {
        for name in METADATA {
            self.0.entry(vec!["meta".to_owned(), name.to_owned()]).or_default();
        }
    }

    /// Adds what a submission tells.
    pub fn add_submission(&mut self, submission: &Submission) {
        self.add_group(&mut Vec::new(), &submission.values);
        let metadata = &submission.metadata;
        for (names, text) in [
            (&["user", "username", "_submitted_by"][..], &metadata.user),
            (&["user_id", "userID"], &metadata.user_id),
            (&["device", "deviceID", "deviceid"], &metadata.device),
            (&["started_at", "timeStart", "start"], &metadata.started_at),
            (&["ended_at", "timeEnd", "end"], &metadata.ended_at),
            (&["instance_name", "instanceName"], &metadata.instance_name),
            (&["submitted_at", "submissionDate", "_submission_time"], &metadata.submitted_at),
        ] {
            let Some(text) = text else { continue };
            for name in names {
                self.add(&["meta".to_owned(), (*name).to_owned()], text);
            }
        }
        for (name, value) in &metadata.other {
            self.add_value(&mut vec!["meta".to_owned()], name, value);
        }
    }

    fn add_group(&mut self, around: &mut Vec<String>, group: &Group) {
        for (name, node) in &group.members {
            around.push(name.clone());
            self.add_node(around, node);
            around.pop();
        }
        for (name, value) in &group.extra {
            self.add_value(around, name, value);
        }
    }

    fn add_node(&mut self, path: &mut Vec<String>, node: &Node) {
        match node {
            Node::Answer(answer) => self.add(path, answer.written()),
            Node::Group(group) => {
                self.0.entry(path.clone()).or_default();
                self.add_group(path, group);
            }
            Node::Repeat(nodes) => nodes.iter().for_each(|node| self.add_node(path, node)),
        }
    }

    /// Adds what a case tells.
    pub fn add_case(&mut self, case: &Case) {
        let closed_by = case.closing.as_ref().map_or("", |closing| closing.by.as_str());
        let texts = [
            &case.name,
            &case.name,
            &case.owner,
            &case.owner,
            &case.external_id,
            &case.opened_by,
            &case.modified_by,
            &case.modified_by,
            closed_by,
        ];
        for (name, text) in OF_CASES.into_iter().zip(texts) {
            self.add(&[name.to_owned()], text);
        }
        for (name, text) in &case.properties {
            self.add(std::slice::from_ref(name), text);
        }
        for name in case.attachments.keys() {
            self.add(std::slice::from_ref(name), "");
        }
    }

    /// Adds what a message tells, as its view has it. Names that hold a path are read as one.
    pub fn add_view(&mut self, view: &Value<'_>) {
        self.add_inner(&mut Vec::new(), view);
    }

    fn add_value(&mut self, around: &mut Vec<String>, name: &str, value: &Value<'_>) {
        let depth = around.len();
        for name in name.split('/') {
            around.push(name.to_owned());
            self.0.entry(around.clone()).or_default();
        }
        self.add_inner(around, value);
        around.truncate(depth);
    }

    fn add_inner(&mut self, path: &mut Vec<String>, value: &Value<'_>) {
        if let Some(members) = value.as_object() {
            for (name, value) in members {
                self.add_value(path, name, value);
            }
        } else if let Some(values) = value.as_array() {
            for value in values {
                self.add_inner(path, value);
            }
        } else if let Some(text) = value.as_str().or_else(|| value.as_number())
            && !path.is_empty()
        {
            self.add(path, text);
        }
    }

    fn add(&mut self, path: &[String], text: &str) {
        let texts = self.0.entry(path.to_vec()).or_default();
        if !text.trim().is_empty() {
            texts.insert(text.trim().to_owned());
        }
    }

    /// Whether a field ends with that path, as `withhold` means fields.
    pub fn knows(&self, path: &[String]) -> bool {
        self.0.keys().any(|known| known.ends_with(path))
    }

    /// Whether there is a field of that whole path.
    pub fn knows_whole(&self, path: &[String]) -> bool {
        self.0.contains_key(path)
    }

    /// The texts of the fields that end with that path, and of those inside.
    pub fn texts(&self, path: &[String]) -> BTreeSet<&str> {
        let is_meant = |known: &[String]| known.windows(path.len().max(1)).any(|part| part == path);
        let meant = self.0.iter().filter(|(known, _)| is_meant(known));
        meant.flat_map(|(_, texts)| texts).map(String::as_str).collect()
    }

    /// Where a text stands: as a whole, or as a word among others.
    pub fn places_of(&self, text: &str) -> impl Iterator<Item = String> {
        let stands = |texts: &BTreeSet<String>| texts.iter().any(|other| has_word(other, text));
        let places = self.0.iter().filter(move |(_, texts)| stands(texts));
        places.map(|(path, _)| path.join("/"))
    }

    /// The hint for a path that no field has: the field that was likely meant, or some that there are.
    pub fn hint(&self, path: &[String]) -> String {
        if let Some(meant) = self.nearest(path) {
            return format!("did you mean `{meant}`?");
        }
        let some: Vec<String> = self
            .0
            .keys()
            .filter(|known| known.first().is_some_and(|name| name != "meta"))
            .take(10)
            .map(|it| it.join("/"))
            .collect();
        if some.is_empty() {
            return "`fieldpost forwarders preview` shows what there is".to_owned();
        }
        format!("there are, among others: `{}`", some.join("`, `"))
    }

    /// The path that somebody may have meant.
    fn nearest(&self, path: &[String]) -> Option<String> {
        // Where a whole path is asked for, the end of one is not enough.
        if let Some(whole) = self.0.keys().find(|known| known.ends_with(path)) {
            return Some(whole.join("/"));
        }
        let parts = path.iter().flat_map(|name| name.split(['.', '\\']));
        let parts = parts.map(|name| name.trim().trim_start_matches('$'));
        let parts: Vec<String> = parts.filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let inner = match parts.split_first() {
            Some((first, inner)) if !inner.is_empty() && WRAPPERS.contains(&first.as_str()) => {
                inner
            }
            _ => &parts[..],
        };
        [&parts[..], inner]
            .into_iter()
            .find(|path| !path.is_empty() && self.knows(path))
            .map(|path| path.join("/"))
            .or_else(|| self.most_alike(inner))
            .or_else(|| {
                let mut ends = (1..inner.len()).filter_map(|start| inner.get(start..));
                ends.find(|end| self.knows(end)).map(|end| end.join("/"))
            })
    }

    /// The end of a path, of as many names, that is written most alike.
    fn most_alike(&self, path: &[String]) -> Option<String> {
        let wanted = path.join("/").to_lowercase();
        self.0
            .keys()
            .filter_map(|known| known.get(known.len().checked_sub(path.len())?..))
            .filter(|end| !end.is_empty())
            .map(|end| end.join("/"))
            .map(|end| (strsim::jaro_winkler(&wanted, &end.to_lowercase()), end))
            .filter(|(alike, _)| *alike >= ALIKE)
            .max_by(|(one, _), (other, _)| one.total_cmp(other))
            .map(|(_, end)| end)
    }
}

/// Whether a text holds another between characters that are neither letters nor digits.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let behind = text.get(start + word.len()..).and_then(|behind| behind.chars().next());
        ![before, behind].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(view: &str) -> KnownFields {
        let mut fields = KnownFields::default();
        fields.add_metadata();
        fields.add_view(&Value::parse(view.as_bytes()).unwrap());
        fields
    }

    fn path(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    const VISIT: &str = r#"{"name": "Amina", "loc": {"village": "Kibera"}, "mother/phone": "0712",
        "child": [{"age": 3}, {"age": 5}],
        "case": {"create": {"case_name": "Amina Ali"}, "update": {"nick": "Samina"}}}"#;

    #[test]
    fn a_path_is_known_by_its_end_and_a_slip_of_the_pen_is_not() {
        let visit = fields(VISIT);
        for known in [
            "name",
            "village",
            "loc/village",
            "loc",
            "phone",
            "child/age",
            "meta/user",
            "case_name",
        ] {
            assert!(visit.knows(&path(known)), "{known}");
        }
        for (unknown, hint) in [
            ("nmae", "did you mean `name`?"),
            ("Name", "did you mean `name`?"),
            ("loc.village", "did you mean `loc/village`?"),
            ("values.name", "did you mean `name`?"),
            ("values/name", "did you mean `name`?"),
            ("values.loc.village", "did you mean `loc/village`?"),
            ("loc/vilage", "did you mean `loc/village`?"),
            ("somebody/else/phone", "did you mean `phone`?"),
            ("meta/usr", "did you mean `meta/user`?"),
        ] {
            assert!(!visit.knows(&path(unknown)), "{unknown}");
            assert_eq!(visit.hint(&path(unknown)), hint, "{unknown}");
        }
        let hint = visit.hint(&path("xyz"));
        assert!(hint.starts_with("there are, among others: `case`, `case/create`"), "{hint}");
        assert!(!visit.knows_whole(&path("village")) && visit.knows_whole(&path("loc/village")));
    }

    #[test]
    fn a_text_is_found_wherever_it_stands_as_a_word() {
        let visit = fields(VISIT);
        assert_eq!(Vec::from_iter(visit.texts(&path("child"))), ["3", "5"]);
        assert_eq!(Vec::from_iter(visit.texts(&path("name"))), ["Amina"]);
        let places: Vec<String> = visit.places_of("Amina").collect();
        assert_eq!(places, ["case/create/case_name", "name"]);
    }
}
