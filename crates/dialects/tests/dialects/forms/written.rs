//! The bodies of deliveries: what each format makes of a form, a case and an application.

use std::collections::BTreeMap;

use super::one;
use crate::xform;
use fieldpost_dialects::formats::{
    ApplicationPayload, CasePayload, FormPayload, ServerFacts, StoredFile, Written, form_xml,
    values, write_application, write_case, write_form,
};
use fieldpost_dialects::{Received, decode};
use fieldpost_model::case::{
    AttachmentOrigin, Case, CaseAttachment, CaseIndex, CaseRelationship, Closing,
};
use fieldpost_model::form::Form;
use fieldpost_model::forwarder::{CaseXmlVersion, ClosedCases, Format, Rendering};
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::Submission;
use fieldpost_model::time::Timestamp;

const BIRTH: &str = r#"<data id="births" version="20260101"><start>2026-01-01T10:00:00.000+01:00</start>
    <nom>L.</nom><age>7</age><weight>3.10</weight><sick>n</sick><sym>f c</sym><loc><gps>48.1 2.2 0 5</gps><height>3</height></loc>
    <contact><cname>A</cname><pic>1.jpg</pic></contact><contact><cname>B</cname><pic/></contact>
    <gone><a>1</a></gone><meta><instanceID>uuid:1</instanceID></meta></data>"#;

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn facts() -> ServerFacts<'static> {
    let received_at = time("2015-04-17T20:14:34.046462Z");
    ServerFacts {
        number: Some(42),
        project: "demo",
        received_at,
        modified_at: received_at,
        indexed_at: received_at,
        resource: None,
        application: Some("app"),
        build: None,
        edited_at: None,
        is_from_device: true,
        sender_address: None,
        files: &[],
    }
}

/// A form in a format, from what its sender sent.
fn written(
    format: Format,
    rendering: &Rendering,
    (dialect, body): (Dialect, &str),
    form: Option<&Form>,
) -> Result<Written, String> {
    let submission = one(dialect, body, form);
    let payload = FormPayload {
        id: submission.metadata.instance_id.as_deref().unwrap(),
        form_name: "births",
        submission: &submission,
        original: Some((body.as_bytes(), None)),
        facts: &facts(),
        case_ids: &["c1".to_owned(), "c2".to_owned()],
        form,
    };
    write_form(format, rendering, &payload)
}

#[track_caller]
fn text(written: Result<Written, String>, content_type: &str) -> String {
    let written = written.unwrap();
    assert_eq!(written.content_type, content_type);
    String::from_utf8(written.bytes).unwrap()
}

fn json_of(format: Format, rendering: &Rendering) -> Value<'static> {
    let sent = (Dialect::Xml, BIRTH);
    let text = text(written(format, rendering, sent, Some(&xform("births"))), "application/json");
    Value::parse(text.as_bytes()).unwrap().into_owned()
}

#[test]
fn a_form_in_xml_stays_as_it_came_byte_for_byte() {
    for body in [
        BIRTH,
        "\u{FEFF}<?xml version='1.0'?>\n<data id='x' ><meta><instanceID>1</instanceID></meta></data>\n",
    ] {
        let sent = written(Format::FormXml, &Rendering::default(), (Dialect::Xml, body), None);
        assert_eq!(text(sent, "text/xml"), body);
    }
}

#[test]
fn a_form_in_another_encoding_goes_on_saying_so() {
    let body = b"<data id='x'><n>\xE9</n><meta><instanceID>1</instanceID></meta></data>";
    for (sent, expected) in [
        (Some("text/xml; charset=iso-8859-1"), "text/xml; charset=iso-8859-1"),
        (Some("application/xml"), "application/xml"),
        (Some("application/octet-stream"), "text/xml"),
        (None, "text/xml"),
    ] {
        let payload = FormPayload {
            id: "1",
            form_name: "x",
            submission: &Submission::default(),
            original: Some((body, sent)),
            facts: &facts(),
            case_ids: &[],
            form: None,
        };
        let written = write_form(Format::FormXml, &Rendering::default(), &payload).unwrap();
        assert_eq!((written.bytes.as_slice(), &*written.content_type), (&body[..], expected));
    }
}

#[test]
fn a_form_that_came_as_json_is_written_as_xml() {
    let form = xform("births");
    let sent = r#"{"_id":7,"_uuid":"1","_xform_id_string":"births","__version__":"20260101","nom":"L. & <sons>","age":"7","sym":"f c",
        "loc/gps":"48.1 2.2 0 5","contact":[{"contact/cname":"A"},{"contact/cname":"B"}],"a b/c":"1","_tags":[],"meta/instanceID":"uuid:1"}"#;
    let written =
        written(Format::FormXml, &Rendering::default(), (Dialect::Kobo, sent), Some(&form));
    let written = text(written, "text/xml");
    assert_eq!(
        written,
        "<data id=\"births\" version=\"20260101\"><nom>L. &amp; &lt;sons&gt;</nom><age>7</age><sym>f c</sym>\
         <loc><gps>48.1 2.2 0 5</gps></loc><contact><cname>A</cname></contact><contact><cname>B</cname>\
         </contact><a_b><c>1</c></a_b><meta xmlns=\"http://openrosa.org/xforms\">\
         <instanceID>uuid:1</instanceID></meta></data>"
    );
    let read = one(Dialect::Xml, &written, Some(&form));
    let meaning = |values: Value<'_>| values.canonical();
    let again = one(Dialect::Kobo, &sent.replace("a b", "a_b"), Some(&form));
    assert_eq!(meaning(values(&read.values)), meaning(values(&again.values)));
    assert_eq!(read.metadata.instance_id.as_deref(), Some("uuid:1"));
}

#[test]
fn what_commcare_filled_in_is_written_with_the_block_where_commcare_looks_for_it() {
    let body = r#"<data xmlns="http://openrosa.org/formdesigner/A" name="Visit" version="3"><q>1</q><case case_id="c" user_id="u" date_modified="2026-01-01T00:00:00.000Z" xmlns="http://commcarehq.org/case/transaction/v2"><update><p>2</p></update></case><n1:meta xmlns:n1="http://openrosa.org/jr/xforms"><n1:deviceID>d</n1:deviceID><n1:username>ada</n1:username><n1:instanceID>1</n1:instanceID></n1:meta></data>"#;
    let submission = one(Dialect::Commcare, body, None);
    let written = form_xml(&submission);
    assert!(written.contains("<meta xmlns=\"http://openrosa.org/jr/xforms\">"), "{written}");
    assert!(
        written.contains("<case case_id=\"c\" user_id=\"u\" date_modified=\"2026-01-01T00:00:00.000Z\" xmlns=\"http://commcarehq.org/case/transaction/v2\"><update><p>2</p></update></case>"),
        "{written}"
    );
    assert_eq!(one(Dialect::Commcare, &written, None), submission);
}

#[test]
fn the_form_api_has_the_document_else_what_is_written_of_the_submission() {
    let form = xform("births");
    let rendering = Rendering::default();
    let kobo = r#"{"_uuid":"1","_xform_id_string":"births","__version__":"20260101","nom":"L.","age":"7","contact":[{"contact/cname":"A"}]}"#;
    let commcare = r##"{"id":"1","metadata":{"instanceID":"1"},"form":{"#type":"data","@xmlns":"http://x","nom":"L.","age":"7"}}"##;
    for (dialect, body) in
        [(Dialect::Xml, BIRTH), (Dialect::Kobo, kobo), (Dialect::Commcare, commcare)]
    {
        let sent = written(Format::FormJson, &rendering, (dialect, body), Some(&form));
        let sent = text(sent, "application/json");
        let sent = Value::parse(sent.as_bytes()).unwrap();
        assert_eq!(sent.path(&["form", "nom"]).unwrap().as_str(), Some("L."), "{body}");
        assert_eq!(sent.path(&["form", "age"]).unwrap().as_str(), Some("7"), "{body}");
        assert_eq!(sent.get("domain").unwrap().as_str(), Some("demo"));
        assert_eq!(sent.get("app_id").unwrap().as_str(), Some("app"));
        assert_eq!(sent.get("received_on").unwrap().as_str(), Some("2015-04-17T20:14:34.046462Z"));
    }
}

#[test]
fn a_stub_has_the_id_and_the_cases() {
    let sent = written(Format::Stub, &Rendering::default(), (Dialect::Xml, BIRTH), None);
    assert_eq!(
        text(sent, "application/json"),
        r#"{"form_id":"uuid:1","received_on":"2015-04-17T20:14:34.046462Z","case_ids":["c1","c2"]}"#
    );
}

#[test]
fn normalised_has_what_the_hub_knows_beside_the_answers() {
    let value = json_of(Format::Normalised, &Rendering::default());
    assert_eq!(value.path(&["values", "weight"]).unwrap().as_number(), Some("3.10"));
    assert_eq!(value.path(&["values", "_extra", "gone", "a"]).unwrap().as_str(), Some("1"));
    assert_eq!(value.get("number").unwrap().as_number(), Some("42"));
    assert_eq!(value.get("project").unwrap().as_str(), Some("demo"));
    assert_eq!(value.get("case_ids").unwrap().to_json(), r#"["c1","c2"]"#);
    assert_eq!(value.get("updated_at").unwrap().as_str(), Some("2015-04-17T20:14:34.046462Z"));
}

#[test]
fn a_position_is_taken_from_where_the_forwarder_says() {
    let position = |path: &[&str]| {
        let position = path.iter().map(|name| (*name).to_owned()).collect();
        let rendering = Rendering { position, ..Rendering::default() };
        json_of(Format::Geojson, &rendering).get("geometry").unwrap().to_json()
    };
    let point = r#"{"type":"Point","coordinates":[2.2,48.1,0]}"#;
    assert_eq!(position(&[]), point);
    assert_eq!(position(&["loc", "gps"]), point);
    assert_eq!(position(&["nom"]), "null");
}

#[test]
fn kobo_has_flat_keys() {
    let value = json_of(Format::Kobo, &Rendering::default());
    assert_eq!(value.get("loc/gps").unwrap().as_str(), Some("48.1 2.2 0 5"));
    assert_eq!(value.get("_id").unwrap().as_number(), Some("42"));
}

#[test]
fn a_record_of_wcs_has_labels_and_what_is_stored() {
    let record = json_of(Format::Wcs, &Rendering::default());
    let field = |name: &str| record.path(&["fields", name]).map(Value::to_json);
    for (name, expected) in [
        ("nom", Some(r#""L.""#)),
        ("age", Some(r#""7""#)),
        ("weight", Some(r#""3.10""#)),
        ("sick", Some(r#""Non""#)),
        ("sick_raw", Some(r#""n""#)),
        ("sym", Some(r#""Fièvre, Toux""#)),
        ("sym_raw", Some(r#"["f","c"]"#)),
        ("loc_gps", Some(r#"{"lat":48.1,"lon":2.2}"#)),
        ("loc_height", Some(r#""3""#)),
        ("contact", Some(r#""2""#)),
        (
            "contact_raw",
            Some(
                r#"[{"cname":"A","pic":{"filename":"1.jpg","content_type":null,"url":null}},{"cname":"B","pic":null}]"#,
            ),
        ),
        ("loc", None),
        ("nom_raw", None),
    ] {
        assert_eq!(field(name).as_deref(), expected, "{name}");
    }
    for (name, expected) in [
        ("id", r#""births/42""#),
        ("internal_id", r#""42""#),
        ("uuid", r#""1""#),
        ("text", r#""Births & first days #42""#),
        ("receipt_time", r#""2015-04-17T20:14:34""#),
        ("submission", r#"{"backoffice":false,"channel":"web"}"#),
        ("geolocations", r#"{"base":{"lat":48.1,"lon":2.2}}"#),
    ] {
        assert_eq!(record.get(name).unwrap().to_json(), expected, "{name}");
    }
    let body = record.to_json();
    let read =
        decode(Dialect::Wcs, &Received { content_type: None, body: body.as_bytes() }).unwrap();
    assert_eq!(read.identity.as_deref(), Some("births/42"));
    assert_eq!(read.form.as_deref(), Some("births"));
}

#[test]
fn a_file_of_wcs_says_where_it_is() {
    let submission = one(Dialect::Xml, BIRTH, Some(&xform("births")));
    let file = StoredFile {
        name: "1.jpg".to_owned(),
        content_type: "image/jpeg".to_owned(),
        length: 3,
        url: "https://hub.example/1.jpg".to_owned(),
    };
    let payload = FormPayload {
        id: "uuid:1",
        form_name: "births",
        submission: &submission,
        original: None,
        facts: &ServerFacts { files: &[file], number: None, ..facts() },
        case_ids: &[],
        form: Some(&xform("births")),
    };
    let record = text(write_form(Format::Wcs, &Rendering::default(), &payload), "application/json");
    let record = Value::parse(record.as_bytes()).unwrap();
    let rows = record.path(&["fields", "contact_raw"]).unwrap().as_array().unwrap();
    assert_eq!(
        rows[0].get("pic").unwrap().to_json(),
        r#"{"filename":"1.jpg","content_type":"image/jpeg","url":"https://hub.example/1.jpg"}"#
    );
    assert_eq!(record.get("id").unwrap().as_str(), Some("births/1"), "no number: its own id");
}

fn household() -> Case {
    Case {
        case_type: "mscase".to_owned(),
        name: "Trees".to_owned(),
        modified_by: "d0e4".to_owned(),
        opened_at: Some(time("2012-03-13T18:21:52Z")),
        modified_at: Some(time("2015-04-17T16:04:54.950Z")),
        server_modified_at: time("2012-04-05T23:56:41Z"),
        forms: vec!["3HQE".to_owned()],
        properties: [("bp", "80 60"), ("gps", "48.10 2.2 0 5")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        indices: [(
            "parent".to_owned(),
            CaseIndex {
                case_id: "p".to_owned(),
                case_type: "household".to_owned(),
                relationship: CaseRelationship::Child,
            },
        )]
        .into(),
        attachments: [(
            "photo".to_owned(),
            CaseAttachment {
                origin: AttachmentOrigin::Local,
                source: "1.jpg".to_owned(),
                content_type: Some("image/jpeg".to_owned()),
                form_id: "3HQE".to_owned(),
            },
        )]
        .into(),
        ..Case::new("b0916685")
    }
}

fn case_in(format: Format, rendering: &Rendering, case: &Case) -> Result<Written, String> {
    let files = [("photo".to_owned(), "https://hub.example/1.jpg".to_owned())];
    let files = BTreeMap::from(files);
    write_case(
        format,
        rendering,
        &CasePayload { case, domain: "demo", form: "3HQE", files: &files },
    )
}

#[test]
fn a_case_is_written_as_hq_forwards_it() {
    let rendering = Rendering::default();
    assert_eq!(
        text(case_in(Format::CaseXml, &rendering, &household()), "text/xml"),
        "<case case_id=\"b0916685\" date_modified=\"2015-04-17T16:04:54.950000Z\" user_id=\"d0e4\" \
         xmlns=\"http://commcarehq.org/case/transaction/v2\"><create><case_type>mscase</case_type>\
         <case_name>Trees</case_name><owner_id>d0e4</owner_id></create><update><bp>80 60</bp>\
         <gps>48.10 2.2 0 5</gps></update><index><parent case_type=\"household\">p</parent></index>\
         <attachment><photo src=\"https://hub.example/1.jpg\" from=\"remote\"/></attachment></case>"
    );
    assert_eq!(
        text(case_in(Format::CaseJson, &rendering, &household()), "application/json"),
        r#"{"domain":"demo","case_id":"b0916685","user_id":"d0e4","closed":false,"xform_ids":["3HQE"],"date_closed":null,"date_modified":"2015-04-17T16:04:54.950000Z","server_date_modified":"2012-04-05T23:56:41.000000Z","server_date_opened":"2012-03-13T18:21:52.000000Z","properties":{"case_name":"Trees","case_type":"mscase","owner_id":"d0e4","external_id":null,"date_opened":"2012-03-13T18:21:52.000000Z","bp":"80 60","gps":"48.10 2.2 0 5"},"indices":{"parent":{"case_id":"p","case_type":"household","relationship":"child"}},"attachments":{"photo":{"url":"https://hub.example/1.jpg","content_type":"image/jpeg"}}}"#
    );
    let older = Rendering { case_xml_version: CaseXmlVersion::V1, ..Rendering::default() };
    let older = text(case_in(Format::CaseXml, &older, &household()), "text/xml");
    assert!(older.starts_with("<case><case_id>b0916685</case_id>"), "{older}");
}

#[test]
fn a_closed_case_is_told_in_full_or_only_closed() {
    let closing = Closing { at: time("2016-01-01T00:00:00Z"), by: "u".to_owned() };
    let closed = Case { closing: Some(closing), ..household() };
    for (closed_cases, is_in_full) in [(ClosedCases::Full, true), (ClosedCases::CloseOnly, false)] {
        let rendering = Rendering { closed_cases, ..Rendering::default() };
        let xml = text(case_in(Format::CaseXml, &rendering, &closed), "text/xml");
        assert!(xml.contains("<close/>"), "{xml}");
        assert_eq!(xml.contains("<create>"), is_in_full, "{xml}");
        let json = text(case_in(Format::CaseJson, &rendering, &closed), "application/json");
        assert!(json.contains("\"closed\":true"), "{json}");
        assert_eq!(json.contains("48.10"), is_in_full, "{json}");
    }
}

#[test]
fn a_case_stands_where_its_phone_wrote_a_position() {
    let geometry = |property: &[&str]| {
        let position = property.iter().map(|name| (*name).to_owned()).collect();
        let rendering = Rendering { position, ..Rendering::default() };
        let feature = text(case_in(Format::Geojson, &rendering, &household()), "application/json");
        let feature = Value::parse(feature.as_bytes()).unwrap().into_owned();
        assert_eq!(feature.path(&["properties", "case_name"]).unwrap().as_str(), Some("Trees"));
        feature.get("geometry").unwrap().to_json()
    };
    // The two numbers of a blood pressure are no place, unless somebody says so.
    assert_eq!(geometry(&[]), r#"{"type":"Point","coordinates":[2.2,48.10,0]}"#);
    assert_eq!(geometry(&["bp"]), r#"{"type":"Point","coordinates":[60,80]}"#);
    assert_eq!(geometry(&["nothing"]), "null");
}

#[test]
fn a_case_is_seen_as_the_api_gives_it() {
    let value =
        text(case_in(Format::Normalised, &Rendering::default(), &household()), "application/json");
    assert_eq!(
        value,
        r#"{"id":"b0916685","type":"mscase","name":"Trees","owner":"","external_id":"","closed":false,"opened_at":"2012-03-13T18:21:52.000000Z","opened_by":"","modified_at":"2015-04-17T16:04:54.950000Z","modified_by":"d0e4","closed_at":null,"closed_by":null,"server_modified_at":"2012-04-05T23:56:41.000000Z","properties":{"bp":"80 60","gps":"48.10 2.2 0 5"},"indices":{"parent":{"case_id":"p","case_type":"household","relationship":"child"}},"attachments":{"photo":{"origin":"local","source":"1.jpg","content_type":"image/jpeg","form_id":"3HQE"}},"deleted":false}"#
    );
}

fn application(forms: &[Form]) -> ApplicationPayload<'_> {
    ApplicationPayload {
        id: "193b28e58f335f165cb3e2bbe02b3ed8",
        domain: "demo",
        application: Some("193b28e58f335f165cb3e2bbe02b3ed8"),
        build: None,
        saved_at: time("2026-01-01T00:00:00Z"),
        forms,
    }
}

#[test]
fn an_application_is_its_id_alone_or_its_questions() {
    let forms = [xform("births")];
    let write = |format| write_application(format, &Rendering::default(), &application(&forms));
    assert_eq!(text(write(Format::SchemaId), "text/xml"), "193b28e58f335f165cb3e2bbe02b3ed8");

    let schema = text(write(Format::SchemaJson), "application/json");
    let schema = Value::parse(schema.as_bytes()).unwrap();
    let forms = schema.get("forms").unwrap().as_array().unwrap();
    let questions = forms[0].get("questions").unwrap().as_array().unwrap();
    let question = |path: &str| {
        let found = questions.iter().find(|it| it.get("path").unwrap().as_str() == Some(path));
        found.unwrap_or_else(|| panic!("{path}"))
    };
    for (path, kind, label) in [
        ("nom", "text", Some("Nom de l'enfant")),
        ("loc", "group", Some("Lieu")),
        ("loc/gps", "geopoint", Some("Position")),
        ("contact", "repeat", Some("Contact")),
        ("contact/pic", "file", Some("Photo")),
        ("sym", "select-many", None),
    ] {
        assert_eq!(question(path).get("type").unwrap().as_str(), Some(kind), "{path}");
        if let Some(label) = label {
            assert_eq!(question(path).get("label").unwrap().as_str(), Some(label), "{path}");
        }
    }
    let labels = question("nom").get("labels").unwrap();
    assert!(labels.get("Français (fr)").is_some(), "{}", labels.to_json());
    let choices = question("sick").get("choices").unwrap().as_array().unwrap();
    assert_eq!(choices.len(), 2);
    assert_eq!(choices[0].get("label").unwrap().as_str(), Some("Oui"));
}

#[test]
fn a_format_that_cannot_be_made_of_a_thing_says_so() {
    let rendering = Rendering::default();
    for format in Format::ALL {
        let of_form = matches!(
            format,
            Format::FormXml
                | Format::FormJson
                | Format::Stub
                | Format::Wcs
                | Format::Kobo
                | Format::Geojson
                | Format::Normalised
        );
        let of_case = matches!(
            format,
            Format::CaseXml | Format::CaseJson | Format::Geojson | Format::Normalised
        );
        let of_application = matches!(format, Format::SchemaId | Format::SchemaJson);
        let form = written(*format, &rendering, (Dialect::Xml, BIRTH), None);
        assert_eq!(form.is_ok(), of_form, "{format}");
        assert_eq!(case_in(*format, &rendering, &household()).is_ok(), of_case, "{format}");
        let application = write_application(*format, &rendering, &application(&[]));
        assert_eq!(application.is_ok(), of_application, "{format}");
        if let Err(reason) = application {
            assert!(reason.contains(format.name()) || *format == Format::Template, "{reason}");
        }
    }
}
