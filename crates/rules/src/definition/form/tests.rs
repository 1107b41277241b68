//! Forms: what is read, what is refused and how, what is warned of, and what is written back.

use std::collections::BTreeSet;
use std::time::Duration;

use fieldpost_model::form::{AnswerType, FieldKind};
use fieldpost_model::form_definition::{
    AnonymiseMode, DisplayLocation, Drafts, FieldType, FormDefinition, TrackingCodes, column_key,
};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{
    ActionKind, Anchor, Anonymise, Call, CallFiles, CallMethod, CallResponse, Criticality,
    ErrorPolicies, ErrorPolicy, Function, Jump, JumpTarget, Lifecycle, MailTo, Who,
};

use super::super::{CODES, yaml};
use super::{form_references, form_warnings, read_form, read_stored_form, write_form};

pub(in crate::definition) mod arbitrary;
mod mistakes;

/// A form with every key.
const REQUEST: &str = include_str!("tests/request.yaml");

fn value_of(text: &str) -> Value<'static> {
    yaml::read(text, &|_| None).unwrap_or_else(|problems| panic!("{}\n{text}", problems[0]))
}

#[track_caller]
fn form(text: &str) -> FormDefinition {
    read_form("request", &value_of(text)).unwrap_or_else(|problems| {
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}\n{text}", told.join("\n"))
    })
}

fn function(id: &str) -> Who {
    Who::Function(id.to_owned())
}

fn role(id: &str) -> Who {
    Who::Role(id.to_owned())
}

#[test]
fn what_a_form_says_of_itself_is_read() {
    let form = form(REQUEST);
    assert_eq!((&*form.name, &*form.title), ("request", "A request"));
    assert_eq!(form.description, "Ask for a thing.\nOr two.\n");
    assert_eq!(form.category.as_deref(), Some("Requests"));
    assert_eq!(form.keywords, ["thing", "two"]);
    assert!(form.disabled && form.only_allow_one);
    assert_eq!(form.submitters, [Who::LoggedIn, role("agents")]);
    assert_eq!(form.submission_roles, ["agents"]);
    assert_eq!(
        form.tracking_codes,
        Some(TrackingCodes { verify_fields: vec!["email".to_owned()] })
    );
    let lifespan = Duration::from_hours(30 * 24);
    assert_eq!(form.drafts, Some(Drafts { lifespan, max_per_user: 2 }));
    assert_eq!(form.digest_template.as_deref(), Some("{{ form_var_email }}"));
    assert_eq!(form.id_template.as_deref(), Some("R-{{ form_number_raw }}"));
    assert_eq!(form.geolocation.as_deref(), Some("position"));
}

#[test]
fn what_is_left_out_is_as_at_wcs() {
    let form = form("fields: []");
    let usual = FormDefinition {
        name: "request".to_owned(),
        title: "request".to_owned(),
        drafts: Some(Drafts::DEFAULT),
        lifecycle: Lifecycle::usual(),
        ..FormDefinition::default()
    };
    assert_eq!(form, usual);
    assert_eq!(write_form(&form).to_json(), r#"{"fields":[]}"#);
}

#[test]
fn truth_is_enough_for_codes_and_drafts() {
    let read = |keys: &str| form(&format!("{keys}\nfields: []"));
    assert_eq!(read("tracking_codes: true").tracking_codes, Some(TrackingCodes::default()));
    assert_eq!(read("tracking_codes: false").tracking_codes, None);
    assert_eq!(read("drafts: false").drafts, None);
    assert_eq!(read("drafts: true").drafts, Some(Drafts::DEFAULT));
    assert_eq!(
        read("drafts: { max_per_user: 1 }").drafts.unwrap().lifespan,
        Drafts::DEFAULT.lifespan
    );
}

#[test]
fn fields_are_read_with_what_their_type_leaves_open() {
    let form = form(REQUEST);
    let field = |key: &str| form.field(key).unwrap_or_else(|| panic!("{key}"));
    let email = field("email");
    assert_eq!((email.id.as_str(), &*email.label, email.required), ("email", "E-mail", true));
    assert_eq!(email.hint, "Where we can answer.");
    assert_eq!(email.anonymise, AnonymiseMode::Intermediate);
    let listed = [DisplayLocation::Summary, DisplayLocation::Listings];
    assert_eq!(email.display_locations, listed);
    let kind = field("kind");
    assert_eq!(kind.anonymise, AnonymiseMode::No, "what is picked from a list names nobody");
    assert_eq!(kind.items[0].text, "one");
    assert_eq!(kind.items[1].attributes[0].0, "colour");
    assert_eq!((&*kind.items[2].id, &*kind.items[2].text), ("three", "three"));
    assert_eq!(field("people_first").label, "First name");
    assert_eq!(field("f12").name, None, "without a name, the id is the key");
    assert_eq!(
        field("fother-position".replace('-', "_").as_str()).name.as_deref(),
        Some("position")
    );
    assert_eq!(field("hours").columns, ["From", "To"]);
    assert_eq!(field("hours").rows, ["Monday", "Tuesday"]);
    assert_eq!(field("full").template.as_deref(), Some("{{ form_var_email }}!"));
    assert_eq!(form.fields[0].id, "page-1");
}

#[test]
fn the_form_of_the_hub_follows_from_the_definition() {
    let definition = form(REQUEST);
    let form = definition.form();
    assert_eq!((&*form.name, form.form_id.as_deref()), ("request", Some("request")));
    let kind = |path: &[&str]| match &form.field(path)?.kind {
        FieldKind::Group(_) => Some("group"),
        FieldKind::Repeat(_) => Some("repeat"),
        FieldKind::Leaf(leaf) => Some(leaf.answer.name()),
    };
    let column = column_key(0);
    for (path, expected) in [
        (&["email"][..], Some(AnswerType::Text.name())),
        (&["agreed"], Some("boolean")),
        (&["amount"], Some("decimal")),
        (&["day"], Some("date")),
        (&["kind"], Some("select-one")),
        (&["kinds"], Some("select-many")),
        (&["wishes"], Some("rank")),
        (&["photo"], Some("file")),
        (&["position"], Some("geopoint")),
        (&["people"], Some("repeat")),
        (&["people", "first"], Some("text")),
        (&["hours"], Some("repeat")),
        (&["hours", &column], Some("text")),
        (&["f12"], Some("text")),
        (&["fother_position"], Some("geopoint")),
        (&["full"], None),
        (&["page-1"], None),
    ] {
        assert_eq!(kind(path), expected, "{path:?}");
    }
    let email = form.field(&["email"]).unwrap();
    assert_eq!(email.labels.in_language(None), Some("E-mail"));
    assert_eq!(email.required.as_deref(), Some("true()"));
    let choices = &form.field(&["kind"]).unwrap().as_leaf().unwrap().choices;
    assert_eq!(choices[0].value, "1");
    assert_eq!(choices[0].labels.in_language(None), Some("one"));
}

#[test]
fn functions_and_statuses_are_read() {
    let lifecycle = form(REQUEST).lifecycle;
    let functions: Vec<_> = lifecycle
        .functions
        .iter()
        .map(|it| (it.id.as_str(), it.name.as_str(), it.role.as_deref()))
        .collect();
    assert_eq!(
        functions,
        [
            ("_receiver", "Recipient", Some("agents")),
            ("_manager", "Head of office", Some("leaders")),
            ("_other_side", "Other side", None),
        ]
    );
    let ids: Vec<_> = lifecycle.statuses.iter().map(|status| status.id.as_str()).collect();
    assert_eq!(ids, ["just_submitted", "new", "trouble", "finished"]);
    assert_eq!(
        lifecycle
            .statuses
            .iter()
            .map(fieldpost_model::lifecycle::Status::is_endpoint)
            .collect::<Vec<_>>(),
        [false, false, false, true]
    );
    let new = lifecycle.status("new").unwrap();
    assert_eq!(new.colour.as_deref(), Some("#ff8800"));
    assert_eq!(new.visible_to, [function("_receiver"), Who::Submitter]);
    assert_eq!(lifecycle.criticality_levels.len(), 2);
    assert_eq!(lifecycle.criticality_levels[1].colour.as_deref(), Some("#ff0000"));
    assert_eq!(lifecycle.backoffice_fields[0].id, "bo_decision");
    let purge = lifecycle.global_action("purge").unwrap();
    assert_eq!(purge.timeout.as_ref().unwrap().since, Anchor::Finalised);
    assert!(purge.by.is_empty() && purge.hook.is_empty());
    let escalate = lifecycle.global_action("escalate").unwrap();
    assert_eq!(escalate.hook, [Who::SignedCalls, role("agents")]);
    assert_eq!(escalate.timeout.as_ref().unwrap().since, Anchor::FirstArrival("new".to_owned()));
}

#[test]
fn actions_are_read_in_their_order() {
    let lifecycle = form(REQUEST).lifecycle;
    let kind = |status: &str, index: usize| &lifecycle.status(status).unwrap().actions[index].kind;
    let call = Call {
        label: "Register".to_owned(),
        name: Some("register".to_owned()),
        path: "/x/{{ form_number }}".to_owned(),
        method: CallMethod::Put,
        post: true,
        files: CallFiles::Links,
        post_data: vec![("a/b/0".to_owned(), "{{ form_var_email }}".to_owned())],
        query: vec![("n".to_owned(), "1".to_owned())],
        response: CallResponse::Attachment,
        file_field: Some("letter".to_owned()),
        on_error: ErrorPolicies {
            client: ErrorPolicy::Ignore,
            server: ErrorPolicy::Jump("trouble".to_owned()),
            ..ErrorPolicies::default()
        },
        record_errors: true,
        notify_on_errors: true,
        ..Call::new("dhis2")
    };
    assert_eq!(kind("just_submitted", 0), &ActionKind::Call(call));
    assert_eq!(kind("just_submitted", 1), &ActionKind::Jump(Jump::new("new")));
    let ActionKind::Mail(mail) = kind("new", 3) else { panic!("no mail") };
    assert_eq!(
        mail.to,
        [
            MailTo::Who(Who::Submitter),
            MailTo::Who(role("agents")),
            MailTo::Address("a@example.org".to_owned()),
            MailTo::Address("{{ form_var_email }}".to_owned()),
        ]
    );
    let ActionKind::Jump(jump) = kind("new", 4) else { panic!("no jump") };
    assert_eq!(jump.trigger.as_deref(), Some("finish"));
    assert_eq!(jump.by, [Who::SignedCalls, role("agents")]);
    let ActionKind::Jump(jump) = kind("new", 5) else { panic!("no jump") };
    assert!(jump.is_manual() && jump.sets_marker && jump.label == "Trouble");
    let ActionKind::Jump(jump) = kind("new", 6) else { panic!("no jump") };
    assert_eq!(jump.timeout, Some(Duration::from_hours(72)));
    assert!(!jump.is_manual() && !jump.is_automatic());
    let ActionKind::Jump(jump) = kind("trouble", 0) else { panic!("no jump") };
    assert_eq!(jump.to, JumpTarget::Previous);
    assert_eq!(lifecycle.status("trouble").unwrap().actions[0].id, "back");
    let purge = &lifecycle.global_action("purge").unwrap().actions;
    assert_eq!(purge[0].kind, ActionKind::Anonymise(Anonymise::Answers(AnonymiseMode::Final)));
    assert_eq!(purge[1].kind, ActionKind::Anonymise(Anonymise::UnlinkUser));
    assert_eq!(purge[2].kind, ActionKind::Delete);
    let escalate = &lifecycle.global_action("escalate").unwrap().actions;
    assert_eq!(escalate[0].kind, ActionKind::Criticality(Criticality::Raise));
    assert_eq!(escalate[1].kind, ActionKind::Criticality(Criticality::Set(1)));
    assert_eq!(escalate[0].condition.as_deref(), Some("form_var_amount > 5"));
}

#[test]
fn a_lifecycle_without_statuses_has_the_usual_ones() {
    let form = form("fields: []\nlifecycle: { functions: { _receiver: agents } }");
    let usual = Lifecycle::usual();
    assert_eq!(form.lifecycle.statuses, usual.statuses);
    let bound = Function { role: Some("agents".to_owned()), ..Function::receiver() };
    assert_eq!(form.lifecycle.functions, [bound]);
    let ends: Vec<_> =
        usual.statuses.iter().filter(|it| it.is_endpoint()).map(|it| it.id.as_str()).collect();
    assert_eq!(ends, ["rejected", "finished"]);
    assert_eq!(usual.first_status().unwrap().id, "just_submitted");
    assert!(!usual.first_status().unwrap().is_waitpoint(), "it is left at once");
    assert_eq!(form_warnings(&form), []);
}

#[test]
fn what_is_not_in_the_project_is_told_with_its_place() {
    let form = form(REQUEST);
    assert_eq!(form_references(&form, &["dhis2"], &["agents", "leaders"]), []);
    let problems = form_references(&form, &["dhis1"], &["agent", "leaders"]);
    let told: BTreeSet<(String, &str)> =
        problems.iter().map(|problem| (problem.path.clone(), problem.code)).collect();
    let expected: BTreeSet<(String, &str)> = [
        ("submitters[1]", "unknown-role"),
        ("submission_roles[0]", "unknown-role"),
        ("lifecycle.functions._receiver", "unknown-role"),
        ("lifecycle.statuses.just_submitted.actions[0].call.connection", "unknown-connection"),
        ("lifecycle.statuses.new.actions[3].mail.to[1]", "unknown-role"),
        ("lifecycle.statuses.new.actions[4].by[1]", "unknown-role"),
        ("lifecycle.statuses.new.actions[7].visible_to[0]", "unknown-role"),
        ("lifecycle.global_actions.escalate.hook[1]", "unknown-role"),
        ("lifecycle.global_actions.escalate.actions[2].assign._manager", "unknown-role"),
    ]
    .map(|(path, code)| (format!("forms.request.{path}"), code))
    .into();
    assert_eq!(told, expected);
    assert!(problems.iter().all(|it| it.hint.as_deref().unwrap().starts_with("did you mean")));
    let none = form_references(&form, &[], &[]);
    assert!(
        none.iter().all(|it| it.hint.as_deref().unwrap().starts_with("there is none: add one"))
    );
}

#[test]
fn what_is_likely_to_be_regretted_is_told() {
    let statuses = |text: &str| format!("fields: []\nlifecycle: {{ statuses: {{ {text} }} }}");
    for (text, path, code) in [
        ("a: {}, b: {}", "statuses.b", "unreachable-status"),
        (
            "a: { actions: [ { jump: b } ] }, b: { endpoint: true, actions: [ { jump: a, condition: x } ] }",
            "statuses.b.actions[0]",
            "endpoint-with-jump",
        ),
        (
            "a: { actions: [ { jump: b }, { delete: true } ] }, b: {}",
            "statuses.a.actions[1]",
            "unreachable-action",
        ),
        (
            "a: { actions: [ { comment: true, by: [_receiver] } ] }",
            "functions._receiver",
            "no-role-for-function",
        ),
    ] {
        let warned = form_warnings(&form(&statuses(text)));
        let told: Vec<_> = warned.iter().map(|it| (it.path.as_str(), it.code)).collect();
        assert_eq!(told, [(&*format!("forms.request.lifecycle.{path}"), code)], "{text}");
        assert!(CODES.contains(&code) && warned[0].hint.is_some(), "{code}");
    }
    for text in [
        "a: { actions: [ { jump: b, condition: x }, { delete: true } ] }, b: {}",
        "a: { actions: [ { jump: b, timeout: 1d } ] }, b: { endpoint: true, actions: [ { jump: a, timeout: 5d } ] }",
        "a: { actions: [ { call: { connection: c, on_error: { network: { jump: b } } } } ] }, b: {}",
        "a: { actions: [ { edit: true, then: b, by: [_submitter] } ] }, b: {}",
    ] {
        assert_eq!(form_warnings(&form(&statuses(text))), [], "{text}");
    }
    assert_eq!(form_warnings(&form(REQUEST)), []);
}

#[test]
fn a_form_with_everything_comes_back() {
    comes_back(&form(REQUEST));
}

#[track_caller]
fn comes_back(form: &FormDefinition) {
    let written = write_form(form);
    let text = yaml::write(&written);
    let read = yaml::read(&text, &|_| None).unwrap();
    assert_eq!(read, written, "{text}");
    let again =
        read_form(&form.name, &read).unwrap_or_else(|problems| panic!("{}\n{text}", problems[0]));
    assert_eq!(&again, form, "{text}");
}

#[test]
fn a_form_that_is_stored_is_read_under_any_name() {
    let value = value_of("fields: []");
    for name in super::RESERVED {
        let refused = read_form(name, &value).unwrap_err();
        assert_eq!(refused.iter().map(|it| it.code).collect::<Vec<_>>(), ["reserved-name"]);
        assert_eq!(read_stored_form(name, &value).unwrap().name, name);
    }
    let wrong = read_stored_form("backoffice", &value_of("fields: 1")).unwrap_err();
    assert_eq!(wrong[0].code, "wrong-type", "the rest is as strict");
}
