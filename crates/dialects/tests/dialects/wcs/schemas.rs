//! Definitions of forms as the API gives them: what is in them, and that a form comes back from its own.

use std::time::Duration;

use fieldpost_dialects::wcs::schema::{MissingCode, read, write};
use fieldpost_model::form_definition::{Drafts, TrackingCodes};
use fieldpost_model::lifecycle::CriticalityLevel;
use proptest::prelude::*;

use super::*;

fn json(text: &str) -> Value<'static> {
    Value::parse(text.as_bytes()).unwrap().into_owned()
}

/// What is missing, as `code place`.
fn missing(document: &Value<'_>) -> Vec<String> {
    let found = read(document).unwrap();
    found.missing.iter().map(|it| format!("{} {}", it.code, it.place)).collect()
}

/// A schema in which ids stand twice, and in which roles are called as none can be here.
const REPEATED: &str = r#"{"name": "A", "url_name": "a",
    "fields": [
        {"id": "1", "label": "One", "type": "string", "varname": "one"},
        {"id": "1", "label": "Two", "type": "string"},
        {"id": "1-2", "label": "Three", "type": "string", "varname": "three"}
    ],
    "workflow": {"name": "W", "functions": {"_receiver": {"label": "R", "role": "Desk 1"}}, "statuses": [
        {"id": "new", "name": "New", "endpoint": true, "visible_to": ["Town clerks", "agents", "€"]},
        {"id": "new", "name": "New again", "endpoint": false},
        {"id": "new", "endpoint": true}
    ]}}"#;

#[test]
fn of_things_with_one_id_none_is_lost() {
    let document = Value::parse(REPEATED.as_bytes()).unwrap();
    let found = read(&document).unwrap();
    let form = &found.definition;
    let ids: Vec<&str> = form.fields.iter().map(|field| field.id.as_str()).collect();
    assert_eq!(ids, ["1", "1-2", "1-2-2"]);
    let statuses = form.lifecycle.statuses.iter();
    let statuses: Vec<_> = statuses.map(|it| (it.id.as_str(), it.name.as_str())).collect();
    assert_eq!(statuses, [("new", "New"), ("new-2", "New again"), ("new-3", "new")]);
    let seen: Vec<&str> = form.lifecycle.statuses[0].visible_to.iter().map(Who::name).collect();
    assert_eq!(seen, ["town-clerks", "agents"], "what is for some does not become for all");
    assert_eq!(form.lifecycle.functions[0].role.as_deref(), Some("desk-1"));
    let told = found.missing.iter().map(|it| format!("{} {}", it.code, it.path));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "twice fields.Two.id",
            "twice fields.three.id",
            "renamed lifecycle.statuses.new.visible_to.1",
            "left-out lifecycle.statuses.new.visible_to.3",
            "twice lifecycle.statuses.new-2",
            "status-actions lifecycle.statuses.new-2.actions",
            "twice lifecycle.statuses.new-3",
            "renamed lifecycle.functions._receiver.role",
        ]
    );
    let sentence = found.missing[4].what();
    let start = "There is one with this id already: this one has the id `new-2` here.";
    assert!(sentence.starts_with(start), "{sentence}");
    assert!(sentence.ends_with("The schema says `\"new\"`."), "{sentence}");
}

#[test]
fn a_schema_says_what_is_asked_and_which_statuses_there_are() {
    let document = write(&definition(), &[], false);
    assert_eq!(document.get("name").and_then(Value::as_str), Some("Request"));
    assert_eq!(document.get("url_name").and_then(Value::as_str), Some("request"));
    let fields = document.get("fields").unwrap().as_array().unwrap();
    assert_eq!(
        fields[0].to_json(),
        concat!(
            r#"{"type":"string","label":"name","varname":"name","required":false,"anonymise":"final","#,
            r#""display_locations":["listings"]}"#
        )
    );
    // Neither ids, which were not asked for, nor items, which never are in it.
    let text = document.to_json();
    assert!(!text.contains(r#""id":"name""#) && !text.contains("\"items\":["), "{text}");
    let block = fields.iter().find(|it| it.get("type").and_then(Value::as_str) == Some("block"));
    let inner = block.unwrap().path(&["schema", "fields"]).unwrap().as_array().unwrap();
    assert_eq!(inner.len(), 3);
    let with_ids = write(&definition(), &[], true);
    let first = &with_ids.get("fields").unwrap().as_array().unwrap()[0];
    assert_eq!(first.get("id").and_then(Value::as_str), Some("name"));
}

#[test]
fn hooks_and_triggers_are_named_by_what_programs_call_them() {
    let jump = Jump { trigger: Some("validate".to_owned()), ..Jump::new("end") };
    let status = |id: &str, actions: Vec<Action>| Status {
        id: id.to_owned(),
        name: id.to_uppercase(),
        actions,
        ..Status::default()
    };
    let mut definition = definition();
    definition.lifecycle = Lifecycle {
        name: "Requests".to_owned(),
        functions: vec![Function::receiver()],
        statuses: vec![
            status("new", vec![Action::new("1", ActionKind::Jump(jump))]),
            status("end", Vec::new()),
        ],
        global_actions: vec![
            GlobalAction {
                id: "close".to_owned(),
                name: "Close".to_owned(),
                hook: vec![Who::SignedCalls],
                ..GlobalAction::default()
            },
            GlobalAction {
                id: "by_hand".to_owned(),
                by: vec![Who::LoggedIn],
                ..GlobalAction::default()
            },
        ],
        ..Lifecycle::default()
    };
    let role = Role { id: "agents".to_owned(), name: "Agents".to_owned(), ..Role::default() };
    let document = write(&definition, &[role], false);
    let workflow = document.get("workflow").unwrap();
    assert_eq!(
        workflow.get("statuses").unwrap().to_json(),
        concat!(
            r#"[{"id":"new","name":"NEW","endpoint":false,"waitpoint":true,"forced_endpoint":false},"#,
            r#"{"id":"end","name":"END","endpoint":true,"waitpoint":true,"forced_endpoint":false}]"#
        )
    );
    assert_eq!(
        workflow.get("actions").unwrap().to_json(),
        r#"{"global-action:close":{"label":"Close"},"jump:validate":{"label":"validate"}}"#
    );
    assert_eq!(workflow.get("functions").unwrap().to_json(), r#"{"_receiver":"Recipient"}"#);
    assert_eq!(workflow.get("roles").unwrap().to_json(), r#"{"agents":"Agents"}"#);
    let told = missing(&document);
    for expected in [
        "status-actions new",
        "action global-action:close",
        "action jump:validate",
        "function-role _receiver",
    ] {
        assert!(told.contains(&expected.to_owned()), "{expected}: {told:?}");
    }
}

#[test]
fn what_cannot_be_taken_over_is_told() {
    let document = json(
        r#"{"name": "Newsletter", "keywords": "a, b", "enable_tracking_codes": true,
        "geolocations": {"base": "Location"}, "tracking_code_verify_fields": null,
        "fields": [
            {"label": "Secret", "type": "password", "varname": "secret"},
            {"label": "Kind", "type": "item", "required": true},
            {"label": "Town", "type": "item", "items": ["Paris", "Lyon"]},
            {"label": "People", "type": "block:people"},
            {"label": "Block", "type": "block", "varname": "people"},
            {"label": "Old", "type": "string", "condition": {"type": "python", "value": "x == 1"}},
            {"label": "Where", "type": "map", "varname": "spot"}
        ],
        "workflow": {"name": "W", "statuses": [{"id": 1, "name": "New", "endpoint": true}],
            "functions": {"_manager": "Manager"}, "fields": [{"label": "Note", "type": "text"}]}}"#,
    );
    let found = read(&document).unwrap();
    assert_eq!(
        missing(&document),
        [
            "field secret",
            "items Kind",
            "left-out type",
            "block-fields People",
            "block-fields people",
            "condition Old",
            "function-role _receiver",
            "function-role _manager",
            "left-out base",
        ]
    );
    let form = &found.definition;
    assert_eq!((form.name.as_str(), form.title.as_str()), ("newsletter", "Newsletter"));
    assert_eq!(form.keywords, ["a", "b"]);
    assert_eq!(form.tracking_codes, Some(TrackingCodes::default()));
    assert_eq!(form.geolocation.as_deref(), Some("spot"));
    let ids: Vec<&str> = form.fields.iter().map(|field| field.id.as_str()).collect();
    assert_eq!(ids, ["2", "3", "4", "5", "6", "7"]);
    assert_eq!(form.fields[1].items, [Item::new("Paris", "Paris"), Item::new("Lyon", "Lyon")]);
    assert!(form.fields[0].required && form.fields[0].name.is_none());
    assert_eq!(form.lifecycle.statuses[0].id, "1");
    assert_eq!(form.lifecycle.backoffice_fields[0].id, "bo1");
    for text in ["{}", "[]", r#"{"name": "x"}"#, r#"{"fields": []}"#] {
        assert_eq!(read(&json(text)), None, "{text}");
    }
    assert_eq!(MissingCode::ALL.len(), 11);
}

/// A field as far as a schema says what it is.
fn any_field(depth: u32) -> BoxedStrategy<FormField> {
    let line = || "[a-zé{}\"\\\\ ]{1,8}";
    let said = (
        line(),
        prop::option::of("[a-z_]{1,6}"),
        "[a-z ]{0,5}",
        prop::option::of(line()),
        any::<bool>(),
    );
    let inner = if depth == 0 {
        Just(Vec::new()).boxed()
    } else {
        prop::collection::vec(any_field(depth - 1), 0..3).boxed()
    };
    let parts = (inner, prop::collection::vec("[a-z]{1,4}", 0..3), line());
    let shown = prop::sample::subsequence(DisplayLocation::ALL.to_vec(), 0..4);
    let kinds =
        (prop::sample::select(FieldType::ALL), prop::sample::select(AnonymiseMode::ALL), shown);
    ("[a-z0-9-]{1,6}", said, kinds, parts)
        .prop_map(|(id, (label, name, hint, condition, required), (kind, mode, shown), parts)| {
            let (fields, columns, template) = parts;
            let is_asked = !kind.is_layout();
            FormField {
                id,
                label,
                name: name.filter(|_| is_asked),
                required: required && is_asked,
                hint,
                condition,
                anonymise: if is_asked { mode } else { kind.default_anonymise() },
                fields: if kind == FieldType::Block {
                    told_apart(fields, |field| &field.id)
                } else {
                    Vec::new()
                },
                rows: if kind == FieldType::Table { columns.clone() } else { Vec::new() },
                columns: if kind.has_columns() { columns } else { Vec::new() },
                template: (kind == FieldType::Computed).then_some(template),
                display_locations: shown,
                ..FormField::new("", kind)
            }
        })
        .boxed()
}

/// Things with an id each, as whatever can be applied has them: the first of those with one id.
fn told_apart<T>(all: Vec<T>, id: fn(&T) -> &str) -> Vec<T> {
    let mut ids = std::collections::HashSet::new();
    all.into_iter().filter(|it| ids.insert(id(it).to_owned())).collect()
}

fn any_form() -> impl Strategy<Value = FormDefinition> {
    let said =
        ("[a-z][a-z-]{0,5}", "[a-zé ]{1,8}", "[a-z ]{0,8}", prop::option::of("[A-Z][a-z]{1,4}"));
    let listed = (prop::collection::vec("[a-z]{1,4}", 0..3), any::<[bool; 3]>());
    let templates = (prop::option::of("[a-z{} ]{1,6}"), prop::option::of("[a-z{} ]{1,6}"));
    let fields =
        (prop::collection::vec(any_field(2), 0..5), prop::collection::vec(any_field(1), 0..2));
    let colour = || prop::option::of("#[0-9a-f]{6}");
    let seen = prop::collection::vec("_receiver|_manager|_submitter|logged-users|agents", 0..3);
    let status = ("[a-z]{1,4}", "[A-Z][a-z ]{0,5}", any::<bool>(), seen, colour());
    let statuses = prop::collection::vec(status, 1..4);
    let levels = prop::collection::vec(("[A-Z][a-z ]{0,5}", colour()), 0..3);
    let drafts = (1_u64..400, 1_u32..20);
    let more = (levels, drafts, prop::collection::vec("[a-z]{1,4}", 0..3));
    (said, listed, templates, fields, statuses, more).prop_map(
        |(
            (name, title, description, category),
            (keywords, [disabled, once, codes]),
            templates,
            fields,
            statuses,
            (levels, (days, max_per_user), submission_roles),
        )| {
            let (digest_template, id_template) = templates;
            let (fields, backoffice_fields) = fields;
            let status =
                |(id, name, forced_endpoint, seen, colour): (_, _, _, Vec<String>, _)| Status {
                    id,
                    name,
                    forced_endpoint,
                    visible_to: seen.iter().map(|who| Who::from_name(who)).collect(),
                    colour,
                    ..Status::default()
                };
            let level = |(name, colour)| CriticalityLevel { name, colour };
            let lifespan = Duration::from_hours(days * 24);
            let mut functions = vec![Function::receiver()];
            functions.push(Function { name: "The boss".to_owned(), ..Function::named("_manager") });
            FormDefinition {
                name,
                title,
                description,
                category,
                keywords,
                disabled,
                only_allow_one: once,
                tracking_codes: codes.then(TrackingCodes::default),
                submission_roles,
                drafts: Some(Drafts { lifespan, max_per_user }),
                digest_template,
                id_template,
                fields: told_apart(fields, |field| &field.id),
                lifecycle: Lifecycle {
                    name: "W".to_owned(),
                    functions,
                    statuses: told_apart(
                        statuses.into_iter().map(status).collect(),
                        |status: &Status| &status.id,
                    ),
                    backoffice_fields: told_apart(backoffice_fields, |field| &field.id),
                    criticality_levels: levels.into_iter().map(level).collect(),
                    ..Lifecycle::default()
                },
                ..FormDefinition::default()
            }
        },
    )
}

proptest! {
    /// What a schema says of a form is what is read of it.
    #[test]
    fn a_form_comes_back_from_its_schema(form in any_form()) {
        let document = json(&write(&form, &[], true).to_json());
        prop_assert_eq!(&read(&document).unwrap().definition, &form);
    }

    /// Nothing that is read is worse than a form or nothing.
    #[test]
    fn no_document_breaks_the_reader(form in any_form(), at in any::<prop::sample::Index>(), with in "[\\[\\]{}\",:0-9a-z]{0,3}") {
        let mut text = write(&form, &[], true).to_json();
        let mut place = at.index(text.len());
        while !text.is_char_boundary(place) {
            place -= 1;
        }
        text.insert_str(place, &with);
        if let Ok(document) = Value::parse(text.as_bytes()) {
            read(&document);
        }
    }
}
