//! What is left of a submission and of a case.

use std::collections::BTreeMap;

use fieldpost_model::case::Closing;
use fieldpost_model::forwarder::Coarseness;
use fieldpost_model::submission::{
    Attachment, AttachmentContent, Geometry, GeometryKind, Position,
};
use fieldpost_model::time::Timestamp;

use super::*;

const KEY: &[u8] = b"the key of the project";

fn rules(rules: &[(&str, Withholding)]) -> Vec<Withheld> {
    let path = |path: &str| path.split('/').map(str::to_owned).collect();
    rules.iter().map(|(name, how)| Withheld { path: path(name), how: how.clone() }).collect()
}

fn step(size: &str) -> Withholding {
    Withholding::Coarsen(Coarseness::Step(size.to_owned()))
}

fn text(text: &str) -> Node {
    Node::Answer(Answer::text(text))
}

fn position() -> Position {
    Position {
        longitude: "36.8219".to_owned(),
        latitude: "-1.2921".to_owned(),
        altitude: Some("1795".to_owned()),
        accuracy: Some("4.9".to_owned()),
    }
}

fn answer(written: &str, value: AnswerValue) -> Node {
    Node::Answer(Answer { lexical: Some(written.to_owned()), value })
}

fn group(members: Vec<(&str, Node)>) -> Group {
    let members = members.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
    Group { members, extra: Vec::new() }
}

fn birth() -> Submission {
    let place = Geometry { kind: GeometryKind::Point, positions: vec![position()] };
    let child = |name: &str| Node::Group(group(vec![("name", text(name)), ("sex", text("f"))]));
    let mut values = group(vec![
        ("name", text("Amina")),
        ("phone", text("+254 700 000001")),
        ("born", answer("2026-11-22", AnswerValue::Text)),
        ("age", answer("34", AnswerValue::Integer(34))),
        ("where", answer("-1.2921 36.8219 1795 4.9", AnswerValue::Geometry(place))),
        ("photo", answer("1.jpg", AnswerValue::File)),
        ("contact", Node::Group(group(vec![("phone", text("+254 700 000002"))]))),
        ("children", Node::Repeat(vec![child("Juma"), child("Asha")])),
    ]);
    values.extra = vec![(
        "old".to_owned(),
        Value::object([("phone", Value::string("1")), ("a", Value::from(7_i64))]),
    )];
    let file = |name: &str| Attachment {
        name: name.to_owned(),
        content_type: None,
        content: AttachmentContent::Expected,
    };
    Submission {
        metadata: Metadata {
            user: Some("nurse".to_owned()),
            device: Some("d1".to_owned()),
            position: Some(position()),
            other: vec![("_submitted_by".to_owned(), Value::string("nurse"))],
            ..Metadata::default()
        },
        values,
        attachments: vec![file("1.jpg"), file("audit.csv")],
        ..Submission::default()
    }
}

fn withheld(how: &[(&str, Withholding)]) -> Submission {
    let mut birth = birth();
    submission(&mut birth, &rules(how), KEY);
    birth
}

#[test]
fn nothing_is_withheld_that_is_not_named() {
    assert_eq!(withheld(&[]), birth());
    assert_eq!(withheld(&[("nam", Withholding::Drop), ("other/name", Withholding::Drop)]), birth());
}

#[test]
fn a_name_means_every_field_of_it_wherever_it_stands() {
    let left = withheld(&[("name", Withholding::Drop), ("phone", Withholding::Drop)]);
    let shown = format!("{left:?}");
    for gone in ["Amina", "Juma", "Asha", "700", "\"phone\""] {
        assert!(!shown.contains(gone), "{gone}: {shown}");
    }
    assert!(shown.contains("\"a\""), "what no form knows and is not named stays: {shown}");
    let sexes = shown.matches("\"sex\"").count();
    assert_eq!(sexes, 2, "the rest of a repeat stays");
}

#[test]
fn a_longer_path_means_the_fields_inside_and_counts_before_a_shorter_one() {
    let left = withheld(&[("contact/phone", Withholding::Drop)]);
    assert!(left.values.answer(&["phone"]).is_some());
    assert!(left.values.answer(&["contact", "phone"]).is_none());
    let left = withheld(&[("phone", Withholding::Drop), ("contact/phone", Withholding::Hash)]);
    assert!(left.values.answer(&["phone"]).is_none());
    assert_eq!(left.values.answer(&["contact", "phone"]).unwrap().written().len(), 32);
}

#[test]
fn digests_are_equal_for_equal_values_under_one_key() {
    let digest = |number: &str, key: &[u8]| {
        let mut one = Submission { values: group(vec![("phone", text(number))]), ..birth() };
        submission(&mut one, &rules(&[("phone", Withholding::Hash)]), key);
        one.values.answer(&["phone"]).unwrap().written().to_owned()
    };
    assert_eq!(digest("1", KEY), digest(" 1 ", KEY));
    assert_ne!(digest("1", KEY), digest("2", KEY));
    assert_ne!(digest("1", KEY), digest("1", b"another key"));
    assert_eq!(digest("", KEY), "", "what was not answered stays so");
}

#[test]
fn a_place_is_coarse_in_the_answer_and_beside_it() {
    let left = withheld(&[("where", step("0.1"))]);
    let answer = left.values.answer(&["where"]).unwrap();
    assert_eq!(answer.written(), "-1.3 36.8");
    let coarse = Position {
        longitude: "36.8".to_owned(),
        latitude: "-1.3".to_owned(),
        altitude: None,
        accuracy: None,
    };
    let AnswerValue::Geometry(place) = &answer.value else { panic!("{answer:?}") };
    assert_eq!(place.positions.as_slice(), std::slice::from_ref(&coarse));
    assert_eq!(left.metadata.position, Some(coarse));
    for how in [Withholding::Drop, Withholding::Hash, Withholding::Coarsen(Coarseness::Month)] {
        let left = withheld(&[("where", how.clone())]);
        assert!(left.values.answer(&["where"]).is_none(), "{how:?}");
        assert_eq!(left.metadata.position, None, "{how:?}");
    }
}

#[test]
fn numbers_and_days_are_coarse_and_what_is_neither_is_not_sent() {
    let left = withheld(&[
        ("age", step("10")),
        ("born", Withholding::Coarsen(Coarseness::Month)),
        ("phone", step("10")),
    ]);
    let age = left.values.answer(&["age"]).unwrap();
    assert_eq!((age.written(), &age.value), ("30", &AnswerValue::Integer(30)));
    assert_eq!(left.values.answer(&["born"]).unwrap().written(), "2026-11");
    assert!(left.values.answer(&["phone"]).is_none());
}

#[test]
fn files_go_with_their_answers_and_groups() {
    let names = |left: Submission| -> Vec<String> {
        left.attachments.into_iter().map(|file| file.name).collect()
    };
    for how in [Withholding::Drop, Withholding::Hash, step("1")] {
        assert_eq!(names(withheld(&[("photo", how)])), ["audit.csv"]);
    }
    let mut grouped = birth();
    let photo = grouped.values.members.remove(5);
    grouped
        .values
        .members
        .push(("media".to_owned(), Node::Group(Group { members: vec![photo], extra: Vec::new() })));
    submission(&mut grouped, &rules(&[("media", Withholding::Hash)]), KEY);
    assert_eq!(names(grouped), ["audit.csv"]);
}

/// A submission whose form has no definition: every answer is a text.
fn untyped(place: &str, photo: &str, files: &[(&str, bool)]) -> Submission {
    let file = |&(name, is_of_server): &(&str, bool)| Attachment {
        name: name.to_owned(),
        content_type: None,
        content: if is_of_server {
            AttachmentContent::Link("https://kobo/1".to_owned())
        } else {
            AttachmentContent::Expected
        },
    };
    Submission {
        metadata: Metadata {
            position: Some(position()),
            other: vec![
                ("location".to_owned(), Value::string("-1.2921 36.8219 1795 4.9")),
                ("appVersion".to_owned(), Value::string("2.53")),
            ],
            ..Metadata::default()
        },
        values: group(vec![("where", text(place)), ("photo", text(photo))]),
        attachments: files.iter().map(file).collect(),
        is_untyped: true,
        ..Submission::default()
    }
}

#[test]
fn files_go_with_answers_of_no_known_type() {
    for (named, file, is_of_server, is_gone) in [
        ("1.jpg", "1.jpg", false, true),
        (" 1.jpg ", "1.jpg", false, true),
        ("my photo.jpg", "my photo.jpg", false, true),
        ("my photo.jpg", "my_photo.jpg", false, true),
        ("été (1).png", "été_1.png", true, true),
        ("1.jpg", "nurse/attachments/1.jpg", true, true),
        ("attachments/1.jpg", "1.jpg", false, true),
        ("my photo.jpg", "my_photo_a1B2c3D.jpg", true, true),
        ("my photo.jpg", "my_photo_a1B2c3D.jpg", false, false),
        ("1.jpg", "2.jpg", true, false),
        ("", "1.jpg", true, false),
        ("???", "!!!", true, false),
    ] {
        for how in [Withholding::Drop, Withholding::Hash, step("1")] {
            let mut one = untyped("-1.2921 36.8219", named, &[(file, is_of_server)]);
            submission(&mut one, &rules(&[("photo", how)]), KEY);
            assert_eq!(one.attachments.is_empty(), is_gone, "{named} {file}");
            assert_eq!(one.metadata.position, Some(position()));
        }
        // In a group, and where a form does not know the field.
        let mut grouped = untyped("", named, &[(file, is_of_server)]);
        let inside = std::mem::take(&mut grouped.values);
        grouped.values = group(vec![("media", Node::Group(inside))]);
        submission(&mut grouped, &rules(&[("media", Withholding::Drop)]), KEY);
        assert_eq!(grouped.attachments.is_empty(), is_gone, "{named} {file}");
        let mut unknown = untyped("", "", &[(file, is_of_server)]);
        unknown.is_untyped = false;
        let photo = Value::object([("#text", Value::string(named.to_owned()))]);
        unknown.values.extra = vec![("photo".to_owned(), photo)];
        submission(&mut unknown, &rules(&[("photo", Withholding::Drop)]), KEY);
        assert_eq!(unknown.attachments.is_empty(), is_gone, "{named} {file}");
    }
}

#[test]
fn places_beside_the_answers_go_with_answers_of_no_known_type() {
    let exact = "-1.2921 36.8219 1795 4.9";
    let coarse = ("-1.3 36.8".to_owned(), Some("-1.3 36.8".to_owned()));
    let (gone, same) = ((String::new(), None), (exact.to_owned(), Some(exact.to_owned())));
    let short = |it: &Position| match (&it.altitude, &it.accuracy) {
        (Some(altitude), Some(accuracy)) => {
            format!("{} {} {altitude} {accuracy}", it.latitude, it.longitude)
        }
        _ => format!("{} {}", it.latitude, it.longitude),
    };
    for (written, how, expected) in [
        (exact, Withholding::Drop, &gone),
        (exact, Withholding::Hash, &gone),
        (exact, Withholding::Coarsen(Coarseness::Month), &gone),
        (exact, step("0.1"), &coarse),
        (" -1.2921  36.8219 ", step("0.1"), &coarse),
        ("-1.2 36.8 0 0; -1.3 36.9 0 0;", Withholding::Drop, &gone),
        ("91 36.8", Withholding::Drop, &same),
        ("-1.2 181", Withholding::Drop, &same),
        ("1 2 3 4 5", Withholding::Drop, &same),
        ("-1.2", Withholding::Drop, &same),
        ("nan inf", Withholding::Drop, &same),
        ("Kibera market", Withholding::Drop, &same),
        ("", Withholding::Drop, &same),
    ] {
        let mut known = untyped(written, "", &[]);
        known.is_untyped = false;
        let (_, asked) = known.values.members.remove(0);
        let Node::Answer(asked) = asked else { panic!("{asked:?}") };
        known.values.extra = vec![("where".to_owned(), Value::from(asked.written().to_owned()))];
        for mut one in [untyped(written, "", &[]), known] {
            submission(&mut one, &rules(&[("where", how.clone())]), KEY);
            let beside = one.metadata.position.as_ref().map(short).unwrap_or_default();
            let told = one.metadata.other.iter().find(|(name, _)| name == "location");
            let told = told.and_then(|(_, value)| value.as_str()).map(str::to_owned);
            assert_eq!(&(beside, told), expected, "{written} {how:?}");
            assert_eq!(one.metadata.other.last().unwrap().0, "appVersion");
        }
    }
    // Of two places the rule counts that tells less; a place that a form knows counts as well.
    for how in [[step("0.1"), Withholding::Drop], [Withholding::Drop, step("0.1")]] {
        let [first, second] = how;
        let mut two = untyped(exact, exact, &[]);
        submission(&mut two, &rules(&[("where", first), ("photo", second)]), KEY);
        assert_eq!((two.metadata.position, two.metadata.other.len()), (None, 1));
    }
    let mut known = birth();
    let location = Value::object([("@xmlns", Value::string("c")), ("#text", exact.into())]);
    known.metadata.other = vec![("location".to_owned(), location)];
    submission(&mut known, &rules(&[("where", step("0.1"))]), KEY);
    assert_eq!(known.metadata.other[0].1.as_str(), Some("-1.3 36.8"));
}

/// Where a name of what a submission says of itself stands.
type Slot = fn(&mut Metadata) -> &mut Option<String>;

#[test]
fn what_a_submission_says_of_itself_goes_by_the_names_that_formats_write() {
    let told = Metadata {
        user: Some("nurse".to_owned()),
        user_id: Some("u1".to_owned()),
        device: Some("d1".to_owned()),
        instance_name: Some("Amina".to_owned()),
        started_at: Some("2026-11-22T10:00:00Z".to_owned()),
        ended_at: Some("2026-11-22T10:05:00Z".to_owned()),
        submitted_at: Some("2026-11-22T10:06:00Z".to_owned()),
        ..Metadata::default()
    };
    let slots: [(&[&str], Slot); 7] = [
        (&["user", "username", "_submitted_by"], |it| &mut it.user),
        (&["user_id", "userID"], |it| &mut it.user_id),
        (&["device", "deviceID", "deviceid"], |it| &mut it.device),
        (&["instance_name", "instanceName"], |it| &mut it.instance_name),
        (&["started_at", "timeStart", "start"], |it| &mut it.started_at),
        (&["ended_at", "timeEnd", "end"], |it| &mut it.ended_at),
        (&["submitted_at", "submissionDate", "_submission_time"], |it| &mut it.submitted_at),
    ];
    for (names, slot) in slots {
        let mut expected = told.clone();
        *slot(&mut expected) = None;
        for name in names {
            for rule in [format!("meta/{name}"), (*name).to_owned()] {
                let mut one = Submission { metadata: told.clone(), ..Submission::default() };
                submission(&mut one, &rules(&[(&rule, Withholding::Drop)]), KEY);
                assert_eq!(one.metadata, expected, "{rule}");
            }
        }
    }
    // An answer that the phone gave by itself, whatever the form calls it.
    let mut asked = Submission { metadata: told, ..Submission::default() };
    asked.values = group(vec![("which_phone", text(" d1"))]);
    submission(&mut asked, &rules(&[("which_phone", Withholding::Hash)]), KEY);
    let digest = asked.values.answer(&["which_phone"]).unwrap().written();
    assert_eq!(asked.metadata.device.as_deref(), Some(digest));
    assert_eq!(asked.metadata.user.as_deref(), Some("nurse"));
}

#[test]
fn what_a_submission_says_of_itself_stands_under_meta() {
    let left = withheld(&[
        ("meta/user", Withholding::Drop),
        ("meta/device", Withholding::Hash),
        ("meta/_submitted_by", Withholding::Drop),
    ]);
    assert_eq!(left.metadata.user, None);
    assert_eq!(left.metadata.device.map(|digest| digest.len()), Some(32));
    assert_eq!(left.metadata.other, []);
    let left = withheld(&[("user", Withholding::Drop)]);
    assert_eq!(left.metadata.user, None, "a bare name means it too");
    let left = withheld(&[("data/user", Withholding::Drop)]);
    assert_eq!(left.metadata.user.as_deref(), Some("nurse"));
}

#[test]
fn a_case_is_withheld_by_the_names_of_its_properties() {
    let mut one = Case {
        name: "Amina".to_owned(),
        owner: "o1".to_owned(),
        external_id: "e1".to_owned(),
        modified_by: "u1".to_owned(),
        properties: BTreeMap::from(
            [("phone", "1"), ("dob", "2026-11-22"), ("village", "Kibera"), ("age", "34")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        ),
        ..Case::new("c1")
    };
    let how = rules(&[
        ("case_name", Withholding::Drop),
        ("owner_id", Withholding::Hash),
        ("phone", Withholding::Drop),
        ("dob", Withholding::Coarsen(Coarseness::Year)),
        ("age", step("10")),
    ]);
    case(&mut one, &how, KEY);
    assert_eq!((one.name.as_str(), one.owner.len()), ("", 32));
    assert_eq!((one.external_id.as_str(), one.modified_by.as_str()), ("e1", "u1"));
    let left: Vec<(&str, &str)> =
        one.properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(left, [("age", "30"), ("dob", "2026"), ("village", "Kibera")]);
    for (name, how, length) in [
        ("closed_by", Withholding::Drop, 0),
        ("closed_by", Withholding::Hash, 32),
        ("opened_by", Withholding::Drop, 2),
    ] {
        one.closing = Some(Closing { at: Timestamp::default(), by: "u2".to_owned() });
        case(&mut one, &rules(&[(name, how)]), KEY);
        assert_eq!(one.closing.as_ref().unwrap().by.len(), length, "{name}");
    }
    case(&mut one, &rules(&[("owner", Withholding::Drop)]), KEY);
    assert_eq!(one.owner_or_user(), "-");
}

#[test]
fn a_view_does_without_what_is_withheld_wherever_it_stands() {
    let withheld = rules(&[
        ("name", Withholding::Drop),
        ("contact/phone", Withholding::Drop),
        ("age", step("10")),
        ("secret", Withholding::Drop),
    ]);
    for (sent, left) in [
        (r#"{"name":"Amina","age":34,"n":1.50}"#, r#"{"age":30,"n":1.50}"#),
        (r#"{"a":[{"name":"x","b":1},{"name":"y"}]}"#, r#"{"a":[{"b":1},{}]}"#),
        (r#"[{"name":"x"},2]"#, "[{},2]"),
        (
            r#"{"contact":{"phone":"1","town":"t"},"phone":"2"}"#,
            r#"{"contact":{"town":"t"},"phone":"2"}"#,
        ),
        // As Kobo writes it.
        (r#"{"contact/phone":"1","g/name":"x","g/age":"34"}"#, r#"{"g/age":"30"}"#),
        (r#"{"secret/a":"1","secret":{"b":2},"x":{"secret":["c"]}}"#, r#"{"x":{}}"#),
        (r#""text""#, r#""text""#),
    ] {
        let value = Value::parse(sent.as_bytes()).unwrap().into_owned();
        assert_eq!(view(value, &withheld, KEY).to_json(), left, "{sent}");
    }
    let withheld = rules(&[("phone", Withholding::Hash)]);
    let value = Value::parse(br#"{"phone":"0701","g/phone":"0701"}"#).unwrap().into_owned();
    let written = view(value, &withheld, KEY);
    let digest = written.get("phone").and_then(Value::as_str).unwrap();
    assert_eq!(digest.len(), 2 * DIGEST_BYTES);
    assert_eq!(written.get("g/phone").and_then(Value::as_str), Some(digest));
}
