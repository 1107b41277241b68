//! What is written reads back as the same thing.

use proptest::prelude::*;

use super::arbitrary::any_project;
use super::*;

#[track_caller]
fn comes_back(project: &ProjectDefinition) {
    let written = write_project(project, Secrets::Shown);
    let text = yaml::write(&written);
    let read = yaml::read(&text, &|_| None).unwrap();
    assert_eq!(read, written, "{text}");
    let draft = read_project(&read).unwrap_or_else(|problems| panic!("{}\n{text}", problems[0]));
    let again = ProjectDefinition {
        sources: draft
            .sources
            .iter()
            .map(|source| source.clone().complete(None, &mut no_need))
            .collect(),
        ..completed(draft)
    };
    assert_eq!(&again, project, "{text}");
}

fn no_need() -> (Secret, Uuid) {
    panic!("what was written names its secret and id")
}

#[test]
fn a_file_with_everything_comes_back() {
    comes_back(&completed(draft(CLINIC)));
}

#[test]
fn defaults_are_left_out() {
    let text = "
project: clinic
connections: { c: { url: https://example.org, auth: none, notify: [], timeout: 30s, concurrency: 8 } }
sources: { s: { dialect: odk-aggregate, enabled: true, dedupe: identity, on_bad_body: accept, auth: [] } }
forwarders:
  f:
    on: message
    to: c
    format: as-received
    method: POST
    paused: false
    headers: {}
    query: {}
    retry: { first: 15s, factor: 3, max: 6h, give_up_after: 5d, minimum_tries: 3, codes: [] }
";
    let written = write_project(&completed(draft(text)), Secrets::Shown);
    assert_eq!(
        yaml::write(&written),
        "project: clinic
connections:
  c:
    url: https://example.org
sources:
  s:
    dialect: odk-aggregate
    secret: fresh-1
    id: \"00000000-0000-0000-0000-000000000001\"
forwarders:
  f:
    to: c
"
    );
}

#[test]
fn hidden_secrets_are_kept() {
    let mut project = completed(draft(CLINIC));
    project.forwarders[0].headers.push(("Authorization".to_owned(), "Bearer abc".to_owned()));
    project.forwarders[0].query.push(("api_key".to_owned(), "abc".to_owned()));
    let hidden = write_project(&project, Secrets::Hidden);
    let text = yaml::write(&hidden);
    for secret in ["value-of", "whsec", "abc", "X-Two: \"2\""] {
        assert!(!text.contains(secret), "{secret} in\n{text}");
    }
    assert_eq!(text.matches(PLACEHOLDER).count(), 35, "{text}");

    let mut draft = read_project(&hidden).unwrap();
    assert_eq!(keep_secrets(&mut draft, Some(&project)), []);
    assert_eq!(completed(draft), project);

    // A new project has nothing to keep.
    let mut draft = read_project(&hidden).unwrap();
    let problems = keep_secrets(&mut draft, None);
    assert!(problems.iter().all(|problem| problem.code == "no-stored-secret"));
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "notify[1]",
            "api_access.partner.secret",
            "api_access.phones.secret",
            "connections.warehouse.signing_secret",
            "connections.warehouse.previous_signing_secret",
            "connections.warehouse.tls.client_key",
            "connections.warehouse.auth.basic.password",
            "connections.dhis2.credential.apiVersion",
            "connections.dhis2.credential.pageSize",
            "connections.dhis2.credential.tls",
            "connections.token.url",
            "connections.token.auth.bearer",
            "connections.key.auth.api_key.key",
            "connections.headers.auth.headers.X-One",
            "connections.headers.auth.headers.X-Two",
            "connections.digest.auth.digest.password",
            "connections.client.auth.oauth2_client.token_url",
            "connections.client.auth.oauth2_client.client_secret",
            "connections.person.auth.oauth2_password.client_secret",
            "connections.person.auth.oauth2_password.password",
            "connections.login.auth.login.fields.user",
            "connections.login.auth.login.fields.password",
            "connections.godata.auth.login.fields.email",
            "connections.godata.auth.login.fields.password",
            "connections.signed.auth.signed_url.key",
            "connections.rows.auth.basic.password",
            "sources.kobo.secret",
            "sources.kobo.auth[0].api_key",
            "sources.kobo.auth[1].basic.password",
            "sources.aggregate.secret",
            "sources.plain.secret",
            "sources.commcare.secret",
            "sources.collect.secret",
            "forwarders.births.headers.Authorization",
            "forwarders.births.query.api_key",
        ]
    );
}

#[test]
fn a_placeholder_keeps_only_a_secret_of_the_same_kind() {
    let stored = completed(draft(CLINIC));
    let mut draft = draft(&format!(
        "
project: clinic
connections:
  warehouse: {{ url: https://other.example.org, auth: {{ bearer: {PLACEHOLDER} }} }}
  token: {{ url: 'http://10.1.2.3:8080/?token={PLACEHOLDER}&x=2' }}
"
    ));
    let problems = keep_secrets(&mut draft, Some(&stored));
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["connections.warehouse.auth.bearer", "connections.token.url"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_definition_comes_back(project in any_project()) {
        comes_back(&project);
    }

    #[test]
    fn hidden_secrets_of_any_definition_are_kept(project in any_project()) {
        let mut draft = read_project(&write_project(&project, Secrets::Hidden)).unwrap();
        prop_assert_eq!(keep_secrets(&mut draft, Some(&project)), vec![]);
        prop_assert_eq!(compare(Some(&project), &draft, true), vec![]);
        prop_assert_eq!(completed(draft), project);
    }
}

/// The places of a value, as the ways down to them.
fn places(value: &Value<'_>) -> Vec<Vec<usize>> {
    let children: Vec<&Value<'_>> = match value {
        Value::Object(members) => members.iter().map(|(_, value)| value).collect(),
        Value::Array(elements) => elements.iter().collect(),
        _ => vec![],
    };
    let mut found = vec![vec![]];
    for (index, child) in children.into_iter().enumerate() {
        for mut place in places(child) {
            place.insert(0, index);
            found.push(place);
        }
    }
    found
}

fn put(value: &mut Value<'static>, place: &[usize], new: Value<'static>) {
    match (place, value) {
        ([], value) => *value = new,
        ([index, rest @ ..], Value::Object(members)) => put(&mut members[*index].1, rest, new),
        ([index, rest @ ..], Value::Array(elements)) => put(&mut elements[*index], rest, new),
        _ => unreachable!("places lead through objects and arrays"),
    }
}

#[test]
fn whatever_stands_anywhere_is_read_or_refused_with_a_reason() {
    let whole = value_of(CLINIC);
    let others = [
        "null",
        "true",
        "-1",
        "1e9",
        "\"\"",
        "\"hunter2\"",
        "[]",
        "[null]",
        "{}",
        "{\"hunter2\":null}",
    ];
    for place in places(&whole) {
        for other in others {
            let mut value = whole.clone();
            put(&mut value, &place, Value::parse(other.as_bytes()).unwrap());
            match read_project(&value) {
                Ok(draft) => comes_back(&completed(draft)),
                Err(problems) => assert!(!problems.is_empty(), "{}", value.to_json()),
            }
        }
    }
}
