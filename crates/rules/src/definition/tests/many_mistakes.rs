//! Many mistakes in one document: all are told at once, in the order of the document, and in short.

use super::*;

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "
projekt: p
connections:
  c: { url: 5, timeout: soon, concurency: 3 }
sources:
  s: { dialect: kobi, enabled: maybe }
forwarders:
  f: { to: cc, from: ss, metod: PUT }
users: []
";
    let problems = read_project(&value_of(text)).unwrap_err();
    let told: BTreeSet<_> =
        problems.iter().map(|problem| (problem.path.as_str(), problem.code)).collect();
    assert_eq!(
        told,
        BTreeSet::from([
            ("project", "missing-key"),
            ("projekt", "unknown-key"),
            ("connections.c.url", "wrong-type"),
            ("connections.c.timeout", "wrong-type"),
            ("connections.c.concurency", "unknown-key"),
            ("sources.s.dialect", "wrong-value"),
            ("sources.s.enabled", "wrong-type"),
            ("forwarders.f.metod", "unknown-key"),
            ("users", "wrong-type"),
        ])
    );
}

#[test]
fn names_that_lead_nowhere_are_told_with_the_other_mistakes() {
    let there = completed(draft(
        "project: p\nconnections: { stored: { url: 'http://a' } }\napi_access: { old: { secret: x } }",
    ));
    let text = "
project: p
connections:
  broken: { url: 5 }
sources:
  broken: { dialect: kobi }
  phones: { dialect: openrosa, access: [old, new] }
forwarders:
  a: { to: broken, from: broken }
  b: { to: stored }
  c: { to: nowhere, from: nobody }
  d: { to: stored, timeout: 5s }
";
    let told = |prune| -> Vec<(String, &str)> {
        let problems = mistakes(&value_of(text), Some(&there), prune);
        problems.into_iter().map(|problem| (problem.path, problem.code)).collect()
    };
    let owned = |problems: &[(&str, &'static str)]| -> Vec<(String, &'static str)> {
        problems.iter().map(|(path, code)| ((*path).to_owned(), *code)).collect()
    };
    let all = [
        ("connections.broken.url", "wrong-type"),
        ("sources.broken.dialect", "wrong-value"),
        ("sources.phones.access[1]", "unknown-api-access"),
        ("forwarders.c.to", "unknown-connection"),
        ("forwarders.c.from", "unknown-source"),
        ("forwarders.d.timeout", "unknown-key"),
    ];
    assert_eq!(told(false), owned(&all));
    let pruned = [
        ("connections.broken.url", "wrong-type"),
        ("sources.broken.dialect", "wrong-value"),
        ("sources.phones.access[0]", "unknown-api-access"),
        ("sources.phones.access[1]", "unknown-api-access"),
        ("forwarders.b.to", "unknown-connection"),
        ("forwarders.c.to", "unknown-connection"),
        ("forwarders.c.from", "unknown-source"),
        ("forwarders.d.to", "unknown-connection"),
        ("forwarders.d.timeout", "unknown-key"),
    ];
    assert_eq!(told(true), owned(&pruned));
}

#[test]
fn nothing_that_is_wrong_waits_for_something_else_to_be_mended() {
    let text = "
project: p
time_zone: Mars
language: xx
roles: { Agents: {} }
connections: { c: { url: https://example.org } }
forms:
  f:
    fields:
      - { name: a, type: strin, requird: true, fields: [ { name: b, type: x } ] }
      - { name: c, type: string }
      - { name: c, type: string }
    lifecycle:
      functions: { _receiver: nobody }
      statuses: { new: { name: New, actions: [ { jump: nowhere, label: 5 } ] } }
forwarders:
  unread: { to: gone, from: lost, on: nothing }
workflows:
  unread: { trigger: { source: lost }, steps: { s: { connection: gone, job: 5 } } }
";
    let told = mistakes(&value_of(text), None, false);
    let told: Vec<(&str, &str)> = told.iter().map(|it| (it.path.as_str(), it.code)).collect();
    assert_eq!(
        told,
        [
            ("time_zone", "unknown-time-zone"),
            ("language", "wrong-value"),
            ("roles.Agents", "bad-name"),
            ("forms.f.fields[0].type", "wrong-value"),
            ("forms.f.fields[0].requird", "unknown-key"),
            ("forms.f.fields[0].fields[0].type", "wrong-value"),
            ("forms.f.fields[2]", "duplicate-value"),
            ("forms.f.lifecycle.functions._receiver", "unknown-role"),
            ("forms.f.lifecycle.statuses.new.actions[0].jump", "unknown-status"),
            ("forms.f.lifecycle.statuses.new.actions[0].label", "does-not-apply"),
            ("forwarders.unread.to", "unknown-connection"),
            ("forwarders.unread.from", "unknown-source"),
            ("forwarders.unread.on", "wrong-value"),
            ("workflows.unread.trigger.source", "unknown-source"),
            ("workflows.unread.steps.s.connection", "unknown-connection"),
            ("workflows.unread.steps.s.job", "wrong-type"),
        ]
    );
}

#[test]
fn names_in_what_cannot_be_read_are_looked_for_as_they_are_written() {
    let there = completed(draft("project: p\nroles: { old: {} }"));
    let text = "
project: p
roles: { agents: {} }
forms:
  f:
    title: []
    submitters: [agents, old, nurses, logged-users]
    submission_roles: [agents, clerks]
    fields: 5
    lifecycle:
      functions: { _receiver: agents, _manager: { role: bosses }, _other: null }
      statuses:
        new:
          visible_to: [old, watchers]
          actions:
            - { call: { connection: gone } }
            - { comment: true, by: [_receiver, talkers] }
            - { assign: { _receiver: movers } }
            - { mail: { to: ['a@example.org', '{{ x }}', readers], subject: s, body: b } }
      global_actions:
        close: { by: [closers], hook: [_signed_calls, hookers], actions: [ { delete: true } ] }
workflows:
  w:
    timeout: soon
    trigger: { source: lost }
    steps: { a: { connection: gone, timeout: soon, job: x, next: nowhere }, b: { job: x } }
";
    let told = mistakes(&value_of(text), Some(&there), false);
    let told: Vec<(&str, &str)> = told.iter().map(|it| (it.path.as_str(), it.code)).collect();
    let status = "forms.f.lifecycle.statuses.new";
    assert_eq!(
        told,
        [
            ("forms.f.title", "wrong-type"),
            ("forms.f.submitters[2]", "unknown-role"),
            ("forms.f.submission_roles[1]", "unknown-role"),
            ("forms.f.fields", "wrong-type"),
            ("forms.f.lifecycle.functions._manager", "unknown-role"),
            (&format!("{status}.visible_to[1]"), "unknown-role"),
            (&format!("{status}.actions[0].call.connection"), "unknown-connection"),
            (&format!("{status}.actions[1].by[1]"), "unknown-role"),
            (&format!("{status}.actions[2].assign._receiver"), "unknown-role"),
            (&format!("{status}.actions[3].mail.to[2]"), "unknown-role"),
            ("forms.f.lifecycle.global_actions.close.by[0]", "unknown-role"),
            ("forms.f.lifecycle.global_actions.close.hook[1]", "unknown-role"),
            ("workflows.w.timeout", "wrong-type"),
            ("workflows.w.trigger.source", "unknown-source"),
            ("workflows.w.steps.a.connection", "unknown-connection"),
            ("workflows.w.steps.a.timeout", "wrong-type"),
            ("workflows.w.steps.a.next.nowhere", "unknown-step"),
        ]
    );
}

/// A file that is applied names again what the project has already.
#[test]
fn a_hint_lists_each_name_once() {
    let text = "project: p\nconnections: { dhis: { url: 'http://a' }, ops: { url: 'http://b' } }\n\
                roles: { agents: {}, clerks: {} }\n";
    let there = completed(draft(text));
    let text = format!(
        "{text}forwarders: {{ f: {{ to: zzz }} }}\nforms: {{ f: {{ fields: [], submitters: [zzz] }}, g: {{ fields: \
         5, submitters: [zzz] }} }}\n"
    );
    let told = mistakes(&value_of(&text), Some(&there), false);
    let hints: Vec<_> =
        told.iter().map(|it| (it.path.as_str(), it.hint.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        hints,
        [
            ("forwarders.f.to", "known here: `dhis`, `ops`"),
            ("forms.f.submitters[0]", "known here: `agents`, `clerks`"),
            ("forms.g.fields", ""),
            ("forms.g.submitters[0]", "known here: `agents`, `clerks`"),
        ]
    );
}

/// What is wrong with a document of one key, given as JSON.
fn told_of(document: &str) -> Vec<Problem> {
    mistakes(&Value::parse(document.as_bytes()).unwrap(), None, false)
}

/// Each value below a long key would have the whole of it in its place.
#[test]
fn mistakes_below_long_keys_are_told_in_short() {
    let key = "k".repeat(1_000_000);
    let elements = vec!["0"; 200_000].join(",");
    let steps: Vec<String> =
        (0..20_000).map(|at| format!("\"{at}\": {{\"connection\": 1}}")).collect();
    let steps = steps.join(",");
    for document in [
        format!("{{\"{key}\": [{elements}]}}"),
        format!(
            "{{\"project\": \"p\", \"sources\": {{\"{key}\": {{\"senders\": [{elements}]}}}}}}"
        ),
        format!("{{\"project\": \"p\", \"workflows\": {{\"{key}\": {{\"steps\": {{{steps}}}}}}}}}"),
    ] {
        let told = told_of(&document);
        assert!(!told.is_empty() && told.len() <= 1_001, "{}", told.len());
        let longest = told.iter().map(|it| it.path.len()).max().unwrap();
        assert!(longest < 1_000, "{longest}");
    }
}

#[test]
fn so_many_mistakes_are_told_and_how_many_more_there_are() {
    let unknown: Vec<String> = (0..3_000).map(|at| format!("\"x{at}\": 0")).collect();
    let told = told_of(&format!("{{\"project\": \"p\", {}}}", unknown.join(",")));
    assert_eq!((told.len(), told[0].path.as_str(), told[999].path.as_str()), (1_001, "x0", "x999"));
    let last = &told[1_000];
    assert_eq!((last.code, last.path.as_str()), ("more-mistakes", ""));
    assert!(last.message.starts_with("there are 2000 more mistakes"), "{last}");
}
