//! Calls: the way stops at one until it has ended, and what follows is the policy of its error.

use fieldpost_model::lifecycle::{ErrorPolicies, ErrorPolicy};
use fieldpost_model::progress::Part;

use super::*;

/// Two statuses: the first calls and goes on, the second is where trouble leads.
fn scene(call: Call) -> Scene {
    Scene::new(vec![
        status("a", vec![ActionKind::Call(call), jump("done")]),
        status("trouble", vec![]),
        status("done", vec![]),
    ])
}

fn named() -> Call {
    Call { name: Some("v".to_owned()), ..Call::new("dhis2") }
}

fn all(policy: &ErrorPolicy) -> ErrorPolicies {
    ErrorPolicies {
        app: policy.clone(),
        client: policy.clone(),
        server: policy.clone(),
        bad_data: policy.clone(),
        network: policy.clone(),
    }
}

#[test]
fn the_way_stops_at_a_call_and_goes_on_when_it_has_ended() {
    let mut scene = scene(named());
    let effects = scene.submit();
    assert_eq!(plan(&effects).connection, "dhis2");
    assert_eq!((scene.status(), scene.record.progress.is_busy()), ("a", true));
    // While it is out nothing else happens.
    denied(scene.trigger(&signed(), "none", Sent::Nothing), 404, &Refusal::not_found().description);
    let effects = scene.ended(good(&[("v_status", "200"), ("v_response", r#"{"id":"x1"}"#)]));
    assert!(matches!(effects[0], Effect::CallEnded { trouble: None, .. }), "{effects:?}");
    assert_eq!((scene.status(), scene.record.progress.is_busy()), ("done", false));
    assert_eq!(scene.data(), r#"{"v_status":200,"v_response":{"id":"x1"}}"#);
}

#[test]
fn the_end_of_a_call_counts_once() {
    let mut scene = scene(named());
    scene.submit();
    let number = scene.record.progress.waiting[0].number;
    scene.ended(good(&[("v_status", "200")]));
    let before = scene.record.clone();
    let again = Happening::CallEnded { number, outcome: Box::new(good(&[("v_status", "500")])) };
    assert_eq!(scene.step(&Caller::nobody(), again).unwrap(), []);
    assert_eq!(scene.record, before);
}

#[test]
fn each_error_has_its_policy() {
    for (error, code) in [
        (CallError::App, Some(200)),
        (CallError::Client, Some(404)),
        (CallError::Server, Some(503)),
        (CallError::BadData, Some(200)),
        (CallError::Network, None),
    ] {
        for (policy, expected) in [
            (ErrorPolicy::Ignore, "done"),
            (ErrorPolicy::Stop, "a"),
            (ErrorPolicy::Jump("trouble".to_owned()), "trouble"),
            (ErrorPolicy::Jump("gone".to_owned()), "a"),
        ] {
            let mut scene = scene(Call { on_error: all(&policy), record_errors: true, ..named() });
            scene.submit();
            let effects = scene.ended(bad(&[error], code));
            assert_eq!(scene.status(), expected, "{error:?} {policy:?}");
            let is_recorded =
                scene.record.progress.history.iter().any(|entry| {
                    entry.parts.iter().any(|part| matches!(part, Part::CallError { .. }))
                });
            // A jump takes the place of recording.
            assert_eq!(is_recorded, expected != "trouble", "{error:?} {policy:?}");
            // Where the error leads elsewhere, its author has thought of it.
            let told = effects.iter().find_map(|effect| match effect {
                Effect::CallEnded { place, trouble } => Some((&*place.action, trouble.clone())),
                _ => None,
            });
            let told = told.map(|(action, trouble)| (action, trouble.map(|it| it.status)));
            let expected_told = (expected != "trouble").then_some(("1", Some(code)));
            assert_eq!(told, expected_told, "{error:?} {policy:?}");
            let lost = policy == ErrorPolicy::Jump("gone".to_owned());
            assert_eq!(problems(&effects).contains(&"unknown-status"), lost, "{policy:?}");
        }
    }
}

#[test]
fn without_a_word_errors_go_as_in_w_c_s() {
    for (errors, code, expected) in [
        (vec![CallError::App], Some(200), "done"),
        (vec![CallError::Client], Some(404), "a"),
        (vec![CallError::Server], Some(500), "a"),
        (vec![CallError::BadData], Some(200), "done"),
        (vec![CallError::Network], None, "a"),
        // The program's own word is asked first, then the status.
        (vec![CallError::App, CallError::Client], Some(400), "a"),
    ] {
        let mut scene = scene(named());
        scene.submit();
        scene.ended(bad(&errors, code));
        assert_eq!(scene.status(), expected, "{errors:?}");
    }
}

#[test]
fn a_recorded_error_has_ten_thousand_bytes_at_most() {
    let mut scene = scene(Call { record_errors: true, ..named() });
    scene.submit();
    scene.ended(CallOutcome { data: vec![b'x'; 20_000], ..bad(&[CallError::Client], Some(404)) });
    let parts: Vec<_> = scene.record.progress.history.iter().flat_map(|it| &it.parts).collect();
    let [Part::CallError { summary, data, .. }] = parts[..] else { panic!("{parts:?}") };
    assert_eq!((&**summary, data.len()), ("404 Not Found", 10_000));
}

#[test]
fn a_program_can_name_the_submission() {
    for (outcome, expected) in [
        (CallOutcome { display_id: Some("X-7".to_owned()), ..good(&[]) }, Some("X-7")),
        (CallOutcome { display_id: Some(" ".to_owned()), ..good(&[]) }, None),
        (
            CallOutcome { display_id: Some("X-7".to_owned()), ..bad(&[CallError::App], Some(200)) },
            None,
        ),
    ] {
        let mut scene =
            scene(Call { method: fieldpost_model::lifecycle::CallMethod::Post, ..named() });
        scene.submit();
        let before = scene.record.progress.display_id.clone();
        scene.ended(outcome);
        let now = &scene.record.progress.display_id;
        assert_eq!(now, expected.unwrap_or(&before), "{expected:?}");
    }
}

#[test]
fn what_an_earlier_call_left_goes() {
    let mut scene = Scene::new(vec![status("a", vec![call(), trigger("a", "again", vec![])])]);
    scene.submit();
    scene.ended(bad(&[CallError::BadData], Some(200)));
    scene.trigger(&signed(), "again", Sent::Nothing).unwrap();
    scene.ended(good(&[("v_response", "1")]));
    assert_eq!(scene.data(), r#"{"v_response":1}"#);
}

#[test]
fn while_a_call_is_out_a_trigger_waits_unless_it_goes_past() {
    let mut scene =
        Scene::new(vec![status("a", vec![trigger("b", "t", vec![]), call()]), status("b", vec![])]);
    scene.submit();
    denied(
        scene.trigger(&signed(), "t", Sent::Nothing),
        403,
        "Formdata currently processing actions.",
    );
    let past = Happening::Trigger { name: "t".to_owned(), sent: Sent::Nothing, bypass: true };
    scene.step(&signed(), past).unwrap();
    assert_eq!(scene.status(), "b");
    // Its end is still kept, and leads nowhere from where the submission has gone on.
    scene.ended(good(&[("v_status", "200")]));
    assert_eq!((scene.status(), scene.data()), ("b", r#"{"v_status":200}"#.to_owned()));
}

#[test]
fn a_hook_that_goes_past_a_call_makes_no_second_one() {
    let fire = |id: &str| Happening::Hook {
        id: id.to_owned(),
        sent: Sent::Json(json("1"), Vec::new()),
        bypass: true,
    };
    let mut scene =
        Scene::new(vec![status("a", vec![call(), jump("b")]), status("b", vec![call()])]);
    let hook = |id: &str, actions| global(id, vec![Who::SignedCalls], actions);
    scene.definition.lifecycle.global_actions = vec![
        hook("calls", vec![call(), jump("b")]),
        hook("leads_on", vec![jump("b")]),
        hook("raises", vec![]),
    ];
    scene.submit();
    let before = scene.record.clone();
    denied(scene.step(&signed(), fire("calls")), 403, "Formdata currently processing actions.");
    assert_eq!(scene.record, before);
    // One that calls nobody goes past, and the first call is waited for as before.
    scene.step(&signed(), fire("raises")).unwrap();
    assert_eq!(scene.data(), r#"{"raises":1}"#);
    assert_eq!(scene.record.progress.waiting, before.progress.waiting);
    // One that leads elsewhere leaves the first call behind, so that another may be waited for.
    let effects = scene.step(&signed(), fire("leads_on")).unwrap();
    assert_eq!((scene.status(), plan(&effects).number), ("b", 2));
    let going_on: Vec<bool> = scene.record.progress.waiting.iter().map(|it| it.goes_on).collect();
    assert_eq!(going_on, [false, true]);
}

#[test]
fn a_call_without_an_address_is_not_made_and_says_why() {
    let mut scene = Scene::new(vec![
        status("a", vec![call(), trigger("b", "again", vec![])]),
        status(
            "b",
            vec![ActionKind::Call(Call {
                path: "/{{ form_var_name|wrong }}".to_owned(),
                ..named()
            })],
        ),
    ]);
    scene.submit();
    scene.ended(good(&[("v_status", "200"), ("v_response", "1")]));
    let effects = scene.trigger(&signed(), "again", Sent::Nothing).unwrap();
    assert_eq!(problems(&effects), ["template-failed"]);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Call(_))));
    let data = scene.record.progress.data.as_object().unwrap().to_vec();
    let [(key, value)] = &data[..] else { panic!("{data:?}") };
    assert_eq!(key.as_ref(), "v_payload_error");
    assert!(value.as_str().unwrap().contains("wrong"), "{value:?}");
    assert_eq!((scene.status(), &scene.record.progress.calls), ("b", &vec![]));
}
