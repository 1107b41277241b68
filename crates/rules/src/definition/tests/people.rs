//! Roles, people and forms as sections of a project.

use super::*;

/// Two roles, three people, and a form that names a role and a connection.
const COUNCIL: &str = "
project: council
connections: { registry: { url: 'https://registry.example.org', notify: [a@example.org] } }
roles:
  agents: { name: Agents, details: Who answers, emails: [desk@example.org], emails_to_members: true }
  managers:
users:
  desk: { name: Front desk, email: desk@example.org, name_id: '0123', roles: [agents, managers, agents], access: editor }
  ann: { name_id: [a, b] }
  bob: {}
api_access:
  partner: { secret: a-secret-that-is-long, roles: [agents] }
forms:
  request:
    fields: [ { name: email, type: email } ]
    lifecycle:
      functions: { _receiver: agents }
      statuses:
        new: { actions: [ { call: { connection: registry } }, { jump: done, trigger: go, by: [managers] } ] }
        done: { endpoint: true }
";

#[test]
fn reads_who_takes_part() {
    let project = draft(COUNCIL);
    assert_eq!(
        project.roles,
        [
            Role {
                id: "agents".to_owned(),
                name: "Agents".to_owned(),
                details: "Who answers".to_owned(),
                emails: vec!["desk@example.org".to_owned()],
                emails_to_members: true,
            },
            Role { id: "managers".to_owned(), name: "managers".to_owned(), ..Role::default() },
        ]
    );
    let users: Vec<_> = project
        .users
        .iter()
        .map(|user| (&*user.id, &*user.name, user.email.as_deref(), user.access.name()))
        .collect();
    assert_eq!(
        users,
        [
            ("desk", "Front desk", Some("desk@example.org"), "editor"),
            ("ann", "ann", None, "viewer"),
            ("bob", "bob", None, "viewer"),
        ]
    );
    assert_eq!(project.users[0].roles, ["agents", "managers"]);
    assert_eq!(project.users[1].name_ids, ["a", "b"]);
    assert_eq!(project.forms[0].lifecycle.statuses.len(), 2);
    assert_eq!(dangling_references(&project, None, false), []);
    assert_eq!(warnings(&project), []);
}

#[test]
fn what_is_left_out_is_not_written() {
    let text = yaml::write(&write_project(&completed(draft(COUNCIL)), Secrets::Shown));
    for line in ["managers: {}", "bob: {}", "name_id: [a, b]", "roles: [agents, managers]"] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    let order = ["connections:", "roles:", "users:", "forms:"]
        .map(|section| text.find(&format!("\n{section}")).unwrap());
    assert!(order.is_sorted(), "{text}");
}

/// What is wrong with a project of these sections, beside a role `agents`: places and codes, with a word
/// of each sentence or hint.
#[track_caller]
fn check(sections: &str, expected: &[(&str, &str, &str)]) {
    let text = format!("project: p\nroles: {{ agents: }}\n{sections}");
    let problems = mistakes(&value_of(&text), None, false);
    let told: Vec<_> = problems.iter().map(|it| (it.path.as_str(), it.code)).collect();
    let wanted: Vec<_> = expected.iter().map(|(path, code, _)| (*path, *code)).collect();
    assert_eq!(told, wanted, "{text}");
    for (problem, (_, code, word)) in problems.iter().zip(expected) {
        assert!(problem.to_string().contains(word), "{problem}");
        assert!(CODES.contains(code));
    }
}

#[test]
fn mistakes_of_people_are_told() {
    let long = |length: usize| "x".repeat(length);
    for (sections, path, code, word) in [
        ("users: [a]", "users", "wrong-type", "an object with keys"),
        ("users: { Ann: {} }", "users.Ann", "bad-name", "`ann`"),
        ("users: { a: }", "users.a", "wrong-type", "an object with keys"),
        ("users: { a: { nam: x } }", "users.a.nam", "unknown-key", "`name`"),
        ("users: { a: { name: '' } }", "users.a.name", "wrong-value", "empty"),
        ("users: { a: { email: desk } }", "users.a.email", "bad-mail-address", "desk"),
        ("users: { a: { name_id: 5 } }", "users.a.name_id", "wrong-type", "quotes"),
        ("users: { a: { name_id: [b, ''] } }", "users.a.name_id[1]", "wrong-value", "empty"),
        ("users: { a: { access: boss } }", "users.a.access", "wrong-value", "`owner`"),
        ("users: { a: { roles: agents } }", "users.a.roles", "wrong-type", "a list"),
        ("users: { a: { roles: [Agents] } }", "users.a.roles[0]", "bad-name", "`agents`"),
        (
            "users: { a: { roles: [agent] } }",
            "users.a.roles[0]",
            "unknown-role",
            "did you mean `agents`?",
        ),
        (
            "users: { a: { email: d@example.org }, b: { email: D@example.org } }",
            "users.b.email",
            "duplicate-value",
            "`a` has it already",
        ),
        (
            "users: { a: { name_id: [x, y] }, b: { name_id: y } }",
            "users.b.name_id",
            "duplicate-value",
            "one person",
        ),
        (
            "api_access: { k: { secret: long-enough-for-all, roles: [boss] } }",
            "api_access.k.roles[0]",
            "unknown-role",
            "no role `boss`",
        ),
        (
            "forms: { f: { fields: [], submitters: [boss] } }",
            "forms.f.submitters[0]",
            "unknown-role",
            "no role `boss`",
        ),
        ("forms: { f: { fields: [], title: 5 } }", "forms.f.title", "wrong-type", "quotes"),
        ("forms: { F: { fields: [] } }", "forms.F", "bad-name", "`f`"),
        ("forms: { code: { fields: [] } }", "forms.code", "reserved-name", "`code-form`"),
        ("time_zone: europe/paris", "time_zone", "unknown-time-zone", "`Europe/Paris`"),
        ("time_zone: Mars", "time_zone", "unknown-time-zone", "IANA"),
        ("language: de", "language", "wrong-value", "`fr`"),
    ] {
        check(sections, &[(path, code, word)]);
    }
    check(
        &format!("users: {{ a: {{ name_id: {} }} }}", long(257)),
        &[("users.a.name_id", "out-of-range", "256 bytes")],
    );
    check(&format!("users: {{ a: {{ name_id: {} }} }}", long(256)), &[]);
    let ids: Vec<String> = (0..11).map(|number| format!("i{number}")).collect();
    check(
        &format!("users: {{ a: {{ name_id: [{}] }} }}", ids.join(", ")),
        &[("users.a.name_id", "out-of-range", "at most 10")],
    );
    check(&format!("users: {{ a: {{ name_id: [{}] }} }}", ids[1..].join(", ")), &[]);
    let roles = |count: usize| {
        format!("users: {{ a: {{ roles: [{}] }} }}", vec!["agents"; count].join(", "))
    };
    check(&roles(201), &[("users.a.roles", "out-of-range", "200 roles")]);
    check(&roles(200), &[]);
    let many = |count: usize| {
        let users: Vec<String> = (0..count).map(|number| format!("u{number}: {{}}")).collect();
        format!("users: {{ {} }}", users.join(", "))
    };
    check(&many(10_001), &[("users", "out-of-range", "at most 10000")]);
    check(&many(10_000), &[]);
}

#[test]
fn mistakes_of_roles_are_told() {
    for (roles, path, code, word) in [
        ("5", "roles", "wrong-type", "an object with keys"),
        ("{ Boss: }", "roles.Boss", "bad-name", "`boss`"),
        ("{ _receiver: }", "roles._receiver", "bad-name", "function"),
        ("{ anyone: }", "roles.anyone", "bad-name", "letter"),
        ("{ a: { title: x } }", "roles.a.title", "unknown-key", "no key `title`"),
        ("{ a: { emails: [x] } }", "roles.a.emails[0]", "bad-mail-address", "x"),
        (
            "{ a: { emails_to_members: 5 } }",
            "roles.a.emails_to_members",
            "wrong-type",
            "true or false",
        ),
    ] {
        let text = format!("project: p\nroles: {roles}");
        let problems = read_project(&value_of(&text)).unwrap_err();
        let told: Vec<_> = problems.iter().map(|it| (&*it.path, it.code)).collect();
        assert_eq!(told, [(path, code)], "{text}");
        assert!(problems[0].to_string().contains(word), "{}", problems[0]);
    }
    let details = |length: usize| {
        format!("project: p\nroles: {{ a: {{ details: {} }} }}", "x".repeat(length))
    };
    assert_eq!(read_project(&value_of(&details(2_001))).unwrap_err()[0].path, "roles.a.details");
    assert!(read_project(&value_of(&details(2_000))).is_ok());
}

#[test]
fn what_is_there_already_can_be_named_unless_it_is_pruned() {
    let there = completed(draft(COUNCIL));
    let more = draft(
        "
project: council
users: { eve: { roles: [agents] }, bob: { email: Desk@example.org } }
forms:
  second:
    fields: []
    lifecycle:
      functions: { _receiver: managers }
      statuses: { a: { actions: [ { call: { connection: registry, name: x } }, { call: { connection: none } } ] } }
",
    );
    let told = |prune| -> Vec<(String, String)> {
        let problems = dangling_references(&more, Some(&there), prune);
        let hint = |problem: &Problem| problem.hint.clone().unwrap_or_default();
        problems.iter().map(|problem| (problem.path.clone(), hint(problem))).collect()
    };
    let paths = |told: &[(String, String)]| -> Vec<String> {
        told.iter().map(|(path, _)| path.clone()).collect()
    };
    let actions = "forms.second.lifecycle.statuses.a.actions";
    let kept = told(false);
    assert_eq!(
        paths(&kept),
        [format!("{actions}[1].call.connection"), "users.bob.email".to_owned()]
    );
    let pruned = told(true);
    assert_eq!(
        paths(&pruned),
        [
            "forms.second.lifecycle.functions._receiver".to_owned(),
            format!("{actions}[0].call.connection"),
            format!("{actions}[1].call.connection"),
            "users.eve.roles[0]".to_owned(),
        ]
    );
    assert!(pruned[0].1.starts_with("the hub has this role, and pruning"), "{pruned:?}");
    assert!(pruned[1].1.starts_with("the hub has this connection"), "{pruned:?}");
    assert!(!pruned[2].1.contains("pruning"), "{pruned:?}");
    assert!(pruned[3].1.starts_with("the hub has this role"), "{pruned:?}");
}

#[test]
fn a_name_that_is_written_counts_even_where_it_cannot_be_read() {
    let text = "
project: p
connections: { broken: { url: 5 } }
roles: { agents: { name: 5 } }
users: { a: { roles: [agents] } }
forms:
  f:
    fields: []
    lifecycle: { functions: { _receiver: agents }, statuses: { a: { actions: [ { call: { connection: broken } } ] } } }
";
    let problems = mistakes(&value_of(text), None, false);
    let told: Vec<_> = problems.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(told, ["connections.broken.url", "roles.agents.name"]);
}

#[test]
fn changes_of_forms_roles_and_users_are_told_key_by_key() {
    let before = completed(draft(COUNCIL));
    let after = draft(
        &COUNCIL
            .replace("name: Agents,", "name: Agents of the council,")
            .replace("access: editor", "access: viewer")
            .replace("  bob: {}\n", "  eve: { name: Eve }\n")
            .replace("trigger: go", "trigger: gone"),
    );
    let told = |prune| -> Vec<String> {
        compare(Some(&before), &after, prune).iter().map(ToString::to_string).collect()
    };
    let changed = [
        "~ role agents\n    ~ name: Agents → Agents of the council",
        "~ user desk\n    - access: editor",
        "+ user eve\n    + name: Eve",
        "~ form request\n    ~ lifecycle.statuses.new.actions[1].trigger: go → gone",
    ];
    assert_eq!(told(false), changed);
    let pruned = [&changed[..3], &["- user bob"], &changed[3..]].concat();
    assert_eq!(told(true), pruned);
    assert_eq!(compare(Some(&before), &draft(COUNCIL), true), []);
}

#[test]
fn a_form_that_is_likely_to_be_regretted_is_told_with_the_project() {
    let text = COUNCIL
        .replace("{ jump: done, trigger: go, by: [managers] }", "{ comment: true, by: [agents] }");
    let found = warnings(&draft(&text));
    let told: Vec<_> = found.iter().map(|it| (it.path.as_str(), it.code)).collect();
    assert_eq!(told, [("forms.request.lifecycle.statuses.done", "unreachable-status")]);
}
