//! What is allowed in a connection, and warned of.

use super::*;

#[track_caller]
fn check(keys: &str, expected: &[(&str, &str)]) {
    let text = format!("{{ notify: [ops@example.org], {keys} }}");
    let connection = read_connection("c", &value_of(&text)).unwrap();
    let told = connection_warnings(&connection);
    let found: Vec<_> = told
        .iter()
        .map(|warning| (warning.path.strip_prefix("connections.c.").unwrap(), warning.code))
        .collect();
    assert_eq!(found, expected, "{keys}");
    assert!(told.iter().all(|warning| !warning.to_string().contains("hunter2")), "{told:?}");
}

#[test]
fn whoever_can_listen_is_warned_of() {
    check("url: 'https://a', tls: { ca: \"${CA}\" }", &[]);
    check(
        "url: 'https://a', tls: { skip_verification: true }",
        &[("tls.skip_verification", "unverified-tls")],
    );
}

#[test]
fn credentials_in_the_clear_are_warned_of_beyond_the_house() {
    const CODE: &str = "credentials-in-the-clear";
    let basic = "auth: { basic: { username: a, password: hunter2 } }";
    for (host, is_warned) in [
        ("example.org", true),
        ("1.1.1.1", true),
        ("[2606:4700::1111]", true),
        ("[::ffff:1.1.1.1]", true),
        ("172.32.0.1", true),
        ("localhost.example.org", true),
        ("localhost:8080", false),
        ("dhis2", false),
        ("dhis2.internal.", false),
        ("printer.LOCAL", false),
        ("127.0.0.1", false),
        ("10.1.2.3:8080", false),
        ("172.31.0.1", false),
        ("192.168.0.1", false),
        ("[::1]", false),
        ("[fd00::1]", false),
        ("[::ffff:10.0.0.1]", false),
    ] {
        let expected: &[_] = if is_warned { &[("url", CODE)] } else { &[] };
        check(&format!("url: 'http://{host}/', {basic}"), expected);
        check(&format!("url: 'https://{host}/', {basic}"), &[]);
        check(&format!("url: 'http://{host}/'"), &[]);
        check(&format!("url: 'http://{host}/?token=hunter2'"), expected);
    }
    for (url, is_warned) in [
        ("postgres://db.example.org/a", false),
        ("postgres://db.example.org/a?sslmode=require", false),
        ("postgres://db.example.org/a?sslmode=disable", true),
        ("postgres://1.1.1.1/a?sslmode=disable", true),
        ("postgres://db/a?sslmode=disable", false),
        ("postgres://10.1.2.3:5433/a?sslmode=disable", false),
        ("postgres://[fd00::1]/a?sslmode=disable", false),
    ] {
        let expected: &[_] = if is_warned { &[("url", CODE)] } else { &[] };
        check(&format!("url: '{url}', {basic}"), expected);
    }
    for (auth, expected) in [
        ("digest: { username: a, password: hunter2 }", &[][..]),
        ("signed_url: { orig: a, key: hunter2 }", &[]),
        ("bearer: hunter2", &[("url", CODE)]),
        ("api_key: { header: x-a, key: hunter2 }", &[("url", CODE)]),
        ("headers: { x-a: hunter2 }", &[("url", CODE)]),
        (
            "oauth2_client: { token_url: 'https://a', client_id: a, client_secret: hunter2 }",
            &[("url", CODE)],
        ),
    ] {
        check(&format!("url: 'http://example.org', auth: {{ {auth} }}"), expected);
    }
    // A token endpoint of its own counts as well.
    for auth in [
        "oauth2_client: { token_url: 'http://id.example.org', client_id: a, client_secret: hunter2 }",
        "login: { url: 'http://id.example.org/?key=hunter2', fields: { a: hunter2 }, token_at: $.t }",
    ] {
        check(&format!("url: 'https://a', auth: {{ {auth} }}"), &[("auth", CODE)]);
    }
}
