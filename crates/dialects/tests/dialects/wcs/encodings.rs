//! How an answer of each type is written: in the fields of a document, with and without files.

use fieldpost_dialects::wcs::document::{Switches, write};
use fieldpost_dialects::wcs::read::submit;
use fieldpost_model::form_definition::{FieldType, FormField};

use super::{World, json};

/// What a document has of one field: its member and those beside it.
fn written(world: &World, name: &str, switches: Switches) -> Vec<String> {
    let text = world.text(&write(&world.record(), &world.site(), &world.viewer(), switches));
    let document = json(&text);
    let members = document.get("fields").unwrap().as_object().unwrap();
    let is_beside = |key: &str| {
        let suffixes = ["", "_raw", "_structured", "_digests", "_display"];
        suffixes.iter().any(|suffix| key.strip_suffix(suffix) == Some(name))
    };
    let own = members.iter().filter(|(key, _)| is_beside(key));
    own.map(|(key, value)| format!("{key}={}", value.to_json())).collect()
}

#[test]
fn every_type_is_written_as_it_should_be() {
    let world = World::new();
    let one = r#"{"id":"1","text":"one","colour":"red"}"#;
    let two = r#"{"id":"2","text":"two"}"#;
    let hash = |place: usize| fieldpost_model::hexadecimal::encode(&world.files[place].sha256);
    let download = "https://hub.example.org/p/town/request/16/download?hash=";
    let portrait = format!(
        r#"{{"filename":"b.png","content_type":"image/png","content":"AAEC","content_is_base64":true,"url":"{download}{}","field_id":"portrait"}}"#,
        hash(1)
    );
    for (name, expected) in [
        ("name", vec![r#"name="Marie""#.to_owned()]),
        ("story", vec![r#"story="One\nTwo""#.to_owned()]),
        ("email", vec![r#"email="marie@example.net""#.to_owned()]),
        ("phone", vec![r#"phone="+33 1 23""#.to_owned()]),
        ("agreed", vec!["agreed=true".to_owned()]),
        ("amount", vec![r#"amount="5.50""#.to_owned()]),
        ("day", vec![r#"day="2026-11-23""#.to_owned()]),
        (
            "kind",
            vec![
                r#"kind="one""#.to_owned(),
                r#"kind_raw="1""#.to_owned(),
                format!("kind_structured={one}"),
            ],
        ),
        (
            "kinds",
            vec![
                r#"kinds="one, two""#.to_owned(),
                r#"kinds_raw=["1","2"]"#.to_owned(),
                format!("kinds_structured=[{one},{two}]"),
            ],
        ),
        ("order", vec![r#"order={"2":1,"1":2}"#.to_owned()]),
        (
            "photo",
            vec![format!(
                r#"photo={{"filename":"a.txt","content_type":"text/plain","content":"Q2VjaQ==","content_is_base64":true,"url":"{download}{}","field_id":"11"}}"#,
                hash(0)
            )],
        ),
        ("position", vec![r#"position={"lat":48.856613,"lon":2.352219}"#.to_owned()]),
        (
            "people",
            vec![
                r#"people="Ann b.png two, Bob""#.to_owned(),
                format!(
                    r#"people_raw=[{{"first":"Ann","portrait":{portrait},"role":"two","role_raw":"2","role_structured":{two}}},{{"first":"Bob","portrait":null,"role":null,"role_raw":null}}]"#
                ),
                r#"people_digests=["Ann b.png two","Bob"]"#.to_owned(),
            ],
        ),
        ("grid", vec![r#"grid=[["a","1"],["b","2"]]"#.to_owned()]),
        ("rows", vec![r#"rows=[["c","3"]]"#.to_owned()]),
        ("sum", vec![r#"sum={"total":7}"#.to_owned()]),
        ("heading", vec![]),
        ("unnamed", vec![]),
        ("f20", vec![]),
    ] {
        assert_eq!(written(&world, name, Switches::DOCUMENT), expected, "{name}");
    }
}

#[test]
fn what_was_not_answered_is_null() {
    let mut world = World::new();
    let nothing = submit(&world.definition, &json(r#"{"data":{}}"#)).unwrap();
    world.submission = nothing.submission;
    for field in &world.definition.fields {
        let Some(name) = field.name.as_deref().filter(|_| !field.field_type.is_layout()) else {
            continue;
        };
        let expected = match field.field_type {
            FieldType::Item | FieldType::Items | FieldType::Block => {
                vec![format!("{name}=null"), format!("{name}_raw=null")]
            }
            _ => vec![format!("{name}=null")],
        };
        assert_eq!(written(&world, name, Switches::DOCUMENT), expected, "{name}");
    }
}

#[test]
fn files_without_content_say_where_they_are() {
    let world = World::new();
    let switches = Switches { files_content: false, ..Switches::DOCUMENT };
    let photo = written(&world, "photo", switches).concat();
    assert!(photo.contains("\"url\":") && photo.contains("\"field_id\":\"11\""), "{photo}");
    assert!(!photo.contains("content\"") && !photo.contains("base64"), "{photo}");
    assert!(!written(&world, "people", switches).concat().contains("AAEC"));
}

#[test]
fn a_file_that_has_not_come_is_named_all_the_same() {
    let mut world = World::new();
    world.files.clear();
    assert_eq!(
        written(&world, "photo", Switches::DOCUMENT),
        [r#"photo={"filename":"a.txt","content_type":"text/plain","field_id":"11"}"#]
    );
}

#[test]
fn of_two_fields_with_one_name_the_first_that_was_answered_counts() {
    let mut world = World::new();
    let twin =
        |id: &str| FormField { id: id.to_owned(), ..FormField::new("twin", FieldType::String) };
    world.definition.fields = vec![twin("1"), twin("2"), twin("3")];
    for (body, expected) in [
        (r#"{"data":{"1":"a","2":"b"}}"#, r#"twin="a""#),
        (r#"{"data":{"2":"b","3":"c"}}"#, r#"twin="b""#),
        (r#"{"data":{"3":"c"}}"#, r#"twin="c""#),
        (r#"{"data":{}}"#, "twin=null"),
    ] {
        world.submission = submit(&world.definition, &json(body)).unwrap().submission;
        assert_eq!(written(&world, "twin", Switches::DOCUMENT), [expected], "{body}");
    }
}
