//! The three events that community tools post for ODK Central.

use super::{one, submissions};
use crate::{is_documented, xform};
use fieldpost_dialects::formats::values;
use fieldpost_dialects::odk_central::{
    CentralEvent, decode, embedded, event, file_address, review_state, submission,
};
use fieldpost_dialects::{Received, Shape};
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;

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
    let read = one(Dialect::OdkCentral, CREATED, Some(&form));
    assert_eq!(read, found);
    assert!(submissions(Dialect::OdkCentral, REVIEWED, Some(&form)).is_empty());
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

#[test]
fn the_embedded_document_is_that_of_the_device_to_the_letter() {
    let document = "<?xml version='1.0'?>\n<data id=\"t\">\t<a>é &amp; \u{1f333}</a>\n</data>\n";
    let text = Value::string(document).to_json();
    let body =
        format!(r#"{{"type": "submission.create", "id": "uuid:1", "data": {{"xml": {text}}}}}"#);
    let view = decode(&received(&body)).unwrap().view;
    assert_eq!(embedded(&view).as_deref(), Some(document));
    for body in [REVIEWED, CHANGED] {
        assert_eq!(embedded(&decode(&received(body)).unwrap().view), None, "{body}");
    }
}

#[test]
fn files_lie_below_the_project() {
    let view = decode(&received(CREATED)).unwrap().view;
    let mut found = submission(&view, None).unwrap().unwrap();
    assert_eq!(
        file_address(&found, "my photo.jpg").as_deref(),
        Some("forms/trees/submissions/uuid%3A1/attachments/my%20photo%2Ejpg")
    );
    found.form.id = None;
    assert_eq!(file_address(&found, "a.jpg"), None);
}

#[test]
fn no_name_of_a_file_leads_out_of_its_submission() {
    let view = decode(&received(CREATED)).unwrap().view;
    let mut found = submission(&view, None).unwrap().unwrap();
    for name in ["", ".", "..", "%2e%2E", ".%2e", "../a.jpg", "a/../../b", "..\\a", "..%2Fa"] {
        assert_eq!(file_address(&found, name), None, "{name}");
    }
    for name in ["...", "a..b", ".hidden", "100%", "%"] {
        assert!(file_address(&found, name).is_some(), "{name}");
    }
    found.form.id = Some("..".to_owned());
    assert_eq!(file_address(&found, "a.jpg"), None);
}
