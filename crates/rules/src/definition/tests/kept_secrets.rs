//! For whom a stored secret is kept, and where it must be given again.

use super::*;
use crate::redact;

const AGAIN: &str = "secret-must-be-given-again";
const NOTHING: &str = "no-stored-secret";

/// Reads a connection `c`, in which `•` stands for the placeholder.
#[track_caller]
fn connection(text: &str) -> Connection {
    let text = format!("{{ {} }}", text.replace('•', PLACEHOLDER));
    read_connection("c", &value_of(&text))
        .unwrap_or_else(|problems| panic!("{text}: {}", problems[0]))
}

/// A webhook as it is shown, with `•` for the placeholder.
fn shown(url: &str) -> String {
    redact::mask_webhook(url).replace(PLACEHOLDER, "•")
}

/// Sends one connection in the place of another and tells the place and code of each problem.
#[track_caller]
fn check(stored: &str, sent: &str, expected: &[(&str, &str)]) {
    let stored = connection(stored);
    let mut draft = connection(sent);
    let problems = keep_connection_secrets(&mut draft, Some(&stored));
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.path.strip_prefix("connections.c.").unwrap(), problem.code))
        .collect();
    assert_eq!(told, expected, "{sent}");
    let written = write_connection(&draft, Secrets::Shown).to_json();
    assert_eq!(written.contains(PLACEHOLDER), !expected.is_empty(), "{written}");
}

// MUST-38
#[test]
fn a_secret_goes_nowhere_else() {
    const BASIC: &str = "auth: { basic: { username: a, password: • } }";
    const PASSWORD: &[(&str, &str)] = &[("auth.basic.password", AGAIN)];
    for (before, after, expected) in [
        ("https://a.example.org/x", "https://a.example.org/y?z=1", &[][..]),
        ("https://a.example.org", "https://a.example.org:443/", &[]),
        ("https://a.example.org", "https://A.example.org", &[]),
        ("https://a.example.org", "https://b.example.org", PASSWORD),
        ("https://a.example.org", "https://a.example.org.evil.example", PASSWORD),
        ("https://a.example.org", "https://a.example.org:8443", PASSWORD),
        ("https://a.example.org", "http://a.example.org", PASSWORD),
        ("https://a.example.org", "http://a.example.org:443", PASSWORD),
        ("postgres://db/a", "postgresql://db:5432/b?sslmode=require", &[]),
        ("postgres://db/a", "postgres://evil/a", PASSWORD),
        ("postgres://db/a", "postgres://db:5433/a", PASSWORD),
        ("postgres://db/a", "postgres://db/a?sslmode=disable", PASSWORD),
        ("postgres://db/a", "https://db/a", PASSWORD),
        ("https://db/a", "postgres://db/a", PASSWORD),
    ] {
        check(
            &format!("url: '{before}', auth: {{ basic: {{ username: a, password: b }} }}"),
            &format!("url: '{after}', {BASIC}"),
            expected,
        );
    }
}

#[test]
fn every_secret_that_is_sent_must_be_given_again() {
    for (kind, hidden, expected) in [
        (
            "basic: { username: a, password: b }",
            "basic: { username: a, password: • }",
            "basic.password",
        ),
        ("bearer: abc", "bearer: •", "bearer"),
        ("api_key: { header: x-a, key: b }", "api_key: { header: x-b, key: • }", "api_key.key"),
        ("headers: { x-a: b }", "headers: { X-A: • }", "headers.X-A"),
        (
            "digest: { username: a, password: b }",
            "digest: { username: a, password: • }",
            "digest.password",
        ),
        (
            "oauth2_client: { token_url: 'https://id', client_id: a, client_secret: b }",
            "oauth2_client: { token_url: 'https://id', client_id: a, client_secret: • }",
            "oauth2_client.client_secret",
        ),
        (
            "oauth2_password: { token_url: 'https://id', username: a, password: b }",
            "oauth2_password: { token_url: 'https://id', username: a, password: • }",
            "oauth2_password.password",
        ),
        (
            "login: { url: 'https://id', fields: { a: b }, token_at: $.t }",
            "login: { url: 'https://id', fields: { a: • }, token_at: $.u }",
            "login.fields.a",
        ),
        ("signed_url: { orig: a, key: b }", "signed_url: { orig: a, key: • }", "signed_url.key"),
    ] {
        let stored = format!("url: 'https://a', auth: {{ {kind} }}");
        let same = format!("url: 'https://a/b', timeout: 5s, auth: {{ {hidden} }}");
        check(&stored, &same, &[]);
        let path = format!("auth.{expected}");
        let elsewhere = format!("url: 'https://evil', auth: {{ {hidden} }}");
        check(&stored, &elsewhere, &[(path.as_str(), AGAIN)]);
        let unverified = format!("{same}, tls: {{ skip_verification: true }}");
        check(&stored, &unverified, &[(path.as_str(), AGAIN)]);
        // What is written out may go anywhere, and so may nothing.
        check(&stored, &format!("url: 'https://evil', auth: {{ {kind} }}"), &[]);
        check(&stored, "url: 'https://evil'", &[]);
        // Of another kind, nothing is stored.
        let other = "url: 'https://a', auth: { basic: { username: a, password: b } }";
        if !hidden.starts_with("basic") {
            check(other, &same, &[(path.as_str(), NOTHING)]);
        }
    }
}

#[test]
fn a_token_endpoint_counts_as_well() {
    for (kind, key, secret, rest) in [
        ("oauth2_client", "token_url", "client_secret", "client_id: a, client_secret"),
        ("oauth2_password", "token_url", "password", "username: a, password"),
    ] {
        let with = |endpoint: &str, value: &str| {
            format!(
                "url: 'https://a', auth: {{ {kind}: {{ {key}: '{endpoint}', {rest}: {value} }} }}"
            )
        };
        let path = format!("auth.{kind}.{secret}");
        let stored = with("https://id.example.org/token", "b");
        check(&stored, &with("https://id.example.org/new", "•"), &[]);
        for elsewhere in [
            "https://evil.example/token",
            "http://id.example.org/token",
            "https://id.example.org:8443",
        ] {
            check(&stored, &with(elsewhere, "•"), &[(path.as_str(), AGAIN)]);
        }
    }
    let login = |url: &str, value: &str| {
        format!(
            "url: 'https://a', auth: {{ login: {{ url: '{url}', fields: {{ u: {value}, p: {value} }}, \
             token_at: $.t }} }}"
        )
    };
    let both = [("auth.login.fields.u", AGAIN), ("auth.login.fields.p", AGAIN)];
    check(&login("https://id/login", "b"), &login("https://id/other", "•"), &[]);
    check(&login("https://id/login", "b"), &login("https://evil/login", "•"), &both);
    // A preset finds its endpoint from the URL, and is not asked twice.
    let preset = |url: &str, value: &str| {
        format!(
            "url: '{url}', auth: {{ login: {{ preset: godata, username: ann, password: {value} }} }}"
        )
    };
    check(&preset("https://a/api/x", "b"), &preset("https://a/api/y", "•"), &[]);
    let password = [("auth.login.fields.password", AGAIN)];
    check(&preset("https://a/api/x", "b"), &preset("https://evil/api/x", "•"), &password);
}

#[test]
fn who_can_listen_from_now_on_gets_nothing() {
    const PASSWORD: &[(&str, &str)] = &[("auth.basic.password", AGAIN)];
    for (before, after, expected) in [
        ("", "", &[][..]),
        ("", "skip_verification: true", PASSWORD),
        ("skip_verification: true", "skip_verification: true", &[]),
        ("skip_verification: true", "", &[]),
        ("skip_verification: true", "ca: \"${CA}\"", &[]),
        ("", "ca: \"${CA}\"", PASSWORD),
        ("ca: \"${CA}\"", "ca: \"${CA}\"", &[]),
        ("ca: \"${CA}\"", "ca: \"${OTHER_CA}\"", PASSWORD),
        ("ca: \"${CA}\"", "", &[]),
    ] {
        let with = |tls: &str, password: &str| {
            format!(
                "url: 'https://a', tls: {{ {tls} }}, \
                 auth: {{ basic: {{ username: a, password: {password} }} }}"
            )
        };
        check(&with(before, "b"), &with(after, "•"), expected);
    }
}

#[test]
fn secrets_in_urls_follow_the_same_rule() {
    let stored = "url: 'https://a/?token=abc'";
    check(stored, "url: 'https://a/?token=•'", &[]);
    check(stored, "url: 'https://evil/?token=•'", &[("url", NOTHING)]);
    check(stored, "url: 'https://a/?token=•&x=1'", &[("url", NOTHING)]);
    check(stored, "url: 'https://a/?token=•', tls: { skip_verification: true }", &[("url", AGAIN)]);
    let token_url = |url: &str| {
        format!(
            "url: 'https://a', auth: {{ oauth2_client: {{ token_url: '{url}', client_id: a, \
             client_secret: b }} }}"
        )
    };
    let path = "auth.oauth2_client.token_url";
    check(&token_url("https://id/?key=abc"), &token_url("https://id/?key=•"), &[]);
    check(&token_url("https://id/?key=abc"), &token_url("https://evil/?key=•"), &[(path, NOTHING)]);
    // Whom to tell is found again wherever it stands in the list.
    let stored = "url: 'https://a', notify: ['https://one/?token=a', 'https://two/?token=b']";
    let two = shown("https://two/?token=b");
    assert!(two.starts_with("https://two/•#"), "{two}");
    check(stored, &format!("url: 'https://b', notify: ['{two}']"), &[]);
    for other in [two.replace("two", "evil"), two.replace('#', "#0"), "https://two/•".to_owned()]
    {
        let sent = format!("url: 'https://a', notify: ['{other}']");
        check(stored, &sent, &[("notify[0]", NOTHING)]);
    }
}

#[test]
fn the_secret_of_a_signed_webhook_belongs_to_its_url() {
    let secret = format!("whsec_{}", "QUFB".repeat(8));
    let told = |url: &str, secret: &str| {
        format!("url: 'https://a', notify: [{{ url: '{url}', signing_secret: '{secret}' }}]")
    };
    let stored = told("https://chat/one", &secret);
    check(&stored, &told("https://chat/one", "•"), &[]);
    let shown = shown("https://chat/one");
    check(&stored, &told(&shown, "•"), &[]);
    check(&stored, &told("https://chat/two", "•"), &[("notify[0].signing_secret", NOTHING)]);
    let unsigned = "url: 'https://a', notify: ['https://chat/one']";
    check(unsigned, &told(&shown, "•"), &[("notify[0].signing_secret", NOTHING)]);
    check(&stored, &format!("url: 'https://a', notify: ['{shown}']"), &[]);
}

#[test]
fn the_fields_of_a_credential_are_kept_by_name() {
    let stored = "url: 'https://a', credential: { apiVersion: '41', nested: { a: [1] } }";
    check(stored, "url: 'https://a', credential: { apiVersion: •, nested: • }", &[]);
    check(stored, "url: 'https://a', credential: { other: • }", &[("credential.other", NOTHING)]);
    check(
        stored,
        "url: 'https://evil', credential: { apiVersion: • }",
        &[("credential.apiVersion", AGAIN)],
    );
}

#[test]
fn what_never_leaves_the_hub_is_kept() {
    let signing =
        |secret: &str| format!("signing_secret: {secret}, previous_signing_secret: {secret}");
    let tls = |key: &str| {
        format!("tls: {{ client_certificate: \"${{CERTIFICATE}}\", client_key: {key} }}")
    };
    let stored = format!(
        "url: 'https://a', {}, {}",
        signing("\"${WAREHOUSE_WHSEC}\""),
        tls("\"${CLIENT_KEY}\"")
    );
    check(&stored, &format!("url: 'https://b', {}, {}", signing("•"), tls("•")), &[]);
    let nothing = [
        ("signing_secret", NOTHING),
        ("previous_signing_secret", NOTHING),
        ("tls.client_key", NOTHING),
    ];
    check(
        "url: 'https://a'",
        &format!("url: 'https://a', {}, {}", signing("•"), tls("•")),
        &nothing,
    );
}

/// A project of two connections and one forwarder with a secret in a header and in a query.
fn stored_project() -> ProjectDefinition {
    completed(draft(
        "
project: p
connections: { c: { url: 'https://a' }, d: { url: 'https://d' }, e: { url: 'https://a/e' } }
forwarders: { f: { to: c, headers: { X-Token: abc, X-A: b }, query: { api_key: abc } } }
",
    ))
}

#[test]
fn the_secrets_of_a_forwarder_follow_its_connection() {
    let stored = stored_project();
    let again: &[_] = &["forwarders.f.headers.X-Token", "forwarders.f.query.api_key"];
    for (connections, to, expected) in [
        ("{}", "c", &[][..]),
        ("{ c: { url: 'https://a/b' } }", "c", &[]),
        ("{}", "e", &[]),
        ("{}", "d", again),
        ("{ c: { url: 'https://evil' } }", "c", again),
        ("{ c: { url: 'https://a', tls: { skip_verification: true } } }", "c", again),
        ("{ n: { url: 'https://evil' } }", "n", again),
    ] {
        let text = format!(
            "project: p\nconnections: {connections}\nforwarders: {{ f: {{ to: {to}, \
             headers: {{ X-Token: {PLACEHOLDER} }}, query: {{ api_key: {PLACEHOLDER} }} }} }}"
        );
        let problems = keep_secrets(&mut draft(&text), Some(&stored));
        assert!(problems.iter().all(|problem| problem.code == AGAIN), "{problems:?}");
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, expected, "{text}");
    }
}

#[test]
fn the_secrets_of_a_forwarder_that_is_not_spoken_of_count_as_well() {
    let stored = stored_project();
    for (url, expected) in [
        ("https://a/b", &[][..]),
        ("https://evil", &["forwarders.f.headers.X-Token", "forwarders.f.query.api_key"]),
    ] {
        let moved = connection(&format!("url: '{url}'"));
        let problems = secrets_led_elsewhere(&[moved], &stored.connections, &stored.forwarders);
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(paths, expected, "{url}");
    }
    let other = Connection { name: "d".to_owned(), ..connection("url: 'https://evil'") };
    assert_eq!(secrets_led_elsewhere(&[other], &stored.connections, &stored.forwarders), []);
}
