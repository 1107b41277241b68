//! What is written reads back as the same thing.

use std::collections::HashSet;

use fieldpost_model::connection::{
    CredentialsPlace, Login, LoginBody, Oauth2, Oauth2Grant, OnBehalfOf, SignedUrl,
    SigningAlgorithm, TokenPlace,
};
use fieldpost_model::forwarder::{Forwarder, MessageFilter};
use fieldpost_model::source::Source;
use proptest::prelude::*;

use super::*;
use crate::redact;

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
    assert_eq!(text.matches(PLACEHOLDER).count(), 27, "{text}");

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
            "connections.warehouse.signing_secret",
            "connections.warehouse.previous_signing_secret",
            "connections.warehouse.tls.client_key",
            "connections.warehouse.auth.basic.password",
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
            "sources.kobo.secret",
            "sources.kobo.auth[0].api_key",
            "sources.kobo.auth[1].basic.password",
            "sources.aggregate.secret",
            "sources.plain.secret",
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

fn any_name() -> impl Strategy<Value = String> {
    "[a-z0-9_-]{1,8}"
}

fn any_secret() -> impl Strategy<Value = Secret> {
    "[!-~]{1,20}".prop_map(Secret::new)
}

fn any_duration(longest_milliseconds: u64) -> impl Strategy<Value = Duration> {
    (1..=longest_milliseconds).prop_map(Duration::from_millis)
}

fn any_pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::btree_map("x-[a-z0-9-]{1,6}", "[ -~]{0,10}", 0..3)
        .prop_map(|pairs| pairs.into_iter().collect())
}

/// Pairs that a filter can look at: none of them is a credential.
fn any_conditions() -> impl Strategy<Value = Vec<(String, String)>> {
    any_pairs().prop_map(|mut pairs| {
        pairs.retain(|(name, _)| {
            !redact::is_credential_header(name) && !redact::is_credential_parameter(name)
        });
        pairs
    })
}

fn any_authentication() -> impl Strategy<Value = Authentication> {
    prop_oneof![
        Just(Authentication::None),
        ("[^:\\pC]{1,8}", "\\PC{0,8}").prop_map(|(username, password)| Authentication::Basic {
            username,
            password: Secret::new(password)
        }),
        any_secret().prop_map(|token| Authentication::Bearer { token }),
        ("[A-Za-z]{1,8}-key", any_secret())
            .prop_map(|(header, key)| Authentication::ApiKey { header, key }),
        any_pairs().prop_map(|pairs| Authentication::Headers(
            pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()
        )),
        ("[^:\\pC]{1,8}", "\\PC{0,8}").prop_map(|(username, password)| Authentication::Digest {
            username,
            password: Secret::new(password)
        }),
        any_oauth2().prop_map(Authentication::Oauth2),
        any_login().prop_map(Authentication::Login),
        any_signed_url().prop_map(Authentication::SignedUrl),
    ]
}

fn any_url() -> impl Strategy<Value = String> {
    prop_oneof![
        "https?://[a-z]{1,8}\\.example\\.org/[a-z]{0,4}",
        "https://[a-z]{1,8}\\.example\\.org/\\?token=[a-z]{1,8}&x=[a-z]{0,4}",
    ]
}

fn any_oauth2() -> impl Strategy<Value = Oauth2> {
    let grant = prop_oneof![
        Just(Oauth2Grant::ClientCredentials),
        ("\\PC{1,8}", any_secret())
            .prop_map(|(username, password)| Oauth2Grant::Password { username, password }),
    ];
    (
        grant,
        any_url(),
        prop::option::of("\\PC{1,8}"),
        any_secret(),
        prop::sample::select(CredentialsPlace::ALL),
        prop::collection::vec("[!#-\\[\\]-~]{1,6}", 0..3),
    )
        .prop_map(|(grant, token_url, client_id, secret, credentials_in, scopes)| {
            let client_id = match grant {
                Oauth2Grant::ClientCredentials => Some(client_id.unwrap_or("hub".to_owned())),
                Oauth2Grant::Password { .. } => client_id,
            };
            let client_secret = client_id.is_some().then_some(secret);
            Oauth2 { grant, token_url, client_id, client_secret, credentials_in, scopes }
        })
}

fn any_login() -> impl Strategy<Value = Login> {
    let path = || "\\$(\\.[a-z_-]{1,4}|\\[[0-9]\\]){1,3}";
    let send_as = prop_oneof![
        ("x-[a-z]{1,6}", "[ -~]{0,8}")
            .prop_map(|(name, prefix)| TokenPlace::Header { name, prefix }),
        Just(TokenPlace::Header { name: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }),
        "\\PC{1,8}".prop_map(TokenPlace::Query),
    ];
    (
        any_url(),
        prop::sample::select(LoginBody::ALL),
        prop::collection::btree_map("\\PC{1,6}", any_secret(), 1..4),
        prop::collection::vec(path(), 1..4),
        prop::option::of(path()),
        1..=100_000_u64,
        send_as,
    )
        .prop_map(|(url, body, fields, token_at, lifetime_at, seconds, send_as)| Login {
            url,
            body,
            fields: names_once(fields),
            token_at,
            lifetime_at,
            lifetime: Duration::from_secs(seconds),
            send_as,
        })
}

/// Names that differ in more than their case: a stored secret is found again whatever the case.
fn names_once(fields: std::collections::BTreeMap<String, Secret>) -> Vec<(String, Secret)> {
    let mut seen = HashSet::new();
    fields.into_iter().filter(|(name, _)| seen.insert(name.to_ascii_lowercase())).collect()
}

fn any_signed_url() -> impl Strategy<Value = SignedUrl> {
    let on_behalf_of = prop::option::of(prop_oneof![
        "\\PC{1,8}".prop_map(OnBehalfOf::Email),
        "\\PC{1,8}".prop_map(OnBehalfOf::NameId),
    ]);
    ("\\PC{1,8}", any_secret(), prop::sample::select(SigningAlgorithm::ALL), on_behalf_of).prop_map(
        |(origin, key, algorithm, on_behalf_of)| SignedUrl { origin, key, algorithm, on_behalf_of },
    )
}

fn any_notify() -> impl Strategy<Value = Vec<Recipient>> {
    let signed = prop::option::of(Just(Secret::new(format!("whsec_{}", "QUFB".repeat(8)))));
    let webhook = (any_url(), signed)
        .prop_map(|(url, signing_secret)| Recipient::Webhook(Webhook { url, signing_secret }));
    let recipient = prop_oneof!["[a-z.+]{1,5}@[a-z.]{1,8}".prop_map(Recipient::Mail), webhook];
    prop::collection::vec(recipient, 0..3).prop_map(|mut recipients| {
        // Two of one URL are one recipient.
        let mut seen = HashSet::new();
        recipients.retain(|recipient| seen.insert(redact::mask_webhook(recipient.address())));
        recipients
    })
}

fn any_tls() -> impl Strategy<Value = Tls> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(own, client, skip_verification)| Tls {
        authorities: own.then(|| pem("CERTIFICATE").repeat(2)),
        client_certificate: client.then(|| pem("CERTIFICATE")),
        client_key: client.then(|| Secret::new(pem("EC PRIVATE KEY"))),
        skip_verification,
    })
}

fn any_incident() -> impl Strategy<Value = IncidentPolicy> {
    (1..=1_000_000_u32, 0..=100_u32, 1_000..=604_800_000_u64, 1_000..=86_400_000_u64).prop_map(
        |(failures, share_percent, window, remind_every)| IncidentPolicy {
            failures,
            share_percent,
            window: Duration::from_millis(window),
            remind_every: Duration::from_millis(remind_every),
        },
    )
}

fn any_rate() -> impl Strategy<Value = Rate> {
    let per = prop_oneof![
        1_000..=86_400_000_u64,
        prop::sample::select(vec![1_000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000]),
    ];
    (1..=1_000_000_u32, per)
        .prop_map(|(calls, per)| Rate { calls, per: Duration::from_millis(per) })
}

fn any_connection() -> impl Strategy<Value = Connection> {
    let signing_secret = prop_oneof![
        Just((None, None)),
        Just((Some(Secret::new(format!("whsec_{}", "QUFB".repeat(8)))), None)),
    ];
    (
        any_name(),
        any_authentication(),
        any_notify(),
        any_duration(600_000),
        1..=1_000_u32,
        signing_secret,
        (prop::option::of(any_rate()), any_tls(), any::<bool>()),
        any_incident(),
    )
        .prop_map(
            |(name, authentication, notify, timeout, concurrency, signing, more, incident)| {
                Connection {
                    url: format!("https://{name}.example.org/?x={name}"),
                    name,
                    authentication,
                    notify,
                    timeout,
                    concurrency,
                    signing_secret: signing.0,
                    previous_signing_secret: signing.1,
                    rate: more.0,
                    tls: more.1,
                    paused: more.2,
                    incident,
                }
            },
        )
}

fn any_source() -> impl Strategy<Value = Source> {
    let dedupe = prop_oneof![
        Just(Dedupe::Identity),
        Just(Dedupe::None),
        any_duration(86_400_000).prop_map(|window| Dedupe::Content { window }),
    ];
    let sender = prop_oneof![
        any_secret().prop_map(SenderAuthentication::ApiKey),
        ("[a-z]{1,8}", any_secret()).prop_map(|(username, password)| {
            SenderAuthentication::Basic { username, password }
        }),
    ];
    (
        any_name(),
        prop::sample::select(Dialect::ALL),
        any::<u128>(),
        prop::option::of("[a-z]{1,4}"),
        any::<bool>(),
        dedupe,
        prop::sample::select(vec![OnBadBody::Refuse, OnBadBody::Accept]),
        prop::collection::vec(sender, 0..3),
        prop::option::of(60_000..=31_536_000_000_u64),
    )
        .prop_map(
            |(name, dialect, id, path, enabled, dedupe, on_bad_body, authentication, silence)| {
                Source {
                    path: path.map(|path| format!("{name}/{path}")),
                    name,
                    dialect,
                    secret: Secret::new(format!("secret-{id}")),
                    id: Uuid::from_u128(id),
                    enabled,
                    dedupe,
                    on_bad_body,
                    authentication,
                    expect_every: silence.map(Duration::from_millis),
                }
            },
        )
}

fn any_retry() -> impl Strategy<Value = RetryPolicy> {
    let code = prop_oneof![
        (300..=599_u16).prop_map(CodePattern::Exactly),
        (3..=5_u16).prop_map(CodePattern::Class),
    ];
    (
        any_duration(30 * 86_400_000),
        any_duration(30 * 86_400_000),
        any_duration(365 * 86_400_000),
        1.0..=100.0_f64,
        1..=1_000_u32,
        prop::collection::vec(code, 0..4),
    )
        .prop_map(|(first, max, give_up_after, factor, minimum_tries, codes)| RetryPolicy {
            first: first.min(max),
            max: first.max(max),
            give_up_after,
            factor,
            minimum_tries,
            codes,
        })
}

fn any_filter_json() -> impl Strategy<Value = Option<Value<'static>>> {
    prop::option::of(prop::sample::select(vec![
        r#"{"form":"births"}"#,
        r#"{"body":{"age":1.10,"on":true,"tags":[1,{"a":null}]}}"#,
        r#"["${NAME}"]"#,
        "5",
        "\"yes\"",
        "{}",
    ]))
    .prop_map(|text| text.map(|text| Value::parse(text.as_bytes()).unwrap()))
}

fn any_forwarder() -> impl Strategy<Value = Forwarder> {
    let filter = (any_filter_json(), any_filter_json(), any_conditions(), any_conditions())
        .prop_map(|(matches, unless, headers, query)| MessageFilter {
            from: None,
            matches,
            unless,
            headers,
            query,
        });
    (
        any_name(),
        filter,
        prop::sample::select(Format::ALL),
        prop::sample::select(Method::ALL),
        any::<bool>(),
        any_pairs(),
        any_pairs(),
        prop_oneof![Just(RetryPolicy::default()), any_retry()],
        (
            prop::sample::select(OrderBy::ALL),
            prop::sample::select(OnRejected::ALL),
            prop::sample::select(PayloadChoice::ALL),
        ),
    )
        .prop_map(|(name, filter, format, method, paused, headers, query, retry, order)| {
            Forwarder {
                to: name.clone(),
                name,
                on: Event::Message,
                filter,
                format,
                method,
                paused,
                headers,
                query,
                retry,
                order_by: order.0,
                on_rejected: order.1,
                payload: order.2,
            }
        })
}

fn any_settings() -> impl Strategy<Value = ProjectSettings> {
    let kept =
        |least: u64| prop::option::of((least..=3_153_600_000_u64).prop_map(Duration::from_secs));
    let people = || prop::collection::vec("[a-z.+]{1,5}@[a-z.]{1,8}", 0..3);
    (any::<bool>(), any_notify(), people(), people(), kept(1), kept(0), kept(0), kept(0)).prop_map(
        |(paused, notify, day, week, messages, bodies, attempts, after_success)| ProjectSettings {
            paused,
            notify,
            reports: [(ReportEvery::Day, day), (ReportEvery::Week, week)]
                .into_iter()
                .filter(|(_, to)| !to.is_empty())
                .map(|(every, to)| Report { every, to })
                .collect(),
            retention: Retention { messages, bodies, attempts, after_success },
        },
    )
}

fn any_project() -> impl Strategy<Value = ProjectDefinition> {
    (
        any_name(),
        "\\PC{1,20}",
        prop::collection::vec(any_source(), 0..3),
        prop::collection::vec(any_connection(), 1..3),
        prop::collection::vec(any_forwarder(), 0..3),
        any_settings(),
    )
        .prop_map(|(name, title, sources, connections, forwarders, settings)| {
            let mut project =
                ProjectDefinition { name, title, sources, connections, forwarders, settings };
            let mut seen = HashSet::new();
            project.sources.retain(|source| seen.insert(source.name.clone()));
            seen.clear();
            project.connections.retain(|connection| seen.insert(connection.name.clone()));
            seen.clear();
            project.forwarders.retain(|forwarder| seen.insert(forwarder.name.clone()));
            let source = project.sources.first().map(|source| source.name.clone());
            for forwarder in &mut project.forwarders {
                forwarder.to.clone_from(&project.connections[0].name);
                forwarder.filter.from.clone_from(&source);
            }
            project
        })
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
