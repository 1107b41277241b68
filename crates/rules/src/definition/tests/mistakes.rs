//! Every code, with the place it is reported at and what is said.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// Reads a project file with one mistake in it.
#[track_caller]
fn problem(text: &str) -> Problem {
    let mut problems = read_alone(&value_of(&with_name(text))).expect_err(text);
    assert_eq!(problems.len(), 1, "{text}: {problems:?}");
    problems.remove(0)
}

fn with_name(text: &str) -> String {
    if text.contains("project:") { text.to_owned() } else { format!("project: p\n{text}") }
}

fn connection(keys: &str) -> String {
    format!("connections: {{ c: {{ url: https://example.org, {keys} }} }}")
}

fn whole_connection(keys: &str) -> String {
    format!("connections: {{ c: {{ {keys} }} }}")
}

fn authentication(kind: &str) -> String {
    connection(&format!("auth: {{ {kind} }}"))
}

fn source(keys: &str) -> String {
    format!("sources: {{ s: {{ dialect: json, {keys} }} }}")
}

fn forwarder(keys: &str) -> String {
    format!("{}\nforwarders: {{ f: {{ to: c, {keys} }} }}", connection(""))
}

/// A forwarder of forms to a database.
fn into_database(keys: &str) -> String {
    format!(
        "connections: {{ c: {{ url: 'postgres://db/a' }} }}\nforwarders: {{ f: {{ on: form, to: c, {keys} }} }}"
    )
}

mod connections;
mod forwarders;
mod table;

/// Checks the rows of one noun: `whole` makes a project file of a row's text, `within` the place
/// that a row's place is in.
#[track_caller]
fn check(rows: &[table::Row], whole: fn(&str) -> String, within: &str) {
    for (text, code, path, message, hint) in rows {
        let problem = problem(&whole(text));
        assert_eq!(problem.code, *code, "{text}: {problem}");
        assert_eq!(problem.path, format!("{within}{path}"), "{text}: {problem}");
        assert!(problem.message.contains(message), "{text}: {problem}");
        assert!(problem.hint.as_deref().unwrap_or("").contains(hint), "{text}: {problem}");
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
    }
}

#[test]
fn every_mistake_is_told_with_its_place() {
    check(table::DOCUMENT, str::to_owned, "");
    check(table::SETTINGS, str::to_owned, "");
    check(table::ACCESS, str::to_owned, "");
    check(table::SOURCES, source, "sources.s.");
    check(connections::CONNECTIONS, connection, "connections.c.");
    check(connections::AUTHENTICATION, authentication, "connections.c.auth.");
    check(connections::DATABASES, whole_connection, "connections.c.");
    check(forwarders::FORWARDERS, forwarder, "forwarders.f.");
    check(forwarders::EVENTS, forwarder, "forwarders.f.");
    check(forwarders::DATABASES, into_database, "forwarders.f.");
}

/// Checks a bound: `repeated(largest)` is taken, and one more is refused with that code.
#[track_caller]
fn check_bound(largest: usize, code: &str, repeated: impl Fn(usize) -> String) {
    draft(&with_name(&repeated(largest)));
    assert_eq!(problem(&repeated(largest + 1)).code, code);
}

#[test]
fn every_length_has_a_bound() {
    let long = |length: usize| "x".repeat(length);
    check_bound(200, "out-of-range", |length| format!("title: {}", long(length)));
    check_bound(64, "bad-name", |length| {
        format!("sources: {{ {}: {{ dialect: kobo }} }}", long(length))
    });
    check_bound(256, "bad-secret", |length| source(&format!("secret: {}", long(length))));
    check_bound(512, "bad-path", |length| source(&format!("path: {}", long(length))));
    let host = "http://example.org/";
    check_bound(8_192, "bad-url", |length| {
        format!("connections: {{ c: {{ url: {host}{} }} }}", long(length - host.len()))
    });
    check_bound(50, "out-of-range", |count| {
        connection(&format!("notify: [{}]", vec!["a@example.org"; count].join(", ")))
    });
    check_bound(254, "bad-mail-address", |length| {
        connection(&format!("notify: [{}@example.org]", long(length - "@example.org".len())))
    });
    let block = |kind: &str| format!("\"-----BEGIN {kind}-----\\nAAAA\\n-----END {kind}-----\"");
    let (certificate, key) = (block("CERTIFICATE"), block("ENCRYPTED PRIVATE KEY"));
    check_bound(1_024, "out-of-range", |length| {
        connection(&format!(
            "tls: {{ client_certificate: {certificate}, client_key: {key}, client_key_passphrase: {} }}",
            long(length)
        ))
    });
    check_bound(8_192, "bad-header", |length| {
        forwarder(&format!("headers: {{ a: {} }}", long(length)))
    });
    check_bound(256, "bad-header", |length| {
        forwarder(&format!("headers: {{ ? {} : b }}", long(length)))
    });
}

#[test]
fn what_a_forwarder_lists_has_bounds() {
    let of_forms = |keys: &str| forwarder(&format!("on: form, {keys}"));
    let long = |length: usize| "x".repeat(length);
    check_bound(500, "out-of-range", |count| {
        of_forms(&format!("users: [{}]", vec!["ann"; count].join(", ")))
    });
    check_bound(1_024, "out-of-range", |length| of_forms(&format!("forms: {}", long(length))));
    check_bound(200, "out-of-range", |count| {
        let fields: Vec<_> = (0..count).map(|number| format!("f{number}: drop")).collect();
        of_forms(&format!("withhold: {{ {} }}", fields.join(", ")))
    });
    check_bound(512, "bad-path", |length| {
        of_forms(&format!("withhold: {{ ? {} : drop }}", long(length)))
    });
    check_bound(20, "wrong-value", |length| {
        of_forms(&format!("withhold: {{ a: {{ coarsen: 1.{} }} }}", "5".repeat(length - 2)))
    });
    check_bound(65_536, "out-of-range", |length| {
        of_forms(&format!("format: template, template: {}", long(length)))
    });
    check_bound(256, "wrong-value", |length| {
        let kind = format!("a/{}", long(length - 2));
        of_forms(&format!("format: template, template: x, content_type: {kind}"))
    });
    check_bound(63, "wrong-value", |length| {
        into_database(&format!("format: table, table: {}", long(length)))
    });
}

#[test]
fn a_connection_of_forwarders_that_stay_cannot_become_a_database() {
    let there = completed(draft(&with_name(&forwarder(""))));
    let text = "connections: { c: { url: 'postgres://db/a' } }";
    let problems = dangling_references(&draft(&with_name(text)), Some(&there), false);
    let told: Vec<_> = problems.iter().map(|it| (it.path.as_str(), it.code)).collect();
    assert_eq!(told, [("forwarders.f.format", "database-needs-table")]);
    let both = format!("{text}\nforwarders: {{ f: {{ on: form, to: c, format: table }} }}");
    assert_eq!(dangling_references(&draft(&with_name(&both)), Some(&there), false), []);
}

#[test]
fn files_are_fetched_by_a_connection_that_is_there_and_no_database() {
    let source = "sources: { s: { dialect: kobo, fetch_files: c } }";
    let api = "connections: { c: { url: 'http://a' } }";
    let database = "connections: { c: { url: 'postgres://db/a' } }";
    let there = completed(draft(&with_name(&format!("{source}\n{api}"))));
    let told = |text: &str, existing: Option<&ProjectDefinition>| -> Vec<(String, &str)> {
        let problems = dangling_references(&draft(&with_name(text)), existing, false);
        problems.into_iter().map(|problem| (problem.path, problem.code)).collect()
    };
    let problem = |code| vec![("sources.s.fetch_files".to_owned(), code)];
    assert_eq!(told(source, None), problem("unknown-connection"));
    assert_eq!(told(&format!("{source}\n{database}"), None), problem("wrong-value"));
    assert_eq!(told(source, Some(&there)), []);
    assert_eq!(told(database, Some(&there)), problem("wrong-value"));
    // Whoever writes the connection wrongly is not told that it is missing as well.
    let misspelt = format!("{source}\nconnections: {{ c: {{ uri: 'http://a' }} }}");
    let told = mistakes(&value_of(&with_name(&misspelt)), None, false);
    assert!(told.iter().all(|problem| problem.path.starts_with("connections.")), "{told:?}");
}

#[test]
fn the_first_format_of_an_event_is_its_default() {
    for event in Event::OFFERED {
        let read = |keys: &str| {
            draft(&with_name(&forwarder(&format!("on: {event}{keys}")))).forwarders.remove(0)
        };
        let formats = formats_of(*event);
        assert_eq!(read("").format, formats[0], "{event}");
        for format in formats.iter().filter(|it| **it != Format::Table) {
            let template = if *format == Format::Template { ", template: x" } else { "" };
            assert_eq!(read(&format!(", format: {format}{template}")).format, *format);
        }
    }
}

#[test]
fn who_may_come_in_has_bounds() {
    let key = |keys: &str| format!("api_access: {{ p: {{ {keys} }} }}");
    check_bound(256, "bad-secret", |length| key(&format!("secret: {}", "x".repeat(length))));
    check_bound(50, "out-of-range", |count| {
        key(&format!("secret: x, roles: [{}]", vec!["desk"; count].join(", ")))
    });
    check_bound(200, "out-of-range", |count| {
        let keys: Vec<_> = (0..count).map(|number| format!("k{number}: {{ secret: x }}")).collect();
        format!("api_access: {{ {} }}", keys.join(", "))
    });
}

#[test]
fn keys_and_owners_of_receiver_paths_may_be_there_already() {
    let there = completed(draft(
        "project: p\napi_access: { partner: { secret: x } }\nsources: { a: { dialect: openrosa, \
         access: [partner] } }",
    ));
    let told = |text: &str, prune| -> Vec<(String, &str)> {
        let mut more = draft(&with_name(text));
        keep_api_access(&mut more, Some(&there), prune);
        let problems = dangling_references(&more, Some(&there), prune);
        problems.into_iter().map(|problem| (problem.path, problem.code)).collect()
    };
    let other = "sources: { b: { dialect: commcare, access: [partner] } }";
    assert_eq!(told(other, false), []);
    assert_eq!(told(other, true), [("sources.b.access[0]".to_owned(), "unknown-api-access")]);
    let second = "sources: { b: { dialect: openrosa, access: anonymous } }";
    assert_eq!(told(second, false), [("sources.b.access".to_owned(), "duplicate-value")]);
    assert_eq!(told(second, true), []);
    let same = "sources: { a: { dialect: openrosa, access: anonymous } }";
    assert_eq!(told(same, false), []);
    let [problem] = &sources_without_key(&there.sources, &[])[..] else { panic!("one source") };
    assert_eq!((&*problem.path, problem.code), ("sources.a.access[0]", "unknown-api-access"));
}

#[test]
fn keys_that_a_draft_does_not_name_stay_unless_they_are_pruned() {
    let there = completed(draft(
        "project: p\napi_access: { one: { secret: a }, two: { secret: b }, three: { secret: c } }",
    ));
    let kept = |prune| -> Vec<(String, Secret)> {
        let text = "api_access: { four: { secret: d }, two: { secret: e } }";
        let mut more = draft(&with_name(text));
        keep_api_access(&mut more, Some(&there), prune);
        let keys = more.settings.api_access.into_iter();
        keys.map(|key| (key.name, key.secret)).collect()
    };
    let keys = |pairs: &[(&str, &str)]| -> Vec<(String, Secret)> {
        pairs.iter().map(|(name, secret)| ((*name).to_owned(), Secret::new(*secret))).collect()
    };
    assert_eq!(kept(false), keys(&[("one", "a"), ("two", "e"), ("three", "c"), ("four", "d")]));
    assert_eq!(kept(true), keys(&[("four", "d"), ("two", "e")]));
}

#[test]
fn what_gets_a_token_has_bounds() {
    let login = |keys: &str| {
        let usual = [("fields", "fields: { a: b }"), ("token_at", "token_at: $.t")];
        let usual = usual.iter().filter(|(key, _)| !keys.starts_with(key));
        let usual = usual.map(|(_, text)| *text).collect::<Vec<_>>().join(", ");
        authentication(&format!("login: {{ url: 'https://a', {keys}, {usual} }}"))
    };
    let counted = |count: usize, write: fn(usize) -> String| {
        (0..count).map(write).collect::<Vec<_>>().join(", ")
    };
    check_bound(50, "out-of-range", |count| {
        let scopes = counted(count, |number| format!("s{number}"));
        authentication(&format!(
            "oauth2_client: {{ token_url: 'https://a', client_id: a, client_secret: b, scope: \
             [{scopes}] }}"
        ))
    });
    check_bound(50, "out-of-range", |count| {
        login(&format!("fields: {{ {} }}", counted(count, |number| format!("f{number}: a"))))
    });
    check_bound(10, "out-of-range", |count| {
        login(&format!("token_at: [{}]", counted(count, |number| format!("$.t{number}"))))
    });
    check_bound(512, "bad-json-path", |length| {
        login(&format!("token_at: $.{}", "x".repeat(length - "$.".len())))
    });
    check_bound(64, "bad-header", |length| {
        login(&format!("send_as: {{ header: x-a, prefix: {} }}", "x".repeat(length)))
    });
}

#[test]
fn pem_text_has_a_bound() {
    check_bound(MAX_PEM_BYTES, "bad-pem", |length| {
        let text = pem("CERTIFICATE").replace('\n', "\\n");
        let unescaped = pem("CERTIFICATE").len();
        connection(&format!("tls: {{ ca: \"{text}{}\" }}", "x".repeat(length - unescaped)))
    });
}

#[test]
fn signing_keys_have_1_to_64_bytes() {
    let with_key = |key: &str, bytes: usize| {
        connection(&format!("{key}: whsec_{}", STANDARD.encode(vec![7; bytes])))
    };
    for (bytes, is_warned) in [(1, true), (23, true), (24, false), (32, false), (64, false)] {
        let text = with_name(&with_key("signing_secret", bytes));
        let unpadded = text.replace('=', "");
        for text in [text, unpadded] {
            let told = warnings(&draft(&text));
            let warning = told.iter().find(|warning| warning.code == "short-signing-secret");
            assert_eq!(warning.is_some(), is_warned, "{text}: {told:?}");
            let path = "connections.c.signing_secret";
            assert!(warning.is_none_or(|warning| warning.path == path), "{told:?}");
        }
    }
    for bytes in [0, 65] {
        let problem = problem(&with_key("signing_secret", bytes));
        assert_eq!(problem.code, "bad-signing-secret");
        assert!(problem.message.contains("1 to 64"), "{problem}");
    }
    let previous_alone = problem(&with_key("previous_signing_secret", 32));
    assert_eq!(previous_alone.path, "connections.c.previous_signing_secret");
    assert!(previous_alone.message.contains("followed by"), "{previous_alone}");
}

#[test]
fn every_code_is_covered() {
    let rows = [
        table::DOCUMENT,
        table::SETTINGS,
        table::ACCESS,
        table::SOURCES,
        connections::CONNECTIONS,
        connections::AUTHENTICATION,
        connections::DATABASES,
        forwarders::FORWARDERS,
        forwarders::EVENTS,
        forwarders::DATABASES,
    ]
    .concat();
    let covered = rows.into_iter().map(|(_, code, ..)| code);
    // These come from reading text, merging files, keeping secrets, warnings, workflows and forms; they
    // have tests of their own.
    let elsewhere = [
        "automatic-circle",
        "bad-condition",
        "bad-cron",
        "bad-job-file",
        "bad-template",
        "bad-variable",
        "bad-yaml",
        "circular-workflow",
        "conflicting-definitions",
        "credentials-in-the-clear",
        "cursor-not-kept",
        "endpoint-with-jump",
        "more-mistakes",
        "no-notify",
        "no-role-for-function",
        "no-stored-secret",
        "reserved-name",
        "secret-must-be-given-again",
        "short-secret",
        "short-signing-secret",
        "two-triggers",
        "unknown-field",
        "unknown-function",
        "unknown-role",
        "unknown-status",
        "unknown-step",
        "unknown-time-zone",
        "unreachable-action",
        "unreachable-status",
        "unreachable-step",
        "unverified-tls",
        "wrong-field-type",
    ];
    let all: BTreeSet<_> = covered.chain(elsewhere).collect();
    assert_eq!(all, BTreeSet::from(CODES));
}

#[test]
fn what_is_promised_is_refused_as_not_done_yet() {
    let problems = read_project(&value_of(include_str!("promised.yaml"))).unwrap_err();
    for problem in &problems {
        assert_eq!(problem.code, "not-supported-yet", "{problem}");
        assert!(problem.message.contains("is not supported by this version yet"), "{problem}");
    }
    let paths: BTreeSet<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, BTreeSet::from(["sources.godata.dialect", "sources.godata.poll",]));
}

#[test]
fn a_wrong_definition_still_counts_as_one_of_its_name() {
    let text = "connections: { c: { url: 5 } }\nforwarders: { f: { to: c } }";
    assert_eq!(problem(text).path, "connections.c.url");
}

#[test]
fn an_empty_document_is_refused() {
    for text in ["null", "[]", "\"project\""] {
        let problems = read_project(&Value::parse(text.as_bytes()).unwrap()).unwrap_err();
        assert_eq!((problems[0].code, problems[0].path.as_str()), ("wrong-type", ""));
    }
}

#[test]
fn nouns_can_be_read_alone() {
    let json = |text: &'static str| Value::parse(text.as_bytes()).unwrap();
    assert!(read_source("s", &json(r#"{"dialect":"json"}"#)).is_ok());
    assert!(read_connection("c", &json(r#"{"url":"http://a"}"#)).is_ok());
    let forwarder = read_forwarder("f", &json(r#"{"to":"c","from":"s"}"#)).unwrap();
    let connection = |name: &str| read_connection(name, &json(r#"{"url":"http://a"}"#)).unwrap();
    assert_eq!(unknown_references(&forwarder, &[&connection("c")], &["s"]), []);
    let unknown = unknown_references(&forwarder, &[&connection("cc")], &[]);
    let codes: Vec<_> = unknown.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["unknown-connection", "unknown-source"]);
    assert_eq!(unknown[0].hint.as_deref(), Some("did you mean `cc`?"));
    let problems = read_connection("c", &json("{}")).unwrap_err();
    assert_eq!(problems[0].to_string(), "connections.c.url: `url` is missing [missing-key]");
}

#[test]
fn numbers_and_truth_may_come_as_text() {
    // That is what `${NAME}` becomes.
    let text = "connections: { c: { url: https://example.org, concurrency: '5' } }
forwarders: { f: { to: c, paused: 'true', retry: { factor: '2.5' } } }";
    let project = draft(&with_name(text));
    assert_eq!(project.connections[0].concurrency, 5);
    assert!(project.forwarders[0].paused);
    assert!((project.forwarders[0].retry.factor - 2.5).abs() < f64::EPSILON);
}

/// Reads a project that refers to nothing but itself.
fn read_alone(value: &Value<'_>) -> Result<ProjectDraft, Vec<Problem>> {
    let draft = read_project(value)?;
    let dangling = dangling_references(&draft, None, false);
    if dangling.is_empty() { Ok(draft) } else { Err(dangling) }
}

#[test]
fn a_draft_may_refer_to_what_is_there_already_unless_that_is_pruned() {
    let there = read_alone(&value_of(
        "project: p\nsources: { s: { dialect: json, secret: a-secret-of-s, id: 3f3dd1e3-3bbf-4e21-9015-9921204013c0 } }\nconnections: { c: { url: 'http://a' } }",
    ))
    .unwrap();
    let existing = ProjectDefinition {
        name: there.name,
        title: there.title,
        sources: there
            .sources
            .into_iter()
            .map(|source| source.complete(None, &mut || unreachable!("both are given")))
            .collect(),
        connections: there.connections,
        roles: Vec::new(),
        users: Vec::new(),
        forms: Vec::new(),
        forwarders: Vec::new(),
        workflows: Vec::new(),
        settings: there.settings,
    };
    let more = read_project(&value_of(
        "project: p\nforwarders: { f: { from: s, to: c }, g: { from: s, to: d } }",
    ))
    .unwrap();
    let paths = |prune| -> Vec<String> {
        let problems = dangling_references(&more, Some(&existing), prune);
        problems.into_iter().map(|problem| problem.path).collect()
    };
    assert_eq!(paths(false), ["forwarders.g.to"]);
    let all = ["forwarders.f.to", "forwarders.f.from", "forwarders.g.to", "forwarders.g.from"];
    assert_eq!(paths(true), all);
    let hints: Vec<_> = dangling_references(&more, Some(&existing), true)
        .into_iter()
        .map(|problem| problem.hint.is_some_and(|hint| hint.contains("pruning would remove it")))
        .collect();
    assert_eq!(hints, [true, true, false, true]);
}

#[test]
fn a_pause_that_the_document_does_not_speak_of_stays() {
    let all = |project: &str, rest: &str| {
        draft(&format!(
            "project: p\n{project}\nconnections:\n  a: {{ url: 'http://a'{rest} }}\n  \
             b: {{ url: 'http://b', paused: false }}\nforwarders:\n  f: {{ to: a{rest} }}\n  \
             g: {{ to: a, paused: false }}"
        ))
    };
    let paused = completed(all("paused: true", ", paused: true"));
    let mut unsaid = all("", "");
    keep_pauses(&mut unsaid, Some(&paused));
    let pauses = |draft: &ProjectDraft| {
        let connections = draft.connections.iter().map(|connection| connection.paused);
        let forwarders = draft.forwarders.iter().map(|forwarder| forwarder.paused);
        let all: Vec<bool> =
            [draft.settings.paused].into_iter().chain(connections).chain(forwarders).collect();
        all
    };
    assert_eq!(pauses(&unsaid), [true, true, false, true, false]);

    let mut said = all("paused: false", ", paused: false");
    keep_pauses(&mut said, Some(&paused));
    assert_eq!(pauses(&said), [false; 5]);

    // A key with nothing behind it counts as left out.
    let mut bare = all("paused:", ", paused:");
    keep_pauses(&mut bare, Some(&paused));
    assert_eq!(pauses(&bare), [true, true, false, true, false]);

    let mut new = all("", "");
    keep_pauses(&mut new, None);
    assert_eq!(pauses(&new), [false; 5]);
}
