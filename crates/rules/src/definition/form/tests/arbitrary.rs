//! Any form that can be written comes back from what is written of it.

use fieldpost_model::form_definition::{FormField, Item};
use fieldpost_model::lifecycle::{
    Action, Assign, Attach, Comment, CriticalityLevel, Edit, Geolocate, GlobalAction,
    GlobalTimeout, Mail, Status,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

/// A text as people write it, with what YAML or JSON could stumble over.
fn any_line() -> BoxedStrategy<String> {
    prop_oneof![
        Just(String::new()),
        Just("no".to_owned()),
        Just("1".to_owned()),
        Just("a: b # c".to_owned()),
        "[a-zé{}'\" ]{1,12}",
    ]
    .boxed()
}

/// A template, which is not empty.
fn any_template() -> BoxedStrategy<String> {
    prop_oneof![Just("{{ form_var_a }}".to_owned()), "[a-z|= \n]{1,20}"].boxed()
}

/// A template, which may be empty.
fn any_line_as_template() -> BoxedStrategy<String> {
    let is_template = |line: &String| crate::lifecycle::template::check(line).is_ok();
    any_line().prop_filter("no template", is_template).boxed()
}

/// A condition.
fn any_condition() -> BoxedStrategy<String> {
    prop_oneof![
        Just("form_var_a".to_owned()),
        Just("form_var_a == 'no' or\n  form_var_b|length > 5".to_owned()),
        Just("{% if form_var_a %}yes{% endif %}".to_owned()),
        "[a-z]{1,6} (==|>=) [0-9]{1,3}",
    ]
    .boxed()
}

fn any_variable() -> BoxedStrategy<String> {
    "[a-z][a-zA-Z0-9_]{0,8}".boxed()
}

fn any_duration() -> BoxedStrategy<Duration> {
    (1_u64..1_000).prop_map(|hours| Duration::from_secs(hours * 3_600)).boxed()
}

/// The functions and roles that lists name.
const FUNCTIONS: [&str; 2] = ["_receiver", "_manager"];
const STATUSES: [&str; 3] = ["one", "two", "three"];

fn any_people() -> BoxedStrategy<Vec<Who>> {
    let all = [
        function("_receiver"),
        function("_manager"),
        role("agents"),
        Who::Submitter,
        Who::LoggedIn,
    ];
    subsequence(all.to_vec(), 1..=5).prop_shuffle().boxed()
}

fn any_items() -> BoxedStrategy<Vec<Item>> {
    let attributes = vec(("[b-h]{1,3}", any_line()), 0..2);
    let item = (any_line(), attributes).prop_map(|(text, attributes)| {
        let attributes: std::collections::BTreeMap<_, _> = attributes.into_iter().collect();
        Item {
            id: String::new(),
            text,
            attributes: attributes
                .into_iter()
                .map(|(name, text)| (name, Value::from(text)))
                .collect(),
        }
    });
    let number = |(index, item): (usize, Item)| Item { id: format!("i{index}"), ..item };
    vec(item, 0..4)
        .prop_map(move |items| items.into_iter().enumerate().map(number).collect())
        .boxed()
}

/// A field without what tells it from others.
fn any_bare_field(depth: usize) -> BoxedStrategy<FormField> {
    let said = (any_line(), any_line(), option::of(any_condition()), any::<bool>());
    let display = subsequence(DisplayLocation::ALL.to_vec(), 0..=4);
    let parts = (
        any_items(),
        vec("[a-z]{1,5}", 0..3),
        any_template(),
        if depth == 0 { any_fields(1).boxed() } else { Just(Vec::new()).boxed() },
    );
    (select(FieldType::ALL), select(AnonymiseMode::ALL), said, display, parts)
        .prop_map(|(field_type, anonymise, (label, hint, condition, required), display, parts)| {
            let (items, mut headings, template, fields) = parts;
            headings.sort_unstable();
            headings.dedup();
            let is = |it: FieldType| field_type == it;
            FormField {
                label,
                hint,
                condition,
                required,
                anonymise,
                display_locations: display,
                items: if field_type.has_items() { items } else { Vec::new() },
                columns: if field_type.has_columns() { headings.clone() } else { Vec::new() },
                rows: if is(FieldType::Table) { headings } else { Vec::new() },
                template: is(FieldType::Computed).then_some(template),
                fields: if is(FieldType::Block) { fields } else { Vec::new() },
                ..FormField::new("", field_type)
            }
        })
        .boxed()
}

/// Fields that can be told apart: named, named alike, or with nothing but an id.
fn any_fields(depth: usize) -> BoxedStrategy<Vec<FormField>> {
    let tell_apart = |(index, (field, name, way)): (usize, (FormField, String, u8))| {
        let name = format!("{name}{index}");
        match way {
            0 => FormField { id: name.clone(), name: Some(name), ..field },
            1 => FormField { id: format!("x-{index}"), name: Some("same".to_owned()), ..field },
            _ => FormField { id: index.to_string(), name: None, ..field },
        }
    };
    vec((any_bare_field(depth), any_variable(), 0_u8..3), 0..5)
        .prop_map(move |fields| fields.into_iter().enumerate().map(tell_apart).collect())
        .boxed()
}

fn any_target() -> BoxedStrategy<JumpTarget> {
    let status = select(&STATUSES[..]).prop_map(|id| JumpTarget::Status(id.to_owned()));
    prop_oneof![3 => status, 1 => Just(JumpTarget::Previous)].boxed()
}

fn any_policy() -> BoxedStrategy<ErrorPolicy> {
    let jump = select(&STATUSES[..]).prop_map(|id| ErrorPolicy::Jump(id.to_owned()));
    prop_oneof![Just(ErrorPolicy::Ignore), Just(ErrorPolicy::Stop), jump].boxed()
}

fn any_templates() -> BoxedStrategy<Vec<(String, String)>> {
    proptest::collection::btree_map("[a-z/0-9]{1,6}", any_line_as_template(), 0..3)
        .prop_map(|templates| templates.into_iter().collect())
        .boxed()
}

fn any_call() -> BoxedStrategy<ActionKind> {
    let said = (any_line(), option::of(any_variable()), any_line_as_template(), any::<[bool; 3]>());
    let sent = (select(CallMethod::ALL), select(CallFiles::ALL), any_templates(), any_templates());
    let answered = (any::<bool>(), option::of(Just("letter".to_owned())));
    let policies = (any_policy(), any_policy(), any_policy(), any_policy(), any_policy());
    (said, sent, answered, policies)
        .prop_map(|(said, sent, answered, (app, client, server, bad_data, network))| {
            let (label, name, path, [post, record_errors, notify_on_errors]) = said;
            let (method, files, post_data, query) = sent;
            let (is_file, file_field) = answered;
            let has_body = method != CallMethod::Get;
            ActionKind::Call(Call {
                label,
                name,
                path,
                method,
                files,
                query,
                record_errors,
                notify_on_errors,
                post: post && has_body,
                post_data: if has_body { post_data } else { Vec::new() },
                response: if is_file { CallResponse::Attachment } else { CallResponse::Json },
                file_field: file_field.filter(|_| is_file),
                on_error: ErrorPolicies { app, client, server, bad_data, network },
                ..Call::new("dhis2")
            })
        })
        .boxed()
}

/// A jump that waits for somebody or something.
fn any_jump() -> BoxedStrategy<ActionKind> {
    let waits_for = (option::of(Just("t")), any_duration(), any_people(), any_line());
    (any_target(), waits_for, any::<bool>(), 0_u8..3)
        .prop_map(|(to, (trigger, timeout, by, label), sets_marker, way)| {
            ActionKind::Jump(Jump {
                to,
                trigger: trigger.map(str::to_owned).filter(|_| way == 0),
                timeout: (way != 1).then_some(timeout),
                by: if way == 2 { Vec::new() } else { by },
                label: if way == 1 { label } else { String::new() },
                sets_marker,
            })
        })
        .prop_map(|kind| match kind {
            // With nobody's name and no trigger nothing stands on a button.
            ActionKind::Jump(jump) if !jump.is_manual() => {
                ActionKind::Jump(Jump { label: String::new(), ..jump })
            }
            kind => kind,
        })
        .boxed()
}

/// What waits for somebody.
fn any_waiting_kind() -> BoxedStrategy<ActionKind> {
    let said = (any_line(), option::of(any_variable()), any::<bool>(), any_people());
    let comment = said.clone().prop_map(|(label, name, required, by)| {
        ActionKind::Comment(Comment { label, name, required, by })
    });
    let edit = (any_line(), any_people(), option::of(any_target()))
        .prop_map(|(label, by, then)| ActionKind::Edit(Edit { label, by, then }));
    let seen = (option::of(any_people()), option::of(Just("letter".to_owned())));
    let attach =
        (said, seen).prop_map(|((label, name, required, by), (visible_to, file_field))| {
            let visible_to = visible_to.unwrap_or_default();
            ActionKind::Attach(Attach { label, name, required, by, visible_to, file_field })
        });
    prop_oneof![any_jump(), comment, edit, attach].boxed()
}

/// What happens at once.
fn any_sudden_kind() -> BoxedStrategy<ActionKind> {
    let to = prop_oneof![
        Just(MailTo::Who(Who::Submitter)),
        Just(MailTo::Who(function("_manager"))),
        Just(MailTo::Who(role("agents"))),
        Just(MailTo::Address("a@example.org".to_owned())),
        Just(MailTo::Address("{{ form_var_a }}".to_owned())),
    ];
    let mail = (vec(to, 1..3), any_template(), any_template())
        .prop_map(|(to, subject, body)| ActionKind::Mail(Mail { to, subject, body }));
    let geolocate = any::<bool>().prop_map(|overwrite| {
        ActionKind::Geolocate(Geolocate { from: "where".to_owned(), overwrite })
    });
    let anonymise = select(vec![
        Anonymise::Answers(AnonymiseMode::Final),
        Anonymise::Answers(AnonymiseMode::Intermediate),
        Anonymise::UnlinkUser,
    ]);
    let criticality = select(vec![
        Criticality::Raise,
        Criticality::Lower,
        Criticality::Set(0),
        Criticality::Set(1),
    ]);
    let assign = select(&FUNCTIONS[..]).prop_map(|function| {
        ActionKind::Assign(Assign { function: function.to_owned(), role: "agents".to_owned() })
    });
    let set = any_line_as_template()
        .prop_map(|template| ActionKind::SetFields(vec![("letter".to_owned(), template)]));
    prop_oneof![
        any_call(),
        mail,
        geolocate,
        anonymise.prop_map(ActionKind::Anonymise),
        criticality.prop_map(ActionKind::Criticality),
        assign,
        set,
        Just(ActionKind::Delete),
    ]
    .boxed()
}

/// Actions that can be told apart; of triggers of one name only the first is left.
fn any_actions(kind: BoxedStrategy<ActionKind>) -> BoxedStrategy<Vec<Action>> {
    vec((kind, option::of(any_condition()), any::<bool>()), 0..4)
        .prop_map(|actions| {
            let mut has_trigger = false;
            let numbered = actions.into_iter().enumerate();
            numbered
                .map(|(index, (mut kind, condition, has_id))| {
                    if let ActionKind::Jump(jump) = &mut kind
                        && jump.trigger.is_some()
                    {
                        if has_trigger {
                            jump.trigger = Some(format!("t{index}"));
                        }
                        has_trigger = true;
                    }
                    let id = if has_id { format!("a{index}") } else { (index + 1).to_string() };
                    Action { id, condition, kind }
                })
                .collect()
        })
        .boxed()
}

fn any_colour() -> BoxedStrategy<Option<String>> {
    option::of("#[0-9a-f]{6}").boxed()
}

fn any_status(id: &'static str) -> BoxedStrategy<Status> {
    let kinds = prop_oneof![any_waiting_kind(), any_sudden_kind()].boxed();
    let said = (any_line(), any::<bool>(), option::of(any_people()), any_colour());
    (said, any_actions(kinds))
        .prop_map(move |((name, forced_endpoint, visible_to, colour), actions)| Status {
            id: id.to_owned(),
            name,
            forced_endpoint,
            visible_to: visible_to.unwrap_or_default(),
            colour,
            actions,
        })
        .boxed()
}

fn any_global_action() -> BoxedStrategy<GlobalAction> {
    let anchor = select(vec![
        Anchor::Creation,
        Anchor::FirstArrival("one".to_owned()),
        Anchor::LatestArrival("three".to_owned()),
        Anchor::Finalised,
        Anchor::Anonymisation,
    ]);
    let timeout =
        (anchor, any_duration()).prop_map(|(since, after)| GlobalTimeout { since, after });
    let hook = subsequence(vec![Who::SignedCalls, Who::Anyone, role("agents")], 0..=3);
    let by = option::of(any_people()).prop_map(Option::unwrap_or_default);
    (any_line(), by, hook, option::of(timeout), any_actions(any_sudden_kind()))
        .prop_map(|(name, by, hook, timeout, actions)| GlobalAction {
            id: "g".to_owned(),
            name,
            by,
            hook,
            timeout,
            actions,
        })
        .boxed()
}

fn any_lifecycle() -> BoxedStrategy<Lifecycle> {
    let levels = vec((any_line(), any_colour()), 2..4).prop_map(|levels| {
        levels.into_iter().map(|(name, colour)| CriticalityLevel { name, colour }).collect()
    });
    let functions = (option::of(any_line()), option::of(Just("agents".to_owned())), any::<bool>());
    let functions = functions.prop_map(|(name, role, is_receiver)| {
        let mut functions = vec![Function::receiver(), Function::named("_manager")];
        if let Some(function) = functions.get_mut(usize::from(!is_receiver)) {
            function.role = role;
            function.name = name.unwrap_or_else(|| function.name.clone());
        }
        functions
    });
    let statuses = (any_status("one"), any_status("two"), any_status("three"));
    let backoffice = vec![
        FormField { id: "bo_letter".to_owned(), ..FormField::new("letter", FieldType::File) },
        FormField { id: "bo9".to_owned(), ..FormField::new("where", FieldType::Map) },
    ];
    (any_line(), functions, statuses, vec(any_global_action(), 0..2), levels)
        .prop_map(
            move |(name, functions, (one, two, three), global_actions, criticality_levels)| {
                Lifecycle {
                    name,
                    functions,
                    statuses: vec![one, two, three],
                    global_actions,
                    backoffice_fields: backoffice.clone(),
                    criticality_levels,
                }
            },
        )
        .boxed()
}

pub(in crate::definition) fn any_form() -> BoxedStrategy<FormDefinition> {
    let title = prop_oneof![Just("request".to_owned()), "[a-zé]{1,9}"];
    let listed = (option::of("[a-z]{1,5}"), vec("[a-z]{1,3}", 0..1), any::<[bool; 2]>());
    let codes = option::of(Just(TrackingCodes::default()));
    let drafts = option::of((any_duration(), 1_u32..9));
    let templates = (option::of(any_template()), option::of(any_template()));
    let lifecycle = prop_oneof![1 => Just(Lifecycle::usual()), 4 => any_lifecycle()];
    (title, any_line(), listed, codes, drafts, templates, any_fields(0), lifecycle)
        .prop_map(|(title, description, listed, codes, drafts, templates, fields, lifecycle)| {
            let (category, keywords, [disabled, only_allow_one]) = listed;
            let (digest_template, id_template) = templates;
            FormDefinition {
                name: "request".to_owned(),
                title,
                description,
                category,
                keywords,
                disabled,
                only_allow_one,
                submitters: if disabled { vec![role("agents")] } else { Vec::new() },
                submission_roles: if only_allow_one {
                    vec!["agents".to_owned()]
                } else {
                    Vec::new()
                },
                tracking_codes: codes,
                drafts: drafts.map(|(lifespan, max_per_user)| Drafts { lifespan, max_per_user }),
                digest_template,
                id_template,
                geolocation: None,
                fields,
                lifecycle,
            }
        })
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_form_comes_back(form in any_form()) {
        comes_back(&form);
    }
}
