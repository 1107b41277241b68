//! Who may make what happen: triggers, buttons, hooks, comments, edits and files, with the texts of w.c.s.

use fieldpost_model::progress::Part;

use super::*;

const UNSUFFICIENT: &str = "Unsufficient roles.";

#[test]
fn a_trigger_is_taken_by_those_it_names() {
    for (by, caller, expected) in [
        (vec![], signed(), Ok(())),
        (vec![], Caller::nobody(), Err("User not authenticated.")),
        (receiver(), agent(), Ok(())),
        (receiver(), stranger(), Err(UNSUFFICIENT)),
        (receiver(), Caller::nobody(), Err("User not authenticated.")),
    ] {
        let mut scene = Scene::sent(vec![
            status("a", vec![trigger("b", "t", by.clone())]),
            status("b", vec![]),
        ]);
        let done = scene.trigger(&caller, "t", Sent::Nothing).map(drop);
        match expected {
            Ok(()) => {
                done.unwrap();
                assert_eq!(scene.status(), "b", "{by:?} {caller:?}");
            }
            Err(text) => {
                denied(done, 403, text);
                assert_eq!(scene.status(), "a", "{by:?} {caller:?}");
            }
        }
    }
}

#[test]
fn a_trigger_that_cannot_be_taken_says_why() {
    let first = when(status("a", vec![trigger("b", "t", vec![])]), "form_var_name == 'Other'");
    let mut scene = Scene::sent(vec![first, status("b", vec![])]);
    denied(scene.trigger(&signed(), "t", Sent::Nothing), 403, "Unmet condition.");
    let unknown = scene.trigger(&signed(), "u", Sent::Nothing).unwrap_err();
    assert_eq!(unknown.status, 404);
    let mut scene = Scene::sent(vec![status("a", vec![trigger("gone", "t", vec![])])]);
    let broken = scene.trigger(&signed(), "t", Sent::Nothing).unwrap_err();
    assert_eq!(broken.status, 400);
    assert!(check_trigger_method("POST").is_ok() && check_trigger_method("PUT").is_ok());
    denied(check_trigger_method("GET"), 403, "Wrong HTTP method (must be POST or PUT).");
}

#[test]
fn what_comes_with_a_trigger_becomes_data() {
    for (sent, expected) in [
        (Sent::Nothing, "{}"),
        (Sent::Json(json(r#"{"a":1}"#), Vec::new()), r#"{"a":1}"#),
        (Sent::Json(json("[1]"), Vec::new()), r#"{"t":[1]}"#),
    ] {
        let mut scene =
            Scene::sent(vec![status("a", vec![trigger("b", "t", vec![])]), status("b", vec![])]);
        scene.trigger(&signed(), "t", sent).unwrap();
        assert_eq!(scene.data(), expected);
    }
}

#[test]
fn a_button_is_pressed_by_those_it_names() {
    let press = || Happening::Button { action: "1".to_owned() };
    let scene =
        || Scene::sent(vec![status("a", vec![button("b", receiver())]), status("b", vec![])]);
    let mut pressed = scene();
    pressed.step(&agent(), press()).unwrap();
    assert_eq!(pressed.status(), "b");
    denied(scene().step(&stranger(), press()), 403, UNSUFFICIENT);
    let other = Happening::Button { action: "9".to_owned() };
    assert_eq!(scene().step(&agent(), other).unwrap_err().status, 404);
}

#[test]
fn a_hook_is_closed_unless_it_names_somebody() {
    let fire = |id: &str| Happening::Hook {
        id: id.to_owned(),
        sent: Sent::Json(json(r#"{"x":1}"#), Vec::new()),
        bypass: false,
    };
    for (hook, caller, is_open) in [
        (vec![], signed(), false),
        (vec![Who::SignedCalls], signed(), true),
        (vec![Who::SignedCalls], stranger(), false),
        (receiver(), agent(), true),
        (receiver(), stranger(), false),
    ] {
        let mut scene = Scene::new(vec![status("a", vec![]), status("b", vec![])]);
        let action = global("h", hook.clone(), vec![jump("b")]);
        scene.definition.lifecycle.global_actions = vec![action];
        scene.submit();
        let done = scene.step(&caller, fire("h"));
        assert_eq!(done.is_ok(), is_open, "{hook:?} {caller:?} {done:?}");
        assert_eq!(scene.status(), if is_open { "b" } else { "a" });
        assert_eq!(scene.step(&caller, fire("none")).unwrap_err().status, 404);
    }
}

#[test]
fn a_comment_stands_in_the_history() {
    let mut scene = Scene::sent(vec![status("a", vec![comment(receiver())])]);
    let say = |html: &str| Happening::Commented { action: None, html: html.to_owned() };
    denied(scene.step(&agent(), say(" ")), 400, "The comment is empty.");
    denied(scene.step(&stranger(), say("<p>no</p>")), 403, UNSUFFICIENT);
    scene.step(&agent(), say("<p>yes</p>")).unwrap();
    let last = scene.record.progress.history.last().unwrap();
    let part = Part::Comment { identifier: Some("note".to_owned()), html: "<p>yes</p>".to_owned() };
    assert_eq!((&last.parts, last.status.as_deref()), (&vec![part], None));
}

#[test]
fn answers_are_changed_where_the_status_lets_one() {
    let edited = |scene: &Scene| {
        let mut submission = scene.record.submission.clone();
        submission.values.members[0].1 = Node::Answer(Answer::text("Awa"));
        Happening::Edited { action: None, submission: Box::new(submission), files: Vec::new() }
    };
    let mut scene = Scene::new(vec![status("a", vec![edit(receiver())])]);
    let change = edited(&scene);
    denied(scene.step(&agent(), change.clone()), 403, "Formdata is not editable (still a draft).");
    scene.submit();
    denied(scene.step(&stranger(), change.clone()), 403, "Formdata is not editable by given user.");
    let effects = scene.step(&agent(), change.clone()).unwrap();
    assert!(effects.contains(&Effect::NewVersion));
    let name = scene.record.submission.values.answer(&["name"]).unwrap();
    assert_eq!(name.lexical.as_deref(), Some("Awa"));
    // The same once more is no version.
    assert_eq!(scene.step(&agent(), change).unwrap(), []);
}

#[test]
fn what_another_system_changes_is_followed_by_what_templates_make_of_it() {
    let mut scene = Scene::new(vec![status("a", vec![call()])]);
    scene.definition.digest_template = Some("{{ form_var_name }}".to_owned());
    scene.definition.id_template = Some("{{ form_var_name|lower }}".to_owned());
    scene.definition.fields.push(FormField {
        template: Some("{{ form_var_name|upper }}".to_owned()),
        ..FormField::new("loud", FieldType::Computed)
    });
    let change = |scene: &mut Scene, name: &str| {
        scene.record.submission.values.members[0].1 = Node::Answer(Answer::text(name));
        scene.pass(1);
        assert_eq!(scene.step(&Caller::nobody(), Happening::Changed).unwrap(), []);
        assert_eq!(scene.record.progress.updated_at, scene.now);
    };
    // A draft has no digest yet; a record that waits for a call goes on waiting.
    change(&mut scene, "Awa");
    assert_eq!((scene.record.progress.is_draft(), &scene.record.progress.digest), (true, &None));
    scene.submit();
    let before = scene.record.progress.clone();
    change(&mut scene, "Binta");
    let progress = &scene.record.progress;
    assert_eq!(progress.digest.as_deref(), Some("Binta"));
    assert_eq!((progress.natural_id.as_deref(), &*progress.display_id), (Some("binta"), "binta"));
    assert_eq!(scene.record.submission.values.extra, [("loud".to_owned(), Json::from("BINTA"))]);
    assert_eq!((&progress.history, &progress.waiting), (&before.history, &before.waiting));
}

#[test]
fn a_file_is_added_by_those_who_may() {
    let attach = ActionKind::Attach(fieldpost_model::lifecycle::Attach {
        by: receiver(),
        ..Default::default()
    });
    let mut scene = Scene::sent(vec![status("a", vec![attach])]);
    let add = || Happening::Attached { action: None, file: file("a.txt") };
    denied(scene.step(&stranger(), add()), 403, UNSUFFICIENT);
    scene.step(&agent(), add()).unwrap();
    assert_eq!(scene.record.files, [file("a.txt")]);
}

/// What pages offer, who is told that something waits for them, and whom a record concerns say one thing.
#[test]
fn who_can_do_something_is_who_it_waits_for() {
    let comment = |by: Vec<Who>| ActionKind::Comment(Comment { by, ..Comment::default() });
    let statuses = || {
        let others = comment(vec![Who::Role("others".to_owned())]);
        let mut first = status("a", vec![comment(receiver()), others, trigger("b", "t", vec![])]);
        first.actions[0].condition = Some("form_var_name == 'Other'".to_owned());
        first.actions[1].condition = Some("form_var_name == 'Amina'".to_owned());
        vec![first, status("b", vec![comment(receiver())])]
    };
    for (to_b, is_anonymised) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut scene = Scene::sent(statuses());
        if to_b {
            scene.trigger(&signed(), "t", Sent::Nothing).unwrap();
        }
        if is_anonymised {
            scene.record.progress.anonymised_at = Some(scene.record.progress.received_at);
        }
        let other = Caller { roles: vec!["others".to_owned()], ..Caller::default() };
        for caller in [agent(), other, stranger(), Caller::nobody()] {
            let machine = scene.machine();
            let by_hand =
                |it: &Available| !matches!(it, Available::Trigger(_) | Available::Hook(_));
            let is_offered = machine.available(&scene.record, &caller).iter().any(by_hand);
            let acting = machine.acting(&scene.record);
            let acts = acting.include(&caller, &scene.record.progress);
            assert_eq!(is_offered, acts, "{caller:?} {to_b} {is_anonymised}");
            let concerned = machine.concerned(&scene.record);
            assert!(!acts || concerned.include(&caller, &scene.record.progress), "{caller:?}");
        }
    }
}

#[test]
fn files_in_what_is_sent_are_kept_beside_those_of_answers() {
    let file = |digest: u8| StoredFile {
        name: "a.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        bytes: 1,
        sha256: [digest; 32],
    };
    let mut scene =
        Scene::sent(vec![status("a", vec![trigger("b", "t", vec![])]), status("b", vec![])]);
    scene.record.files = vec![file(1)];
    let sent = Sent::Json(json(r#"{"x":1}"#), vec![file(2), file(1)]);
    scene.trigger(&signed(), "t", sent).unwrap();
    assert_eq!(scene.record.files, [file(1), file(2)]);
}
