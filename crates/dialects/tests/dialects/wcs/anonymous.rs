//! Documents that name nobody: what they have, and that nothing personal is anywhere in them.

use fieldpost_dialects::wcs::anonymous::document;
use fieldpost_dialects::wcs::document::Switches;
use fieldpost_dialects::wcs::list::anonymous_row;
use fieldpost_dialects::wcs::read::submit;
use fieldpost_dialects::wcs::{RecordsAt, Site};
use fieldpost_model::form_definition::{AnonymiseMode, FieldType, FormField};
use fieldpost_model::json::Value;
use fieldpost_model::progress::Actor;
use proptest::prelude::*;

use super::{World, json, user};

fn written(world: &World) -> String {
    world.text(&document(&world.record(), &world.site(), &world.viewer(), Switches::CALL))
}

#[test]
fn an_anonymous_document_has_what_is_allowed_and_nothing_else() {
    let world = World::new();
    let text = written(&world);
    let document = json(&text);
    let keys: Vec<&str> =
        document.as_object().unwrap().iter().map(|(key, _)| key.as_ref()).collect();
    assert_eq!(
        keys,
        [
            "uuid",
            "id",
            "internal_id",
            "display_id",
            "display_name",
            "digests",
            "text",
            "url",
            "receipt_time",
            "last_update_time",
            "criticality_level",
            "api_url",
            "backoffice_url",
            "fields",
            "workflow",
            "roles",
            "submission",
            "evolution",
            "geolocations",
        ]
    );
    for (path, expected) in [
        (&["id"][..], "\"16\""),
        (&["display_id"], "\"16\""),
        (&["display_name"], "\"Request #16\""),
        (&["text"], "\"Request #16\""),
        (&["digests"], "null"),
        (
            &["fields"],
            r#"{"agreed":true,"kind":"one","kind_raw":"1","kind_structured":{"id":"1","text":"one","colour":"red"},"kinds":"one, two","kinds_raw":["1","2"],"kinds_structured":[{"id":"1","text":"one","colour":"red"},{"id":"2","text":"two"}],"order":{"2":1,"1":2}}"#,
        ),
        (&["workflow", "fields"], "{}"),
        (&["submission"], r#"{"backoffice":true,"channel":"phone"}"#),
        (&["geolocations"], r#"{"base":{"lat":48.86,"lon":2.35}}"#),
    ] {
        let value = document.path(path).unwrap_or_else(|| panic!("no {path:?}"));
        assert_eq!(value.to_json(), expected, "{path:?}");
    }
    assert_eq!(document.path(&["workflow", "data"]), None);
    let evolution = document.get("evolution").unwrap().as_array().unwrap();
    assert_eq!(
        evolution[1].to_json(),
        r#"{"time":"2013-01-04T13:39:49+01:00","last_jump_datetime":null,"who_id":null,"status":"new","parts":[{"type":"workflow-comment"},{"type":"wscall-error"},{"type":"wscall-error"}]}"#
    );
    assert_eq!(evolution[0].get("who_id").unwrap().as_str(), Some("_submitter"));
}

#[test]
fn a_card_of_a_case_tells_no_id_that_follows_from_its_case() {
    let mut world = World::new();
    world.progress.natural_id = Some("7ac1".to_owned());
    let write = |world: &World| {
        let site = Site { records: RecordsAt::Cases, ..world.site() };
        world.text(&document(&world.record(), &site, &world.viewer(), Switches::CALL))
    };
    let (text, uuid) = (write(&world), world.progress.uuid.to_string());
    assert!(!text.contains("7ac1") && !text.contains(&uuid), "{text}");
    let ids = ["id", "internal_id", "display_id", "uuid", "url", "api_url", "backoffice_url"];
    for key in ids {
        assert_eq!(json(&text).get(key), None, "{key}");
    }
    // Another number stands in the place of the id.
    (world.progress.natural_id, world.progress.number) = (None, 4_711);
    let text = write(&world);
    for key in &ids[..3] {
        assert_eq!(json(&text).get(key).unwrap().as_str(), Some("4711"), "{key}");
    }
    assert!(!text.contains(&uuid) && !text.contains("url\":"), "{text}");
}

#[test]
fn a_block_is_there_only_if_it_says_so_and_then_without_what_is_final_in_it() {
    let mut world = World::new();
    let block = |world: &mut World, mode| {
        let fields = world.definition.fields.iter_mut();
        for field in fields.filter(|field| field.field_type == FieldType::Block) {
            field.anonymise = mode;
        }
    };
    assert!(!written(&world).contains("people"));
    block(&mut world, AnonymiseMode::No);
    let text = written(&world);
    let rows = json(&text).path(&["fields", "people_raw"]).unwrap().to_json();
    assert_eq!(
        rows,
        r#"[{"role":"two","role_raw":"2","role_structured":{"id":"2","text":"two"}},{"role":null,"role_raw":null}]"#
    );
    assert!(!text.contains("Ann") && !text.contains("b.png"), "{text}");
}

#[test]
fn what_is_intermediate_is_personal_too() {
    let mut world = World::new();
    for field in &mut world.definition.fields {
        field.anonymise = AnonymiseMode::Intermediate;
    }
    assert_eq!(json(&written(&world)).get("fields").unwrap().to_json(), "{}");
}

#[test]
fn rows_that_name_nobody_have_no_digest() {
    let world = World::new();
    let row = anonymous_row(&world.record(), &world.site(), &world.viewer(), Switches::ROW);
    assert!(row.get("digest").unwrap().is_null());
    assert!(row.get("digests").is_none() && row.get("user").is_none());
    assert_eq!(row.get("text").unwrap().as_str(), Some("Request #16"));
}

/// A value of a form's field with the mark in it, as JSON: whatever is sent, it must not come out.
fn marked(field: &FormField, mark: &str) -> Value<'static> {
    let text = || Value::from(mark.to_owned());
    match field.field_type {
        FieldType::Items => Value::Array(vec![text(), Value::from("1")]),
        FieldType::RankedItems => Value::object([(mark.to_owned(), 1_i64)]),
        FieldType::File => Value::object([
            ("filename", mark.to_owned()),
            ("content_type", mark.to_owned()),
            ("content", mark.to_owned()),
        ]),
        FieldType::Block => {
            let inner = field.fields.iter();
            let inner = inner.map(|inner| (inner.id.clone(), marked(inner, mark)));
            Value::Array(vec![Value::object(inner)])
        }
        FieldType::Table | FieldType::TableRows => {
            Value::Array(vec![Value::Array(vec![text(), text()])])
        }
        FieldType::Computed => Value::object([(mark.to_owned(), text())]),
        _ => text(),
    }
}

/// A world in which everything that can be personal says the mark, by these modes.
fn marked_world(mark: &str, modes: &[AnonymiseMode]) -> World {
    let mut world = World::new();
    for (field, mode) in world.definition.fields.iter_mut().zip(modes.iter().cycle()) {
        // What an author lets through as a free text is let through.
        let is_free = !field.field_type.has_items() && field.field_type != FieldType::Bool;
        let may_stay = !is_free || field.field_type == FieldType::Block;
        field.anonymise = match mode {
            AnonymiseMode::No if !may_stay => AnonymiseMode::Final,
            mode => *mode,
        };
    }
    let data = world.definition.fields.iter().filter(|field| !field.field_type.is_layout());
    let data = Value::object(data.map(|field| (field.id.clone(), marked(field, mark))));
    let body = Value::object([("data", data)]);
    let submitted = submit(&world.definition, &body).unwrap();
    world.submission = submitted.submission;
    world.files =
        submitted.files.iter().map(fieldpost_dialects::wcs::read::SentFile::stored).collect();
    world.contents = submitted.files.iter().map(|file| (file.sha256, file.bytes.clone())).collect();
    world.submission.metadata.instance_name = Some(mark.to_owned());
    world.submission.metadata.user = Some(mark.to_owned());
    let progress = &mut world.progress;
    progress.natural_id = Some(mark.to_owned());
    progress.display_id = mark.to_owned();
    progress.digest = Some(mark.to_owned());
    progress.tracking_code = Some(mark.to_owned());
    progress.data = Value::object([(mark.to_owned(), mark.to_owned())]);
    progress.user = Some(user(4_711_471, mark));
    progress.origin.agent = Some(user(4_711_472, mark));
    progress.origin.context = Some(Value::object([("comments", mark.to_owned())]));
    progress.backoffice_values = world.submission.values.clone();
    for entry in &mut progress.history {
        entry.who = Some(Actor::User(user(4_711_473, mark)));
        for part in &mut entry.parts {
            use fieldpost_model::progress::Part;
            match part {
                Part::Comment { identifier, html } => {
                    *identifier = Some(mark.to_owned());
                    *html = mark.to_owned();
                }
                Part::Attachment { file, .. } => file.name = mark.to_owned(),
                Part::FormData { key, data } => {
                    *key = mark.to_owned();
                    *data = Value::from(mark.to_owned());
                }
                Part::CallError { summary, label, data, .. } => {
                    *summary = mark.to_owned();
                    *label = Some(mark.to_owned());
                    *data = mark.as_bytes().to_vec();
                }
            }
        }
    }
    for role in &mut world.roles {
        role.emails = vec![mark.to_owned()];
        role.details = mark.to_owned();
    }
    world
}

fn mode() -> impl Strategy<Value = AnonymiseMode> {
    prop_oneof![
        Just(AnonymiseMode::Final),
        Just(AnonymiseMode::Intermediate),
        Just(AnonymiseMode::No)
    ]
}

proptest! {
    #[test]
    fn nothing_personal_is_anywhere(
        mark in "[A-Z]{4}[a-z]{12}",
        modes in proptest::collection::vec(mode(), 18),
    ) {
        let world = marked_world(&mark, &modes);
        let document = written(&world);
        let row = anonymous_row(&world.record(), &world.site(), &world.viewer(), Switches::FULL_ROW);
        for text in [document, row.to_json()] {
            prop_assert!(!text.contains(&mark), "{text}");
            prop_assert!(!text.to_lowercase().contains(&mark.to_lowercase()), "{text}");
            prop_assert!(!text.contains("471147"), "the number of somebody: {text}");
        }
    }
}
