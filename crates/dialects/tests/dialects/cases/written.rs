//! What cases, stubs and application ids are written as.

use fieldpost_dialects::commcare::{
    app_schema, case_api_json, case_json, case_xml, form_stub, system_form,
};
use fieldpost_dialects::{Received, Shape, decode};
use fieldpost_model::case::{
    AttachmentOrigin, Case, CaseAttachment, CaseRelationship, CaseSubmission, Closing,
};
use fieldpost_model::forwarder::{CaseXmlVersion, ClosedCases};
use fieldpost_model::source::Dialect;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::cases::{SYSTEM_USER, closing_of_extensions, extension_device_id};

use super::{V2, form, own_address, texts, tie, time};
use crate::json;

fn example() -> Case {
    let attachment = CaseAttachment {
        origin: AttachmentOrigin::Local,
        source: "https://hub.example/photo".to_owned(),
        content_type: Some("image/jpeg".to_owned()),
        form_id: "f1".to_owned(),
    };
    Case {
        case_type: "t".to_owned(),
        name: "A & B".to_owned(),
        owner: "o".to_owned(),
        external_id: "x".to_owned(),
        properties: texts(&[("b", "2"), ("a", ""), ("z", "3")]),
        indices: [
            ("parent".to_owned(), tie("h1", "household", CaseRelationship::Child)),
            ("host".to_owned(), tie("h2", "h", CaseRelationship::Extension)),
        ]
        .into(),
        attachments: [("photo".to_owned(), attachment)].into(),
        opened_at: Some(time("2012-03-13T18:21:52Z")),
        opened_by: "u0".to_owned(),
        modified_at: Some(time("2015-04-17T16:04:54.950Z")),
        modified_by: "u".to_owned(),
        server_modified_at: time("2015-04-17T20:14:34.046462Z"),
        forms: vec!["f1".to_owned(), "f2".to_owned()],
        ..Case::new("c")
    }
}

fn closed(mut case: Case) -> Case {
    case.closing = Some(Closing { at: time("2015-04-17T16:04:54.950Z"), by: "u".to_owned() });
    case
}

#[track_caller]
fn check_xml(case: &Case, version: CaseXmlVersion, closed: ClosedCases, expected: &str) {
    let expected: String = expected.lines().map(str::trim).collect();
    assert_eq!(case_xml(case, version, closed, own_address), expected.replace("V2", V2));
}

#[test]
fn case_xml_of_version_2() {
    let body = "<create><case_type>t</case_type><case_name>A &amp; B</case_name>
        <owner_id>o</owner_id></create>
        <update><external_id>x</external_id><a/><b>2</b><z>3</z></update>
        <index><host case_type=\"h\" relationship=\"extension\">h2</host>
        <parent case_type=\"household\">h1</parent></index>
        <attachment><photo src=\"https://hub.example/photo\" from=\"remote\"/></attachment>";
    let start = "<case case_id=\"c\" date_modified=\"2015-04-17T16:04:54.950000Z\" user_id=\"u\" \
        xmlns=\"V2\">";
    let full = format!("{start}{body}</case>");
    let whole = format!("{start}{body}<close/></case>");
    let (version, case) = (CaseXmlVersion::V2, example());
    check_xml(&case, version, ClosedCases::Full, &full);
    check_xml(&case, version, ClosedCases::CloseOnly, &full);
    check_xml(&closed(case.clone()), version, ClosedCases::Full, &whole);
    let only = format!("{start}<close/></case>");
    check_xml(&closed(case), version, ClosedCases::CloseOnly, &only);
}

#[test]
fn a_case_of_which_little_is_known_is_written_with_its_create() {
    let case = Case { modified_by: "u".to_owned(), ..Case::new("c") };
    check_xml(
        &case,
        CaseXmlVersion::V2,
        ClosedCases::Full,
        "<case case_id=\"c\" user_id=\"u\" xmlns=\"V2\">
         <create><case_type/><case_name/><owner_id>u</owner_id></create></case>",
    );
}

#[test]
fn case_xml_of_version_1() {
    let start = "<case><case_id>c</case_id>
        <date_modified>2015-04-17T16:04:54.950000Z</date_modified>";
    let body = "<create><case_type_id>t</case_type_id><user_id>u</user_id>
        <case_name>A &amp; B</case_name><external_id>x</external_id></create>
        <update><owner_id>o</owner_id><a/><b>2</b><z>3</z></update>";
    let (version, case) = (CaseXmlVersion::V1, example());
    check_xml(&case, version, ClosedCases::Full, &format!("{start}\n{body}</case>"));
    let case = closed(case);
    check_xml(&case, version, ClosedCases::Full, &format!("{start}\n{body}<close/></case>"));
    check_xml(&case, version, ClosedCases::CloseOnly, &format!("{start}<close/></case>"));
}

#[test]
fn case_json_of_forwarders() {
    let (body, indices) = (
        r#""properties":{"case_name":"A & B","case_type":"t","owner_id":"o","external_id":"x",
             "date_opened":"2012-03-13T18:21:52.000000Z","a":"","b":"2","z":"3"}"#,
        r#""indices":{"parent":{"case_id":"h1","case_type":"household","relationship":"child"},
             "host":{"case_id":"h2","case_type":"h","relationship":"extension"}},
           "attachments":{"photo":{"url":"https://hub.example/photo","content_type":"image/jpeg"}}"#,
    );
    let with = |closed: &str, date_closed: &str, rest: &str| {
        format!(
            r#"{{"domain":"demo","case_id":"c","user_id":"u","closed":{closed},
             "xform_ids":["f1","f2"],"date_closed":{date_closed},
             "date_modified":"2015-04-17T16:04:54.950000Z",
             "server_date_modified":"2015-04-17T20:14:34.046462Z",
             "server_date_opened":"2012-03-13T18:21:52.000000Z",{rest}}}"#
        )
    };
    let whole = format!("{body},{indices}");
    let date = r#""2015-04-17T16:04:54.950000Z""#;
    let nothing = r#""properties":{},"indices":{},"attachments":{}"#;
    for (case, how, expected) in [
        (example(), ClosedCases::Full, with("false", "null", &whole)),
        (example(), ClosedCases::CloseOnly, with("false", "null", &whole)),
        (closed(example()), ClosedCases::Full, with("true", date, &whole)),
        (closed(example()), ClosedCases::CloseOnly, with("true", date, nothing)),
    ] {
        let written = case_json(&case, "demo", how, own_address);
        assert_eq!(written.canonical(), json(expected.as_bytes()).canonical());
        let body = written.to_json();
        let received = Received { content_type: None, body: body.as_bytes() };
        assert_eq!(decode(Dialect::CommcareCase, &received).unwrap().shape, Shape::Case);
    }
    let unknown = case_json(&Case::new("c"), "demo", ClosedCases::Full, own_address);
    assert!(unknown.get("date_modified").unwrap().is_null());
    assert!(unknown.path(&["properties", "external_id"]).unwrap().is_null());
}

#[test]
fn a_case_of_the_case_api() {
    let written = case_api_json(&closed(example()), "demo", time("2015-04-17T20:14:35Z"));
    let expected = r#"{"domain":"demo","case_id":"c","case_type":"t","case_name":"A & B",
        "external_id":"x","owner_id":"o","date_opened":"2012-03-13T18:21:52.000000Z",
        "last_modified":"2015-04-17T16:04:54.950000Z",
        "server_last_modified":"2015-04-17T20:14:34.046462Z",
        "indexed_on":"2015-04-17T20:14:35.000000Z","closed":true,
        "date_closed":"2015-04-17T16:04:54.950000Z",
        "properties":{"a":"","b":"2","z":"3"},
        "indices":{"host":{"case_id":"h2","case_type":"h","relationship":"extension"},
          "parent":{"case_id":"h1","case_type":"household","relationship":"child"}}}"#;
    assert_eq!(written.to_json(), json(expected.as_bytes()).to_json(), "in this order");
}

#[test]
fn a_stub_names_the_cases_of_its_form() {
    let body = format!(
        "<data xmlns:c='{V2}'><c:case case_id='b'/><c:case case_id='a'/><c:case case_id='b'/></data>"
    );
    let submission = CaseSubmission {
        form_id: "f".to_owned(),
        received_at: time("2015-04-17T20:14:34.046462Z"),
        edited_at: None,
        is_forwarded: false,
        blocks: form(&body).unwrap(),
    };
    let stub = form_stub("f", submission.received_at, &submission.case_ids()).to_json();
    assert_eq!(
        stub,
        r#"{"form_id":"f","received_on":"2015-04-17T20:14:34.046462Z","case_ids":["b","a"]}"#
    );
    let received = Received { content_type: None, body: stub.as_bytes() };
    assert_eq!(decode(Dialect::Commcare, &received).unwrap().shape, Shape::FormStub);
}

#[test]
fn an_application_is_told_by_its_id_alone() {
    let body = app_schema("193b28e58f335f165cb3e2bbe02b3ed8");
    assert_eq!(body, "193b28e58f335f165cb3e2bbe02b3ed8");
    let received = Received { content_type: Some("text/xml"), body: body.as_bytes() };
    assert_eq!(decode(Dialect::Commcare, &received).unwrap().shape, Shape::AppSchema);
}

#[test]
fn the_hub_closes_extensions_in_a_form_like_any_other() {
    let host = closed(Case::new("host"));
    let mut extension = Case::new("extension");
    extension.indices.insert("host".to_owned(), tie("host", "h", CaseRelationship::Extension));
    let at = Timestamp(1);
    let blocks = closing_of_extensions(&[host], &[extension], at);
    let body = system_form("f2", &extension_device_id("f1"), SYSTEM_USER, at, &blocks);
    assert_eq!(form(&body).as_ref(), Ok(&blocks));
    let received = Received { content_type: None, body: body.as_bytes() };
    let decoded = decode(Dialect::CommcareForm, &received).unwrap();
    assert_eq!(decoded.identity.as_deref(), Some("f2"));
    let device = decoded.view.path(&["metadata", "deviceID"]).and_then(|value| value.as_str());
    assert_eq!(device, Some("SubmissionPost-f1-close_extensions"));
}
