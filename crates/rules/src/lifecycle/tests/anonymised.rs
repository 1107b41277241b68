//! A record that was made anonymous for good: it goes on by itself, and nothing names anybody in it again.

use fieldpost_model::form_definition::{AnonymiseMode, FormField};
use fieldpost_model::lifecycle::{Anonymise, Attach, ErrorPolicies, ErrorPolicy, Geolocate};
use fieldpost_model::progress::Part;
use fieldpost_model::submission::{Geometry, GeometryKind, Position};

use super::*;

const ANONYMISED: &str = "Formdata is anonymised.";

fn anonymise(mode: AnonymiseMode) -> ActionKind {
    ActionKind::Anonymise(Anonymise::Answers(mode))
}

/// It calls; while the call is out, a hook makes it anonymous.
fn out(call: Call) -> Scene {
    let mut scene = Scene::new(vec![
        status("a", vec![ActionKind::Call(call), jump("b")]),
        status("b", vec![]),
        status("trouble", vec![]),
    ]);
    scene.definition.lifecycle.global_actions =
        vec![global("forget", vec![Who::SignedCalls], vec![anonymise(AnonymiseMode::Final)])];
    scene.submit();
    scene.step(&signed(), forget()).unwrap();
    assert!(scene.record.progress.anonymised_at.is_some());
    scene
}

fn forget() -> Happening {
    Happening::Hook { id: "forget".to_owned(), sent: Sent::Nothing, bypass: true }
}

fn named() -> Call {
    Call { name: Some("v".to_owned()), ..Call::new("dhis2") }
}

#[test]
fn a_call_that_was_out_leaves_nothing_and_still_leads_on() {
    for (outcome, expected) in [
        (
            CallOutcome {
                display_id: Some("AMINA-7".to_owned()),
                file: Some(file("amina.pdf")),
                ..good(&[("v_response", r#"{"name":"Amina"}"#), ("v_status", "200")])
            },
            "b",
        ),
        (bad(&[CallError::Server], Some(500)), "trouble"),
        (bad(&[CallError::Client], Some(404)), "a"),
    ] {
        let mut scene = out(Call {
            record_errors: true,
            notify_on_errors: true,
            file_field: Some("bo1".to_owned()),
            on_error: ErrorPolicies {
                server: ErrorPolicy::Jump("trouble".to_owned()),
                ..ErrorPolicies::default()
            },
            ..named()
        });
        let before = scene.record.clone();
        let effects = scene.ended(CallOutcome {
            url: "https://dhis2/amina".to_owned(),
            summary: "404 Not Found (Amina is unknown)".to_owned(),
            ..outcome
        });
        assert_eq!(scene.status(), expected);
        let (was, is) = (&before.progress, &scene.record.progress);
        assert_eq!((&is.data, &is.calls, &is.display_id), (&was.data, &was.calls, &was.display_id));
        assert_eq!(is.backoffice_values, was.backoffice_values);
        assert_eq!(scene.record.files, []);
        assert!(is.history.iter().all(|entry| entry.parts.is_empty() && entry.who.is_none()));
        let told = effects.iter().find_map(|effect| match effect {
            Effect::Notify { summary, .. } => Some(summary.as_str()),
            _ => None,
        });
        assert_eq!(
            told,
            [("trouble", "HTTP 500"), ("a", "HTTP 404")]
                .iter()
                .find_map(|(status, summary)| (*status == expected).then_some(*summary))
        );
        let seen = effects.iter().find_map(|effect| match effect {
            Effect::CallEnded { trouble: Some(trouble), .. } => Some(trouble),
            _ => None,
        });
        let seen = seen.map(|trouble| (trouble.summary.as_str(), &trouble.url));
        assert_eq!(seen, (expected == "a").then_some(("HTTP 404", &None)));
    }
}

#[test]
fn what_programs_left_goes_with_the_answers() {
    let mut scene = Scene::new(vec![status(
        "a",
        vec![call(), ActionKind::Attach(Attach::default()), trigger("end", "end", vec![])],
    )]);
    let end = status("end", vec![anonymise(AnonymiseMode::Final)]);
    scene.definition.lifecycle.statuses.push(end);
    scene.definition.id_template = Some("{{ form_var_name }}".to_owned());
    scene.submit();
    scene.ended(CallOutcome {
        url: "https://dhis2/amina".to_owned(),
        display_id: Some("AMINA-7".to_owned()),
        file: Some(file("amina.pdf")),
        ..good(&[("v_response", r#"{"name":"Amina"}"#)])
    });
    let progress = &scene.record.progress;
    assert_eq!((progress.display_id.as_str(), progress.calls.len()), ("AMINA-7", 1));
    assert_eq!(scene.record.files.len(), 1);
    scene.trigger(&signed(), "end", Sent::Json(json(r#"{"by":"Fred"}"#), Vec::new())).unwrap();
    let progress = &scene.record.progress;
    assert_eq!((progress.display_id.as_str(), &progress.natural_id), ("28", &None));
    assert_eq!((&progress.calls, scene.data()), (&vec![], "{}".to_owned()));
    assert_eq!(scene.record.files, []);
}

#[test]
fn nobody_can_do_anything_with_it_any_more() {
    let attach = ActionKind::Attach(Attach { by: receiver(), ..Attach::default() });
    let forgotten = || {
        let mut scene = Scene::new(vec![status(
            "a",
            vec![
                anonymise(AnonymiseMode::Final),
                comment(receiver()),
                edit(receiver()),
                attach.clone(),
                trigger("a", "t", vec![]),
                button("a", receiver()),
            ],
        )]);
        let by_hand = GlobalAction { by: receiver(), ..global("g", vec![], vec![jump("a")]) };
        let hook = global("h", vec![Who::SignedCalls], vec![jump("a")]);
        scene.definition.lifecycle.global_actions = vec![by_hand, hook];
        scene.submit();
        scene
    };
    let sent = || Sent::Json(json(r#"{"name":"Amina"}"#), Vec::new());
    let mut submission = forgotten().record.submission;
    submission.values.members[0].1 = Node::Answer(Answer::text("Amina"));
    for (caller, happening) in [
        (signed(), Happening::Trigger { name: "t".to_owned(), sent: sent(), bypass: true }),
        (agent(), Happening::Button { action: "6".to_owned() }),
        (agent(), Happening::GlobalAction { id: "g".to_owned() }),
        (signed(), Happening::Hook { id: "h".to_owned(), sent: sent(), bypass: true }),
        (
            agent(),
            Happening::Edited { action: None, submission: Box::new(submission), files: vec![] },
        ),
        (agent(), Happening::Commented { action: None, html: "<p>Amina</p>".to_owned() }),
        (agent(), Happening::Attached { action: None, file: file("amina.pdf") }),
    ] {
        let mut scene = forgotten();
        let before = scene.record.clone();
        denied(scene.step(&caller, happening), 403, ANONYMISED);
        assert_eq!(scene.record, before);
        assert_eq!(scene.machine().available(&scene.record, &caller), []);
    }
}

#[test]
fn what_happens_by_itself_afterwards_writes_no_answer_into_it() {
    let place = Position {
        longitude: "2.352219".to_owned(),
        latitude: "48.856613".to_owned(),
        altitude: None,
        accuracy: None,
    };
    let mut scene = Scene::new(vec![
        status("a", vec![anonymise(AnonymiseMode::Final), timeout("b", 60)]),
        status(
            "b",
            vec![
                ActionKind::SetFields(vec![(
                    "bo1".to_owned(),
                    "{{ form_var_place_lat }}".to_owned(),
                )]),
                ActionKind::Geolocate(Geolocate { from: "place".to_owned(), overwrite: true }),
                anonymise(AnonymiseMode::Final),
            ],
        ),
    ]);
    let kept = AnonymiseMode::No;
    scene
        .definition
        .fields
        .push(FormField { anonymise: kept, ..FormField::new("place", FieldType::Map) });
    scene.definition.geolocation = Some("place".to_owned());
    scene.definition.lifecycle.backoffice_fields = vec![FormField::new("bo1", FieldType::String)];
    let answer = Answer {
        lexical: Some("48.856613 2.352219".to_owned()),
        value: AnswerValue::Geometry(Geometry {
            kind: GeometryKind::Point,
            positions: vec![place],
        }),
    };
    scene.record.submission.values.members.push(("place".to_owned(), Node::Answer(answer)));
    scene.submit();
    let coarse = scene.record.progress.geolocation.clone().unwrap();
    assert_eq!((coarse.longitude.as_str(), coarse.latitude.as_str()), ("2.35", "48.86"));
    let first_time = scene.record.progress.anonymised_at;
    scene.pass(60);
    let effects = scene.time_comes();
    assert_eq!(scene.status(), "b");
    assert_eq!(problems(&effects), Vec::<&str>::new());
    assert!(!effects.contains(&Effect::NewVersion));
    let progress = &scene.record.progress;
    assert_eq!(progress.backoffice_values, Group::default());
    assert_eq!(progress.geolocation.as_ref(), Some(&coarse));
    assert_eq!(progress.anonymised_at, first_time);
}

#[test]
fn an_intermediate_one_keeps_the_files_that_something_still_names() {
    let mut scene = Scene::new(vec![status(
        "a",
        vec![
            ActionKind::Attach(Attach { by: receiver(), ..Attach::default() }),
            trigger("b", "t", vec![]),
        ],
    )]);
    scene
        .definition
        .lifecycle
        .statuses
        .push(status("b", vec![anonymise(AnonymiseMode::Intermediate)]));
    let photo = |key: &str| FormField {
        anonymise: AnonymiseMode::Intermediate,
        ..FormField::new(key, FieldType::File)
    };
    scene.definition.fields.push(photo("photo"));
    let answer = Answer { lexical: Some("p.jpg".to_owned()), value: AnswerValue::File };
    scene.record.submission.values.members.push(("photo".to_owned(), Node::Answer(answer)));
    scene.record.files = vec![file("p.jpg")];
    scene.submit();
    scene.step(&agent(), Happening::Attached { action: None, file: file("note.txt") }).unwrap();
    let sent = file("sent.txt");
    scene.trigger(&signed(), "t", Sent::File(sent)).unwrap();
    let left: Vec<&str> = scene.record.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(left, ["note.txt", "sent.txt"]);
    let is_attached = |part: &Part| matches!(part, Part::Attachment { .. });
    assert!(scene.record.progress.history.iter().any(|entry| entry.parts.iter().any(is_attached)));
}

#[test]
fn what_another_system_sends_of_it_is_made_anonymous_too() {
    let mut scene = Scene::sent(vec![status("a", vec![anonymise(AnonymiseMode::Final)])]);
    let forgotten = scene.record.clone();
    scene.pass(5);
    let name = Node::Answer(Answer::text("Amina"));
    scene.record.submission.values.members[0].1 = name;
    let effects = scene.step(&Caller::nobody(), Happening::Changed).unwrap();
    assert_eq!(effects, [Effect::Anonymised(AnonymiseMode::Final)]);
    assert_eq!(scene.record.submission, forgotten.submission);
    assert_eq!(scene.record.progress.anonymised_at, forgotten.progress.anonymised_at);
    assert_eq!(scene.record.progress.updated_at, scene.now);
}
