//! Every sample in `examples/payloads`, and all that is read from it.

use crate::{json, sample};
use fieldpost_dialects::{Decoded, Received, Shape, decode};
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;

/// What is expected of a sample beside its view.
struct Expected<'a> {
    shape: Shape,
    identity: Option<&'a str>,
    key: Option<&'a str>,
    form: Option<&'a str>,
}

#[track_caller]
fn check(dialect: Dialect, name: &str, expected: &Expected<'_>, view: &Value<'_>) {
    let body = sample(name);
    // HQ calls an application id XML; the shape decides, whatever is claimed.
    for content_type in [None, Some("text/xml"), Some("application/json; charset=utf-8")] {
        let decoded = decode(dialect, &Received { content_type, body: &body }).unwrap();
        let Decoded { shape, identity, key, form, .. } = &decoded;
        assert_eq!(*shape, expected.shape, "{name}");
        assert_eq!(identity.as_deref(), expected.identity, "{name}");
        assert_eq!(key.as_deref(), expected.key, "{name}");
        assert_eq!(form.as_deref(), expected.form, "{name}");
        assert_eq!(decoded.view.canonical(), view.canonical(), "{name}");
    }
}

/// Checks a sample whose view is the JSON document itself.
#[track_caller]
fn check_json(dialect: Dialect, name: &str, expected: &Expected<'_>) {
    let body = sample(name);
    check(dialect, name, expected, &json(&body));
}

#[test]
fn kobo() {
    let expected = Expected {
        shape: Shape::Submission,
        identity: Some("19d72997-8316-4e02-8016-4a8ddf6a2aa4"),
        key: Some("19d72997-8316-4e02-8016-4a8ddf6a2aa4"),
        form: Some("groups"),
    };
    check_json(Dialect::Kobo, "kobo.json", &expected);
    check_json(Dialect::Kobo, "kobo-wrapped.json", &expected);
}

#[test]
fn odk_aggregate() {
    let expected = Expected {
        shape: Shape::Submission,
        identity: Some("6a8c1b5e-7d3f-4c0a-9d2e-51f0b7c4a918"),
        key: Some("6a8c1b5e-7d3f-4c0a-9d2e-51f0b7c4a918"),
        form: Some("case1"),
    };
    check_json(Dialect::OdkAggregate, "odk-aggregate.json", &expected);
}

#[test]
fn wcs() {
    let expected = Expected {
        shape: Shape::Submission,
        identity: Some("newsletter/16"),
        key: Some("newsletter/16"),
        form: Some("newsletter"),
    };
    check_json(Dialect::Wcs, "wcs.json", &expected);
}

const COMMCARE_FORM: Expected<'_> = Expected {
    shape: Shape::Form,
    identity: Some("afcb3026-c4b3-463f-85ec-0cb9a2737fc5"),
    key: Some("afcb3026-c4b3-463f-85ec-0cb9a2737fc5"),
    form: Some("http://openrosa.org/formdesigner/B9C4EB51-A7CC-49B5-B7D5-10E9F10B450B"),
};

#[test]
fn commcare_form() {
    let view = json(include_bytes!("expected/commcare-form.json"));
    for dialect in [Dialect::Commcare, Dialect::CommcareForm] {
        check(dialect, "commcare-form.xml", &COMMCARE_FORM, &view);
        check_json(dialect, "commcare-form.json", &COMMCARE_FORM);
    }
}

#[test]
fn commcare_case() {
    let view = json(include_bytes!("expected/commcare-case.json"));
    let id = "b0916685-7247-4c44-b712-633d3d64e0c0";
    for dialect in [Dialect::Commcare, Dialect::CommcareCase] {
        let identity = format!("{id}/2015-04-17T16:04:54.950000Z/c3a13ac99728eb94");
        let expected =
            Expected { shape: Shape::Case, identity: Some(&identity), key: Some(id), form: None };
        check(dialect, "commcare-case.xml", &expected, &view);

        let identity = format!("{id}/2015-04-17T16:04:54.950000Z/e0f2a1bae6d40147");
        let expected = Expected { identity: Some(&identity), ..expected };
        check_json(dialect, "commcare-case.json", &expected);
    }
}

#[test]
fn commcare_stub() {
    let expected = Expected {
        shape: Shape::FormStub,
        identity: Some("stub/afcb3026-c4b3-463f-85ec-0cb9a2737fc5"),
        key: Some("afcb3026-c4b3-463f-85ec-0cb9a2737fc5"),
        form: None,
    };
    check_json(Dialect::Commcare, "commcare-stub.json", &expected);
}

#[test]
fn commcare_application_id() {
    let id = "193b28e58f335f165cb3e2bbe02b3ed8";
    let expected = Expected { shape: Shape::AppSchema, identity: None, key: Some(id), form: None };
    let view = Value::object([("app_id", id)]);
    check(Dialect::Commcare, "commcare-app-id.txt", &expected, &view);
}

/// A forwarder's filter must not care which of the two formats the sender chose.
#[test]
fn both_formats_of_commcare_agree_on_what_filters_match() {
    #[track_caller]
    fn check(xml: &str, json: &str, paths: &[&[&str]]) {
        let (xml, json) = (sample(xml), sample(json));
        let view_of =
            |body| decode(Dialect::Commcare, &Received { content_type: None, body }).unwrap().view;
        let (xml, json) = (view_of(&xml), view_of(&json));
        for path in paths {
            assert!(xml.path(path).is_some(), "{path:?}");
            assert_eq!(
                xml.path(path).map(Value::canonical),
                json.path(path).map(Value::canonical),
                "{path:?}"
            );
        }
    }
    check(
        "commcare-form.xml",
        "commcare-form.json",
        &[
            &["id"],
            &["type"],
            &["version"],
            &["uiversion"],
            &["metadata", "username"],
            &["metadata", "instanceID"],
            &["metadata", "appVersion"],
            &["form", "#type"],
            &["form", "@xmlns"],
            &["form", "@name"],
            &["form", "question1"],
            &["form", "case", "@case_id"],
            &["form", "case", "@xmlns"],
            &["form", "case", "create"],
            &["form", "meta", "@xmlns"],
            &["form", "meta", "appVersion"],
        ],
    );
    check(
        "commcare-case.xml",
        "commcare-case.json",
        &[
            &["case_id"],
            &["user_id"],
            &["date_modified"],
            &["closed"],
            &["indices"],
            &["properties", "case_name"],
            &["properties", "case_type"],
            &["properties", "owner_id"],
        ],
    );
}

#[test]
fn the_generic_dialects_read_the_samples_too() {
    for (dialect, name, path) in [
        (Dialect::Json, "kobo.json", &["first_q"][..]),
        (Dialect::Json, "wcs.json", &["fields", "email"]),
        (Dialect::Xml, "commcare-form.xml", &["data", "question1"]),
        (Dialect::Xml, "commcare-case.xml", &["case", "create", "case_type"]),
    ] {
        let body = sample(name);
        let decoded = decode(dialect, &Received { content_type: None, body: &body }).unwrap();
        assert_eq!(decoded.shape, Shape::Message);
        assert_eq!((decoded.identity, decoded.key, decoded.form), (None, None, None));
        assert!(decoded.view.path(path).is_some(), "{name}");
    }
    let body = sample("commcare-app-id.txt");
    let decoded = decode(Dialect::Raw, &Received { content_type: None, body: &body }).unwrap();
    assert_eq!(decoded.view.as_str(), Some("193b28e58f335f165cb3e2bbe02b3ed8"));
}

/// White space and the writing of numbers are no content; a value is.
#[test]
fn the_content_hash_is_that_of_the_meaning() {
    let hash = |dialect, body: &str| {
        let received = Received { content_type: None, body: body.as_bytes() };
        decode(dialect, &received).unwrap().content_hash(body.as_bytes())
    };
    let first = hash(Dialect::Json, r#"{"a":1,"b":[2]}"#);
    assert_eq!(first, hash(Dialect::Json, "{ \"b\": [2.0],\n \"a\": 1e0 }"));
    assert_ne!(first, hash(Dialect::Json, r#"{"a":1,"b":[3]}"#));
    assert_eq!(
        hash(Dialect::Xml, "<a><b x='1' y='2'/></a>"),
        hash(Dialect::Xml, "<?xml version='1.0'?>\n<a>\n  <b y=\"2\" x=\"1\"></b>\n</a>\n"),
    );
    assert_ne!(hash(Dialect::Raw, "{}"), hash(Dialect::Raw, "{ }"));
    assert_eq!(hash(Dialect::Raw, "{}"), hash(Dialect::Raw, "{}"));
}
