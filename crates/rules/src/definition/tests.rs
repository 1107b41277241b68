//! Whole definitions: what is read, what is refused and how it is said, what is written back and
//! what changes.

use std::collections::BTreeSet;
use std::time::Duration;

use fieldpost_model::connection::{
    Authentication, Connection, IncidentPolicy, Rate, SigningAlgorithm, Tls,
};
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{
    CaseXmlVersion, ClosedCases, Coarseness, Format, Method, OnRejected, OrderBy, PayloadChoice,
    Rendering, Withheld, Withholding,
};
use fieldpost_model::json::Value;
use fieldpost_model::project::{
    ApiAccess, Language, NonceRule, ProjectSettings, Report, ReportEvery, Retention,
};
use fieldpost_model::recipient::{Recipient, Webhook};
use fieldpost_model::retry::{CodePattern, RetryPolicy};
use fieldpost_model::secret::{PLACEHOLDER, Secret};
use fieldpost_model::source::{Dedupe, Dialect, OnBadBody, ReceiverAccess, SenderAuthentication};
use uuid::Uuid;

use super::*;

mod arbitrary;
mod changes;
mod kept_secrets;
mod kinds;
mod many_mistakes;
mod mistakes;
mod people;
mod round_trips;
mod warned;
mod workflows;

/// A project file with every key that this version reads.
const CLINIC: &str = include_str!("tests/clinic.yaml");

/// Reads YAML in which `${NAME}` becomes a harmless value of its own.
fn value_of(text: &str) -> Value<'static> {
    let lookup = |name: &str| match name {
        "WAREHOUSE_WHSEC" => Some(format!("whsec_{}", "QUFB".repeat(8))),
        "CA" | "CERTIFICATE" => Some(pem("CERTIFICATE")),
        "OTHER_CA" => Some(pem("CERTIFICATE").repeat(2)),
        "CLIENT_KEY" => Some(pem("PRIVATE KEY")),
        name => Some(format!("value-of-{}", name.to_lowercase().replace('_', "-"))),
    };
    yaml::read(text, &lookup).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

/// PEM text of one block, which holds no certificate that could be used.
fn pem(kind: &str) -> String {
    format!("-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n")
}

#[track_caller]
fn draft(text: &str) -> ProjectDraft {
    read_project(&value_of(text)).unwrap_or_else(|problems| {
        let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
        panic!("{}", told.join("\n"))
    })
}

/// A draft with its sources completed by numbers counted up.
fn completed(draft: ProjectDraft) -> ProjectDefinition {
    let mut made = 0_u128;
    let mut fresh = || {
        made += 1;
        (Secret::new(format!("fresh-{made}")), Uuid::from_u128(made))
    };
    ProjectDefinition {
        name: draft.name,
        title: draft.title,
        sources: draft
            .sources
            .into_iter()
            .map(|source| source.complete(None, &mut fresh))
            .collect(),
        connections: draft.connections,
        roles: draft.roles,
        users: draft.users,
        forms: draft.forms,
        forwarders: draft.forwarders,
        workflows: draft.workflows,
        settings: draft.settings,
    }
}

#[test]
fn reads_all_that_a_project_settles() {
    let project = draft(CLINIC);
    assert_eq!((project.name.as_str(), project.title.as_str()), ("clinic", "Clinic network"));

    let settings = ProjectSettings {
        paused: false,
        time_zone: Some("Africa/Nairobi".to_owned()),
        language: Language::French,
        notify: vec![
            Recipient::Mail("ops@example.org".to_owned()),
            Recipient::Webhook(Webhook {
                url: "https://chat.example.org/hook?token=abc".to_owned(),
                signing_secret: None,
            }),
        ],
        reports: vec![
            Report { every: ReportEvery::Day, to: vec!["ops@example.org".to_owned()] },
            Report {
                every: ReportEvery::Week,
                to: vec!["board@example.org".to_owned(), "ops@example.org".to_owned()],
            },
        ],
        retention: Retention {
            messages: Some(Duration::from_hours(365 * 24)),
            bodies: Some(Duration::from_hours(90 * 24)),
            attempts: Some(Duration::from_hours(90 * 24)),
            after_success: Some(Duration::ZERO),
        },
        api_access: vec![
            ApiAccess {
                name: "partner".to_owned(),
                secret: Secret::new("value-of-partner-secret"),
                algorithms: vec![SigningAlgorithm::Sha1, SigningAlgorithm::Sha512],
                roles: vec!["agents".to_owned()],
                anonymised_only: true,
                nonce: NonceRule::Optional,
            },
            ApiAccess {
                name: "phones".to_owned(),
                secret: Secret::new("value-of-phones-secret"),
                algorithms: vec![SigningAlgorithm::Sha256],
                roles: Vec::new(),
                anonymised_only: false,
                nonce: NonceRule::Required,
            },
        ],
    };
    assert_eq!(project.settings, settings);
}

#[test]
fn reads_all_of_a_connection() {
    let project = draft(CLINIC);
    let [warehouse, dhis2, token, key, headers, ..] = project.connections.as_slice() else {
        panic!("{:?}", project.connections)
    };
    assert_eq!(warehouse.url, "https://warehouse.example.org/hook");
    let password = Secret::new("value-of-warehouse-password");
    let basic = Authentication::Basic { username: "fieldpost".to_owned(), password };
    assert_eq!(warehouse.authentication, basic);
    assert_eq!(warehouse.notify, [Recipient::Mail("ops@example.org".to_owned())]);
    assert_eq!(warehouse.timeout, Duration::from_secs(10));
    assert_eq!(warehouse.concurrency, 4);
    assert_eq!(warehouse.rate, Some(Rate { calls: 50, per: Duration::from_secs(1) }));
    let tls = Tls {
        authorities: Some(pem("CERTIFICATE")),
        client_certificate: Some(pem("CERTIFICATE")),
        client_key: Some(Secret::new(pem("PRIVATE KEY"))),
        client_key_passphrase: None,
        skip_verification: true,
    };
    assert_eq!(warehouse.tls, tls);
    let incident = IncidentPolicy {
        failures: 3,
        share_percent: 20,
        window: Duration::from_hours(1),
        remind_every: Duration::from_hours(12),
    };
    assert_eq!(warehouse.incident, incident);
    assert!(!warehouse.paused);
    assert_eq!(
        (dhis2.rate, &dhis2.tls, dhis2.incident),
        (None, &Tls::default(), IncidentPolicy::default())
    );
    let signing_secret = warehouse.signing_secret.as_ref().unwrap();
    assert!(signing_secret.expose().starts_with("whsec_"));
    assert!(warehouse.previous_signing_secret.is_some());
    assert_eq!(dhis2.authentication, Authentication::None);
    assert_eq!(dhis2.timeout, Duration::from_secs(30));
    assert_eq!(dhis2.concurrency, 8);
    let bearer = Authentication::Bearer { token: Secret::new("value-of-token") };
    assert_eq!(token.authentication, bearer);
    let api_key =
        Authentication::ApiKey { header: "X-Key".to_owned(), key: Secret::new("value-of-key") };
    assert_eq!(key.authentication, api_key);
    let both = vec![
        ("X-One".to_owned(), Secret::new("value-of-one")),
        ("X-Two".to_owned(), Secret::new("2")),
    ];
    assert_eq!(headers.authentication, Authentication::Headers(both));
}

#[test]
fn reads_all_of_a_source() {
    let project = draft(CLINIC);
    let [kobo, aggregate, plain, commcare, collect] = project.sources.as_slice() else {
        panic!("{:?}", project.sources)
    };
    assert_eq!(kobo.dialect, Dialect::Kobo);
    assert_eq!(kobo.secret, Some(Secret::new("value-of-kobo-inbox")));
    assert_eq!(kobo.dedupe, Dedupe::Content { window: Duration::from_hours(1) });
    assert_eq!(kobo.on_bad_body, OnBadBody::Accept);
    assert_eq!(kobo.path.as_deref(), Some("from/kobo"));
    assert_eq!(kobo.expect_every, Some(Duration::from_hours(24)));
    assert!(!kobo.enabled);
    assert!(matches!(
        kobo.authentication.as_slice(),
        [SenderAuthentication::ApiKey(_), SenderAuthentication::Basic { .. }]
    ));
    assert_eq!(aggregate.on_bad_body, OnBadBody::Accept);
    assert_eq!((plain.secret.as_ref(), plain.id), (None, None));
    assert_eq!((plain.on_bad_body, plain.dedupe), (OnBadBody::Refuse, Dedupe::Identity));
    assert!(plain.enabled && plain.path.is_none() && plain.authentication.is_empty());
    assert_eq!(plain.access, None);
    let keys = ReceiverAccess::Keys(vec!["partner".to_owned(), "phones".to_owned()]);
    assert_eq!((commcare.dialect, &commcare.access), (Dialect::Commcare, &Some(keys)));
    let anybody = Some(ReceiverAccess::Anonymous);
    assert_eq!((collect.dialect, &collect.access), (Dialect::Openrosa, &anybody));
}

#[test]
fn reads_all_of_a_forwarder() {
    let project = draft(CLINIC);
    let [births, everything, ..] = project.forwarders.as_slice() else {
        panic!("{:?}", project.forwarders)
    };
    assert_eq!(
        (births.on, births.format, births.method),
        (Event::Message, Format::Json, Method::Put)
    );
    assert_eq!(births.filter.from.as_deref(), Some("kobo"));
    assert_eq!(births.filter.matches.as_ref().unwrap().to_json(), r#"{"form":"births"}"#);
    assert_eq!(births.filter.unless.as_ref().unwrap().to_json(), r#"{"body":{"practice":1.10}}"#);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(births.filter.headers, [pair("x-facility", "12")]);
    assert_eq!(births.filter.query, [pair("test", "false")]);
    assert_eq!(births.headers, [pair("X-Version", "2")]);
    assert_eq!(births.query, [pair("importStrategy", "CREATE")]);
    assert!(births.paused);
    assert_eq!(
        (births.order_by, births.on_rejected, births.payload),
        (OrderBy::Case, OnRejected::Hold, PayloadChoice::Latest)
    );
    assert_eq!(
        (everything.order_by, everything.on_rejected, everything.payload),
        (OrderBy::None, OnRejected::Continue, PayloadChoice::Snapshot)
    );
    let retry = RetryPolicy {
        first: Duration::from_secs(1),
        factor: 1.5,
        max: Duration::from_mins(1),
        give_up_after: Duration::from_hours(24),
        minimum_tries: 5,
        codes: vec![CodePattern::Exactly(404), CodePattern::Class(5), CodePattern::Exactly(409)],
    };
    assert_eq!(births.retry, retry);
    assert_eq!(everything.retry, RetryPolicy::default());
    assert_eq!((everything.format, everything.method), (Format::AsReceived, Method::Post));
    assert!(!everything.paused && everything.filter.from.is_none());
}

#[test]
fn reads_all_of_a_forwarder_of_forms_and_cases() {
    let project = draft(CLINIC);
    let [_, _, visits, households, places, register, definitions] = project.forwarders.as_slice()
    else {
        panic!("{:?}", project.forwarders)
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!((visits.on, visits.format), (Event::Submission, Format::Template));
    assert_eq!(visits.filter.forms, texts(&["visit", "http://openrosa.org/formdesigner/visit"]));
    assert_eq!(visits.filter.applications, texts(&["effb341b"]));
    assert_eq!(visits.filter.without_users, texts(&["trainer", "demo"]));
    let template = Rendering {
        template: Some("{\"village\": {{ values.village }}}\n".to_owned()),
        content_type: Some("application/json".to_owned()),
        sends_application: false,
        ..Rendering::default()
    };
    assert_eq!(visits.rendering, template);
    let field = |path: &[&str], how| Withheld { path: texts(path), how };
    let step = Coarseness::Step("0.10".to_owned());
    assert_eq!(
        visits.withhold,
        [
            field(&["name"], Withholding::Drop),
            field(&["contact", "phone"], Withholding::Hash),
            field(&["where"], Withholding::Coarsen(step)),
            field(&["born"], Withholding::Coarsen(Coarseness::Month)),
        ]
    );

    assert_eq!((households.on, households.format), (Event::CaseUpdated, Format::CaseXml));
    assert_eq!(households.filter.case_types, texts(&["household"]));
    assert_eq!(households.filter.users, texts(&["ann"]));
    assert_eq!(households.rendering.case_xml_version, CaseXmlVersion::V1);
    assert_eq!(households.rendering.closed_cases, ClosedCases::CloseOnly);
    assert_eq!(places.rendering.position, texts(&["visit", "where"]));
    assert_eq!(places.withhold[0].how, Withholding::Coarsen(Coarseness::Year));
    assert_eq!(
        (register.format, register.rendering.table.as_deref()),
        (Format::Table, Some("visits"))
    );
    assert_eq!((definitions.on, definitions.format), (Event::AppSchema, Format::SchemaJson));
    assert_eq!(dangling_references(&project, None, false), []);
}

#[test]
fn a_source_keeps_its_urls() {
    let draft = draft("project: p\nsources: { a: { dialect: json } }").sources.remove(0);
    let mut calls = 0;
    let mut fresh = || {
        calls += 1;
        (Secret::new("fresh"), Uuid::from_u128(7))
    };
    let made = draft.clone().complete(None, &mut fresh);
    assert_eq!((made.secret.expose(), made.id), ("fresh", Uuid::from_u128(7)));
    assert_eq!(draft.clone().complete(Some(&made), &mut fresh), made);
    let other = SourceDraft { secret: Some(Secret::new("other")), ..draft };
    assert_eq!(other.complete(Some(&made), &mut fresh).secret.expose(), "other");
    assert_eq!(calls, 1);
}

#[test]
fn warns_of_what_will_be_regretted() {
    let text = "
project: p
connections:
  told: { url: https://example.org, notify: [ops@example.org] }
  untold: { url: https://example.org }
sources:
  long: { dialect: json, secret: 0123456789abcdef }
  short: { dialect: json, secret: 0123456789abcde }
  made: { dialect: json }
  kept: { dialect: json, secret: ••••••• }
api_access:
  long: { secret: 0123456789abcdef }
  short: { secret: 0123456789abcde }
  kept: { secret: ••••••• }
";
    let told: Vec<_> =
        warnings(&draft(text)).into_iter().map(|warning| (warning.path, warning.code)).collect();
    let expected = [
        ("connections.untold.notify".to_owned(), "no-notify"),
        ("sources.short.secret".to_owned(), "short-secret"),
        ("api_access.short.secret".to_owned(), "short-secret"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn names_are_alike_everywhere() {
    for (name, is_one) in [
        ("a", true),
        ("case-2_b", true),
        ("0", true),
        ("", false),
        ("A", false),
        ("a b", false),
        ("a.b", false),
        ("é", false),
        (&*"x".repeat(64), true),
        (&*"x".repeat(65), false),
    ] {
        assert_eq!(is_name(name), is_one, "{name}");
    }
}
