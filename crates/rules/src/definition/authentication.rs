//! Authentication of connections: the kinds of `auth`, read and written.
//!
//! Those that get a token from somewhere first are in `token`.

use fieldpost_model::connection::{Authentication, OnBehalfOf, SignedUrl, SigningAlgorithm};
use fieldpost_model::json::Value;
use fieldpost_model::secret::Secret;

use super::fields::{Field, Fields, Place, Section};
use super::headers::{check_header_name, read_header_value, read_headers};
use super::token::{OauthKind, read_login, read_oauth2, write_login, write_oauth2};
use super::write::{Members, Secrets, only};

/// The ways of authentication, as `auth` names them beside `none`.
const KINDS: [&str; 9] = [
    "basic",
    "bearer",
    "api_key",
    "headers",
    "digest",
    "oauth2_client",
    "oauth2_password",
    "login",
    "signed_url",
];

/// Reads `auth`. `url` is the connection's own, from which presets know the service that they are
/// for.
pub(super) fn read_authentication(
    field: &Field<'_, '_>,
    url: Option<&str>,
) -> Option<Authentication> {
    if field.value.as_str() == Some("none") {
        return Some(Authentication::None);
    }
    if let Some(kind) = field.value.as_str().filter(|kind| KINDS.contains(kind)) {
        // A kind by its bare name: say what belongs under it rather than that it is no object.
        return needs_values(&field.place, kind);
    }
    let mut fields = Fields::open(Section::Authentication, field.value, field.place.clone())?;
    let kind = fields.only_one_of(&KINDS)?;
    let Some(values) = fields.take(kind) else { return needs_values(&field.place, kind) };
    match kind {
        "basic" => {
            let (username, password) = read_user(&values)?;
            Some(Authentication::Basic { username, password })
        }
        "bearer" => read_bearer(values),
        "api_key" => read_api_key(&values),
        "digest" => {
            let (username, password) = read_user(&values)?;
            Some(Authentication::Digest { username, password })
        }
        "oauth2_client" => read_oauth2(&values, OauthKind::Client, url).map(Authentication::Oauth2),
        "oauth2_password" => {
            read_oauth2(&values, OauthKind::Password, url).map(Authentication::Oauth2)
        }
        "login" => read_login(&values, url).map(Authentication::Login),
        "signed_url" => read_signed_url(&values).map(Authentication::SignedUrl),
        _ => {
            let headers = read_headers(&values.hidden()).into_iter();
            let secret = headers.map(|(name, value)| (name, Secret::new(value)));
            Some(Authentication::Headers(secret.collect()))
        }
    }
}

pub(super) fn write_authentication(
    authentication: &Authentication,
    secrets: Secrets,
) -> Value<'static> {
    match authentication {
        Authentication::None => Value::from("none"),
        Authentication::Basic { username, password } => {
            only("basic", write_user(username, password, secrets))
        }
        Authentication::Bearer { token } => only("bearer", secrets.secret(token)),
        Authentication::ApiKey { header, key } => {
            let mut members = Members::default();
            members.put("header", header.clone());
            members.put("key", secrets.secret(key));
            only("api_key", members.into_value())
        }
        Authentication::Headers(headers) => only("headers", secrets.named(headers)),
        Authentication::Digest { username, password } => {
            only("digest", write_user(username, password, secrets))
        }
        Authentication::Oauth2(oauth2) => {
            only(OauthKind::of(&oauth2.grant).name(), write_oauth2(oauth2, secrets))
        }
        Authentication::Login(login) => only("login", write_login(login, secrets)),
        Authentication::SignedUrl(signed) => only("signed_url", write_signed_url(signed, secrets)),
    }
}

fn needs_values<T>(place: &Place<'_>, kind: &str) -> Option<T> {
    place.report_with_hint(
        "wrong-type",
        format!("`{kind}` needs its values"),
        format!("write `auth: {{ {kind}: … }}`"),
    )
}

/// Reads the name and password of HTTP Basic or Digest, which senders and destinations share.
pub(super) fn read_user(field: &Field<'_, '_>) -> Option<(String, Secret)> {
    let mut fields = field.fields(Section::Inner)?;
    let username = fields.require("username");
    let username = username.and_then(|field| {
        let name = field.text()?;
        if name.contains(':') || name.chars().any(char::is_control) {
            return field.place.report(
                "wrong-value",
                "HTTP has no way to send a user name with a colon or a control character",
            );
        }
        Some(name.to_owned())
    });
    // A password may be empty: some services want their key as the user name, and nothing more.
    let password = fields.require("password").and_then(read_password);
    fields.close();
    Some((username?, password?))
}

/// Reads a password, which may be empty.
pub(super) fn read_password(field: Field<'_, '_>) -> Option<Secret> {
    field.hidden().any_text().map(Secret::new)
}

/// Writes the name and password of HTTP Basic or Digest.
pub(super) fn write_user(username: &str, password: &Secret, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put("username", username.to_owned());
    members.put("password", secrets.secret(password));
    members.into_value()
}

/// Reads a token, written as it is or under its name.
fn read_bearer(field: Field<'_, '_>) -> Option<Authentication> {
    let token = if field.value.as_object().is_some() {
        let mut fields = field.fields(Section::Inner)?;
        let token = fields.require("token");
        fields.close();
        token?
    } else {
        field
    };
    Some(Authentication::Bearer { token: read_secret_header(token)? })
}

fn read_api_key(field: &Field<'_, '_>) -> Option<Authentication> {
    let mut fields = field.fields(Section::Inner)?;
    let header = fields.require("header").and_then(|field| read_header_name(&field));
    let key = fields.require("key").and_then(read_secret_header);
    fields.close();
    Some(Authentication::ApiKey { header: header?, key: key? })
}

/// Reads the name of a header that is to be set.
pub(super) fn read_header_name(field: &Field<'_, '_>) -> Option<String> {
    let name = field.text()?;
    check_header_name(&field.place, name)?;
    Some(name.to_owned())
}

/// Reads a secret that is sent as a header, or as a part of one.
fn read_secret_header(field: Field<'_, '_>) -> Option<Secret> {
    let field = field.hidden();
    field.text()?;
    read_header_value(&field).map(Secret::new)
}

/// Reads the key that signs queries. Whose it is may be said in one way only.
fn read_signed_url(field: &Field<'_, '_>) -> Option<SignedUrl> {
    let mut fields = field.fields(Section::Inner)?;
    let origin = fields.require("orig").and_then(|field| field.text());
    let key = fields.require("key").and_then(Field::secret);
    let algorithm = fields
        .take("algorithm")
        .map(|field| field.choice(SigningAlgorithm::ALL, SigningAlgorithm::name));
    let email = fields.take("email").map(|field| field.text().map(str::to_owned));
    let name_id = fields.take("name_id").map(|field| field.text().map(str::to_owned));
    let place = fields.place.clone();
    fields.close();
    let on_behalf_of = match (email, name_id) {
        (None, None) => None,
        (Some(email), None) => Some(OnBehalfOf::Email(email?)),
        (None, Some(name_id)) => Some(OnBehalfOf::NameId(name_id?)),
        (Some(_), Some(_)) => {
            return place.report_with_hint(
                "wrong-value",
                "`email` and `name_id` both say for whom the call is made",
                "leave one of them out",
            );
        }
    };
    Some(SignedUrl {
        origin: origin?.to_owned(),
        key: key?,
        algorithm: algorithm.unwrap_or(Some(SigningAlgorithm::Sha256))?,
        on_behalf_of,
    })
}

fn write_signed_url(signed: &SignedUrl, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put("orig", signed.origin.clone());
    members.put("key", secrets.secret(&signed.key));
    let algorithm = signed.algorithm;
    members.put_unless(algorithm == SigningAlgorithm::Sha256, "algorithm", algorithm.name());
    match &signed.on_behalf_of {
        None => {}
        Some(OnBehalfOf::Email(email)) => members.put("email", email.clone()),
        Some(OnBehalfOf::NameId(name_id)) => members.put("name_id", name_id.clone()),
    }
    members.into_value()
}
