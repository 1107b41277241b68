//! The parts of a connection: every kind of authentication, presets, rates and PEM files.

use fieldpost_model::connection::{
    CredentialsPlace, Login, LoginBody, Oauth2, Oauth2Grant, OnBehalfOf, SignedUrl,
    SigningAlgorithm, TokenPlace,
};

use super::*;

#[track_caller]
fn connection(text: &str) -> Connection {
    read_connection("c", &value_of(&format!("{{ {text} }}")))
        .unwrap_or_else(|problems| panic!("{text}: {}", problems[0]))
}

#[track_caller]
fn authentication(url: &str, auth: &str) -> Authentication {
    connection(&format!("url: '{url}', auth: {{ {auth} }}")).authentication
}

fn bearer() -> TokenPlace {
    TokenPlace::Header { name: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }
}

#[test]
fn reads_every_kind_of_authentication() {
    let secret = Secret::new;
    let client = Oauth2 {
        grant: Oauth2Grant::ClientCredentials,
        token_url: "https://id/token".to_owned(),
        client_id: Some("hub".to_owned()),
        client_secret: Some(secret("s")),
        credentials_in: CredentialsPlace::Header,
        scopes: vec!["a".to_owned(), "b".to_owned()],
    };
    let person = Oauth2Grant::Password { username: "ann".to_owned(), password: secret("") };
    let signed = SignedUrl {
        origin: "hub".to_owned(),
        key: secret("k"),
        algorithm: SigningAlgorithm::Sha256,
        on_behalf_of: None,
    };
    let login = Login {
        url: "https://id/login".to_owned(),
        body: LoginBody::Json,
        fields: vec![("user".to_owned(), secret("ann")), ("pin".to_owned(), secret("12"))],
        token_at: vec!["$.token".to_owned()],
        lifetime_at: None,
        lifetime: Duration::from_mins(10),
        send_as: bearer(),
    };
    let login_text = "url: 'https://id/login', fields: { user: ann, pin: 12 }";
    for (text, expected) in [
        (
            "digest: { username: ann, password: p }".to_owned(),
            Authentication::Digest { username: "ann".to_owned(), password: secret("p") },
        ),
        (
            "oauth2_client: { token_url: 'https://id/token', client_id: hub, client_secret: s, \
             scope: a b }"
                .to_owned(),
            Authentication::Oauth2(client.clone()),
        ),
        (
            "oauth2_client: { token_url: 'https://id/token', client_id: hub, client_secret: s, \
             scope: [a, b], credentials: body }"
                .to_owned(),
            Authentication::Oauth2(Oauth2 {
                credentials_in: CredentialsPlace::Body,
                ..client.clone()
            }),
        ),
        (
            "oauth2_password: { token_url: 'https://id/token', username: ann, password: '' }"
                .to_owned(),
            Authentication::Oauth2(Oauth2 {
                grant: person,
                client_id: None,
                client_secret: None,
                scopes: vec![],
                ..client
            }),
        ),
        (
            format!("login: {{ {login_text}, token_at: $.token }}"),
            Authentication::Login(login.clone()),
        ),
        (
            format!(
                "login: {{ {login_text}, body: form, token_at: [$.a.b-c, '$[0].d_e'], lifetime: 1h, \
                 lifetime_at: $.ttl, send_as: {{ query: token }} }}"
            ),
            Authentication::Login(Login {
                body: LoginBody::Form,
                token_at: vec!["$.a.b-c".to_owned(), "$[0].d_e".to_owned()],
                lifetime: Duration::from_hours(1),
                lifetime_at: Some("$.ttl".to_owned()),
                send_as: TokenPlace::Query("token".to_owned()),
                ..login.clone()
            }),
        ),
        (
            format!("login: {{ {login_text}, token_at: $.token, send_as: {{ header: X-Token }} }}"),
            Authentication::Login(Login {
                send_as: TokenPlace::Header { name: "X-Token".to_owned(), prefix: String::new() },
                ..login
            }),
        ),
        ("signed_url: { orig: hub, key: k }".to_owned(), Authentication::SignedUrl(signed.clone())),
        (
            "signed_url: { orig: hub, key: k, algorithm: sha1, name_id: '7' }".to_owned(),
            Authentication::SignedUrl(SignedUrl {
                algorithm: SigningAlgorithm::Sha1,
                on_behalf_of: Some(OnBehalfOf::NameId("7".to_owned())),
                ..signed
            }),
        ),
    ] {
        assert_eq!(authentication("https://a", &text), expected, "{text}");
    }
}

#[test]
fn a_preset_is_what_it_stands_for() {
    for (url, preset, whole) in [
        (
            "https://play.example.org/dev/api/dataValueSets",
            "oauth2_password: { preset: dhis2, username: a, password: b }",
            "oauth2_password: { token_url: 'https://play.example.org/dev/uaa/oauth/token', \
             username: a, password: b }",
        ),
        (
            "https://files.example.org",
            "oauth2_client: { preset: moveit, client_id: a, client_secret: b }",
            "oauth2_client: { token_url: 'https://files.example.org/api/v1/token', client_id: a, \
             client_secret: b, credentials: body }",
        ),
        (
            "https://files.example.org",
            "oauth2_client: { preset: moveit, client_id: a, client_secret: b, credentials: header }",
            "oauth2_client: { token_url: 'https://files.example.org/api/v1/token', client_id: a, \
             client_secret: b }",
        ),
        (
            "https://www.commcarehq.org/a/clinic/api/v1/form/",
            "login: { preset: commcare, username: a, password: b }",
            "login: { url: 'https://www.commcarehq.org/a/clinic/api/v1/token', body: form, \
             fields: { grant_type: password, username: a, password: b }, token_at: $.access_token, \
             lifetime_at: $.expires_in }",
        ),
        (
            "https://godata.example.org/api/outbreaks/1/cases",
            "login: { preset: godata, username: a, password: b }",
            "login: { url: 'https://godata.example.org/api/users/login', \
             fields: { email: a, password: b }, lifetime_at: $.ttl, \
             token_at: [$.id, $.response.access_token, $.access_token] }",
        ),
    ] {
        assert_eq!(authentication(url, preset), authentication(url, whole), "{preset}");
    }
}

#[test]
fn rates_are_written_in_their_shortest_form() {
    for (text, calls, seconds, written) in [
        ("50/s", 50, 1, "50/s"),
        ("1 / 1s", 1, 1, "1/s"),
        ("600/m", 600, 60, "600/m"),
        ("600/60s", 600, 60, "600/m"),
        ("1000000/h", 1_000_000, 3_600, "1000000/h"),
        ("5/d", 5, 86_400, "5/d"),
        ("50/10s", 50, 10, "50/10s"),
        ("50/1h", 50, 3_600, "50/h"),
        ("7/11m", 7, 660, "7/11m"),
    ] {
        let connection = connection(&format!("url: 'https://a', rate: {text}"));
        assert_eq!(connection.rate, Some(Rate { calls, per: Duration::from_secs(seconds) }));
        let value = write_connection(&connection, Secrets::Shown);
        assert_eq!(value.get("rate").and_then(Value::as_str), Some(written));
    }
}

#[test]
fn names_of_pem_files_are_replaced_by_what_they_hold() {
    let text = "
connections:
  c:
    url: https://a
    tls: { ca: ca.pem, client_certificate: sub/c.pem, client_key: k.pem, skip_verification: true }
  d: { url: https://a, tls: { ca: \"${CA}\", client_key: ••••••• } }
  e: { url: ca.pem, tls: ca.pem }
  f: ca.pem
sources: { s: { tls: { ca: ca.pem } } }
";
    let read = |name: &str| match name {
        "k.pem" => Ok(pem("PRIVATE KEY")),
        name => Ok(format!("{name}\n{}", pem("CERTIFICATE"))),
    };
    let mut put = value_of(text);
    assert_eq!(put_files(&mut put, &read), []);
    let at = |path: &[&str]| {
        path.iter().try_fold(&put, |value, key| value.get(key)).and_then(Value::as_str).unwrap()
    };
    assert_eq!(at(&["connections", "c", "tls", "ca"]), format!("ca.pem\n{}", pem("CERTIFICATE")));
    assert!(at(&["connections", "c", "tls", "client_certificate"]).starts_with("sub/c.pem\n"));
    assert_eq!(at(&["connections", "c", "tls", "client_key"]), pem("PRIVATE KEY"));
    // What is no name of a file stays as it is, and is read or refused later.
    assert_eq!(at(&["connections", "d", "tls", "ca"]), pem("CERTIFICATE"));
    assert_eq!(at(&["connections", "d", "tls", "client_key"]), PLACEHOLDER);
    assert_eq!(at(&["connections", "e", "url"]), "ca.pem");
    assert_eq!(at(&["connections", "e", "tls"]), "ca.pem");
    assert_eq!(at(&["sources", "s", "tls", "ca"]), "ca.pem");

    let problems = put_files(&mut value_of(text), &|_| Err("it is not there".to_owned()));
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with(
        "connections.c.tls.ca: the file `ca.pem` cannot be used: it is not there [bad-pem]"
    ));
}

#[test]
fn the_examples_of_the_reference_are_read() {
    const REFERENCE: &str = include_str!("../../../../../docs/reference/project-file.md");
    let read_file =
        |name: &str| Ok(pem(if name.contains("key") { "PRIVATE KEY" } else { "CERTIFICATE" }));
    let blocks: Vec<&str> = REFERENCE.split("```yaml\n").skip(1).collect();
    assert!(blocks.len() > 10, "{}", blocks.len());
    for block in blocks {
        let (example, _) = block.split_once("```").unwrap();
        let whole = if example.starts_with("project:") {
            example.to_owned()
        } else {
            format!("project: clinic\n{example}")
        };
        let mut value = value_of(&whole);
        assert_eq!(put_files(&mut value, &read_file), []);
        let read = read_project(&value);
        assert!(read.is_ok(), "{}\n{example}", read.unwrap_err()[0]);
    }
}

#[test]
fn pem_text_may_have_comments_and_several_blocks() {
    let key = pem("RSA PRIVATE KEY").replace('\n', "\\r\\n");
    let text = format!(
        "url: 'https://a', tls: {{ ca: \"a comment\\n${{CA}}${{CA}}\", \
         client_certificate: \"${{CERTIFICATE}}\", client_key: \"{key}\" }}"
    );
    let tls = connection(&text).tls;
    assert_eq!(tls.authorities.unwrap().matches("BEGIN").count(), 2);
    assert!(tls.client_key.is_some());
}

#[test]
fn a_key_may_be_sealed_with_a_passphrase() {
    let key = pem("ENCRYPTED PRIVATE KEY").replace('\n', "\\n");
    let text = format!(
        "url: 'https://a', tls: {{ client_certificate: \"${{CERTIFICATE}}\", client_key: \"{key}\", \
         client_key_passphrase: open sesame }}"
    );
    assert_eq!(connection(&text).tls.client_key_passphrase, Some(Secret::new("open sesame")));
}
