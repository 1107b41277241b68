//! The credential of a step: what a connection becomes as `state.configuration`, in the field names that the
//! adaptor of the step has at OpenFn.
//!
//! A connection says where something is and how to prove oneself; an adaptor wants to be told in words of
//! its own. What this table does not say, the connection's `credential` does: its fields come on top, as
//! they are. TLS options stay in the hub, which uses them for the connection's origin; a database wants its
//! own, since the adaptor names them with each statement.

use fieldpost_model::connection::{Authentication, Connection, OnBehalfOf, TokenPlace};
use fieldpost_model::secret::Secret;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use url::Url;

type Fields = Map<String, Value>;

/// The word that has the hub prove itself with the connection's own `auth`, whatever that is.
const BY_CONNECTION: &str = "connection";

/// The credential of a step with these adaptors. `token` is the one that was got for a connection which logs
/// in; without one such a connection gives only what it logs in with.
pub fn configuration(
    adaptors: &[String],
    connection: &Connection,
    token: Option<&Secret>,
) -> Option<Box<RawValue>> {
    let adaptor = adaptors.iter().map(|name| short(name)).find(|name| *name != "common");
    let adaptor = adaptor.unwrap_or("common");
    let mut fields = Fields::new();
    if is_database(&connection.url) {
        add_database(&mut fields, connection);
    } else {
        let user = add_address(&mut fields, adaptor, &connection.url);
        add_proof(&mut fields, adaptor, connection, user, token);
    }
    for (name, json) in &connection.credential {
        let value = serde_json::from_str(json.expose());
        fields.insert(name.clone(), value.unwrap_or_else(|_| json.expose().into()));
    }
    serde_json::value::to_raw_value(&fields).ok()
}

/// `dhis2` of `@openfn/language-dhis2@8.2.1`.
fn short(name: &str) -> &str {
    let bare = name.strip_prefix("@openfn/language-").unwrap_or(name);
    bare.split('@').next().unwrap_or(bare)
}

fn is_database(url: &str) -> bool {
    let scheme = url.trim().split("://").next().unwrap_or_default();
    ["postgres", "postgresql"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

fn set(fields: &mut Fields, name: &str, value: impl Into<Value>) {
    fields.insert(name.to_owned(), value.into());
}

/// A user in a URL.
type User = Option<(String, String)>;

fn take_user(url: &mut Url) -> User {
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = (!url.username().is_empty())
        .then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())));
    // What has no host has no user either, and nothing to take out.
    url.set_password(None).and_then(|()| url.set_username("")).unwrap_or_default();
    user
}

/// Where it is, in the word of the adaptor. An adaptor that adds the beginning of the path by itself is
/// given what stands before that.
fn add_address(fields: &mut Fields, adaptor: &str, text: &str) -> User {
    let Ok(mut url) = Url::parse(text.trim()) else {
        set(fields, "baseUrl", text);
        return None;
    };
    let user = take_user(&mut url);
    let (name, added) = match adaptor {
        "dhis2" => ("hostUrl", "/api"),
        "commcare" => ("hostUrl", "/a"),
        "kobotoolbox" => ("baseUrl", "/api"),
        "odk" => ("baseUrl", "/v1"),
        "godata" => ("apiUrl", ""),
        "openmrs" => ("instanceUrl", "/ws"),
        _ => ("baseUrl", ""),
    };
    let path = url.path().to_owned();
    let with_end = format!("{}/", path.trim_end_matches('/'));
    if let Some((before, after)) =
        with_end.split_once(&format!("{added}/")).filter(|_| !added.is_empty())
    {
        if adaptor == "commcare"
            && let Some(domain) = after.split('/').next().filter(|domain| !domain.is_empty())
        {
            set(fields, "domain", domain);
        }
        url.set_path(before);
        url.set_query(None);
    }
    let address = url.as_str();
    let whole = if url.query().is_none() { address.trim_end_matches('/') } else { address };
    set(fields, name, whole);
    user
}

fn add_proof(
    fields: &mut Fields,
    adaptor: &str,
    connection: &Connection,
    user: User,
    token: Option<&Secret>,
) {
    match &connection.authentication {
        Authentication::None => {
            if let Some((username, password)) = user {
                add_user(fields, adaptor, &username, &password);
            }
        }
        Authentication::Basic { username, password } => {
            add_user(fields, adaptor, username, password.expose());
        }
        Authentication::Digest { username, password } => {
            add_user(fields, adaptor, username, password.expose());
            set(fields, "authType", "digest");
        }
        Authentication::Bearer { token } => set(fields, "access_token", token.expose()),
        Authentication::ApiKey { header, key } => {
            add_header(fields, adaptor, header, key.expose());
        }
        Authentication::Headers(headers) => {
            for (header, value) in headers {
                add_header(fields, adaptor, header, value.expose());
            }
        }
        Authentication::Oauth2(_) => {
            set(fields, "authType", BY_CONNECTION);
            if let Some(token) = token {
                set(fields, "access_token", token.expose());
            }
        }
        Authentication::Login(login) => {
            set(fields, "authType", BY_CONNECTION);
            for (name, value) in &login.fields {
                set(fields, name, value.expose());
            }
            match (&login.send_as, token) {
                (TokenPlace::Header { name, prefix }, Some(token))
                    if !name.eq_ignore_ascii_case("authorization")
                        || !prefix.trim().eq_ignore_ascii_case("bearer") =>
                {
                    add_header(fields, adaptor, name, &format!("{prefix}{}", token.expose()));
                }
                (_, Some(token)) => set(fields, "access_token", token.expose()),
                (_, None) => {}
            }
        }
        Authentication::SignedUrl(signed) => {
            set(fields, "authType", BY_CONNECTION);
            set(fields, "orig", signed.origin.as_str());
            set(fields, "key", signed.key.expose());
            match &signed.on_behalf_of {
                Some(OnBehalfOf::Email(email)) => set(fields, "email", email.as_str()),
                Some(OnBehalfOf::NameId(id)) => set(fields, "nameId", id.as_str()),
                None => {}
            }
        }
    }
}

fn add_user(fields: &mut Fields, adaptor: &str, username: &str, password: &str) {
    let name = if matches!(adaptor, "godata" | "odk") { "email" } else { "username" };
    set(fields, name, username);
    set(fields, "password", password);
}

/// A header that proves something: where the adaptor has a word for it, as that.
fn add_header(fields: &mut Fields, adaptor: &str, header: &str, value: &str) {
    if header.eq_ignore_ascii_case("authorization") {
        let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
        match (adaptor, scheme.to_ascii_lowercase().as_str()) {
            ("dhis2", "apitoken") => return set(fields, "pat", rest),
            ("kobotoolbox", "token") => return set(fields, "token", rest),
            ("commcare", "apikey") => {
                if let Some((username, key)) = rest.split_once(':') {
                    set(fields, "username", username);
                    return set(fields, "apiKey", key);
                }
            }
            (_, "bearer") => return set(fields, "access_token", rest),
            _ => {}
        }
    }
    let headers = fields.entry("headers").or_insert_with(|| Value::Object(Fields::new()));
    if let Value::Object(headers) = headers {
        set(headers, header, value);
    }
}

fn add_database(fields: &mut Fields, connection: &Connection) {
    let Ok(mut url) = Url::parse(connection.url.trim()) else { return };
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let in_clear = url.query_pairs().any(|(name, value)| name == "sslmode" && value == "disable");
    let host = url.host_str().unwrap_or_default();
    set(fields, "host", decoded(host.trim_start_matches('[').trim_end_matches(']')));
    set(fields, "port", url.port().unwrap_or(5_432));
    set(fields, "database", decoded(url.path().trim_start_matches('/')));
    let user = take_user(&mut url);
    let user = match &connection.authentication {
        Authentication::Basic { username, password } => {
            Some((username.clone(), password.expose().to_owned()))
        }
        _ => user,
    };
    if let Some((user, password)) = user {
        set(fields, "user", user);
        set(fields, "password", password);
    }
    set(fields, "ssl", !in_clear);
    let tls = &connection.tls;
    if tls.skip_verification {
        set(fields, "allowSelfSignedCert", true);
    }
    let key = tls.client_key.as_ref().map(Secret::expose);
    let passphrase = tls.client_key_passphrase.as_ref().map(Secret::expose);
    for (name, text) in [
        ("ca", tls.authorities.as_deref()),
        ("cert", tls.client_certificate.as_deref()),
        ("key", key),
        ("passphrase", passphrase),
    ] {
        if let Some(text) = text {
            set(fields, name, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::connection::{IncidentPolicy, SignedUrl, SigningAlgorithm, Tls};
    use serde_json::json;

    use super::*;

    fn connection(url: &str, authentication: Authentication) -> Connection {
        Connection {
            name: "it".to_owned(),
            url: url.to_owned(),
            authentication,
            notify: Vec::new(),
            timeout: std::time::Duration::from_secs(1),
            concurrency: 1,
            signing_secret: None,
            previous_signing_secret: None,
            rate: None,
            tls: Tls::default(),
            paused: false,
            incident: IncidentPolicy::default(),
            credential: Vec::new(),
        }
    }

    fn basic() -> Authentication {
        Authentication::Basic { username: "ann".to_owned(), password: Secret::new("pw") }
    }

    fn header(value: &str) -> Authentication {
        Authentication::ApiKey { header: "Authorization".to_owned(), key: Secret::new(value) }
    }

    #[track_caller]
    fn check(adaptor: &str, url: &str, authentication: Authentication, expected: &Value) {
        let connection = connection(url, authentication);
        let made = configuration(&[adaptor.to_owned()], &connection, None).unwrap();
        let made: Value = serde_json::from_str(made.get()).unwrap();
        assert_eq!(&made, expected, "{adaptor} at {url}");
    }

    #[test]
    fn each_adaptor_has_its_words() {
        check(
            "http@7.2.10",
            "https://a.org/api/",
            basic(),
            &json!({ "baseUrl": "https://a.org/api", "username": "ann", "password": "pw" }),
        );
        check(
            "@openfn/language-dhis2@8.2.1",
            "https://a.org/hmis/api/events",
            header("ApiToken d2pat_x"),
            &json!({ "hostUrl": "https://a.org/hmis", "pat": "d2pat_x" }),
        );
        check(
            "commcare",
            "https://www.commcarehq.org/a/clinic/receiver/",
            header("ApiKey ann@x.org:k"),
            &json!({
                "hostUrl": "https://www.commcarehq.org", "domain": "clinic",
                "username": "ann@x.org", "apiKey": "k",
            }),
        );
        check(
            "kobotoolbox",
            "https://kf.kobotoolbox.org/api/v2",
            header("Token t"),
            &json!({ "baseUrl": "https://kf.kobotoolbox.org", "token": "t" }),
        );
        check(
            "odk",
            "https://central.org/v1/projects/1",
            basic(),
            &json!({ "baseUrl": "https://central.org", "email": "ann", "password": "pw" }),
        );
        check(
            "godata",
            "https://godata.org/api",
            basic(),
            &json!({ "apiUrl": "https://godata.org/api", "email": "ann", "password": "pw" }),
        );
        let signed = SignedUrl {
            origin: "hub".to_owned(),
            key: Secret::new("k"),
            algorithm: SigningAlgorithm::Sha256,
            on_behalf_of: Some(OnBehalfOf::Email("a@x.org".to_owned())),
        };
        check(
            "wcs",
            "https://wcs.org/",
            Authentication::SignedUrl(signed),
            &json!({
                "baseUrl": "https://wcs.org", "authType": "connection", "orig": "hub", "key": "k",
                "email": "a@x.org",
            }),
        );
    }

    #[test]
    fn a_user_of_the_url_is_a_user() {
        let expected = json!({ "baseUrl": "https://a.org", "username": "an n", "password": "pw" });
        check("http", "https://an%20n:pw@a.org/", Authentication::None, &expected);
        let headers = json!({ "baseUrl": "https://a.org", "headers": { "x-key": "k" } });
        let key = Authentication::ApiKey { header: "x-key".to_owned(), key: Secret::new("k") };
        check("http", "https://a.org", key, &headers);
    }

    #[test]
    fn a_database_is_told_in_parts() {
        check(
            "postgresql",
            "postgres://ann:p%40w@db.org/clinic?sslmode=disable",
            Authentication::None,
            &json!({
                "host": "db.org", "port": 5432, "database": "clinic", "user": "ann",
                "password": "p@w", "ssl": false,
            }),
        );
        check(
            "postgresql",
            "postgresql://[::1]:1/my%20d",
            basic(),
            &json!({
                "host": "::1", "port": 1, "database": "my d", "user": "ann", "password": "pw",
                "ssl": true,
            }),
        );
    }

    #[test]
    fn further_fields_come_on_top() {
        let mut connection = connection("https://a.org", basic());
        connection.credential = vec![
            ("apiVersion".to_owned(), Secret::new("\"41\"")),
            ("username".to_owned(), Secret::new("\"eve\"")),
            ("deep".to_owned(), Secret::new("{\"a\":[1]}")),
        ];
        let made = configuration(&["dhis2".to_owned()], &connection, None).unwrap();
        let made: Value = serde_json::from_str(made.get()).unwrap();
        let expected = json!({
            "hostUrl": "https://a.org", "username": "eve", "password": "pw", "apiVersion": "41",
            "deep": { "a": [1] },
        });
        assert_eq!(made, expected);
    }
}
