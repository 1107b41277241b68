//! The three events that community tools post for ODK Central.

use crate::{is_documented, xform};
use fieldpost_dialects::formats::values;
use fieldpost_dialects::odk_central::{CentralEvent, decode, event, review_state, submission};
use fieldpost_dialects::{Received, Shape};

const CREATED: &str = r#"{"type":"submission.create","id":"uuid:1","data":{"xml":"<?xml version=\"1.0\"?><data id=\"trees\" version=\"1\"><place>1 2</place><girth>7</girth><meta><instanceID>uuid:1</instanceID></meta></data>"}}"#;
const REVIEWED: &str =
    r#"{"type":"submission.update","id":"uuid:1","data":{"reviewState":"hasIssues"}}"#;
const CHANGED: &str =
    r#"{"type":"entity.update.version","id":"e1","data":{"label":"Oak","girth":"7"}}"#;

fn received(body: &str) -> Received<'_> {
    Received { content_type: Some("application/json"), body: body.as_bytes() }
}

#[test]
fn each_event_says_what_it_is_about() {
    for (body, happened, shape, identity, key, form) in [
        (
            CREATED,
            CentralEvent::SubmissionCreated,
            Shape::Submission,
            Some("1"),
            "1",
            Some("trees"),
        ),
        (REVIEWED, CentralEvent::SubmissionReviewed, Shape::Message, None, "1", None),
        (CHANGED, CentralEvent::EntityChanged, Shape::Message, None, "e1", None),
    ] {
        let decoded = decode(&received(body)).unwrap();
        assert_eq!(event(&decoded.view).unwrap(), (happened, key.to_owned()));
        assert_eq!(decoded.shape, shape, "{happened}");
        assert_eq!(decoded.identity.as_deref(), identity, "{happened}");
        assert_eq!(decoded.key.as_deref(), Some(key), "{happened}");
        assert_eq!(decoded.form.as_deref(), form, "{happened}");
    }
}

#[test]
fn the_submission_inside_is_typed() {
    let form = xform("trees");
    let view = decode(&received(CREATED)).unwrap().view;
    let found = submission(&view, Some(&form)).unwrap().unwrap();
    assert_eq!(
        values(&found.values).to_json(),
        r#"{"place":{"type":"Point","coordinates":[2,1]},"kind":null,"girth":7}"#
    );
    assert_eq!(found.metadata.instance_id.as_deref(), Some("uuid:1"));
    for body in [REVIEWED, CHANGED] {
        let view = decode(&received(body)).unwrap().view;
        assert_eq!(submission(&view, None).unwrap(), None, "{body}");
    }
    let reviewed = decode(&received(REVIEWED)).unwrap().view;
    assert_eq!(review_state(&reviewed), Some("hasIssues"));
}

#[test]
fn other_bodies_are_refused() {
    for (body, code) in [
        ("{}", "not-odk-central"),
        ("[]", "not-odk-central"),
        (r#"{"type":"submission.delete","id":"1","data":{}}"#, "not-odk-central"),
        (r#"{"type":"submission.create","data":{"xml":"<a/>"}}"#, "not-odk-central"),
        (r#"{"type":"submission.create","id":"","data":{"xml":"<a/>"}}"#, "not-odk-central"),
        (r#"{"type":"submission.create","id":"1"}"#, "not-odk-central"),
        (r#"{"type":"submission.create","id":"1","data":{}}"#, "xml-empty"),
        (r#"{"type":"submission.create","id":"1","data":{"xml":"<a>"}}"#, "xml-syntax"),
        ("", "json-empty"),
    ] {
        let refusal = decode(&received(body)).unwrap_err();
        assert_eq!(refusal.code, code, "{body}");
        assert!(is_documented(code), "{code}");
    }
}
