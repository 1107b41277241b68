//! Forms of CommCare, as XML and as the Form API gives them.

use super::{answers, one, submissions};
use crate::{json, sample, xform};
use fieldpost_dialects::formats::{ServerFacts, StoredFile, form_json};
use fieldpost_dialects::{Received, decode};
use fieldpost_model::form::Form;
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::AttachmentContent;
use fieldpost_model::time::Timestamp;

const XMLNS: &str = "http://openrosa.org/formdesigner/5B9D1A6E-0000-4000-8000-000000000001";

fn visit_xml() -> String {
    format!(
        r#"<data xmlns="{XMLNS}" uiVersion="1" version="12" name="Registration"><name>Asha</name>
        <visits><weight>3.20</weight><n1:case xmlns:n1="http://commcarehq.org/case/transaction/v2"
        case_id="c1"><n1:update><n1:weight>3.20</n1:weight></n1:update></n1:case></visits>
        <n0:case xmlns:n0="http://commcarehq.org/case/transaction/v2" case_id="c0"/>
        <n2:meta xmlns:n2="http://openrosa.org/jr/xforms"><n2:instanceID>f1</n2:instanceID>
        <n2:username>danny</n2:username><n2:userID>u1</n2:userID><n2:deviceID>d1</n2:deviceID>
        <n2:timeStart>2015-04-17T16:04:42.383-04</n2:timeStart></n2:meta></data>"#
    )
}

const VISIT_JSON: &str = r##"{"id":"f1","app_id":"app","build_id":"build","received_on":"2015-04-17T20:14:34.046462Z",
    "metadata":{"instanceID":"f1","username":"danny","userID":"u1","deviceID":"d1","timeStart":"2015-04-17T20:04:42.383000Z"},
    "attachments":{"form.xml":{"content_type":"text/xml","length":1,"url":"https://hq.example/form.xml"},
    "1.jpg":{"content_type":"image/jpeg","length":2,"url":"https://hq.example/1.jpg"}},
    "form":{"#type":"data","@xmlns":"http://openrosa.org/formdesigner/5B9D1A6E-0000-4000-8000-000000000001",
    "@version":"12","@uiVersion":"1","@name":"Registration","name":"Asha",
    "visits":{"weight":"3.20","case":{"@case_id":"c1","@xmlns":"http://commcarehq.org/case/transaction/v2","update":{"weight":"3.20"}}},
    "case":{"@case_id":"c0","@xmlns":"http://commcarehq.org/case/transaction/v2"},
    "meta":{"@xmlns":"http://openrosa.org/jr/xforms","instanceID":"f1"}}}"##;

#[test]
fn both_writings_of_a_form_give_the_same_answers() {
    let form = xform("vellum");
    for (writing, body) in [("xml", visit_xml()), ("json", VISIT_JSON.to_owned())] {
        let submission = one(Dialect::Commcare, &body, Some(&form));
        let [(_, name), (_, visits)] = &submission.values.members[..] else { panic!("{writing}") };
        let name_and_visits = format!("{name:?}{visits:?}");
        assert!(name_and_visits.contains("Asha") && name_and_visits.contains("3.20"), "{writing}");
        // The one visit is a list of one, and its change of a case is kept whole.
        let values = fieldpost_dialects::formats::values(&submission.values);
        let visit = values.get("visits").unwrap().as_array().unwrap();
        assert_eq!(visit.len(), 1, "{writing}");
        assert_eq!(visit[0].get("weight").unwrap().as_number(), Some("3.20"), "{writing}");
        let case = visit[0].path(&["_extra", "case", "update", "weight"]).unwrap();
        assert_eq!(case.as_str(), Some("3.20"), "{writing}");
        let own_case = values.path(&["_extra", "case", "@case_id"]).unwrap();
        assert_eq!(own_case.as_str(), Some("c0"), "{writing}");

        let metadata = &submission.metadata;
        assert_eq!(metadata.instance_id.as_deref(), Some("f1"), "{writing}");
        assert_eq!(metadata.user.as_deref(), Some("danny"), "{writing}");
        assert_eq!(metadata.user_id.as_deref(), Some("u1"), "{writing}");
        assert_eq!(metadata.device.as_deref(), Some("d1"), "{writing}");
        assert!(metadata.started_at.is_some(), "{writing}");
        assert_eq!(submission.form.xmlns.as_deref(), Some(XMLNS), "{writing}");
        assert_eq!(submission.form.version.as_deref(), Some("12"), "{writing}");
    }
}

#[test]
fn the_api_says_which_application_and_where_files_are() {
    let submission = one(Dialect::CommcareForm, VISIT_JSON, None);
    assert_eq!(submission.form.application.as_deref(), Some("app"));
    assert_eq!(submission.form.build.as_deref(), Some("build"));
    assert_eq!(submission.metadata.submitted_at.as_deref(), Some("2015-04-17T20:14:34.046462Z"));
    let [file] = &submission.attachments[..] else { panic!("{:?}", submission.attachments) };
    assert_eq!(file.name, "1.jpg");
    assert_eq!(file.content, AttachmentContent::Link("https://hq.example/1.jpg".to_owned()));
}

#[test]
fn cases_and_stubs_are_no_submissions() {
    for (name, form) in [
        ("commcare-case.json", None),
        ("commcare-case.xml", None),
        ("commcare-stub.json", Some(Form::default())),
    ] {
        let body = String::from_utf8(sample(name)).unwrap();
        assert!(submissions(Dialect::Commcare, &body, form.as_ref()).is_empty(), "{name}");
    }
}

#[test]
fn without_a_form_one_visit_is_a_group() {
    let submission = one(Dialect::Commcare, &visit_xml(), None);
    assert!(
        answers(&submission).starts_with(r#"{"name":"Asha","visits":{"weight":"3.20","case":"#)
    );
}

/// The Form API's object of the sample, made from the sample's XML: the same to the last member.
#[test]
fn the_form_api_gives_what_commcare_hq_gives() {
    let expected = sample("commcare-form.json");
    let expected = json(&expected);
    let time =
        |name: &str| Timestamp::parse(expected.get(name).unwrap().as_str().unwrap()).unwrap();
    let length = expected.path(&["attachments", "form.xml", "length"]).unwrap();
    let files = [StoredFile {
        name: "form.xml".to_owned(),
        content_type: "text/xml".to_owned(),
        length: length.as_number().unwrap().parse().unwrap(),
        url: expected
            .path(&["attachments", "form.xml", "url"])
            .and_then(Value::as_str)
            .unwrap()
            .to_owned(),
    }];
    let facts = ServerFacts {
        number: None,
        project: "demo",
        received_at: time("received_on"),
        modified_at: time("server_modified_on"),
        indexed_at: time("indexed_on"),
        resource: expected.get("resource_uri").and_then(Value::as_str),
        application: expected.get("app_id").and_then(Value::as_str),
        build: expected.get("build_id").and_then(Value::as_str),
        edited_at: None,
        is_from_device: true,
        sender_address: expected.get("submit_ip").and_then(Value::as_str),
        files: &files,
    };
    let body = sample("commcare-form.xml");
    let received = Received { content_type: None, body: &body };
    for dialect in [Dialect::Xml, Dialect::Commcare] {
        let view = decode(dialect, &received).unwrap().view;
        let made = form_json(&view, &facts).unwrap();
        for (name, value) in expected.as_object().unwrap() {
            let made = made.get(name).map(Value::canonical);
            assert_eq!(made, Some(value.canonical()), "{dialect}: {name}");
        }
        assert_eq!(made.as_object().unwrap().len(), expected.as_object().unwrap().len());
    }
    assert_eq!(form_json(&json(b"[1]"), &facts), None);
    assert_eq!(form_json(&json(br#"{"case_id":"c","properties":{}}"#), &facts), None);
}
