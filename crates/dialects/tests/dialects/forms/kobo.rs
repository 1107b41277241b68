//! Submissions of KoboToolbox and of ODK Aggregate, which flatten groups each in a way of its own.

use super::{answers, one, submissions};
use crate::{sample, xform};
use fieldpost_model::form::{AnswerType, Field, FieldKind, Form, Leaf};
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::AttachmentContent;

const KOBO: &str = r#"{"_id":42,"formhub/uuid":"f1","start":"2026-01-01T10:00:00.000+01:00",
    "nom":"L.","age":"7","weight":"3.20","sick":"y","sym":"f c","loc/gps":"48.1 2.2 0 5",
    "loc/height":"3","contact":[{"contact/cname":"A","contact/pic":"my photo.jpg"},{"contact/cname":"B"}],
    "gone":"x","__version__":"v9","meta/instanceID":"uuid:k1","meta/deprecatedID":"uuid:k0","meta/rootUuid":"uuid:r",
    "_xform_id_string":"births","_uuid":"k1","_attachments":[{"download_url":"https://kobo.example/1",
    "mimetype":"image/jpeg","filename":"amina/attachments/9/k1/my_photo.jpg","id":1}],
    "_status":"submitted_via_web","_geolocation":[48.1,2.2],"_submission_time":"2026-01-01T09:00:05",
    "_tags":[],"_notes":[],"_validation_status":{},"_submitted_by":"amina"}"#;

const TYPED: &str = r#""nom":"L.","age":7,"weight":3.20,"sick":"y","sym":["f","c"],"loc":{"gps":{"type":"Point","coordinates":[2.2,48.1,0],"properties":{"accuracy":5}}"#;

#[test]
fn kobo_is_typed_by_the_form() {
    let form = xform("births");
    let submission = one(Dialect::Kobo, KOBO, Some(&form));
    let expected = format!(
        r#"{{"start":"2026-01-01T10:00:00.000+01:00","end":null,"today":null,"deviceid":null,"username":null,{TYPED},"_extra":{{"height":"3"}}}},"contact":[{{"cname":"A","pic":{{"filename":"my photo.jpg"}}}},{{"cname":"B","pic":null}}],"_extra":{{"gone":"x"}}}}"#
    );
    assert_eq!(answers(&submission), expected);
    let metadata = &submission.metadata;
    assert_eq!(metadata.instance_id.as_deref(), Some("uuid:k1"));
    assert_eq!(metadata.deprecated_id.as_deref(), Some("uuid:k0"));
    assert_eq!(metadata.user.as_deref(), Some("amina"));
    assert_eq!(metadata.started_at.as_deref(), Some("2026-01-01T10:00:00.000+01:00"));
    assert_eq!(metadata.submitted_at.as_deref(), Some("2026-01-01T09:00:05"));
    let position = metadata.position.as_ref().unwrap();
    assert_eq!((position.latitude.as_str(), position.longitude.as_str()), ("48.1", "2.2"));
    let other: Vec<&str> = metadata.other.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        other,
        [
            "rootUuid",
            "_id",
            "formhub/uuid",
            "_uuid",
            "_status",
            "_tags",
            "_notes",
            "_validation_status"
        ]
    );
    assert_eq!(submission.form.id.as_deref(), Some("births"));
    assert_eq!(submission.form.version.as_deref(), Some("v9"));
    let [file] = &submission.attachments[..] else { panic!("{:?}", submission.attachments) };
    assert_eq!(
        (file.name.as_str(), file.content_type.as_deref()),
        ("my photo.jpg", Some("image/jpeg"))
    );
    assert_eq!(file.content, AttachmentContent::Link("https://kobo.example/1".to_owned()));
}

#[test]
fn kobo_without_a_form_is_groups_lists_and_texts() {
    for (body, expected) in [
        (r#"{"_uuid":"1","a":"1","g/b":"2"}"#, r#"{"a":"1","g":{"b":"2"}}"#),
        (r#"{"_uuid":"1","r":[{"r/x":"1"}]}"#, r#"{"r":[{"x":"1"}]}"#),
        (
            r#"{"_uuid":"1","g/r":[{"g/r/x":"1","g/r/s":[{"g/r/s/y":"2"}]}]}"#,
            r#"{"g":{"r":[{"x":"1","s":[{"y":"2"}]}]}}"#,
        ),
        (r#"{"_uuid":"1","n":null,"i":7,"t":true}"#, r#"{"n":null,"i":"7","t":"true"}"#),
        (r#"{"wrapper":{"_uuid":"1","a/b":"1"}}"#, r#"{"a":{"b":"1"}}"#),
        (r#"{"meta":{"instanceID":"uuid:1"},"a":"1"}"#, r#"{"a":"1"}"#),
        (r#"<f id="f"><a>1</a><meta><instanceID>uuid:1</instanceID></meta></f>"#, r#"{"a":"1"}"#),
    ] {
        let submission = one(Dialect::Kobo, body, None);
        assert_eq!(answers(&submission), expected, "{body}");
        assert!(submission.is_untyped, "{body}");
        let id =
            submission.metadata.instance_id.as_deref().map(|id| id.trim_start_matches("uuid:"));
        assert_eq!(id, Some("1"), "{body}");
    }
    assert!(submissions(Dialect::Kobo, r#"{"a":"1"}"#, None).is_empty());
}

/// KoboToolbox puts nodes of its own into the forms that it hands out; they are answers then.
#[test]
fn what_the_form_has_is_an_answer_whatever_its_name() {
    let leaf = |name: &str| Field::new(name, FieldKind::Leaf(Leaf::of(AnswerType::Text)));
    let group = Field::new("formhub", FieldKind::Group(vec![leaf("uuid")]));
    let form = Form { fields: vec![group, leaf("__version__")], ..Form::default() };
    let body = r#"{"formhub/uuid":"f1","__version__":"v9","_uuid":"1","_status":"s"}"#;
    let submission = one(Dialect::Kobo, body, Some(&form));
    assert_eq!(answers(&submission), r#"{"formhub":{"uuid":"f1"},"__version__":"v9"}"#);
    assert_eq!(submission.form.version.as_deref(), Some("v9"));
    let other: Vec<&str> =
        submission.metadata.other.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(other, ["_uuid", "_status"]);
}

#[test]
fn no_place_is_no_place() {
    for place in ["[null,null]", "null", "[]", "[91.0,2.0]", "[\"1\",\"2\"]"] {
        let body = format!(r#"{{"_uuid":"1","_geolocation":{place}}}"#);
        assert_eq!(one(Dialect::Kobo, &body, None).metadata.position, None, "{place}");
    }
}

#[test]
fn the_samples_are_submissions() {
    for (dialect, name) in [
        (Dialect::Kobo, "kobo.json"),
        (Dialect::Kobo, "kobo-wrapped.json"),
        (Dialect::OdkAggregate, "odk-aggregate.json"),
        (Dialect::Commcare, "commcare-form.json"),
        (Dialect::Commcare, "commcare-form.xml"),
    ] {
        let body = String::from_utf8(sample(name)).unwrap();
        let submission = one(dialect, &body, None);
        assert!(submission.metadata.instance_id.is_some(), "{name}");
        assert!(!submission.values.members.is_empty(), "{name}");
    }
}

const AGGREGATE: &str = r#"{"token":"","content":"record","formId":"births","formVersion":"20260101",
    "data":[{"*meta-instance-id*":"uuid:a1","*meta-submission-date*":"2026-01-01T09:00:05.000Z",
    "*meta-is-complete*":true,"nom":"L.","age":7,"weight":3.20,"sick":["y"],"sym":["f","c"],
    "gps:Latitude":48.1,"gps:Longitude":2.2,"gps:Altitude":0,"gps:Accuracy":5,"gone":"x",
    "contact":[{"cname":"A","pic":{"filename":"1.jpg","type":"image/jpeg","url":"https://agg.example/1"}},
    {"cname":"B","pic":{"filename":"2.jpg","type":"image/jpeg","bytes":"AAEC"}},{"cname":"C","pic":null}]}]}"#;

#[test]
fn aggregate_is_put_back_into_groups_by_the_form() {
    let form = xform("births");
    let submission = one(Dialect::OdkAggregate, AGGREGATE, Some(&form));
    let expected = format!(
        r#"{{"start":null,"end":null,"today":null,"deviceid":null,"username":null,{TYPED}}},"contact":[{{"cname":"A","pic":{{"filename":"1.jpg"}}}},{{"cname":"B","pic":{{"filename":"2.jpg"}}}},{{"cname":"C","pic":null}}],"_extra":{{"gone":"x"}}}}"#
    );
    assert_eq!(answers(&submission), expected);
    assert_eq!(submission.metadata.instance_id.as_deref(), Some("uuid:a1"));
    assert_eq!(submission.metadata.submitted_at.as_deref(), Some("2026-01-01T09:00:05.000Z"));
    assert_eq!(submission.metadata.other[0].0, "*meta-is-complete*");
    assert_eq!(submission.form.version.as_deref(), Some("20260101"));
    let files: Vec<_> = submission.attachments.iter().map(|file| &file.content).collect();
    assert_eq!(
        files,
        [
            &AttachmentContent::Link("https://agg.example/1".to_owned()),
            &AttachmentContent::Embedded("AAEC".to_owned()),
        ]
    );
}

#[test]
fn aggregate_writes_values_in_its_own_way() {
    let envelope = |record: &str| {
        format!(r#"{{"formId":"every","data":[{{"*meta-instance-id*":"1",{record}}}]}}"#)
    };
    let form = xform("every_type");
    for (record, name, expected) in [
        (r#""a_choice":["red"]"#, "a_choice", r#""red""#),
        (r#""a_choice":"red""#, "a_choice", r#""red""#),
        (r#""a_choice":null"#, "a_choice", "null"),
        (r#""choices":["red"]"#, "choices", r#"["red"]"#),
        (r#""choices":null"#, "choices", "[]"),
        (r#""a_integer":7"#, "a_integer", "7"),
        (r#""a_decimal":1.50"#, "a_decimal", "1.50"),
        (
            r#""a_point:Latitude":1,"a_point:Longitude":2,"a_point:Altitude":null,"a_point:Accuracy":5"#,
            "a_point",
            r#"{"type":"Point","coordinates":[2,1,0],"properties":{"accuracy":5}}"#,
        ),
        (
            r#""a_point:Latitude":null,"a_point:Longitude":null,"a_point:Altitude":null,"a_point:Accuracy":null"#,
            "a_point",
            "null",
        ),
        (
            r#""a_trace":"1 2 0 0;3 4 0 0;""#,
            "a_trace",
            r#"{"type":"LineString","coordinates":[[2,1,0],[4,3,0]],"properties":{"accuracies":[0,0]}}"#,
        ),
    ] {
        let submission = one(Dialect::OdkAggregate, &envelope(record), Some(&form));
        let values = fieldpost_dialects::formats::values(&submission.values);
        assert_eq!(values.get(name).unwrap().to_json(), expected, "{record}");
        assert_eq!(values.get("_extra"), None, "{record}");
    }
    // Half a position is none, and nothing of it is lost.
    let half = one(Dialect::OdkAggregate, &envelope(r#""a_point:Latitude":1"#), Some(&form));
    assert_eq!(half.values.extra[0].0, "a_point:Latitude");
}

#[test]
fn aggregate_without_a_form_stays_flat() {
    let submission = one(Dialect::OdkAggregate, AGGREGATE, None);
    assert_eq!(
        answers(&submission),
        r#"{"nom":"L.","age":"7","weight":"3.20","sick":["y"],"sym":["f","c"],"gps":"48.1 2.2 0 5","gone":"x","contact":[{"cname":"A","pic":"1.jpg"},{"cname":"B","pic":"2.jpg"},{"cname":"C","pic":null}]}"#
    );
    assert_eq!(submission.attachments.len(), 2);
}

#[test]
fn an_envelope_may_have_any_number_of_submissions() {
    let body = r#"{"formId":"f","data":[{"*meta-instance-id*":"1"},{"*meta-instance-id*":"2"}]}"#;
    assert_eq!(submissions(Dialect::OdkAggregate, body, None).len(), 2);
    let body = r#"{"formId":"f","data":[]}"#;
    assert!(submissions(Dialect::OdkAggregate, body, None).is_empty());
}
