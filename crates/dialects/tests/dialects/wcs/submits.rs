//! What is submitted, edited and imported: each mercy has its warning, each refusal its words.

use fieldpost_dialects::wcs::read::{
    BadBody, UserClaim, WarningCode, cards_csv, cards_json, check_content_type, edit, submit,
    warnings_value,
};
use fieldpost_model::form_definition::{FieldType, FormField};
use fieldpost_model::progress::Channel;
use fieldpost_model::submission::{Answer, AnswerValue, Node};

use super::{World, definition, json};

/// The first warning of a submission that says this of one field.
fn warned(name: &str, value: &str) -> Option<(WarningCode, String)> {
    let body = format!(r#"{{"data":{{"{name}":{value}}}}}"#);
    let submitted = submit(&definition(), &json(&body)).unwrap();
    assert!(submitted.warnings.len() <= 1, "{:?}", submitted.warnings);
    submitted.warnings.into_iter().next().map(|warning| {
        assert!(warning.text().contains(&warning.field), "{}", warning.text());
        (warning.code, warning.field)
    })
}

#[test]
fn every_mercy_has_its_warning() {
    use WarningCode as W;
    for (name, value, expected) in [
        ("other", "1", Some((W::UnknownKey, "other"))),
        ("heading", "\"x\"", Some((W::UnknownKey, "heading"))),
        ("name_raw", "\"x\"", Some((W::UnknownKey, "name_raw"))),
        ("name", "1", Some((W::Converted, "name"))),
        ("name", "{}", Some((W::NotAText, "name"))),
        ("name", "null", None),
        ("name", "\"\"", None),
        ("story", "[]", Some((W::NotAText, "story"))),
        ("email", "\"marie\"", Some((W::NotAnAddress, "email"))),
        ("agreed", "\"on\"", Some((W::Converted, "agreed"))),
        ("agreed", "\"perhaps\"", Some((W::NotABoolean, "agreed"))),
        ("amount", "\"5,5\"", Some((W::Converted, "amount"))),
        ("amount", "\"five\"", Some((W::NotANumber, "amount"))),
        ("amount", "5.50", None),
        ("day", "\"23/11/2026\"", Some((W::Converted, "day"))),
        ("day", "\"2026-13-45\"", Some((W::NotADate, "day"))),
        ("kind", "\"2\"", None),
        ("kind_raw", "\"2\"", None),
        ("kind_structured", "{}", None),
        ("kind", "2", None),
        ("kind", "\"two\"", Some((W::Converted, "kind"))),
        ("kind", "\"three\"", Some((W::UnknownItem, "kind"))),
        ("kind", "{}", Some((W::NotAChoice, "kind"))),
        ("kinds", "\"1\"", Some((W::NotAList, "kinds"))),
        ("kinds", "[\"1\",\"9\"]", Some((W::UnknownItem, "kinds"))),
        ("kinds", "[[]]", Some((W::NotAChoice, "kinds"))),
        ("kinds_raw", "[\"1\"]", None),
        ("order", "[\"2\",\"1\"]", None),
        ("order", "{\"1\":\"x\"}", Some((W::NotANumber, "order"))),
        ("photo", "\"YQ==\"", Some((W::NotAFile, "photo"))),
        ("photo", r#"{"filename":"a","content":"%"}"#, Some((W::BadBase64, "photo"))),
        ("photo", r#"{"filename":"a","url":"x"}"#, Some((W::FileWithoutContent, "photo"))),
        ("11", r#"{"filename":"a","content":"YQ=="}"#, None),
        ("position", "\"1.5;2.25\"", None),
        ("position", "\"here\"", Some((W::NotAPosition, "position"))),
        ("people", "\"x\"", Some((W::NotABlock, "people"))),
        ("people", "{\"first\":\"a\"}", Some((W::Converted, "people"))),
        ("people", r#"{"data":[{"first":"a"}]}"#, None),
        ("people", "[1]", Some((W::NotABlock, "people[0]."))),
        ("people", r#"[{"first":{}}]"#, Some((W::NotAText, "people[0].first"))),
        ("people", r#"[{},{"last":"a"}]"#, Some((W::UnknownKey, "people[1].last"))),
        ("people_raw", r#"[{"first":"a"}]"#, None),
        ("people_digests", "[\"x\"]", None),
        ("grid", "\"x\"", Some((W::NotATable, "grid"))),
        ("grid", "[\"x\"]", Some((W::NotATable, "grid[0]"))),
        ("grid", "[[\"a\",1]]", Some((W::Converted, "grid[0]"))),
        ("grid", "[[\"a\",\"b\",\"c\"]]", Some((W::UnknownKey, "grid[0]"))),
        ("grid", "[[\"a\"]]", None),
        ("sum", "[1]", None),
        ("note", "\"x\"", None),
        ("20", "\"x\"", None),
        ("f20", "\"x\"", None),
    ] {
        let expected = expected.map(|(code, field): (W, &str)| (code, field.to_owned()));
        assert_eq!(warned(name, value), expected, "{name}: {value}");
    }
}

#[test]
fn what_is_required_is_asked_for_but_not_of_drafts() {
    let mut definition = definition();
    let first = |field: &mut FormField| field.required = true;
    definition.fields.iter_mut().filter(|field| field.id == "name").for_each(first);
    for field in &mut definition.fields {
        if field.field_type == FieldType::Block {
            field.fields[0].required = true;
        }
    }
    let fields = |body: &str| -> Vec<String> {
        let submitted = submit(&definition, &json(body)).unwrap();
        let required = submitted.warnings.iter();
        let required = required.filter(|warning| warning.code == WarningCode::Required);
        required.map(|warning| warning.field.clone()).collect()
    };
    assert_eq!(fields(r#"{"data":{}}"#), ["name"]);
    assert_eq!(fields(r#"{"data":{"name":"a","people":[{"first":"b"},{}]}}"#), ["people[1].first"]);
    assert_eq!(fields(r#"{"data":{},"meta":{"draft":true}}"#), [""; 0]);
}

#[test]
fn two_files_of_one_name_are_both_kept() {
    let body = json(
        r#"{"data":{"photo":{"filename":"a.txt","content":"YQ=="},
            "people":[{"portrait":{"filename":"a.txt","content":"Yg=="}},
                      {"portrait":{"filename":"a.txt","content":"YQ=="}}]}}"#,
    );
    let submitted = submit(&definition(), &body).unwrap();
    let names: Vec<&str> = submitted.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["a.txt", "a-2.txt"]);
    assert_eq!(submitted.warnings.len(), 1);
    assert_eq!(submitted.warnings[0].code, WarningCode::FileRenamed);
    assert_eq!(submitted.submission.attachments.len(), 2);
}

#[test]
fn a_body_is_refused_in_the_words_that_clients_know() {
    for (body, expected) in [
        ("[]", "Invalid payload."),
        ("\"x\"", "Invalid payload."),
        (r#"{"data":[]}"#, "Invalid data parameter."),
        (r#"{"data":null}"#, "Invalid data parameter."),
        (r#"{"fields":"x"}"#, "Invalid data parameter."),
        (r#"{"data":{},"user":"x"}"#, "Invalid user parameter."),
    ] {
        assert_eq!(submit(&definition(), &json(body)).unwrap_err().name(), expected, "{body}");
    }
    let world = World::new();
    for (body, expected) in [
        ("[]", "Payload is not a dict."),
        ("{}", "Missing data entry in payload."),
        (r#"{"data":1}"#, "Invalid data parameter."),
    ] {
        let edited = edit(&world.definition, &world.submission, &world.files, &json(body));
        assert_eq!(edited.unwrap_err().name(), expected, "{body}");
    }
    for (content_type, expected) in [
        (Some("application/json"), Ok(())),
        (Some("Application/JSON; charset=utf-8"), Ok(())),
        (Some("text/plain"), Err(BadBody::NotJson)),
        (None, Err(BadBody::NotJson)),
    ] {
        assert_eq!(check_content_type(content_type), expected);
    }
    assert_eq!(BadBody::NotJson.name(), "Expected JSON but missing appropriate content-type.");
}

#[test]
fn who_and_how_are_read() {
    let body = json(
        r#"{"data":{},"meta":{"draft":true,"backoffice-submission":true},
            "user":{"NameID":["a","b"],"email":"x@example.org"},
            "context":{"channel":"Social Network","user_id":7,"comments":"hello"}}"#,
    );
    let submitted = submit(&definition(), &body).unwrap();
    assert!(submitted.is_draft && submitted.is_backoffice);
    assert_eq!(submitted.channel, Channel::SocialNetwork);
    assert_eq!(submitted.user_id.as_deref(), Some("7"));
    assert_eq!(submitted.context.unwrap().to_json(), r#"{"comments":"hello"}"#);
    let expected = UserClaim {
        name_ids: vec!["a".to_owned(), "b".to_owned()],
        email: Some("x@example.org".to_owned()),
    };
    assert_eq!(submitted.user, Some(expected));
    assert_eq!(submitted.warnings, []);
    let plain = submit(&definition(), &json("{}")).unwrap();
    assert!(!plain.is_draft && !plain.is_backoffice && plain.user.is_none());
    assert_eq!((plain.channel, plain.context), (Channel::Web, None));
    let strange = submit(&definition(), &json(r#"{"context":{"channel":"pigeon"}}"#)).unwrap();
    assert_eq!(
        warnings_value(&strange.warnings).to_json(),
        r#"[{"code":"unknown-channel","field":"context.channel","text":"There is no channel of the name that stands in context.channel; web is taken.","value":"pigeon"}]"#
    );
}

#[test]
fn warnings_are_bounded() {
    let keys: Vec<String> = (0..150).map(|key| format!("\"k{key}\":1")).collect();
    let body = format!(r#"{{"data":{{{}}}}}"#, keys.join(","));
    assert_eq!(submit(&definition(), &json(&body)).unwrap().warnings.len(), 100);
    let long = format!(r#"{{"data":{{"amount":"{}"}}}}"#, "é".repeat(200));
    let submitted = submit(&definition(), &json(&long)).unwrap();
    assert_eq!(submitted.warnings[0].value.as_ref().unwrap().chars().count(), 61);
}

#[test]
fn an_edit_changes_what_it_names() {
    let mut world = World::new();
    let was = Node::Answer(Answer::text("was"));
    world.progress.backoffice_values.members.push(("other".to_owned(), was));
    let edited =
        |body: &str| edit(&world.definition, &world.submission, &world.files, &json(body)).unwrap();
    let text = |submission: &fieldpost_model::submission::Submission, key: &str| {
        submission.values.answer(&[key]).unwrap().written().to_owned()
    };
    let one = edited(r#"{"data":{"name":"Anne","note":"seen","day":"never","sum":8,"other":1}}"#);
    assert_eq!(text(&one.submission, "name"), "Anne");
    assert_eq!(text(&one.submission, "day"), "2026-11-23", "nonsense changes nothing");
    assert_eq!(text(&one.submission, "email"), "marie@example.net");
    // Of the lifecycle's own fields it has those alone that it changes: the others may change meanwhile.
    let [(key, Node::Answer(note))] = &*one.backoffice_values.members else { panic!("{one:?}") };
    assert_eq!((key.as_str(), note.written()), ("note", "seen"));
    assert!(one.changes(&world.submission, &world.progress));
    let noted = edited(r#"{"data":{"note":"seen"}}"#);
    assert!(noted.changes(&world.submission, &world.progress));
    let mut after = world.progress.clone();
    after.backoffice_values = noted.backoffice_values.clone();
    assert!(!noted.changes(&world.submission, &after));
    assert_eq!(one.submission.values.extra[0].1.to_json(), "8");
    assert_eq!(one.changed, ["name", "sum", "note"]);
    let codes: Vec<_> = one.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, [WarningCode::NotADate, WarningCode::UnknownKey]);
    let emptied = edited(r#"{"data":{"name":null,"people":[]}}"#);
    assert_eq!(emptied.submission.values.answer(&["name"]).unwrap().value, AnswerValue::Empty);
    assert_eq!(emptied.submission.values.get("people"), Some(&Node::Repeat(Vec::new())));
    // A file that was pulled without its content stays; one of the same name and other bytes is new.
    let same = edited(r#"{"data":{"photo":{"filename":"a.txt","url":"x"}}}"#);
    assert_eq!(same.submission, world.submission);
    let other = edited(r#"{"data":{"photo":{"filename":"a.txt","content":"YQ=="}}}"#);
    assert_eq!(text(&other.submission, "photo"), "a-2.txt");
    assert_eq!(other.submission.attachments.len(), world.submission.attachments.len() + 1);
}

#[test]
fn cards_are_imported() {
    let body = json(
        r#"{"data":[{"uuid":"u-1","fields":{"name":"a","kind_raw":"2"}},
                    {"id":7,"data":{"name":"b","nme":"c"}}]}"#,
    );
    let cards = cards_json(&definition(), &body).unwrap();
    let ids: Vec<_> = cards.cards.iter().map(|card| card.id.as_deref()).collect();
    assert_eq!(ids, [Some("u-1"), Some("7")]);
    assert_eq!(cards.warnings.len(), 1);
    assert_eq!(cards.warnings[0].field, "[1].nme");
    assert!(cards_json(&definition(), &json("[]")).is_err());
    let strange = vec![r#"{"data": {"nme": "x", "nmae": "y"}}"#; 60].join(",");
    let cards = cards_json(&definition(), &json(&format!("{{\"data\": [{strange}]}}"))).unwrap();
    assert_eq!((cards.warnings.len(), cards.warned, cards.cards.len()), (100, 120, 60));
    let text = "name;amount;People count;kinds;photo\nAnn;5,5;x;1|2;\n;7;;;\n";
    let cards = cards_csv(&definition(), text).unwrap();
    assert_eq!(cards.cards.len(), 2);
    let values = &cards.cards[0].content.submission.values;
    assert_eq!(values.answer(&["amount"]).unwrap().written(), "5.5");
    assert_eq!(values.answer(&["kinds"]).unwrap().written(), "1 2");
    let codes: Vec<_> =
        cards.warnings.iter().map(|warning| (warning.code, warning.field.as_str())).collect();
    assert_eq!(
        codes,
        [(WarningCode::UnknownKey, "People count"), (WarningCode::Converted, "[0].amount")]
    );
    assert!(cards_csv(&definition(), "").is_err());
}
