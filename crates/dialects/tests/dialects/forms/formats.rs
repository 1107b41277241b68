//! The formats that go out, each from the same submission.

use super::one;
use crate::xform;
use fieldpost_dialects::formats::{
    MAX_KEYS_LENGTH, ServerFacts, StoredFile, geojson, kobo, normalised,
};
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::{Answer, Group, Node, Submission};
use fieldpost_model::time::Timestamp;

const BIRTH: &str = r#"<data id="births" version="20260101"><start>2026-01-01T10:00:00.000+01:00</start>
    <nom>L.</nom><age>7</age><sym>f c</sym><loc><gps>48.1 2.2 0 5</gps><height>3</height></loc>
    <contact><cname>A</cname><pic>1.jpg</pic></contact><contact><cname>B</cname><pic/></contact>
    <gone><a>1</a></gone><meta><instanceID>uuid:1</instanceID></meta></data>"#;

fn birth() -> Submission {
    one(Dialect::Xml, BIRTH, Some(&xform("births")))
}

fn facts(files: &[StoredFile]) -> ServerFacts<'_> {
    let time = Timestamp::parse("2026-01-01T09:00:05.25Z").unwrap();
    ServerFacts {
        number: Some(42),
        project: "demo",
        received_at: time,
        modified_at: time,
        indexed_at: time,
        resource: None,
        application: None,
        build: None,
        edited_at: None,
        is_from_device: true,
        sender_address: None,
        files,
    }
}

#[test]
fn normalised_has_types_and_all_that_is_known() {
    let value = normalised(&birth());
    let text = |path: &[&str]| value.path(path).and_then(Value::as_str).map(str::to_owned);
    assert_eq!(text(&["form", "id"]).as_deref(), Some("births"));
    assert_eq!(text(&["form", "version"]).as_deref(), Some("20260101"));
    assert_eq!(text(&["instance_id"]).as_deref(), Some("uuid:1"));
    assert_eq!(text(&["started_at"]).as_deref(), Some("2026-01-01T10:00:00.000+01:00"));
    assert_eq!(value.path(&["values", "age"]).unwrap().as_number(), Some("7"));
    assert_eq!(value.path(&["values", "contact"]).unwrap().as_array().unwrap().len(), 2);
    assert_eq!(value.path(&["values", "_extra", "gone", "a"]).unwrap().as_str(), Some("1"));
    assert_eq!(value.path(&["values", "loc", "_extra", "height"]).unwrap().as_str(), Some("3"));
    assert_eq!(value.get("attachments").unwrap().to_json(), r#"["1.jpg"]"#);
    assert_eq!(value.get("untyped").unwrap().as_bool(), Some(false));
    assert_eq!(value.get("encrypted").unwrap().as_bool(), Some(false));
}

#[test]
fn kobo_is_flat_with_whole_paths_in_repeats() {
    let files = [("form.xml", "text/xml"), ("1.jpg", "image/jpeg")].map(|(name, content_type)| {
        StoredFile {
            name: name.to_owned(),
            content_type: content_type.to_owned(),
            length: 3,
            url: format!("https://hub.example/{name}"),
        }
    });
    assert_eq!(
        kobo(&birth(), &facts(&files)).unwrap().to_json(),
        r#"{"_id":42,"start":"2026-01-01T10:00:00.000+01:00","nom":"L.","age":"7","sym":"f c","loc/gps":"48.1 2.2 0 5","loc/height":"3","contact":[{"contact/cname":"A","contact/pic":"1.jpg"},{"contact/cname":"B"}],"gone/a":"1","__version__":"20260101","meta/instanceID":"uuid:1","_xform_id_string":"births","_uuid":"1","_attachments":[{"download_url":"https://hub.example/1.jpg","mimetype":"image/jpeg","filename":"1.jpg","media_file_basename":"1.jpg"}],"_status":"submitted_via_web","_geolocation":[48.1,2.2],"_submission_time":"2026-01-01T09:00:05","_tags":[],"_notes":[],"_validation_status":{},"_submitted_by":null}"#
    );
}

#[test]
fn what_is_written_as_kobo_is_read_back_with_the_same_answers() {
    let form = xform("births");
    let (sent, written) = (birth(), kobo(&birth(), &facts(&[])).unwrap().to_json());
    let read = one(Dialect::Kobo, &written, Some(&form));
    let meaning = |submission: &Submission| {
        fieldpost_dialects::formats::values(&submission.values).canonical()
    };
    assert_eq!(meaning(&read), meaning(&sent));
    assert_eq!(read.metadata.instance_id, sent.metadata.instance_id);
    assert_eq!(read.form.id, sent.form.id);
}

#[test]
fn a_feature_has_the_place_that_was_answered() {
    let point = r#"{"type":"Point","coordinates":[2.2,48.1,0]}"#;
    let geometry = |submission: &Submission, place: Option<&[&str]>| {
        geojson(submission, place).get("geometry").unwrap().to_json()
    };
    let birth = birth();
    let feature = geojson(&birth, None);
    assert_eq!(feature.get("type").unwrap().as_str(), Some("Feature"));
    assert_eq!(feature.get("id").unwrap().as_str(), Some("uuid:1"));
    assert_eq!(feature.path(&["properties", "nom"]).unwrap().as_str(), Some("L."));
    assert_eq!(geometry(&birth, None), point);
    assert_eq!(geometry(&birth, Some(&["loc", "gps"])), point);
    for other in [&["nom"][..], &["loc"], &["contact", "cname"], &["nowhere"], &[]] {
        assert_eq!(geometry(&birth, Some(other)), "null", "{other:?}");
    }
    let untyped = one(Dialect::Kobo, r#"{"_uuid":"1","_geolocation":[48.1,2.2]}"#, None);
    assert_eq!(geometry(&untyped, None), r#"{"type":"Point","coordinates":[2.2,48.1]}"#);
    let nowhere = one(Dialect::Kobo, r#"{"_uuid":"1"}"#, None);
    assert_eq!(geometry(&nowhere, None), "null");
}

#[test]
fn the_keys_of_kobo_are_so_long_and_no_longer() {
    // The answer's key has the group's name, a slash and its own name; the group has its name.
    let submission = |length: usize| {
        let answer = Node::Answer(Answer::text("1"));
        let inside = Group { members: vec![("a".to_owned(), answer)], extra: Vec::new() };
        let group = ("g".repeat(length), Node::Group(inside));
        let values = Group { members: vec![group], extra: Vec::new() };
        Submission { values, ..Submission::default() }
    };
    let longest = (MAX_KEYS_LENGTH - "/a".len()) / 2;
    assert!(kobo(&submission(longest), &facts(&[])).is_some());
    assert!(kobo(&submission(longest + 1), &facts(&[])).is_none());
}
