//! Forms that the hub does not ask, seen as if it did: what came by Kobo, CommCare or a phone can be read by
//! whoever reads forms with lifecycles.
//!
//! Fields of w.c.s. stand side by side, with blocks for what is asked several times; there are no groups. So
//! a question inside groups is called by all their names, joined by `_`, and [`flattened`] puts the answers
//! under the same keys. Nobody acts on such a submission: its one status is an end.
//!
//! A submission whose form nobody has described has texts alone. Its form has the fields that the answers of all
//! submissions tell ([`noted`](super::noted())); what one has beyond them is a field of its own
//! ([`FormDefinition::with_answers`]).

use std::collections::{HashMap, HashSet};

use super::{FieldType, FormDefinition, FormField, Item, column_key, keyed};
use crate::form::{AnswerType, Choice, Field, FieldKind, Form, Leaf};
use crate::lifecycle::{Function, Lifecycle, Status};
use crate::submission::{AnswerValue, Group, Node};

/// The one status of a submission that nobody acts on.
pub const RECORDED: &str = "recorded";
/// Items that are copied out of the lists of one form. A list of villages that a hundred questions share would
/// be copied a hundred times; a list that is left out only costs its labels.
const MOST_ITEMS: usize = 20_000;
/// What stands between the names of a question inside groups.
const BETWEEN: &str = "_";
/// What stands between them in the id of its field.
const BETWEEN_IN_IDS: &str = ".";

impl FormDefinition {
    /// A form of any other origin, as a form of the hub's own without a lifecycle.
    pub fn seen(form: &Form) -> Self {
        let mut seen = Seen {
            language: form.languages.first().map(String::as_str),
            items_left: MOST_ITEMS,
            fields: Vec::new(),
        };
        seen.add(&[], &form.fields);
        let fields = seen.fields;
        let place =
            keyed(&fields).into_iter().find(|(_, field)| field.field_type == FieldType::Map);
        let geolocation = place.map(|(key, _)| key);
        Self {
            name: form.name.clone(),
            title: if form.title.is_empty() { form.name.clone() } else { form.title.clone() },
            geolocation,
            fields,
            lifecycle: Lifecycle::recorded(),
            ..Self::default()
        }
    }

    /// The same with a field for each of these answers, which [`flattened`] made, that it has none for, or one
    /// that cannot hold it; `None` where it has one for each.
    pub fn with_answers(&self, values: &Group) -> Option<Self> {
        let known: HashMap<String, &FormField> = keyed(&self.fields).into_iter().collect();
        let mut unfit = HashSet::new();
        let mut fields: Vec<FormField> = Vec::new();
        for (key, node) in &values.members {
            let field = known.get(key);
            if field.is_some_and(|field| holds(field, node)) {
                continue;
            }
            if field.is_some() {
                unfit.insert(key.as_str());
            }
            fields.push(told(key, node));
        }
        if fields.is_empty() {
            return None;
        }
        let mut definition = self.clone();
        definition.fields.retain(|field| !unfit.contains(field.id.as_str()));
        definition.fields.extend(fields);
        Some(definition)
    }
}

/// Whether an answer of which no form says anything can stand in a field: the field says all that is in it.
fn holds(field: &FormField, node: &Node) -> bool {
    let Node::Repeat(rows) = node else {
        let is_nothing = matches!(node, Node::Answer(answer) if answer.value == AnswerValue::Empty);
        return is_nothing
            || !(field.field_type == FieldType::Block || field.field_type.has_columns());
    };
    let mut groups = rows.iter().filter_map(as_group);
    if field.field_type == FieldType::Block {
        let inside: HashMap<String, &FormField> = keyed(&field.fields).into_iter().collect();
        let is_known = |(name, node): &(String, Node)| {
            inside.get(name).is_some_and(|field| holds(field, node))
        };
        return groups.all(|group| group.members.iter().all(is_known));
    }
    rows.is_empty() || (field.field_type.has_columns() && groups.all(is_plain))
}

impl Lifecycle {
    /// What becomes of a submission that nobody acts on: nothing.
    pub fn recorded() -> Self {
        let status =
            Status { id: RECORDED.to_owned(), name: "Recorded".to_owned(), ..Status::default() };
        Self { functions: vec![Function::receiver()], statuses: vec![status], ..Self::default() }
    }
}

/// Fields under construction.
struct Seen<'f> {
    language: Option<&'f str>,
    items_left: usize,
    fields: Vec<FormField>,
}

impl<'f> Seen<'f> {
    fn add(&mut self, path: &[&'f str], fields: &'f [Field]) {
        for field in fields {
            let mut path = path.to_vec();
            path.push(&field.name);
            match &field.kind {
                FieldKind::Group(inner) => self.add(&path, inner),
                FieldKind::Repeat(inner) => {
                    let mut block = self.field(&path, field, FieldType::Block);
                    let outside = std::mem::take(&mut self.fields);
                    self.add(&[], inner);
                    block.fields = std::mem::replace(&mut self.fields, outside);
                    self.fields.push(block);
                }
                FieldKind::Leaf(leaf) => {
                    let mut question = self.field(&path, field, field_type(leaf.answer));
                    if question.field_type.has_items() {
                        question.items = self.items(leaf);
                    }
                    self.fields.push(question);
                }
            }
        }
    }

    fn field(&self, path: &[&str], field: &Field, field_type: FieldType) -> FormField {
        let label = field.labels.in_language(self.language).unwrap_or(&field.name);
        FormField {
            id: path.join(BETWEEN_IN_IDS),
            label: label.to_owned(),
            ..FormField::new(path.join(BETWEEN), field_type)
        }
    }

    fn items(&mut self, leaf: &Leaf) -> Vec<Item> {
        let Some(left) = self.items_left.checked_sub(leaf.choices.len()) else { return Vec::new() };
        self.items_left = left;
        let language = self.language;
        let item = |choice: &Choice| {
            let text = choice.labels.in_language(language).unwrap_or(&choice.value);
            Item::new(choice.value.clone(), text)
        };
        leaf.choices.iter().map(item).collect()
    }
}

const fn field_type(answer: AnswerType) -> FieldType {
    match answer {
        AnswerType::Text
        | AnswerType::Time
        | AnswerType::DateTime
        | AnswerType::Geotrace
        | AnswerType::Geoshape
        | AnswerType::Barcode => FieldType::String,
        AnswerType::Integer | AnswerType::Decimal => FieldType::Numeric,
        AnswerType::Boolean => FieldType::Bool,
        AnswerType::Date => FieldType::Date,
        AnswerType::SelectOne => FieldType::Item,
        AnswerType::SelectMany => FieldType::Items,
        AnswerType::Rank => FieldType::RankedItems,
        AnswerType::Geopoint => FieldType::Map,
        AnswerType::File => FieldType::File,
    }
}

/// The field of an answer of which nothing else is known.
fn told(key: &str, node: &Node) -> FormField {
    let Node::Repeat(rows) = node else { return FormField::new(key, FieldType::String) };
    let groups: Vec<&Group> = rows.iter().filter_map(as_group).collect();
    if groups.iter().all(|group| is_plain(group)) {
        let columns = vec![key.to_owned()];
        return FormField { columns, ..FormField::new(key, FieldType::TableRows) };
    }
    let mut fields: Vec<FormField> = Vec::new();
    for (name, inner) in groups.iter().flat_map(|group| &group.members) {
        if !fields.iter().any(|field| field.id == *name) {
            fields.push(told(name, inner));
        }
    }
    FormField { fields, ..FormField::new(key, FieldType::Block) }
}

/// Whether a row is a plain answer.
fn is_plain(group: &Group) -> bool {
    group.members.iter().all(|(name, _)| name == LISTED)
}

fn as_group(node: &Node) -> Option<&Group> {
    match node {
        Node::Group(group) => Some(group),
        _ => None,
    }
}

/// The key of the one column that a list of plain answers becomes.
pub(super) const LISTED: &str = "c1";

/// Answers without groups, under the keys that the fields of [`FormDefinition::seen`] have.
pub fn flattened(values: &Group) -> Group {
    let mut flat = Group { extra: values.extra.clone(), ..Group::default() };
    each_answer(values, &mut |key, node| {
        let node = match node {
            Node::Repeat(rows) => Node::Repeat(rows.iter().map(row).collect()),
            other => other.clone(),
        };
        flat.members.push((key, node));
    });
    flat
}

/// Goes through answers and repeats, under the keys that they have without the groups around them.
pub(super) fn each_answer<'v>(values: &'v Group, visit: &mut dyn FnMut(String, &'v Node)) {
    Walk { taken: HashSet::new(), visit }.group(&[], values);
}

struct Walk<'w, 'v> {
    taken: HashSet<String>,
    visit: &'w mut dyn FnMut(String, &'v Node),
}

impl<'v> Walk<'_, 'v> {
    fn group(&mut self, path: &[&'v str], values: &'v Group) {
        for (name, node) in &values.members {
            let mut path = path.to_vec();
            path.push(name);
            if let Node::Group(inner) = node {
                self.group(&path, inner);
                continue;
            }
            let key = self.key(&path);
            (self.visit)(key, node);
        }
    }

    /// As [`keyed`] names them: what has the name of an earlier one is called by its id.
    fn key(&mut self, path: &[&str]) -> String {
        let name = path.join(BETWEEN);
        if self.taken.insert(name.clone()) {
            return name;
        }
        format!("f{}", path.join(BETWEEN_IN_IDS).replace('-', "_"))
    }
}

/// One of the times that something was answered: fields again, also where it was a plain answer.
fn row(node: &Node) -> Node {
    match node {
        Node::Group(group) => Node::Group(flattened(group)),
        other => {
            let members = vec![(column_key(0), other.clone())];
            Node::Group(Group { members, ..Group::default() })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::form::Labels;
    use crate::submission::Answer;

    fn leaf(name: &str, answer: AnswerType) -> Field {
        Field::new(name, FieldKind::Leaf(Leaf::of(answer)))
    }

    fn text(text: &str) -> Node {
        Node::Answer(Answer::text(text))
    }

    fn group(members: &[(&str, Node)]) -> Group {
        let members = members.iter().map(|(name, node)| ((*name).to_owned(), node.clone()));
        Group { members: members.collect(), ..Group::default() }
    }

    #[test]
    fn groups_become_names_and_repeats_blocks() {
        let mut sex = Leaf::of(AnswerType::SelectOne);
        sex.choices = Arc::from([
            Choice { value: "f".to_owned(), labels: Labels::plain("Female") },
            Choice { value: "m".to_owned(), labels: Labels::default() },
        ]);
        let children = vec![
            leaf("name", AnswerType::Text),
            Field::new("born", FieldKind::Group(vec![leaf("on", AnswerType::Date)])),
        ];
        let form = Form {
            name: "births".to_owned(),
            title: "Births".to_owned(),
            fields: vec![
                Field::new(
                    "loc",
                    FieldKind::Group(vec![
                        leaf("village", AnswerType::Text),
                        leaf("gps", AnswerType::Geopoint),
                    ]),
                ),
                leaf("loc_village", AnswerType::Integer),
                Field::new("sex", FieldKind::Leaf(sex)),
                Field::new("children", FieldKind::Repeat(children)),
            ],
            ..Form::default()
        };
        let seen = FormDefinition::seen(&form);
        let keys = keyed(&seen.fields);
        let told: Vec<_> =
            keys.iter().map(|(key, field)| (key.as_str(), field.field_type)).collect();
        assert_eq!(
            told,
            [
                ("loc_village", FieldType::String),
                ("loc_gps", FieldType::Map),
                // The name is taken: the id tells them apart.
                ("floc_village", FieldType::Numeric),
                ("sex", FieldType::Item),
                ("children", FieldType::Block),
            ]
        );
        assert_eq!(seen.geolocation.as_deref(), Some("loc_gps"));
        assert_eq!(seen.field("children_born_on").unwrap().field_type, FieldType::Date);
        let labels: Vec<_> =
            seen.field("sex").unwrap().items.iter().map(|item| item.text.as_str()).collect();
        assert_eq!(labels, ["Female", "m"]);
        let status = seen.lifecycle.first_status().unwrap();
        assert!(status.is_endpoint() && status.id == RECORDED);

        let child = Node::Group(group(&[
            ("name", text("Amina")),
            ("born", Node::Group(group(&[("on", text("2026-01-01"))]))),
        ]));
        let answers = group(&[
            ("loc", Node::Group(group(&[("village", text("Kibera")), ("gps", text("1 2"))]))),
            ("loc_village", text("7")),
            ("sex", text("f")),
            ("children", Node::Repeat(vec![child])),
        ]);
        let flat = flattened(&answers);
        let names: Vec<_> = flat.members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["loc_village", "loc_gps", "floc_village", "sex", "children"]);
        let Some(Node::Repeat(rows)) = flat.get("children") else { panic!("{flat:?}") };
        assert_eq!(as_group(&rows[0]).unwrap().get("born_on"), Some(&text("2026-01-01")));
        assert_eq!(seen.with_answers(&flat), None);
    }

    #[test]
    fn answers_of_which_nothing_is_known_become_texts_lists_and_blocks() {
        let row = |name: &str| Node::Group(group(&[("name", text(name))]));
        let answers = flattened(&group(&[
            ("village", text("Kibera")),
            ("tags", Node::Repeat(vec![text("a"), text("b")])),
            ("children", Node::Repeat(vec![row("Amina"), row("Ali")])),
        ]));
        let nothing = FormDefinition::seen(&Form::default());
        let told = nothing.with_answers(&answers).unwrap();
        let types: Vec<_> =
            told.fields.iter().map(|field| (field.id.as_str(), field.field_type)).collect();
        assert_eq!(
            types,
            [
                ("village", FieldType::String),
                ("tags", FieldType::TableRows),
                ("children", FieldType::Block),
            ]
        );
        let Some(Node::Repeat(rows)) = answers.get("tags") else { panic!("{answers:?}") };
        assert_eq!(as_group(&rows[1]).unwrap().get("c1"), Some(&text("b")));
        assert_eq!(told.with_answers(&answers), None);
    }

    #[test]
    fn lists_that_are_too_long_are_not_copied() {
        let mut village = Leaf::of(AnswerType::SelectOne);
        let choice =
            |number: usize| Choice { value: number.to_string(), labels: Labels::default() };
        village.choices = (0..=MOST_ITEMS / 2).map(choice).collect();
        let field = |name: &str| Field::new(name, FieldKind::Leaf(village.clone()));
        let form = Form { fields: vec![field("a"), field("b")], ..Form::default() };
        let seen = FormDefinition::seen(&form);
        let lengths: Vec<_> = seen.fields.iter().map(|field| field.items.len()).collect();
        assert_eq!(lengths, [MOST_ITEMS / 2 + 1, 0]);
    }
}
