//! The way along the actions of a status, and from one status to the next.

use fieldpost_model::form_definition::{AnonymiseMode, FormField};
use fieldpost_model::lifecycle::{
    Anonymise, Assign, Criticality, CriticalityLevel, Geolocate, JumpTarget, Mail, MailTo,
};
use fieldpost_model::progress::Actor;
use fieldpost_model::submission::{Geometry, GeometryKind, Position};

use super::*;

fn changed(from: Option<&str>, to: &str) -> Effect {
    Effect::StatusChanged { from: from.map(str::to_owned), to: to.to_owned() }
}

#[test]
fn a_submission_arrives_in_the_first_status_and_goes_on() {
    let mut scene = Scene::new(vec![
        status("just_submitted", vec![jump("new")]),
        status("new", vec![trigger("end", "finish", vec![])]),
        status("end", vec![]),
    ]);
    let effects = scene.submit();
    assert_eq!(effects, [changed(None, "just_submitted"), changed(Some("just_submitted"), "new")]);
    assert_eq!(scene.way(), ["just_submitted", "new"]);
    let who: Vec<_> = scene.record.progress.history.iter().map(|entry| &entry.who).collect();
    assert_eq!(who, [&Some(Actor::Submitter), &None]);
    denied(scene.step(&agent(), Happening::Submitted), 400, "Formdata is already submitted.");
}

#[test]
fn somebody_who_fills_in_for_another_stands_in_the_history() {
    let mut scene = Scene::new(vec![status("a", vec![])]);
    scene.record.progress.origin.is_backoffice = true;
    scene.step(&agent(), Happening::Submitted).unwrap();
    assert_eq!(scene.record.progress.history[0].who, Some(Actor::User(person(2, "Fred"))));
}

#[test]
fn a_form_without_a_status_takes_nothing() {
    let mut scene = Scene::new(vec![]);
    denied(
        scene.step(&agent(), Happening::Submitted),
        400,
        "The form has no status to begin with.",
    );
}

#[test]
fn the_first_jump_whose_condition_holds_is_taken() {
    for (condition, expected) in [
        ("form_var_kind == 'one'", "b"),
        ("form_var_kind_raw == '1'", "b"),
        ("form_var_amount > 6", "c"),
        ("form_var_gone", "c"),
        ("{% if form_var_urgent %}yes{% endif %}", "b"),
    ] {
        let mut first = when(status("a", vec![jump("b")]), condition);
        first.actions.push(Action::new("2", jump("c")));
        let scene = Scene::sent(vec![first, status("b", vec![]), status("c", vec![])]);
        assert_eq!(scene.status(), expected, "{condition}");
    }
}

#[test]
fn a_condition_that_fails_does_not_hold_and_is_told() {
    let mut scene =
        Scene::new(vec![when(status("a", vec![jump("b")]), "form_var_x |"), status("b", vec![])]);
    let effects = scene.submit();
    assert_eq!(scene.status(), "a");
    assert_eq!(problems(&effects), ["condition-failed"]);
}

#[test]
fn jumps_without_waiting_end() {
    let mut scene = Scene::new(vec![status("a", vec![jump("b")]), status("b", vec![jump("a")])]);
    scene.bounds.jumps_without_waiting = 4;
    let effects = scene.submit();
    assert_eq!(scene.way(), ["a", "b", "a", "b", "a"]);
    assert_eq!(problems(&effects), ["too-many-jumps"]);
    // One fewer than the bound is no mistake.
    let mut statuses: Vec<Status> = (0..4)
        .map(|place| status(&place.to_string(), vec![jump(&(place + 1).to_string())]))
        .collect();
    statuses.push(status("4", vec![]));
    let mut scene = Scene::new(statuses);
    scene.bounds.jumps_without_waiting = 4;
    assert_eq!(problems(&scene.submit()), Vec::<&str>::new());
    assert_eq!(scene.status(), "4");
}

#[test]
fn a_jump_to_nowhere_is_told_and_the_submission_stays() {
    let mut scene = Scene::new(vec![status("a", vec![jump("gone"), jump("a")])]);
    assert_eq!(problems(&scene.submit()), ["unknown-status"]);
    assert_eq!(scene.status(), "a");
}

#[test]
fn a_marked_status_is_gone_back_to() {
    let back = ActionKind::Jump(Jump {
        to: JumpTarget::Previous,
        trigger: Some("back".to_owned()),
        ..Jump::new("")
    });
    let away = ActionKind::Jump(Jump {
        sets_marker: true,
        trigger: Some("away".to_owned()),
        ..Jump::new("b")
    });
    let mut scene = Scene::sent(vec![status("a", vec![away]), status("b", vec![back])]);
    scene.trigger(&signed(), "away", Sent::Nothing).unwrap();
    assert_eq!(scene.record.progress.markers, ["a"]);
    scene.trigger(&signed(), "back", Sent::Nothing).unwrap();
    assert_eq!((scene.status(), scene.record.progress.markers.len()), ("a", 0));

    // As many as the bound are kept, the latest.
    scene.bounds.markers = 1;
    scene.record.progress.markers = vec!["b".to_owned()];
    scene.trigger(&signed(), "away", Sent::Nothing).unwrap();
    assert_eq!(scene.record.progress.markers, ["a"]);
    scene.record.progress.markers.clear();
    denied(scene.trigger(&signed(), "back", Sent::Nothing), 400, "Broken jump or missing target.");
}

#[test]
fn a_jump_to_the_same_status_is_no_new_entry() {
    let mut scene = Scene::sent(vec![status("a", vec![trigger("a", "again", vec![])])]);
    scene.pass(5);
    scene.trigger(&signed(), "again", Sent::Nothing).unwrap();
    let [entry] = &scene.record.progress.history[..] else { panic!("one entry") };
    assert_eq!(entry.last_jump_at, Some(scene.now));
    assert_eq!(scene.record.progress.arrived_at, scene.now);
    assert_eq!(scene.record.progress.first_arrival("a"), Timestamp::parse(BEGINNING));
    assert_eq!(scene.record.progress.latest_arrival("a"), Some(scene.now));
}

#[test]
fn a_mail_goes_to_whom_it_is_meant_for() {
    let mail = |to| {
        let subject = "About\n{{ form_number }}".to_owned();
        ActionKind::Mail(Mail { to, subject, body: "Dear {{ form_var_name }}".to_owned() })
    };
    let to = vec![
        MailTo::Who(Who::Function("_receiver".to_owned())),
        MailTo::Who(Who::Role("agents".to_owned())),
        MailTo::Who(Who::Submitter),
        MailTo::Address("{{ form_var_email }}, other@example.org".to_owned()),
    ];
    let mut scene = Scene::new(vec![status("a", vec![mail(to)])]);
    let effects = scene.submit();
    let expected = MailPlan {
        number: 1,
        roles: vec!["agents".to_owned()],
        addresses: vec!["amina@example.org".to_owned(), "other@example.org".to_owned()],
        subject: "About 28".to_owned(),
        body: "Dear Amina".to_owned(),
    };
    assert_eq!(effects[1..], [Effect::Mail(expected)]);

    for (to, expected) in [
        (vec![], vec!["no-recipient"]),
        (vec![MailTo::Who(Who::Anyone)], vec!["no-recipient", "no-recipient"]),
        (vec![MailTo::Who(Who::Function("_manager".to_owned()))], vec!["no-recipient"]),
        (vec![MailTo::Address("no address".to_owned())], vec!["bad-address", "no-recipient"]),
        (vec![MailTo::Address("{{ x".to_owned())], vec!["bad-address", "no-recipient"]),
        (vec![MailTo::Address("{{ x| }}".to_owned())], vec!["template-failed", "no-recipient"]),
    ] {
        let mut scene = Scene::new(vec![status("a", vec![mail(to.clone())])]);
        assert_eq!(problems(&scene.submit()), expected, "{to:?}");
        assert_eq!(scene.record.progress.set_off, 0);
    }
}

#[test]
fn backoffice_fields_take_what_templates_make() {
    let fields = [
        ("label", "{{ form_var_kind }}!"),
        ("total", "{{ form_var_amount|multiply:2 }}"),
        ("day", "{{ now|date:'d/m/Y' }}"),
        ("open", "{{ form_var_urgent }}"),
        ("pick", "two"),
        ("many", "{{ form_var_kinds_raw }}"),
        ("where", "1.5;2.25"),
        ("all", "{{ form_var_kind_structured }}"),
        ("unfit", "many"),
        ("gone", "x"),
        ("broken", "{{ x| }}"),
    ];
    let fields = fields.map(|(key, template)| (key.to_owned(), template.to_owned())).to_vec();
    let mut scene = Scene::new(vec![status("a", vec![ActionKind::SetFields(fields)])]);
    scene.definition.lifecycle.backoffice_fields = vec![
        FormField::new("label", FieldType::String),
        FormField::new("total", FieldType::Numeric),
        FormField::new("day", FieldType::Date),
        FormField::new("open", FieldType::Bool),
        FormField { items: vec![Item::new("2", "two")], ..FormField::new("pick", FieldType::Item) },
        FormField::new("many", FieldType::Items),
        FormField::new("where", FieldType::Map),
        FormField::new("all", FieldType::Computed),
        FormField::new("unfit", FieldType::Numeric),
        FormField::new("broken", FieldType::String),
    ];
    let effects = scene.submit();
    assert_eq!(problems(&effects), ["no-such-field", "template-failed"]);
    assert!(effects.contains(&Effect::NewVersion));
    let group = &scene.record.progress.backoffice_values;
    let answers: Vec<(&str, &str)> = group
        .members
        .iter()
        .filter_map(|(key, node)| match node {
            Node::Answer(answer) => Some((&**key, answer.written())),
            _ => None,
        })
        .collect();
    assert_eq!(
        answers,
        [
            ("label", "one!"),
            ("total", "11"),
            ("day", "2026-01-05"),
            ("open", "True"),
            ("pick", "2"),
            ("many", "1 2"),
            ("where", "1.5 2.25"),
            ("unfit", "many"),
        ]
    );
    assert_eq!(group.extra[0].1.to_json(), r#"{"id":"1","text":"one","price":3}"#);
    let unfit = group.answer(&["unfit"]).unwrap();
    assert_eq!(unfit.value, AnswerValue::Unfit);
}

#[test]
fn the_other_actions_change_the_record_and_go_on() {
    let level = |name: &str| CriticalityLevel { name: name.to_owned(), colour: None };
    let assign = |function: &str| {
        ActionKind::Assign(Assign { function: function.to_owned(), role: "chiefs".to_owned() })
    };
    let mut scene = Scene::new(vec![
        status(
            "a",
            vec![
                ActionKind::Criticality(Criticality::Raise),
                ActionKind::Criticality(Criticality::Set(9)),
                ActionKind::Criticality(Criticality::Lower),
                assign("_manager"),
                assign("_gone"),
                ActionKind::Geolocate(Geolocate { from: "place".to_owned(), overwrite: false }),
                ActionKind::Geolocate(Geolocate { from: "gone".to_owned(), overwrite: true }),
                ActionKind::Anonymise(Anonymise::UnlinkUser),
                jump("b"),
            ],
        ),
        status("b", vec![ActionKind::Delete, jump("a")]),
    ]);
    scene.definition.lifecycle.criticality_levels = vec![level("low"), level("high"), level("red")];
    scene.definition.fields.push(FormField::new("place", FieldType::Map));
    scene.record.progress.user = Some(person(9, "Amina"));
    let position = Position {
        longitude: "2.25".to_owned(),
        latitude: "1.5".to_owned(),
        altitude: None,
        accuracy: None,
    };
    let geometry = Geometry { kind: GeometryKind::Point, positions: vec![position.clone()] };
    let answer =
        Answer { lexical: Some("1.5 2.25".to_owned()), value: AnswerValue::Geometry(geometry) };
    scene.record.submission.values.members.push(("place".to_owned(), Node::Answer(answer)));

    let step =
        scene.machine().step(&scene.record, &Caller::nobody(), &Happening::Submitted).unwrap();
    assert!(step.is_deleted() && step.next_due.is_none());
    assert_eq!(problems(&step.effects), ["unknown-function"]);
    let progress = &step.record.progress;
    assert_eq!(progress.criticality, 1);
    assert_eq!(progress.functions, [("_manager".to_owned(), vec!["chiefs".to_owned()])]);
    assert_eq!(progress.geolocation, Some(position));
    assert_eq!(progress.user, None);
    assert!(step.effects.contains(&Effect::Unlinked));
    assert_eq!(step.effects.last(), Some(&Effect::Deleted));
    assert_eq!(progress.status.as_deref(), Some("b"));
}

#[test]
fn what_is_anonymous_is_not_told_again_by_a_digest() {
    let how = ActionKind::Anonymise(Anonymise::Answers(AnonymiseMode::Final));
    let mut scene =
        Scene::new(vec![status("a", vec![trigger("b", "t", vec![])]), status("b", vec![how])]);
    scene.definition.digest_template = Some("{{ form_var_name }}".to_owned());
    scene.submit();
    assert_eq!(scene.record.progress.digest.as_deref(), Some("Amina"));
    let effects = scene.trigger(&signed(), "t", Sent::Nothing).unwrap();
    assert!(effects.contains(&Effect::Anonymised(AnonymiseMode::Final)));
    assert_eq!(scene.record.progress.digest, None);
    assert!(scene.record.progress.anonymised_at.is_some());
    assert_eq!(
        scene.record.submission.values.answer(&["name"]).and_then(|it| it.lexical.clone()),
        None
    );
}

#[test]
fn ids_digests_and_computed_fields_follow_the_answers() {
    let mut scene = Scene::new(vec![status("a", vec![edit(receiver())])]);
    scene.definition.id_template =
        Some("R{{ form_number_raw }}-{{ form_var_kind_raw }}".to_owned());
    scene.definition.digest_template =
        Some("{{ form_var_name }}: {{ form_var_double }}".to_owned());
    let mut double = FormField::new("double", FieldType::Computed);
    double.template = Some("{{ form_var_amount|multiply:2 }}".to_owned());
    scene.definition.fields.push(double);
    scene.submit();
    let progress = &scene.record.progress;
    assert_eq!(progress.natural_id.as_deref(), Some("R28-1"));
    assert_eq!(progress.display_id, "R28-1");
    assert_eq!(progress.digest.as_deref(), Some("Amina: 11"));

    let mut submission = scene.record.submission.clone();
    submission.values.members[0].1 = Node::Answer(Answer::text("Bintou"));
    submission.values.members[2].1 = Node::Answer(Answer::text("2"));
    scene
        .step(
            &agent(),
            Happening::Edited { action: None, submission: Box::new(submission), files: vec![] },
        )
        .unwrap();
    let progress = &scene.record.progress;
    assert_eq!(progress.display_id, "R28-2");
    assert_eq!(progress.digest.as_deref(), Some("Bintou: 11"));

    scene.definition.digest_template = Some("{{ x| }}".to_owned());
    let mut submission = scene.record.submission.clone();
    submission.values.members[0].1 = Node::Answer(Answer::text("Chantal"));
    let effects = scene
        .step(
            &agent(),
            Happening::Edited { action: None, submission: Box::new(submission), files: vec![] },
        )
        .unwrap();
    assert_eq!(problems(&effects), ["template-failed"]);
}

#[test]
fn what_is_made_when_it_is_sent_follows_from_nothing_but_what_was_sent() {
    let mut scene = Scene::new(vec![status("a", vec![])]);
    let computed = [
        ("forward", "{{ form_var_loud }}"),
        ("loud", "{{ form_var_name|upper }}"),
        ("twice", "{% if form_var_urgent %}{{ form_var_loud }}{{ form_var_loud }}{% endif %}"),
        ("whose", "{{ form_user_name }} {{ form_name }} {{ form_submission_channel }}"),
        ("between", "{{ form_var_name|age_in_days:'2026-01-01' }}"),
        ("numbered", "{{ form_var_name }} {{ form_number }}"),
        ("follows", "{{ form_var_numbered_raw|upper }}"),
        ("status", "{{ form_status|default:'x' }}"),
        ("noted", "[{{ form_var_note }}]"),
        // Each of these may say the same at two moments, however far apart they are.
        ("weekday", "{{ now|date:'l' }}"),
        ("hour", "{{ now|time:'H' }}"),
        ("evening", "{% if form_var_urgent %}{% now 'A' %}{% endif %}"),
        ("day", "{{ today|date:'j' }}"),
        ("age", "{{ '2026-01-01'|age_in_years }}"),
        ("broken", "{{ x| }}"),
    ];
    for (name, template) in computed {
        let mut field = FormField::new(name, FieldType::Computed);
        field.template = Some(template.to_owned());
        scene.definition.fields.push(field);
    }
    let note = FormField::new("note", FieldType::String);
    scene.definition.lifecycle.backoffice_fields.push(note);
    let extra = &mut scene.record.submission.values.extra;
    extra.extend(["weekday", "other"].map(|name| (name.to_owned(), Json::from("sent"))));
    let made = scene.machine().computed_when_sent(&scene.record);
    let made: Vec<&str> = made.values.extra.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(made, ["other", "loud", "twice", "whose", "between"]);
    // With the lifecycle all are there.
    let (all, problems) = scene.machine().computed(&scene.record);
    assert_eq!(all.values.extra.len(), computed.len());
    assert_eq!(problems.len(), 1);
}
