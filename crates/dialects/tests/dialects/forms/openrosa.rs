//! Submissions in XML, as Collect and its relatives send them, with their form and without.

use super::{answers, one};
use crate::xform;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::{AnswerValue, AttachmentContent, Submission};

const META: &str = "<meta><instanceID>uuid:1</instanceID></meta>";

/// The answers that a document gives by a form of the fixtures; by none where it is `-`.
#[track_caller]
fn check(form: &str, content: &str, expected: &str) {
    let submission = read(form, &format!("<data id=\"{form}\">{content}{META}</data>"));
    assert_eq!(submission.metadata.instance_id.as_deref(), Some("uuid:1"), "{content}");
    assert_eq!(answers(&submission), expected, "{form}: {content}");
}

#[track_caller]
fn read(form: &str, document: &str) -> Submission {
    let form = (form != "-").then(|| xform(form));
    one(Dialect::Xml, document, form.as_ref())
}

#[test]
fn repeats_are_lists_however_often_they_were_answered() {
    let rest = r#""village":null,"#;
    let house = |head: &str, members: &str| {
        format!(
            r#"{{"head":{head},"water":{{"source":null,"minutes":null}},"how_many":null,"member":[{members}]}}"#
        )
    };
    let expect =
        |houses: &[String]| format!(r#"{{{rest}"house":[{}],"thanks":null}}"#, houses.join(","));
    check("household", "", &expect(&[]));
    check("household", "<house/>", &expect(&[house("null", "")]));
    check("household", "<house><head>A</head></house>", &expect(&[house("\"A\"", "")]));
    check(
        "household",
        "<house><head>A</head></house><house><head>B</head><member><mname>C</mname></member></house>",
        &expect(&[house("\"A\"", ""), house("\"B\"", r#"{"mname":"C","born":null,"vaccine":[]}"#)]),
    );
    check(
        "household",
        "<house><member><vaccine><jab>bcg</jab><given>2026-01-02</given></vaccine></member></house>",
        &expect(&[house(
            "null",
            r#"{"mname":null,"born":null,"vaccine":[{"jab":"bcg","given":"2026-01-02"}]}"#,
        )]),
    );
    // A template that the client left in is no answer, unless somebody filled it in.
    let template = "xmlns:jr=\"http://openrosa.org/javarosa\" jr:template=\"\"";
    check(
        "household",
        &format!(
            "<house {template}><head/><water><source/></water></house><house><head>A</head></house>"
        ),
        &expect(&[house("\"A\"", "")]),
    );
    check(
        "household",
        &format!("<house {template}><head>T</head></house>"),
        &expect(&[house("\"T\"", "")]),
    );
}

#[test]
fn every_type_has_its_value() {
    let with = |name: &str, value: &str| {
        let names = [
            "a_text",
            "a_integer",
            "a_decimal",
            "a_range",
            "a_date",
            "a_time",
            "a_moment",
            "a_choice",
            "choices",
            "a_rank",
            "a_point",
            "a_trace",
            "a_shape",
            "an_image",
            "a_sound",
            "a_film",
            "a_file",
            "a_barcode",
            "agreed",
            "a_sum",
            "a_secret",
        ];
        let members = names
            .map(|other| format!("\"{other}\":{}", if other == name { value } else { "null" }));
        format!("{{{}}}", members.join(","))
    };
    for (name, written, value) in [
        ("a_text", "a &lt;b&gt;", "\"a <b>\""),
        ("a_text", "", "null"),
        ("a_integer", "7", "7"),
        ("a_integer", "seven", "\"seven\""),
        ("a_integer", "99999999999999999999", "\"99999999999999999999\""),
        ("a_decimal", "3.20", "3.20"),
        ("a_range", "2.5", "2.5"),
        ("a_date", "2026-01-31", "\"2026-01-31\""),
        ("a_time", "10:00:00.000+01:00", "\"10:00:00.000+01:00\""),
        ("a_moment", "2026-01-31T10:00:00.000+01:00", "\"2026-01-31T10:00:00.000+01:00\""),
        ("a_choice", "red", "\"red\""),
        ("choices", "red blue", "[\"red\",\"blue\"]"),
        ("choices", "red", "[\"red\"]"),
        ("choices", "", "[]"),
        ("a_rank", "blue red green", "[\"blue\",\"red\",\"green\"]"),
        (
            "a_point",
            "48.1 2.2 0 5",
            r#"{"type":"Point","coordinates":[2.2,48.1,0],"properties":{"accuracy":5}}"#,
        ),
        ("a_point", "48.1 2.2", r#"{"type":"Point","coordinates":[2.2,48.1]}"#),
        (
            "a_trace",
            "1 2 0 0;3 4 0 0",
            r#"{"type":"LineString","coordinates":[[2,1,0],[4,3,0]],"properties":{"accuracies":[0,0]}}"#,
        ),
        (
            "a_shape",
            "0 0;0 1;1 1;0 0",
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#,
        ),
        ("an_image", "1.jpg", r#"{"filename":"1.jpg"}"#),
        ("a_barcode", "4006381333931", "\"4006381333931\""),
        ("agreed", "OK", "\"OK\""),
        ("a_sum", "8", "\"8\""),
    ] {
        check("every_type", &format!("<{name}>{written}</{name}>"), &with(name, value));
    }
    // What was not asked is not what was left empty, even where both look alike.
    let submission = read("every_type", &format!("<data><a_text/>{META}</data>"));
    let lexical = |name| submission.values.answer(&[name]).unwrap().lexical.clone();
    assert_eq!((lexical("a_text").as_deref(), lexical("a_date")), (Some(""), None));
    let value = |name| submission.values.answer(&[name]).unwrap().value.clone();
    assert_eq!((value("a_text"), value("choices")), (AnswerValue::Empty, AnswerValue::Empty));
}

#[test]
fn what_the_form_does_not_know_is_kept_where_it_stood() {
    let trees = |answers: &str, extra: &str| format!(r#"{{{answers},"_extra":{{{extra}}}}}"#);
    let none = r#""place":null,"kind":null,"girth":null"#;
    for (content, answers, extra) in [
        ("<old>1</old>", none, r#""old":"1""#),
        ("<old/>", none, r#""old":"""#),
        ("<old><a>1</a><a>2</a></old>", none, r#""old":{"a":["1","2"]}"#),
        ("<o:old xmlns:o=\"urn:o\">1</o:old>", none, r##""old":{"@xmlns":"urn:o","#text":"1"}"##),
        ("stray", none, r##""#text":"stray""##),
        (
            "<girth>7</girth><girth>8</girth><girth>9</girth>",
            r#""place":null,"kind":null,"girth":7"#,
            r#""girth":["8","9"]"#,
        ),
        (
            "<girth by=\"rope\">7</girth>",
            r#""place":null,"kind":null,"girth":7"#,
            r#""girth":{"@by":"rope"}"#,
        ),
        ("<girth>7<cm/></girth>", r#""place":null,"kind":null,"girth":7"#, r#""girth":{"cm":""}"#),
        ("<girth><cm>7</cm></girth>", none, r#""girth":{"cm":"7"}"#),
    ] {
        check("trees", content, &trees(answers, extra));
    }
    let births = r#""start":null,"end":null,"today":null,"deviceid":null,"username":null,"nom":null,"age":null,"weight":null,"sick":null,"sym":null,"#;
    // Inside a group, and instead of one.
    check(
        "births",
        "<loc><gps/><height>3</height></loc><contact><phone>1</phone></contact>",
        &format!(
            r#"{{{births}"loc":{{"gps":null,"_extra":{{"height":"3"}}}},"contact":[{{"cname":null,"pic":null,"_extra":{{"phone":"1"}}}}]}}"#
        ),
    );
    check(
        "births",
        "<loc>here</loc><contact>me</contact>",
        &format!(
            r##"{{{births}"loc":{{"gps":null,"_extra":{{"#text":"here"}}}},"contact":[{{"cname":null,"pic":null,"_extra":{{"#text":"me"}}}}]}}"##
        ),
    );
    check(
        "births",
        "<loc><gps>1 2</gps></loc><loc><gps>3 4</gps></loc>",
        &format!(
            r#"{{{births}"loc":{{"gps":{{"type":"Point","coordinates":[2,1]}}}},"contact":[],"_extra":{{"loc":{{"gps":"3 4"}}}}}}"#
        ),
    );
}

#[test]
fn without_a_form_everything_is_text_and_says_so() {
    for (content, expected) in [
        ("<a>1</a>", r#"{"a":"1"}"#),
        ("<a/>", r#"{"a":null}"#),
        ("<g><a>1</a></g>", r#"{"g":{"a":"1"}}"#),
        ("<c><n>A</n></c>", r#"{"c":{"n":"A"}}"#),
        ("<c><n>A</n></c><c><n>B</n></c>", r#"{"c":[{"n":"A"},{"n":"B"}]}"#),
        ("<a>1</a><a>2</a>", r#"{"a":["1","2"]}"#),
        ("<a by=\"rope\">7</a>", r##"{"a":{"_extra":{"@by":"rope","#text":"7"}}}"##),
    ] {
        check("-", content, expected);
    }
    assert!(read("-", &format!("<data>{META}</data>")).is_untyped);
    assert!(!read("trees", &format!("<data>{META}</data>")).is_untyped);
}

#[test]
fn metadata_comes_from_the_block_and_from_what_the_device_fills_in() {
    let document = r#"<data id="births" version="20260101" xmlns:orx="http://openrosa.org/xforms">
        <start>2026-01-01T10:00:00.000+01:00</start><end>2026-01-01T10:05:00.000+01:00</end>
        <today>2026-01-01</today><deviceid>collect:1</deviceid><username>amina</username>
        <orx:meta><orx:instanceID>uuid:new</orx:instanceID><orx:deprecatedID>uuid:old</orx:deprecatedID>
        <orx:instanceName>L.</orx:instanceName><orx:audit>audit.csv</orx:audit></orx:meta></data>"#;
    for form in ["births", "-"] {
        let submission = read(form, document);
        let metadata = &submission.metadata;
        assert_eq!(metadata.instance_id.as_deref(), Some("uuid:new"), "{form}");
        assert_eq!(metadata.deprecated_id.as_deref(), Some("uuid:old"), "{form}");
        assert_eq!(metadata.instance_name.as_deref(), Some("L."), "{form}");
        assert_eq!(metadata.device.as_deref(), Some("collect:1"), "{form}");
        assert_eq!(metadata.user.as_deref(), Some("amina"), "{form}");
        assert_eq!(metadata.started_at.as_deref(), Some("2026-01-01T10:00:00.000+01:00"), "{form}");
        assert_eq!(metadata.ended_at.as_deref(), Some("2026-01-01T10:05:00.000+01:00"), "{form}");
        assert_eq!(submission.form.id.as_deref(), Some("births"), "{form}");
        assert_eq!(submission.form.version.as_deref(), Some("20260101"), "{form}");
        assert_eq!(submission.form.root.as_deref(), Some("data"), "{form}");
        assert_eq!(submission.form.xmlns, None, "{form}");
        assert_eq!(submission.attachments[0].name, "audit.csv", "{form}");
    }
}

#[test]
fn files_are_expected_once_each() {
    let submission = read(
        "births",
        &format!(
            "<data><contact><pic>1.jpg</pic></contact><contact><pic>2.jpg</pic></contact>\
             <contact><pic> 1.jpg </pic></contact><contact><pic/></contact>{META}</data>"
        ),
    );
    let names: Vec<_> = submission
        .attachments
        .iter()
        .map(|file| (file.name.as_str(), file.content == AttachmentContent::Expected))
        .collect();
    assert_eq!(names, [("1.jpg", true), ("2.jpg", true)]);
}

#[test]
fn encrypted_submissions_are_marked_and_keep_what_is_in_the_open() {
    let document = r#"<data id="encrypted" version="1" encrypted="yes"
        xmlns="http://www.opendatakit.org/xforms/encrypted"><base64EncryptedKey>a2V5</base64EncryptedKey>
        <orx:meta xmlns:orx="http://openrosa.org/xforms"><orx:instanceID>uuid:1</orx:instanceID></orx:meta>
        <media><file>face.jpg.enc</file></media><media><file>b.enc</file></media>
        <encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"#;
    for form in ["encrypted", "-"] {
        let submission = read(form, document);
        assert!(submission.is_encrypted, "{form}");
        assert_eq!(submission.metadata.instance_id.as_deref(), Some("uuid:1"), "{form}");
        assert!(submission.values.members.is_empty(), "{form}");
        let kept: Vec<&str> =
            submission.values.extra.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(kept, ["base64EncryptedKey", "media", "encryptedXmlFile"], "{form}");
        let files: Vec<&str> =
            submission.attachments.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(files, ["submission.xml.enc", "face.jpg.enc", "b.enc"], "{form}");
    }
}

#[test]
fn entities_and_a_question_called_meta_are_not_lost() {
    let submission = read(
        "trees",
        r#"<data id="trees"><meta>mine</meta><meta><entity dataset="trees" create="1" id="e1">
           <label>Oak</label></entity><instanceID>uuid:1</instanceID></meta></data>"#,
    );
    let (name, entity) = &submission.metadata.other[0];
    assert_eq!(name, "entity");
    assert_eq!(entity.to_json(), r#"{"@dataset":"trees","@create":"1","@id":"e1","label":"Oak"}"#);
    assert_eq!(submission.values.extra[0].0, "meta");
    assert_eq!(submission.values.extra[0].1.as_str(), Some("mine"));
}

#[test]
fn old_clients_write_the_id_into_the_root_element() {
    let submission = read("-", r#"<data id="f" instanceID="uuid:9"><a>1</a></data>"#);
    assert_eq!(submission.metadata.instance_id.as_deref(), Some("uuid:9"));
    assert_eq!(answers(&submission), r#"{"a":"1"}"#);
}
