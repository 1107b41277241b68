//! Every mistake that a form can have, with the place it is reported at and what is said.

use super::*;

/// What is written, and of its problem: the place within what is around it, the code, and words of the
/// sentence and of the hint.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Checks rows: `whole` makes a form of a row's text, `within` is the place that its place is in.
#[track_caller]
fn check(rows: &[Row], whole: fn(&str) -> String, within: &str) {
    for (text, path, code, message, hint) in rows {
        let problems = read_form("request", &value_of(&whole(text))).expect_err(text);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems.len(), 1, "{text}: {}", told.join("\n"));
        let problem = &problems[0];
        assert_eq!(problem.code, *code, "{text}: {problem}");
        assert_eq!(problem.path, format!("forms.request{within}{path}"), "{text}: {problem}");
        assert!(problem.message.contains(message), "{text}: {problem}");
        assert!(problem.hint.as_deref().unwrap_or("").contains(hint), "{text}: {problem}");
        assert!(CODES.contains(code), "{code}");
    }
}

fn with_fields(keys: &str) -> String {
    format!("fields: [ {{ name: email, type: email }} ]\n{keys}")
}

const FORMS: &[Row] = &[
    ("titel: x", ".titel", "unknown-key", "no key `titel`", "did you mean `title`?"),
    ("title: ''", ".title", "wrong-value", "must not be empty", ""),
    ("title: 1", ".title", "wrong-type", "must be text", "quotes"),
    ("keywords: a", ".keywords", "wrong-type", "must be a list", ""),
    ("disabled: maybe", ".disabled", "wrong-type", "true or false", ""),
    ("submitters: [_submitter]", ".submitters[0]", "does-not-apply", "only known after", ""),
    ("submitters: [_signed_calls]", ".submitters[0]", "does-not-apply", "only people", ""),
    ("submitters: [_manager]", ".submitters[0]", "unknown-function", "`_manager`", "known here"),
    ("submitters: [Agents]", ".submitters[0]", "bad-name", "not a name", "`agents`"),
    ("submission_roles: [_receiver]", ".submission_roles[0]", "bad-name", "no role", "`roles`"),
    ("submission_roles: [anyone]", ".submission_roles[0]", "bad-name", "no role", "`roles`"),
    ("tracking_codes: yes", ".tracking_codes", "wrong-type", "true or false", ""),
    (
        "tracking_codes: { verify: [mail] }",
        ".tracking_codes.verify[0]",
        "unknown-field",
        "no field `mail`",
        "did you mean `email`?",
    ),
    ("tracking_codes: { check: [] }", ".tracking_codes.check", "unknown-key", "`check`", "verify"),
    ("drafts: { lifespan: 1s }", ".drafts.lifespan", "out-of-range", "1h", ""),
    ("drafts: { max_per_user: 0 }", ".drafts.max_per_user", "out-of-range", "from 1 to", ""),
    ("digest: ''", ".digest", "wrong-value", "must not be empty", ""),
    ("geolocation: email", ".geolocation", "wrong-field-type", "a `map` is needed", ""),
    ("geolocation: place", ".geolocation", "unknown-field", "`place`", "type: map"),
    ("lifecycle: []", ".lifecycle", "wrong-type", "object with keys", ""),
];

fn fields(fields: &str) -> String {
    format!("fields: [ {fields} ]")
}

const FIELDS: &[Row] = &[
    ("x", "[0]", "wrong-type", "object with keys", ""),
    ("{ name: a }", "[0].type", "missing-key", "`type`", ""),
    ("{ name: a, type: strin }", "[0].type", "wrong-value", "`string`", "did you mean `string`?"),
    ("{ type: string }", "[0].name", "missing-key", "`name`", "`id`"),
    ("{ name: é, type: string }", "[0].name", "bad-name", "no variable name", ""),
    ("{ name: first-name, type: string }", "[0].name", "bad-name", "`first-name`", "`first_name`"),
    ("{ name: 1a, type: string }", "[0].name", "bad-name", "`1a`", ""),
    ("{ id: 'a b', type: string }", "[0].id", "bad-name", "`a b`", "`label`"),
    ("{ name: a, type: string, anonymise: never }", "[0].anonymise", "wrong-value", "final", ""),
    ("{ name: a, type: string, anonymise: true }", "[0].anonymise", "wrong-type", "final", ""),
    ("{ name: a, type: string, display: [list] }", "[0].display[0]", "wrong-value", "", "listings"),
    ("{ name: a, type: string, items: [a] }", "[0].items", "unknown-key", "`items`", ""),
    ("{ name: a, type: string, fields: [] }", "[0].fields", "unknown-key", "`fields`", ""),
    ("{ name: a, type: item, items: a }", "[0].items", "wrong-type", "a list", ""),
    (
        "{ name: a, type: item, items: [ { text: a } ] }",
        "[0].items[0].id",
        "missing-key",
        "`id`",
        "",
    ),
    (
        "{ name: a, type: item, items: [a, { id: a }] }",
        "[0].items[1]",
        "duplicate-value",
        "`a`",
        "",
    ),
    ("{ name: a, type: item, items: ['a|b'] }", "[0].items[0]", "wrong-value", "a|b", "`text`"),
    (
        "{ name: a, type: item, items: [ { id: a, attributes: { id: b } } ] }",
        "[0].items[0].attributes.id",
        "duplicate-value",
        "has anyway",
        "",
    ),
    ("{ name: a, type: block }", "[0].fields", "missing-key", "`fields`", ""),
    (
        "{ name: a, type: block, fields: [ { name: b, typ: string } ] }",
        "[0].fields[0].type",
        "missing-key",
        "`type`",
        "",
    ),
    ("{ name: a, type: table }", "[0].columns", "missing-key", "`columns`", ""),
    ("{ name: a, type: tablerows, columns: [a], rows: [a] }", "[0].rows", "unknown-key", "", ""),
    ("{ name: a, type: computed }", "[0].template", "missing-key", "`template`", ""),
    (
        "{ name: a, type: string }, { name: a, type: text }",
        "[1]",
        "duplicate-value",
        "the id `a`",
        "an `id` of its own",
    ),
    (
        "{ name: f1, type: string }, { id: 1, type: text }",
        "[1]",
        "duplicate-value",
        "under `f1`",
        "another `name` or `id`",
    ),
];

fn lifecycle(keys: &str) -> String {
    format!("fields: [ {{ name: where, type: map }} ]\nlifecycle: {{ {keys} }}")
}

const LIFECYCLES: &[Row] = &[
    ("states: {}", ".states", "unknown-key", "`states`", "did you mean `statuses`?"),
    ("functions: []", ".functions", "wrong-type", "object", ""),
    ("functions: { manager: a }", ".functions.manager", "bad-name", "no function", "`_manager`"),
    ("functions: { _submitter: a }", ".functions._submitter", "bad-name", "of its own", ""),
    ("functions: { _receiver: A }", ".functions._receiver", "bad-name", "not a name", "`a`"),
    ("functions: { _receiver: { rol: a } }", ".functions._receiver.rol", "unknown-key", "", "role"),
    ("statuses: {}", ".statuses", "wrong-value", "at least one", "leave `statuses` out"),
    ("statuses: { draft: {} }", ".statuses.draft", "bad-name", "of its own", ""),
    ("statuses: { _a: {} }", ".statuses._a", "bad-name", "of its own", ""),
    ("statuses: { 'a b': {} }", ".statuses.a b", "bad-name", "`a b`", "`name`"),
    ("statuses: { a: { colour: red } }", ".statuses.a.colour", "wrong-value", "red", "#ff8800"),
    (
        "statuses: { a: { visible_to: [anyone] } }",
        ".statuses.a.visible_to[0]",
        "does-not-apply",
        "",
        "",
    ),
    ("statuses: { a: { end: true } }", ".statuses.a.end", "unknown-key", "`end`", "endpoint"),
    (
        "backoffice_fields: [ { name: a, type: string, required: true } ]",
        ".backoffice_fields",
        "does-not-apply",
        "`bo_a`",
        "`required`",
    ),
    (
        "backoffice_fields: [ { type: page } ]",
        ".backoffice_fields",
        "does-not-apply",
        "`bo_page-1`",
        "",
    ),
    (
        "criticality_levels: [ { colour: '#ffffff' } ]",
        ".criticality_levels[0].name",
        "missing-key",
        "",
        "",
    ),
    ("criticality_levels: usual", ".criticality_levels", "wrong-type", "list", ""),
    (
        "statuses: { a: { actions: [ { jump: a } ] } }",
        ".statuses.a.actions[0].jump",
        "automatic-circle",
        "for ever",
        "`condition`",
    ),
    (
        "global_actions: { g: { actions: [ { delete: true } ] } }",
        ".global_actions.g",
        "missing-key",
        "nothing sets this action off",
        "`hook:",
    ),
    (
        "global_actions: { g: { by: [_receiver] } }",
        ".global_actions.g.actions",
        "missing-key",
        "",
        "",
    ),
    (
        "global_actions: { g: { by: [anyone], actions: [] } }",
        ".global_actions.g.by[0]",
        "does-not-apply",
        "never open to everybody",
        "",
    ),
    (
        "global_actions: { g: { hook: [anyone], actions: [ { comment: true, by: [_receiver] } ] } }",
        ".global_actions.g.actions[0]",
        "does-not-apply",
        "happens at once",
        "jump to a status",
    ),
    (
        "global_actions: { g: { hook: [anyone], actions: [ { jump: new, trigger: x } ] } }",
        ".global_actions.g.actions[0]",
        "does-not-apply",
        "happens at once",
        "",
    ),
    (
        "global_actions: { g: { timeout: { since: end, after: 1d }, actions: [] } }",
        ".global_actions.g.timeout.since",
        "wrong-value",
        "finalised",
        "",
    ),
    (
        "global_actions: { g: { timeout: { since: { first_arrival: nev }, after: 1d }, actions: [] } }",
        ".global_actions.g.timeout.since.first_arrival",
        "unknown-status",
        "`nev`",
        "did you mean `new`?",
    ),
    (
        "global_actions: { g: { timeout: { since: creation }, actions: [] } }",
        ".global_actions.g.timeout.after",
        "missing-key",
        "",
        "",
    ),
];

/// A lifecycle with two statuses, the first of which has these actions.
fn actions(actions: &str) -> String {
    lifecycle(&format!(
        "backoffice_fields: [ {{ name: note, type: string }} ], criticality_levels: [a, b], statuses: {{ one: {{ \
         actions: [ {actions} ] }}, two: {{}} }}"
    ))
}

const ACTIONS: &[Row] = &[
    ("x", "[0]", "wrong-type", "object", ""),
    ("{}", "[0]", "wrong-value", "no key says", "`jump`"),
    ("{ jmup: two }", "[0]", "wrong-value", "no key says", "did you mean `jump`?"),
    ("{ jump: two, delete: true }", "[0]", "wrong-value", "this is 2", "two actions"),
    ("{ jump: }", "[0].jump", "missing-key", "`jump`", ""),
    ("{ jump: too }", "[0].jump", "unknown-status", "`too`", "did you mean `two`?"),
    ("{ jump: two, by: [] }", "[0].by", "wrong-value", "somebody", "leave `by` out"),
    ("{ jump: two, by: [_chief] }", "[0].by[0]", "unknown-function", "`_chief`", "_receiver"),
    ("{ jump: two, by: [anyone] }", "[0].by[0]", "does-not-apply", "never open", ""),
    ("{ jump: two, trigger: t, by: [anyone] }", "[0].by[0]", "does-not-apply", "a hook", ""),
    ("{ jump: two, trigger: 'a b' }", "[0].trigger", "bad-name", "`a b`", ""),
    ("{ jump: two, trigger: t, label: x }", "[0].label", "does-not-apply", "no button", "`by`"),
    ("{ jump: two, timeout: 0s }", "[0].timeout", "out-of-range", "1s", ""),
    ("{ jump: two, when: x }", "[0].when", "unknown-key", "`when`", ""),
    (
        "{ jump: two, trigger: t }, { jump: one, trigger: t }",
        "[1].trigger",
        "duplicate-value",
        "`t` is there twice",
        "another name",
    ),
    ("{ id: 2, delete: true }, { delete: true }", "[1]", "duplicate-value", "the id `2`", ""),
    ("{ comment: false, by: [_receiver] }", "[0].comment", "wrong-value", "must be true", "out"),
    ("{ comment: true }", "[0].by", "missing-key", "`by`", ""),
    ("{ edit: true, by: [] }", "[0].by", "wrong-value", "nobody can do it", ""),
    ("{ edit: true, by: [_receiver], then: too }", "[0].then", "unknown-status", "", "two"),
    (
        "{ attach: true, by: [_receiver], file_field: x }",
        "[0].file_field",
        "unknown-field",
        "",
        "file",
    ),
    (
        "{ attach: true, by: [_receiver], file_field: note }",
        "[0].file_field",
        "wrong-field-type",
        "",
        "",
    ),
    ("{ mail: { to: [], subject: a, body: b } }", "[0].mail.to", "out-of-range", "not to 0", ""),
    (
        "{ mail: { to: [logged-users], subject: a, body: b } }",
        "[0].mail.to[0]",
        "does-not-apply",
        "",
        "",
    ),
    ("{ mail: { to: [_receiver], body: b } }", "[0].mail.subject", "missing-key", "", ""),
    ("{ geolocate: note }", "[0].geolocate", "wrong-field-type", "a `map`", ""),
    ("{ geolocate: place }", "[0].geolocate", "unknown-field", "`place`", ""),
    ("{ anonymise: no }", "[0].anonymise", "wrong-value", "unlink_user", ""),
    ("{ delete: no }", "[0].delete", "wrong-type", "true or false", ""),
    ("{ set: {} }", "[0].set", "wrong-value", "a backoffice field", ""),
    ("{ set: { not: x } }", "[0].set.not", "unknown-field", "`not`", "did you mean `note`?"),
    ("{ set: { note: 1 } }", "[0].set.note", "wrong-type", "must be text", "quotes"),
    ("{ criticality: up }", "[0].criticality", "wrong-value", "up", ""),
    ("{ criticality: 2 }", "[0].criticality", "out-of-range", "from 0 to 1", ""),
    ("{ assign: { _chief: a } }", "[0].assign._chief", "unknown-function", "`_chief`", ""),
    ("{ assign: { _receiver: _receiver } }", "[0].assign._receiver", "bad-name", "no role", ""),
    ("{ assign: {} }", "[0].assign", "wrong-value", "exactly one key", "_receiver"),
    ("{ call: {} }", "[0].call.connection", "missing-key", "`connection`", ""),
    ("{ call: { connection: c, url: x } }", "[0].call.url", "unknown-key", "`url`", ""),
    ("{ call: { connection: c, method: FETCH } }", "[0].call.method", "wrong-value", "GET", ""),
    (
        "{ call: { connection: c, method: GET, post: true } }",
        "[0].call.post",
        "does-not-apply",
        "no body",
        "",
    ),
    (
        "{ call: { connection: c, method: GET, post_data: { a: b } } }",
        "[0].call.post_data",
        "does-not-apply",
        "no body",
        "`query`",
    ),
    (
        "{ call: { connection: c, post_data: { '': b } } }",
        "[0].call.post_data.",
        "bad-name",
        "empty",
        "",
    ),
    (
        "{ call: { connection: c, on_error: { 3xx: stop } } }",
        "[0].call.on_error.3xx",
        "unknown-key",
        "",
        "",
    ),
    (
        "{ call: { connection: c, on_error: { 4xx: go } } }",
        "[0].call.on_error.4xx",
        "wrong-value",
        "",
        "",
    ),
    (
        "{ call: { connection: c, on_error: { app: { jump: too } } } }",
        "[0].call.on_error.app.jump",
        "unknown-status",
        "`too`",
        "two",
    ),
    ("{ call: { connection: c, name: 'a b' } }", "[0].call.name", "bad-name", "`a b`", "a_b"),
];

#[test]
fn every_mistake_is_told_with_its_place() {
    check(FORMS, with_fields, "");
    check(FIELDS, fields, ".fields");
    check(LIFECYCLES, lifecycle, ".lifecycle");
    check(ACTIONS, actions, ".lifecycle.statuses.one.actions");
}

#[test]
fn a_file_field_is_for_answers_that_are_files() {
    let text = "fields: []\nlifecycle: { backoffice_fields: [ { name: f, type: file } ], statuses: { a: { \
                actions: [ { call: { connection: c, file_field: f } } ] } } }";
    let problems = read_form("request", &value_of(text)).unwrap_err();
    assert_eq!(problems[0].code, "does-not-apply");
    assert!(problems[0].path.ends_with("call.file_field"));
}

#[test]
fn one_reading_finds_all() {
    let text = "title: ''\nfields: [ { name: a, type: strin } ]\nlifecycle: { statuses: { a: { actions: [ { jump: b } ] } } }\ngeolocation: p";
    let problems = read_form("Request", &value_of(text)).unwrap_err();
    let told: Vec<_> = problems.iter().map(|it| (it.path.as_str(), it.code)).collect();
    assert_eq!(
        told,
        [
            ("forms.Request", "bad-name"),
            ("forms.Request.fields[0].type", "wrong-value"),
            ("forms.Request.lifecycle.statuses.a.actions[0].jump", "unknown-status"),
            ("forms.Request.title", "wrong-value"),
        ],
        "what the unreadable field would have been is no second mistake"
    );
}

/// Checks a bound: `repeated(largest)` is taken, and one more is refused.
#[track_caller]
fn check_bound(largest: usize, code: &str, repeated: impl Fn(usize) -> String) {
    form(&repeated(largest));
    let problems = read_form("request", &value_of(&repeated(largest + 1))).unwrap_err();
    assert_eq!(problems.iter().map(|it| it.code).collect::<Vec<_>>(), [code]);
}

#[test]
fn everything_has_a_bound() {
    let long = |length: usize| "x".repeat(length);
    let many = |count: usize, one: &dyn Fn(usize) -> String| {
        (0..count).map(one).collect::<Vec<_>>().join(", ")
    };
    check_bound(1_000, "out-of-range", |count| {
        fields(&many(count, &|number| format!("{{ name: a{number}, type: string }}")))
    });
    check_bound(10_000, "out-of-range", |count| {
        fields(&format!(
            "{{ name: a, type: item, items: [{}] }}",
            many(count, &|it| format!("i{it}"))
        ))
    });
    check_bound(200, "wrong-value", |length| {
        fields(&format!("{{ name: a, type: item, items: [{}] }}", long(length)))
    });
    check_bound(100, "out-of-range", |count| {
        fields(&format!(
            "{{ name: a, type: table, columns: [{}] }}",
            many(count, &|it| format!("c{it}"))
        ))
    });
    check_bound(64, "bad-name", |length| {
        fields(&format!("{{ name: {}, type: string }}", long(length)))
    });
    check_bound(500, "out-of-range", |length| {
        fields(&format!("{{ name: a, type: string, label: {} }}", long(length)))
    });
    check_bound(4, "out-of-range", |depth| {
        let open = "{ name: a, type: block, fields: [ ".repeat(depth);
        fields(&format!("{open}{{ name: a, type: string }}{}", " ] }".repeat(depth)))
    });
    check_bound(2_000, "out-of-range", |length| {
        with_fields(&format!("description: {}", long(length)))
    });
    check_bound(50, "out-of-range", |count| {
        with_fields(&format!("keywords: [{}]", many(count, &|it| format!("w{it}"))))
    });
    check_bound(50, "out-of-range", |count| {
        with_fields(&format!("submission_roles: [{}]", many(count, &|it| format!("r{it}"))))
    });
    check_bound(65_536, "out-of-range", |length| with_fields(&format!("digest: {}", long(length))));
    check_bound(50, "out-of-range", |count| {
        // The one that every lifecycle has is among them.
        let others = many(count - 1, &|it| format!("_f{it}: r"));
        lifecycle(&format!("functions: {{ _receiver: r, {others} }}"))
    });
    check_bound(200, "out-of-range", |count| {
        lifecycle(&format!("statuses: {{ {} }}", many(count, &|it| format!("s{it}: {{}}"))))
    });
    check_bound(200, "out-of-range", |count| {
        actions(&many(count, &|_| "{ delete: true }".to_owned()))
    });
    check_bound(20, "out-of-range", |count| {
        lifecycle(&format!("criticality_levels: [{}]", many(count, &|it| format!("l{it}"))))
    });
    check_bound(50, "out-of-range", |count| {
        let to = many(count, &|it| format!("a{it}@example.org"));
        actions(&format!("{{ mail: {{ to: [{to}], subject: a, body: b }} }}"))
    });
}

#[test]
fn a_circle_of_jumps_is_found_where_it_closes() {
    let circle = |condition: &str| {
        format!(
            "fields: []\nlifecycle: {{ statuses: {{ a: {{ actions: [ {{ jump: b }} ] }}, b: {{ actions: [ {{ delete: \
             true }}, {{ jump: c }} ] }}, c: {{ actions: [ {{ jump: b{condition} }} ] }} }} }}"
        )
    };
    let problems = read_form("request", &value_of(&circle(""))).unwrap_err();
    let told: Vec<_> = problems.iter().map(|it| (it.path.as_str(), it.code)).collect();
    let statuses = "forms.request.lifecycle.statuses";
    assert_eq!(
        told,
        [
            (&*format!("{statuses}.c.actions[0].jump"), "automatic-circle"),
            (&*format!("{statuses}.b.actions[1].jump"), "automatic-circle"),
        ]
    );
    for allowed in [", condition: x", ", timeout: 1s", ", trigger: t", ", by: [_receiver]"] {
        form(&circle(allowed));
    }
}

#[test]
fn every_template_is_read_before_anything_is_filled_in() {
    let lifecycle =
        |action: &str| format!("lifecycle: {{ statuses: {{ new: {{ actions: [ {action} ] }} }} }}");
    let action = |action: &str| with_fields(&lifecycle(action));
    let first = ".lifecycle.statuses.new.actions[0]";
    let template = "bad-template";
    let condition = "bad-condition";
    let hint_of = |code: &str| if code == template { "Django" } else { "form_var_amount > 5" };
    for (form, path, code) in [
        (with_fields("digest: '{{ form_var_x|wrong }}'"), ".digest".to_owned(), template),
        (with_fields("id_template: '{% for %}'"), ".id_template".to_owned(), template),
        (
            "fields: [ { name: a, type: computed, template: '{{ form_var_x| }}' } ]".to_owned(),
            ".fields[0].template".to_owned(),
            template,
        ),
        (
            "fields: [ { name: a, type: string, condition: 'form_var_x >' } ]".to_owned(),
            ".fields[0].condition".to_owned(),
            condition,
        ),
        (
            action("{ jump: new, condition: 'x |', timeout: 1d }"),
            format!("{first}.condition"),
            condition,
        ),
        (
            action("{ jump: new, condition: '{% if %}', timeout: 1d }"),
            format!("{first}.condition"),
            condition,
        ),
        (
            action("{ call: { connection: dhis2, path: '/{{ x|wrong }}' } }"),
            format!("{first}.call.path"),
            template,
        ),
        (
            action("{ call: { connection: dhis2, post_data: { 'a/b': '{{ x|wrong }}' } } }"),
            format!("{first}.call.post_data.a/b"),
            template,
        ),
        (
            action("{ call: { connection: dhis2, query: { q: '{{ }}' } } }"),
            format!("{first}.call.query.q"),
            template,
        ),
        (
            action("{ mail: { to: ['{{ x|wrong }}'], subject: a, body: b } }"),
            format!("{first}.mail.to[0]"),
            template,
        ),
        (
            action("{ mail: { to: [_receiver], subject: '{{ x| }}', body: b } }"),
            format!("{first}.mail.subject"),
            template,
        ),
        (
            action("{ mail: { to: [_receiver], subject: a, body: '{% endif %}' } }"),
            format!("{first}.mail.body"),
            template,
        ),
    ] {
        let problems = read_form("request", &value_of(&form)).expect_err(&form);
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let found = problems.iter().find(|problem| problem.code == code);
        let found = found.unwrap_or_else(|| panic!("{form}: {}", told.join("\n")));
        assert_eq!(found.path, format!("forms.request{path}"), "{form}");
        assert!(found.message.starts_with("line 1"), "{form}: {found}");
        assert!(found.hint.as_deref().unwrap_or("").contains(hint_of(code)), "{form}: {found}");
    }
    let set = "lifecycle: { statuses: { new: { actions: [ { set: { note: '{{ x|wrong }}' } } ] } },
        backoffice_fields: [ { id: bo1, name: note, type: string } ] }";
    let problems = read_form("request", &value_of(&with_fields(set))).unwrap_err();
    assert!(problems.iter().any(|it| it.code == template && it.path.ends_with("set.note")));
    // The second line, counted in characters.
    let digest = "digest: \"{{ form_var_x }}\\né {{ form_var_y|wrong }}\"";
    let problems = read_form("request", &value_of(&with_fields(digest))).unwrap_err();
    assert!(problems[0].message.starts_with("line 2, column "), "{}", problems[0]);
}
