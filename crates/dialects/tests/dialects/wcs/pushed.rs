//! Records that a w.c.s. pushes, read as submissions: by their form, and where nobody knows it.

use fieldpost_dialects::submission::{read, take_asked};
use fieldpost_dialects::wcs::document::{Switches, write};
use fieldpost_dialects::{Received, decode, formats};
use fieldpost_model::form::Form;
use fieldpost_model::form_definition::{FieldType, FormField, derived_fields};
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::{AttachmentContent, Submission};

use super::{World, definition};

fn pushed(body: &str, form: Option<&Form>) -> Option<Submission> {
    let received = Received { content_type: Some("application/json"), body: body.as_bytes() };
    let decoded = decode(Dialect::Wcs, &received).unwrap();
    read(Dialect::Wcs, &decoded.view, form).pop()
}

/// The document that a call sends of a record, with its files in it.
fn document() -> String {
    let world = World::new();
    world.text(&write(&world.record(), &world.site(), &world.viewer(), Switches::DOCUMENT))
}

#[test]
fn a_record_that_is_pushed_says_what_was_submitted() {
    let world = World::new();
    let form = world.definition.form();
    let mut submission = pushed(&document(), Some(&form)).unwrap();
    assert!(!submission.is_untyped);
    let backoffice = derived_fields(&world.definition.lifecycle.backoffice_fields);
    let asked = take_asked(&backoffice, &mut submission.values).unwrap();
    assert_eq!(asked.to_json(), r#"{"note":"to check"}"#);
    assert_eq!(take_asked(&backoffice, &mut submission.values), None, "it is taken once");
    // A field without a name is in no document.
    let mut expected = world.submission;
    for (key, node) in &mut expected.values.members {
        if key == "f20" {
            *node = submission.values.get("f20").unwrap().clone();
        }
    }
    assert_eq!(
        formats::values(&submission.values).to_json(),
        formats::values(&expected.values).to_json()
    );
    let files: Vec<_> = submission
        .attachments
        .iter()
        .map(|file| (file.name.as_str(), file.content_type.as_deref(), &file.content))
        .collect();
    let embedded = |text: &str| AttachmentContent::Embedded(text.to_owned());
    assert_eq!(
        files,
        [
            ("a.txt", Some("text/plain"), &embedded("Q2VjaQ==")),
            ("b.png", Some("image/png"), &embedded("AAEC")),
        ]
    );
}

#[test]
fn what_is_known_beside_the_answers_is_kept() {
    let submission = pushed(&document(), None).unwrap();
    let metadata = &submission.metadata;
    assert_eq!(metadata.instance_id.as_deref(), Some("00000000-0000-0000-0000-000000001234"));
    assert_eq!(metadata.user.as_deref(), Some("Fred"));
    assert_eq!(metadata.user_id.as_deref(), Some("id-1"));
    assert_eq!(metadata.submitted_at.as_deref(), Some("2013-01-04T12:39:47.250000Z"));
    assert_eq!(metadata.position.as_ref().unwrap().latitude, "48.856613");
    let kept = |name: &str| {
        let found = metadata.other.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.to_json()).unwrap_or_default()
    };
    for (name, expected) in [
        ("display_id", r#""1-28""#),
        ("status", r#""new""#),
        ("status_name", r#""New""#),
        ("channel", r#""phone""#),
        ("backoffice", "true"),
        ("url", r#""https://hub.example.org/p/town/request/16/""#),
    ] {
        assert_eq!(kept(name), expected, "{name}");
    }
}

/// A row: what is pushed, and the answers that it is without a form.
#[test]
fn without_a_form_answers_are_texts() {
    for (body, expected) in [
        (
            r#"{"fields":{"a":"x","b":true,"c":1.50,"d":null}}"#,
            r#"{"a":"x","b":"true","c":"1.50","d":null}"#,
        ),
        // What was chosen goes by its id, and its label is kept.
        (
            r#"{"fields":{"k":"one","k_raw":"1","k_structured":{"id":"1"}}}"#,
            r#"{"k":"1","k_display":"one"}"#,
        ),
        (r#"{"fields":{"k":"one","k_raw":"one"}}"#, r#"{"k":"one"}"#),
        (r#"{"fields":{"k":null,"k_raw":null}}"#, r#"{"k":null}"#),
        (
            r#"{"fields":{"k":"one, two","k_raw":["1","2"]}}"#,
            r#"{"k":["1","2"],"k_display":"one, two"}"#,
        ),
        // Rows of a block, of a table, and old ones inside `data`.
        (
            r#"{"fields":{"p":"Ann","p_raw":[{"first":"Ann","r":"one","r_raw":"1"}],"p_digests":["Ann"]}}"#,
            r#"{"p":[{"first":"Ann","r":"1","r_display":"one"}]}"#,
        ),
        (
            r#"{"fields":{"t":[["a","b"],["c",null]]}}"#,
            r#"{"t":[{"c1":"a","c2":"b"},{"c1":"c","c2":null}]}"#,
        ),
        (r#"{"fields":{"m":{"lat":1.5,"lon":2.25}}}"#, r#"{"m":"1.5 2.25"}"#),
        (
            r#"{"fields":{"m":{"lat":1.5,"lon":2.25,"z":1}}}"#,
            r#"{"m":{"lat":"1.5","lon":"2.25","z":"1"}}"#,
        ),
        (r#"{"fields":{"f":{"filename":"x/a.txt","content":"YQ=="}}}"#, r#"{"f":"a.txt"}"#),
        // The fields of the workflow and what it adds; what is added counts more.
        (
            r#"{"fields":{"a":"x"},"workflow":{"fields":{"b":"y"}},"extra":{"a":"z","c":"w"}}"#,
            r#"{"a":"z","b":"y","c":"w"}"#,
        ),
        // Keys of a workflow's own, and nothing else.
        (r#"{"name":"Ada","age":7}"#, r#"{"name":"Ada","age":"7"}"#),
        (r#"{"data":{"name":"Ada"},"meta":{"draft":false}}"#, r#"{"name":"Ada"}"#),
        (r#"{"fields":{},"id":"16"}"#, "{}"),
        // What is announced as answers and is none is nothing.
        (r#"{"fields":7,"id":"16"}"#, "{}"),
    ] {
        let submission = pushed(body, None).unwrap_or_else(|| panic!("{body}"));
        assert!(submission.is_untyped, "{body}");
        assert_eq!(formats::values(&submission.values).to_json(), expected, "{body}");
    }
    assert_eq!(pushed("{}", None), None, "nothing was said");
}

/// A row: what is pushed, and the answers that it is by the form.
#[test]
fn by_their_form_answers_have_their_types() {
    let mut form = definition().form();
    let open = FormField::new("open", FieldType::Item);
    form.fields.extend(derived_fields(&[open]));
    for (body, key, expected) in [
        (r#"{"fields":{"amount":"5.50"}}"#, "amount", "5.50"),
        (r#"{"fields":{"amount":5.50}}"#, "amount", "5.50"),
        (r#"{"fields":{"amount":"five"}}"#, "amount", r#""five""#),
        (r#"{"fields":{"agreed":true}}"#, "agreed", "true"),
        (r#"{"fields":{"kind":"one","kind_raw":"1"}}"#, "kind", r#""1""#),
        (r#"{"fields":{"kinds":"one, two","kinds_raw":["1","2"]}}"#, "kinds", r#"["1","2"]"#),
        (r#"{"fields":{"order":{"1":2,"2":"1"}}}"#, "order", r#"["2","1"]"#),
        (
            r#"{"fields":{"position":"48.5;2.25"}}"#,
            "position",
            r#"{"type":"Point","coordinates":[2.25,48.5]}"#,
        ),
        (
            r#"{"fields":{"people":{"data":[{"first":"Ann"}]}}}"#,
            "people",
            r#"[{"first":"Ann","portrait":null,"role":null}]"#,
        ),
        (
            r#"{"fields":{"people":{"first":"Ann"}}}"#,
            "people",
            r#"[{"first":"Ann","portrait":null,"role":null}]"#,
        ),
        (r#"{"fields":{"rows":[["c","3"]]}}"#, "rows", r#"[{"c1":"c","c2":"3"}]"#),
        (r#"{"fields":{"photo":{"filename":"a.txt"}}}"#, "photo", r#"{"filename":"a.txt"}"#),
        // A list that the form does not have: the label is beside what the form knows.
        (r#"{"fields":{"open":"one","open_raw":"1"}}"#, "_extra", r#"{"open_display":"one"}"#),
        // What the form does not know stays as it came, but for the bytes of files.
        (
            r#"{"fields":{"sum":{"lat":1,"lon":2,"f":{"filename":"a","content":"YQ=="}}}}"#,
            "_extra",
            r#"{"sum":{"lat":1,"lon":2,"f":{"filename":"a"}}}"#,
        ),
    ] {
        let submission = pushed(body, Some(&form)).unwrap();
        let values = formats::values(&submission.values);
        assert_eq!(values.get(key).map(Value::to_json).as_deref(), Some(expected), "{body}");
    }
}

#[test]
fn files_have_names_of_their_own_and_come_as_they_can_be_had() {
    let body = r#"{"fields":{
        "a":{"filename":"p.jpg","content_type":"image/jpeg","content":"YQ=="},
        "b":{"filename":"p.jpg","content":"Yg=="},
        "same":{"filename":"p.jpg","content":"YQ=="},
        "link":{"filename":"q.jpg","url":"https://x.example/download?hash=1","content":null},
        "plain":{"filename":"t.txt","content":"a b","content_is_base64":false},
        "gone":{"filename":"r.jpg","content_type":"image/jpeg"},
        "people_raw":[{"portrait":{"filename":"s.jpg","b64_content":"Yw=="}}],"people":"x"}}"#;
    let submission = pushed(body, None).unwrap();
    assert_eq!(
        formats::values(&submission.values).to_json(),
        r#"{"a":"p.jpg","b":"p-2.jpg","same":"p.jpg","link":"q.jpg","plain":"t.txt","gone":"r.jpg","people":[{"portrait":"s.jpg"}]}"#
    );
    let embedded = |text: &str| AttachmentContent::Embedded(text.to_owned());
    let files: Vec<_> =
        submission.attachments.into_iter().map(|file| (file.name, file.content)).collect();
    let expected = [
        ("p.jpg", embedded("YQ==")),
        ("p-2.jpg", embedded("Yg==")),
        ("q.jpg", AttachmentContent::Link("https://x.example/download?hash=1".to_owned())),
        ("t.txt", embedded("YSBi")),
        ("r.jpg", AttachmentContent::Expected),
        ("s.jpg", embedded("Yw==")),
    ];
    assert_eq!(files, expected.map(|(name, content)| (name.to_owned(), content)));
}
