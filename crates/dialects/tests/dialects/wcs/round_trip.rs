//! A document that was pulled is sent to another hub, and pulled there: the answers are the same, their
//! files included.

use fieldpost_dialects::wcs::document::{Switches, classic, write};
use fieldpost_dialects::wcs::read::{Submitted, submit};
use fieldpost_model::json::Value;
use proptest::prelude::*;

use super::{World, json};

/// A world with what was submitted in the place of what was there.
fn world_of(submitted: &Submitted) -> World {
    let mut world = World::new();
    world.submission = submitted.submission.clone();
    world.progress.backoffice_values = submitted.backoffice_values.clone();
    world.files =
        submitted.files.iter().map(fieldpost_dialects::wcs::read::SentFile::stored).collect();
    // The history has files of its own, which stay.
    world.contents.extend(submitted.files.iter().map(|file| (file.sha256, file.bytes.clone())));
    world
}

/// The document without what happened to it: only its answers travel.
fn pulled(world: &World) -> String {
    let switches = Switches { evolution: false, workflow_data: false, ..Switches::DOCUMENT };
    world.text(&write(&world.record(), &world.site(), &world.viewer(), switches))
}

#[track_caller]
fn check(first: &Submitted, document: &str) {
    let second = submit(&World::new().definition, &json(document)).unwrap();
    assert_eq!(second.warnings, [], "{document}");
    assert_eq!(second.submission.values, first.submission.values);
    assert_eq!(second.backoffice_values, first.backoffice_values);
    let bytes = |submitted: &Submitted| {
        let files = submitted.files.iter();
        let mut files: Vec<_> = files
            .map(|file| (file.name.clone(), file.content_type.clone(), file.bytes.clone()))
            .collect();
        files.sort();
        files
    };
    assert_eq!(bytes(&second), bytes(first));
    let again = pulled(&world_of(&second));
    let answers = |text: &str| {
        let document = json(text);
        let fields = document.get("fields").unwrap().to_json();
        (fields, document.path(&["workflow", "fields"]).map(Value::to_json))
    };
    assert_eq!(answers(&again), answers(document));
}

/// Everything that was answered, but for the field without a name, which is in no document.
fn named(mut submitted: Submitted) -> Submitted {
    for (key, node) in &mut submitted.submission.values.members {
        if key == "f20" {
            *node = fieldpost_model::submission::Node::Answer(
                fieldpost_model::submission::Answer::ABSENT,
            );
        }
    }
    submitted
}

#[test]
fn a_document_that_is_sent_on_arrives_whole() {
    let first = named(super::submitted());
    check(&first, &pulled(&world_of(&first)));
}

#[test]
fn the_old_shape_can_be_sent_on_too() {
    let first = named(super::submitted());
    let world = world_of(&first);
    let document = world.text(&classic(&world.record(), &world.site(), &world.viewer(), true));
    let second = submit(&world.definition, &json(&document)).unwrap();
    assert_eq!(second.warnings, []);
    assert_eq!(second.submission.values, first.submission.values);
}

#[test]
fn what_a_call_adds_under_extra_is_taken_as_answers() {
    let world = World::new();
    let document = write(&world.record(), &world.site(), &world.viewer(), Switches::ROW);
    let own = Value::object([("name", "added")]);
    let sent = fieldpost_dialects::wcs::push::body(
        Some(match document {
            fieldpost_dialects::wcs::pieces::Tree::Object(mut object) => {
                object.set("fields", Value::object([("name", "first"), ("phone", "1")]));
                object.into()
            }
            other => other,
        }),
        Some(own.into()),
    );
    let fieldpost_dialects::wcs::push::Body::Json(tree) = sent else { panic!("no body") };
    let text = tree.into_value().to_json();
    let received = submit(&world.definition, &json(&text)).unwrap();
    assert_eq!(received.submission.values.answer(&["name"]).unwrap().written(), "added");
    assert_eq!(received.submission.values.answer(&["phone"]).unwrap().written(), "1");
}

/// Any answer that a field takes.
fn any_data() -> impl Strategy<Value = Value<'static>> {
    let text = "[ -~é\n]{0,12}";
    let maybe = |text: String| if text.trim().is_empty() { Value::Null } else { Value::from(text) };
    let file = (any::<Vec<u8>>(), "[a-z]{1,4}\\.(txt|png)").prop_map(|(bytes, name)| {
        use fieldpost_dialects::wcs::pieces::Base64Stream;
        let mut stream = Base64Stream::default();
        let mut content = stream.push(&bytes);
        content.push_str(&stream.end());
        Value::object([
            ("filename", name),
            ("content_type", "text/plain".to_owned()),
            ("content", content),
        ])
    });
    let person = (text.prop_map(maybe), proptest::option::of("[12]")).prop_map(|(first, role)| {
        Value::object([("first", first), ("role", role.map_or(Value::Null, Value::from))])
    });
    (
        text.prop_map(maybe),
        proptest::option::of(any::<bool>()),
        any::<i64>(),
        proptest::collection::vec("[12]", 0..3),
        proptest::option::of(file),
        (-90_i16..=90, -180_i16..=180),
        proptest::collection::vec(person, 0..3),
    )
        .prop_map(|(text, truth, number, ids, file, (lat, lon), people)| {
            let ids = ids.into_iter().map(Value::from).collect();
            Value::object([
                ("name", text.clone()),
                ("story", text),
                ("agreed", truth.map_or(Value::Null, Value::Bool)),
                ("amount", Value::from(number)),
                ("kinds", Value::Array(ids)),
                ("photo", file.unwrap_or(Value::Null)),
                ("position", Value::object([("lat", i64::from(lat)), ("lon", i64::from(lon))])),
                ("people", Value::Array(people)),
            ])
        })
}

proptest! {
    #[test]
    fn whatever_is_answered_arrives(data in any_data()) {
        let body = Value::object([("data", data)]);
        let first = named(submit(&World::new().definition, &body).unwrap());
        prop_assert_eq!(&first.warnings, &[]);
        check(&first, &pulled(&world_of(&first)));
    }
}
