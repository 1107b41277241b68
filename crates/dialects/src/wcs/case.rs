//! Cases as cards: a kind of cases as the definition of a form, and a case as a record of it.
//!
//! A case has no form of its own: forms change it. What w.c.s. calls a card has one. So a kind of cases is seen as a
//! form that asks for its name, its id elsewhere, its owner and each of its properties, all of them texts, and whose
//! lifecycle knows two statuses, open and closed. Its ties to other cases are choices among these, as cards of w.c.s.
//! have it, and its files are files. Nobody's name is in a card that names nobody: no property says that
//! it may stay, so none does.

use std::collections::BTreeMap;

use fieldpost_model::case::{AttachmentOrigin, Case, CasePropertyKind};
use fieldpost_model::form_definition::{AnonymiseMode, FieldType, FormDefinition, FormField, Item};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{
    Action, ActionKind, Function, Jump, Lifecycle, RECEIVER, Status, Who,
};
use fieldpost_model::progress::{HistoryEntry, Progress};
use fieldpost_model::submission::{
    Answer, AnswerValue, Geometry, GeometryKind, Group, Node, Position, Submission,
};
use fieldpost_model::time::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What a case is called by in the answers of its card, beside its properties.
pub const NAME: &str = "case_name";
/// Its id in another system.
pub const EXTERNAL_ID: &str = "external_id";
/// Whom it belongs to.
pub const OWNER: &str = "owner_id";
/// The status of a case that is not closed.
pub const OPEN: &str = "open";
/// The status of one that is.
pub const CLOSED: &str = "closed";

/// Numbers of cards have so many bits: every language of JSON has room for them.
const NUMBER_BITS: u32 = 52;

/// A kind of cases as a form, with a field for each property, tie and file that one of these cases has. Where several
/// have one name, the most general counts. A property that is a position in all of them places the cards.
pub fn definition<'p>(
    case_type: &str,
    properties: impl IntoIterator<Item = (&'p str, CasePropertyKind)>,
) -> FormDefinition {
    let mut fields: Vec<FormField> =
        [(NAME, "Name"), (EXTERNAL_ID, "External id"), (OWNER, "Owner")]
            .into_iter()
            .map(|(key, label)| FormField {
                label: label.to_owned(),
                ..FormField::new(key, FieldType::String)
            })
            .collect();
    let mut kinds = BTreeMap::<&str, CasePropertyKind>::new();
    for (name, kind) in properties {
        let known = kinds.entry(name).or_insert(kind);
        *known = kind.max(*known);
    }
    kinds.retain(|name, _| ![NAME, EXTERNAL_ID, OWNER].contains(name));
    fields.extend(kinds.into_iter().map(|(name, kind)| field(name, kind)));
    let place = fields.iter().find(|field| field.field_type == FieldType::Map);
    FormDefinition {
        name: case_type.to_owned(),
        title: case_type.to_owned(),
        geolocation: place.map(|field| field.id.clone()),
        // Cards are known by the ids of their cases, not by numbers.
        id_template: Some(String::new()),
        lifecycle: Lifecycle {
            functions: vec![Function::receiver()],
            statuses: statuses(),
            ..Lifecycle::default()
        },
        fields,
        ..FormDefinition::default()
    }
}

/// The field of a property, a tie or a file.
fn field(name: &str, kind: CasePropertyKind) -> FormField {
    let field_type = match kind {
        CasePropertyKind::Tie => FieldType::Item,
        CasePropertyKind::File => FieldType::File,
        CasePropertyKind::Empty | CasePropertyKind::Position if name_says_place(name) => {
            FieldType::Map
        }
        CasePropertyKind::Empty | CasePropertyKind::Position | CasePropertyKind::Text => {
            FieldType::String
        }
    };
    // Whose household it is tells who it is.
    FormField { anonymise: AnonymiseMode::Final, ..FormField::new(name, field_type) }
}

/// The two statuses, the second of which nothing leads out of.
fn statuses() -> Vec<Status> {
    let status = |id: &str, name: &str| Status {
        id: id.to_owned(),
        name: name.to_owned(),
        ..Status::default()
    };
    // Forms close cases: something leads out of the first.
    let close = Jump { by: vec![Who::Function(RECEIVER.to_owned())], ..Jump::new(CLOSED) };
    let action = Action { id: "1".to_owned(), condition: None, kind: ActionKind::Jump(close) };
    let open = Status { actions: vec![action], ..status(OPEN, "Open") };
    vec![open, status(CLOSED, "Closed")]
}

/// A case that another one is tied to, as far as a card tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tied {
    /// What people call it; its id, where it has no name or is gone.
    pub text: String,
    /// Its card; nothing where there is none.
    pub api_url: Option<String>,
}

/// The definition of one card: that of its kind, in which the fields of its ties know the cases that these lead to. What
/// the case has and its kind has not is added.
pub fn own_definition(
    kind: &FormDefinition,
    case: &Case,
    tied: &BTreeMap<String, Tied>,
) -> FormDefinition {
    let mut definition = kind.clone();
    let known: Vec<String> = definition.fields.iter().map(|field| field.id.clone()).collect();
    let own = self::definition(&kind.name, case.property_kinds()).fields;
    definition.fields.extend(own.into_iter().filter(|field| !known.contains(&field.id)));
    for (name, index) in &case.indices {
        let ties =
            |field: &&mut FormField| field.field_type == FieldType::Item && field.id == *name;
        let Some(field) = definition.fields.iter_mut().find(ties) else { continue };
        let other = tied.get(&index.case_id);
        let text = other.map_or(&index.case_id, |other| &other.text);
        let about = [
            ("case_type", Some(index.case_type.clone())),
            ("relationship", Some(index.relationship.name().to_owned())),
            ("api_url", other.and_then(|other| other.api_url.clone())),
        ];
        let about = about.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let attributes = about.map(|(name, text)| (name.to_owned(), Value::from(text))).collect();
        field.items = vec![Item { attributes, ..Item::new(index.case_id.clone(), text.clone()) }];
    }
    definition
}

/// What a file of a case is called: as the form that brought it did, unless another of its files is called the same.
pub fn file_name<'c>(case: &'c Case, name: &'c str) -> &'c str {
    let Some(file) = case.attachments.get(name) else { return name };
    let is_local = file.origin == AttachmentOrigin::Local;
    let same = case.attachments.values().filter(|other| other.source == file.source).count();
    if is_local && same == 1 { &file.source } else { name }
}

/// What was answered, as the card of a case has it. Files are answers by their names.
pub fn submission(case: &Case, definition: &FormDefinition) -> Submission {
    let own = [(NAME, &*case.name), (EXTERNAL_ID, &*case.external_id), (OWNER, &*case.owner)];
    let properties = case.properties.iter().map(|(name, value)| (&**name, &**value));
    let ties = case.indices.iter().map(|(name, index)| (&**name, &*index.case_id));
    let files = case.attachments.keys().map(|name| (&**name, file_name(case, name)));
    let mut values = Group::default();
    for (name, value) in own.into_iter().chain(properties).chain(ties).chain(files) {
        if values.get(name).is_some() {
            continue;
        }
        let field = definition.fields.iter().find(|field| field.id == name);
        let field_type = field.map_or(FieldType::String, |field| field.field_type);
        let meant =
            |value: AnswerValue, text: &str| Answer { lexical: Some(text.to_owned()), value };
        let answer = match Position::of_phone(value).filter(|_| field_type == FieldType::Map) {
            Some(place) => meant(AnswerValue::Geometry(point(place)), value),
            None if value.is_empty() => Answer::ABSENT,
            None if field_type == FieldType::File => meant(AnswerValue::File, value),
            None => Answer::text(value),
        };
        values.members.push((name.to_owned(), Node::Answer(answer)));
    }
    Submission { values, ..Submission::default() }
}

/// What became of a case: when it was opened, whether it is closed. `changed_at` is when its last change took its
/// place, which no other has.
pub fn progress(case: &Case, definition: &FormDefinition, changed_at: Timestamp) -> Progress {
    let opened_at = case.opened_at.unwrap_or(case.server_modified_at);
    let entry = |time, status: &str| HistoryEntry {
        time,
        last_jump_at: None,
        who: None,
        status: Some(status.to_owned()),
        parts: Vec::new(),
    };
    let mut history = vec![entry(opened_at, OPEN)];
    history.extend(case.closing.as_ref().map(|closing| entry(closing.at, CLOSED)));
    let place = definition.geolocation.as_deref().and_then(|name| case.properties.get(name));
    Progress {
        natural_id: Some(case.id.clone()),
        display_id: display_id(&case.id, &case.external_id),
        status: Some(status(case.is_closed()).to_owned()),
        updated_at: changed_at,
        history,
        geolocation: place.and_then(|text| Position::of_phone(text)),
        digest: Some(case.name.clone()).filter(|name| !name.is_empty()),
        ..Progress::draft(uuid(&case.id), number(&case.id), opened_at)
    }
}

/// A value as a property has it: sheets have the two parts of a position with a semicolon between them.
pub fn property(definition: &FormDefinition, name: &str, value: &str) -> String {
    let field = definition.fields.iter().find(|field| field.id == name);
    let spaced = value.replace(';', " ");
    let is_place = field.is_some_and(|field| field.field_type == FieldType::Map);
    if is_place && Position::of_phone(&spaced).is_some() { spaced } else { value.to_owned() }
}

/// Whether two values of a property say the same. What lists tell of a position is where it is, not how high and how
/// well it is known; who sends that back means no other.
pub fn says_the_same(known: &str, said: &str) -> bool {
    let degrees = |text: &str| text.parse::<f64>().ok();
    let place = |place: Position| Some((degrees(&place.latitude)?, degrees(&place.longitude)?));
    known == said
        || Position::of_phone(said).is_some_and(|it| it.altitude.is_none())
            && Position::of_phone(known).and_then(place) == Position::of_phone(said).and_then(place)
            && Position::of_phone(known).is_some()
}

/// The status of a case.
pub const fn status(is_closed: bool) -> &'static str {
    if is_closed { CLOSED } else { OPEN }
}

/// What people call a case: by its id elsewhere, where it has one.
pub fn display_id(case_id: &str, external_id: &str) -> String {
    if external_id.is_empty() { case_id.to_owned() } else { external_id.to_owned() }
}

/// The UUID of a case: its id, where that is one, else one that follows from it.
pub fn uuid(case_id: &str) -> Uuid {
    Uuid::try_parse(case_id).unwrap_or_else(|_| {
        let digest = digest(case_id);
        let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = digest;
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    })
}

/// A number that a case always has and hardly another: clients of cards expect one beside the id.
pub fn number(case_id: &str) -> u64 {
    let [bytes @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
        digest(case_id);
    u64::from_be_bytes(bytes) >> (u64::BITS - NUMBER_BITS)
}

fn digest(case_id: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(b"fieldpost card of a case\0");
    digest.update(case_id.as_bytes());
    digest.finalize().into()
}

fn point(position: Position) -> Geometry {
    Geometry { kind: GeometryKind::Point, positions: vec![position] }
}

/// Whether a property is called as places are: two numbers may be anything.
fn name_says_place(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["gps", "geo", "location", "coordinates", "position"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use fieldpost_model::case::{CaseAttachment, CaseIndex, CaseRelationship, Closing};

    use super::*;

    fn case(id: &str, properties: &[(&str, &str)]) -> Case {
        let properties = properties.iter();
        Case {
            case_type: "child".to_owned(),
            name: "Amina".to_owned(),
            owner: "o-1".to_owned(),
            opened_at: Some(Timestamp(1)),
            server_modified_at: Timestamp(3),
            properties: properties.map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            ..Case::new(id)
        }
    }

    fn kinds<'c>(cases: &[&'c Case]) -> Vec<(&'c str, CasePropertyKind)> {
        cases.iter().flat_map(|case| case.property_kinds()).collect()
    }

    #[test]
    fn ties_are_choices_and_files_are_files() {
        let mut case = case("c-1", &[("photo", "a text")]);
        let index = CaseIndex {
            case_id: "h-1".to_owned(),
            case_type: "household".to_owned(),
            relationship: CaseRelationship::Child,
        };
        case.indices = [("parent".to_owned(), index)].into();
        let file = CaseAttachment {
            origin: AttachmentOrigin::Local,
            source: "1.jpg".to_owned(),
            content_type: None,
            form_id: "f".to_owned(),
        };
        case.attachments =
            [("photo".to_owned(), file.clone()), ("scan".to_owned(), file.clone())].into();
        assert_eq!(file_name(&case, "scan"), "scan");
        case.attachments
            .insert("photo".to_owned(), CaseAttachment { source: "2.jpg".to_owned(), ..file });
        let kind = definition("child", case.property_kinds());
        let of_type = |name: &str| {
            let field = kind.fields.iter().find(|field| field.id == name).unwrap();
            (field.field_type, field.anonymise)
        };
        let left_out = AnonymiseMode::Final;
        assert_eq!(of_type("parent"), (FieldType::Item, left_out));
        assert_eq!(of_type("scan"), (FieldType::File, left_out));
        // A property goes before a file of its name.
        assert_eq!(of_type("photo"), (FieldType::String, left_out));
        let tied = Tied { text: "Household of Ann".to_owned(), api_url: Some("/h-1/".to_owned()) };
        let own = own_definition(&kind, &case, &[("h-1".to_owned(), tied)].into());
        let parent = own.fields.iter().find(|field| field.id == "parent").unwrap();
        assert_eq!((&*parent.items[0].id, &*parent.items[0].text), ("h-1", "Household of Ann"));
        let values = submission(&case, &own).values;
        let answer = |name: &str| values.answer(&[name]).unwrap();
        assert_eq!(
            (answer("parent").written(), &answer("parent").value),
            ("h-1", &AnswerValue::Text)
        );
        assert_eq!(
            (answer("scan").written(), &answer("scan").value),
            ("1.jpg", &AnswerValue::File)
        );
        assert_eq!(answer("photo").written(), "a text");
    }

    #[test]
    fn a_kind_has_a_field_for_each_property_of_its_cases() {
        let one = case("1", &[("village", "Kibera"), ("gps", "48.85 2.35 0 5"), ("two", "1 2")]);
        let other = case("2", &[("age", "7"), ("gps", ""), ("case_name", "x")]);
        let definition = definition("child", kinds(&[&one, &other]));
        let fields: Vec<(&str, FieldType)> =
            definition.fields.iter().map(|field| (&*field.id, field.field_type)).collect();
        let expected = [
            (NAME, FieldType::String),
            (EXTERNAL_ID, FieldType::String),
            (OWNER, FieldType::String),
            ("age", FieldType::String),
            ("gps", FieldType::Map),
            ("two", FieldType::String),
            ("village", FieldType::String),
        ];
        assert_eq!(fields, expected);
        assert_eq!(definition.geolocation.as_deref(), Some("gps"));
        let is_endpoint = |id: &str| definition.lifecycle.status(id).unwrap().is_endpoint();
        assert_eq!((is_endpoint(OPEN), is_endpoint(CLOSED)), (false, true));
    }

    #[test]
    fn a_case_is_a_record_with_its_answers_and_its_way() {
        let mut case = case("c-1", &[("gps", "48.85 2.35"), ("case_name", "hidden")]);
        let definition = definition("child", case.property_kinds());
        let values = submission(&case, &definition).values;
        let written = |name: &str| match values.get(name) {
            Some(Node::Answer(answer)) => answer.written().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!((written(NAME), written(OWNER)), ("Amina".to_owned(), "o-1".to_owned()));
        assert_eq!(written(EXTERNAL_ID), "");
        let open = progress(&case, &definition, Timestamp(9));
        assert_eq!((open.status.as_deref(), open.updated_at), (Some(OPEN), Timestamp(9)));
        assert_eq!(open.received_at, Timestamp(1));
        assert_eq!(open.geolocation.map(|place| place.latitude).as_deref(), Some("48.85"));
        assert_eq!((&*open.display_id, open.natural_id.as_deref()), ("c-1", Some("c-1")));
        case.closing = Some(Closing { at: Timestamp(5), by: String::new() });
        case.external_id = "7".to_owned();
        let closed = progress(&case, &definition, Timestamp(9));
        assert_eq!(closed.status.as_deref(), Some(CLOSED));
        assert_eq!(closed.display_id, "7");
        let came_to: Vec<_> = closed.history.iter().filter_map(|it| it.status.clone()).collect();
        assert_eq!(came_to, [OPEN, CLOSED]);
    }

    #[test]
    fn a_position_that_is_sent_back_is_the_same() {
        let definition =
            definition("child", case("1", &[("gps", "48.85 2.35 0 5")]).property_kinds());
        for (name, value, expected) in [
            ("gps", "48.85;2.35", "48.85 2.35"),
            ("gps", "here;there", "here;there"),
            ("village", "1;2", "1;2"),
        ] {
            assert_eq!(property(&definition, name, value), expected, "{value}");
        }
        for (known, said, expected) in [
            ("48.85 2.35 0 5", "48.85 2.35", true),
            ("48.850 2.35", "48.85 2.350", true),
            ("48.85 2.35 0 5", "48.86 2.35", false),
            ("48.85 2.35 0 5", "48.85 2.35 0 6", false),
            ("Kibera", "Kibera", true),
            ("Kibera", "Karen", false),
            ("Kibera", "1 2", false),
        ] {
            assert_eq!(says_the_same(known, said), expected, "{known} {said}");
        }
    }

    #[test]
    fn ids_and_numbers_stay_the_same() {
        let known = "7f1c2a4e-90a1-4a6e-8a2c-3d1f5b6c7d8e";
        assert_eq!(uuid(known).to_string(), known);
        assert_eq!(uuid("c-1"), uuid("c-1"));
        assert_ne!(uuid("c-1"), uuid("c-2"));
        assert!(number("c-1") < 1 << NUMBER_BITS);
        assert_ne!(number("c-1"), number("c-2"));
    }
}
