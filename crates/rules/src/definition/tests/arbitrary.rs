//! Any definition that can be written, for laws that hold for all of them.

use std::collections::{BTreeMap, HashSet};

use fieldpost_model::access::Access;
use fieldpost_model::connection::{
    CredentialsPlace, Login, LoginBody, Oauth2, Oauth2Grant, OnBehalfOf, SignedUrl,
    SigningAlgorithm, TokenPlace,
};
use fieldpost_model::source::Source;
use proptest::prelude::*;

use super::*;
use crate::definition::form::tests::arbitrary::any_form;
use crate::redact;

mod forwarders;
mod workflows;

use forwarders::any_forwarder;
use workflows::any_workflow;

pub(super) fn any_name() -> impl Strategy<Value = String> {
    "[a-z0-9_-]{1,8}"
}

pub(super) fn any_secret() -> impl Strategy<Value = Secret> {
    "[!-~]{1,20}".prop_map(Secret::new)
}

pub(super) fn any_duration(longest_milliseconds: u64) -> impl Strategy<Value = Duration> {
    (1..=longest_milliseconds).prop_map(Duration::from_millis)
}

pub(super) fn any_pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::btree_map("x-[a-z0-9-]{1,6}", "[ -~]{0,10}", 0..3)
        .prop_map(|pairs| pairs.into_iter().collect())
}

/// Pairs that a filter can look at: none of them is a credential.
pub(super) fn any_conditions() -> impl Strategy<Value = Vec<(String, String)>> {
    any_pairs().prop_map(|mut pairs| {
        pairs.retain(|(name, _)| {
            !redact::is_credential_header(name) && !redact::is_credential_parameter(name)
        });
        pairs
    })
}

pub(super) fn any_authentication() -> impl Strategy<Value = Authentication> {
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

pub(super) fn any_url() -> impl Strategy<Value = String> {
    prop_oneof![
        "https?://[a-z]{1,8}\\.example\\.org/[a-z]{0,4}",
        "https://[a-z]{1,8}\\.example\\.org/\\?token=[a-z]{1,8}&x=[a-z]{0,4}",
    ]
}

pub(super) fn any_oauth2() -> impl Strategy<Value = Oauth2> {
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

pub(super) fn any_login() -> impl Strategy<Value = Login> {
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
pub(super) fn names_once(fields: BTreeMap<String, Secret>) -> Vec<(String, Secret)> {
    let mut seen = HashSet::new();
    fields.into_iter().filter(|(name, _)| seen.insert(name.to_ascii_lowercase())).collect()
}

pub(super) fn any_signed_url() -> impl Strategy<Value = SignedUrl> {
    let on_behalf_of = prop::option::of(prop_oneof![
        "\\PC{1,8}".prop_map(OnBehalfOf::Email),
        "\\PC{1,8}".prop_map(OnBehalfOf::NameId),
    ]);
    ("\\PC{1,8}", any_secret(), prop::sample::select(SigningAlgorithm::ALL), on_behalf_of).prop_map(
        |(origin, key, algorithm, on_behalf_of)| SignedUrl { origin, key, algorithm, on_behalf_of },
    )
}

pub(super) fn any_notify() -> impl Strategy<Value = Vec<Recipient>> {
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

pub(super) fn any_tls() -> impl Strategy<Value = Tls> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(own, client, skip_verification)| Tls {
        authorities: own.then(|| pem("CERTIFICATE").repeat(2)),
        client_certificate: client.then(|| pem("CERTIFICATE")),
        client_key: client.then(|| Secret::new(pem("ENCRYPTED PRIVATE KEY"))),
        client_key_passphrase: client.then(|| Secret::new("open sesame")),
        skip_verification,
    })
}

pub(super) fn any_incident() -> impl Strategy<Value = IncidentPolicy> {
    (1..=1_000_000_u32, 0..=100_u32, 1_000..=604_800_000_u64, 1_000..=86_400_000_u64).prop_map(
        |(failures, share_percent, window, remind_every)| IncidentPolicy {
            failures,
            share_percent,
            window: Duration::from_millis(window),
            remind_every: Duration::from_millis(remind_every),
        },
    )
}

pub(super) fn any_rate() -> impl Strategy<Value = Rate> {
    let per = prop_oneof![
        1_000..=86_400_000_u64,
        prop::sample::select(vec![1_000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000]),
    ];
    (1..=1_000_000_u32, per)
        .prop_map(|(calls, per)| Rate { calls, per: Duration::from_millis(per) })
}

fn any_credential() -> impl Strategy<Value = Vec<(String, Secret)>> {
    let value = prop::sample::select(vec!["\"41\"", "8080", "true", "[1,{\"a\":\"b\"}]", "{}"]);
    prop::collection::btree_map("\\PC{1,6}", value.prop_map(Secret::new), 0..3).prop_map(names_once)
}

pub(super) fn any_connection() -> impl Strategy<Value = Connection> {
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
        (prop::option::of(any_rate()), any_tls(), any::<bool>(), any_credential()),
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
                    credential: more.3,
                    rate: more.0,
                    tls: more.1,
                    paused: more.2,
                    incident,
                }
            },
        )
}

pub(super) fn any_source() -> impl Strategy<Value = Source> {
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
    let access = prop_oneof![
        Just(ReceiverAccess::Anonymous),
        prop::collection::btree_set("[a-z]{1,3}", 1..3)
            .prop_map(|keys| ReceiverAccess::Keys(keys.into_iter().collect())),
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
        (
            prop::option::of(60_000..=31_536_000_000_u64),
            prop::option::of(access),
            prop::option::of(any_name()),
            (prop::option::of(any_name()), any::<bool>()),
        ),
    )
        .prop_map(
            |(name, dialect, id, path, enabled, dedupe, on_bad_body, authentication, more)| {
                let (silence, access, fetch_files, (form, gives_display_id)) = more;
                let is_of_records = dialect == Dialect::Wcs;
                let has_receiver = matches!(dialect, Dialect::Openrosa | Dialect::Commcare);
                let has_links =
                    matches!(dialect, Dialect::Kobo | Dialect::OdkAggregate | Dialect::OdkCentral);
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
                    access: access.filter(|_| has_receiver || is_of_records),
                    expect_every: silence.map(Duration::from_millis),
                    fetch_files: fetch_files.filter(|_| has_links || is_of_records),
                    form: form.filter(|_| is_of_records),
                    gives_display_id: gives_display_id && is_of_records,
                }
            },
        )
}

pub(super) fn any_api_access() -> impl Strategy<Value = Vec<ApiAccess>> {
    let algorithms = prop::sample::subsequence(SigningAlgorithm::ALL, 0..=3);
    let roles = prop::collection::vec(any_name(), 0..3);
    let nonce = prop::sample::select(NonceRule::ALL);
    let key = (any_secret(), algorithms, roles, any::<bool>(), nonce);
    prop::collection::btree_map(any_name(), key, 0..3).prop_map(|keys| {
        let keys = keys.into_iter();
        keys.map(|(name, (secret, algorithms, roles, anonymised_only, nonce))| ApiAccess {
            name,
            secret,
            algorithms,
            roles,
            anonymised_only,
            nonce,
        })
        .collect()
    })
}

pub(super) fn any_settings() -> impl Strategy<Value = ProjectSettings> {
    let kept =
        |least: u64| prop::option::of((least..=3_153_600_000_u64).prop_map(Duration::from_secs));
    let people = || prop::collection::vec("[a-z.+]{1,5}@[a-z.]{1,8}", 0..3);
    let retention = (kept(1), kept(0), kept(0), kept(0)).prop_map(
        |(messages, bodies, attempts, after_success)| Retention {
            messages,
            bodies,
            attempts,
            after_success,
        },
    );
    (any::<bool>(), any_notify(), people(), people(), retention, any_api_access()).prop_map(
        |(paused, notify, day, week, retention, api_access)| ProjectSettings {
            paused,
            notify,
            time_zone: day.first().map(|_| "Europe/Paris".to_owned()),
            language: if week.is_empty() { Language::English } else { Language::French },
            reports: [(ReportEvery::Day, day), (ReportEvery::Week, week)]
                .into_iter()
                .filter(|(_, to)| !to.is_empty())
                .map(|(every, to)| Report { every, to })
                .collect(),
            retention,
            api_access,
        },
    )
}

/// Roles and people, of whom no two are known by the same.
fn any_people() -> impl Strategy<Value = (Vec<Role>, Vec<User>)> {
    let name = "[a-z][a-z0-9_-]{0,8}";
    let emails = || prop::collection::vec("[a-z.+]{1,5}@[a-z.]{1,8}", 0..3);
    let role = ("\\PC{1,9}", "\\PC{0,9}", emails(), any::<bool>());
    let roles = prop::collection::btree_map(name, role, 0..3).prop_map(|roles| {
        let roles = roles.into_iter();
        roles
            .map(|(id, (name, details, emails, emails_to_members))| Role {
                id,
                name,
                details,
                emails,
                emails_to_members,
            })
            .collect()
    });
    let named = prop::collection::btree_set(name, 0..3);
    let user = ("\\PC{1,9}", any::<bool>(), 0..3_usize, named, prop::sample::select(Access::ALL));
    let users = prop::collection::btree_map(name, user, 0..3).prop_map(|users| {
        let users = users.into_iter();
        users
            .map(|(id, (name, has_email, ids, roles, access))| User {
                email: has_email.then(|| format!("{id}@example.org")),
                name_ids: (0..ids).map(|number| format!("{id} {number}")).collect(),
                roles: roles.into_iter().collect(),
                id,
                name,
                access,
            })
            .collect()
    });
    (roles, users)
}

pub(super) fn any_project() -> impl Strategy<Value = ProjectDefinition> {
    (
        any_name(),
        "\\PC{1,20}",
        prop::collection::vec(any_source(), 0..3),
        prop::collection::vec(any_connection(), 1..3),
        any_people(),
        prop::collection::vec((any_name(), any_form()), 0..2),
        prop::collection::vec(any_forwarder(), 0..3),
        prop::collection::vec(any_workflow(), 0..3),
        any_settings(),
    )
        .prop_map(|parts| {
            let (name, title, sources, connections, people, forms, forwarders, workflows, settings) =
                parts;
            let (roles, users) = people;
            let forms: BTreeMap<String, FormDefinition> = forms.into_iter().collect();
            let forms = forms.into_iter();
            let mut project = ProjectDefinition {
                name,
                title,
                sources,
                connections,
                roles,
                users,
                forms: forms.map(|(name, form)| Arc::new(FormDefinition { name, ..form })).collect(),
                forwarders,
                workflows,
                settings,
            };
            let mut seen = HashSet::new();
            project.sources.retain(|source| seen.insert(source.name.clone()));
            seen.clear();
            project.connections.retain(|connection| seen.insert(connection.name.clone()));
            seen.clear();
            project.forwarders.retain(|forwarder| seen.insert(forwarder.name.clone()));
            seen.clear();
            project.workflows.retain(|workflow| seen.insert(workflow.name.clone()));
            let source = project.sources.first().map(|source| source.name.clone());
            for fetched in project.sources.iter_mut().filter_map(|it| it.fetch_files.as_mut()) {
                fetched.clone_from(&project.connections[0].name);
            }
            for forwarder in &mut project.forwarders {
                forwarder.to.clone_from(&project.connections[0].name);
                forwarder.filter.from.clone_from(&source);
            }
            project
        })
}
