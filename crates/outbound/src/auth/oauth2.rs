//! OAuth 2.0 (RFC 6749): a token for the client itself or for a user whose password the hub holds.
//!
//! Where the endpoint gives a refresh token, that is used for the next token, and the credentials
//! themselves only where the endpoint no longer takes it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::attempt::AttemptError;
use fieldpost_model::connection::{CredentialsPlace, Oauth2, Oauth2Grant};
use fieldpost_model::json::Value;
use fieldpost_model::secret::Secret;
use form_urlencoded::Serializer;
use http::header::{AUTHORIZATION, HeaderValue};

use super::endpoint::{Endpoint, NoToken, Question};
use super::keeper::{Asking, Fingerprint, Fresh, Place, TokenProof, seconds};
use super::{Circumstance, Preparation, sensitive};
use crate::address::unbuildable;

/// A client that asks a token endpoint.
pub(super) struct Oauth2Client {
    endpoint: Endpoint,
    settings: Oauth2,
    /// The client's id and secret, where they go in the header.
    authorization: Option<HeaderValue>,
}

/// Reads the endpoint and the credentials.
pub(super) fn prepare(
    settings: &Oauth2,
    preparation: &mut Preparation<'_>,
) -> Result<TokenProof, AttemptError> {
    let mut secrets: Vec<Secret> = settings.client_secret.iter().cloned().collect();
    if let Oauth2Grant::Password { password, .. } = &settings.grant {
        secrets.push(password.clone());
    }
    let authorization = client_in_header(settings, &mut secrets)?;
    let in_form: Vec<Secret> = secrets.iter().map(|it| Secret::new(encoded(it.expose()))).collect();
    secrets.extend(in_form);
    let endpoint = Endpoint::prepare(&settings.token_url, "token endpoint", secrets, preparation)?;
    let fingerprint = fingerprint(settings);
    let client = Oauth2Client { endpoint, settings: settings.clone(), authorization };
    let place = Place::Header { name: AUTHORIZATION, prefix: "Bearer ".to_owned() };
    Ok(TokenProof::new(Asking::Oauth2(client), fingerprint, place, preparation))
}

/// The client's id and secret as RFC 6749 §2.3.1 puts them in the header: encoded as in a form
/// before they become HTTP Basic.
fn client_in_header(
    settings: &Oauth2,
    secrets: &mut Vec<Secret>,
) -> Result<Option<HeaderValue>, AttemptError> {
    if settings.credentials_in != CredentialsPlace::Header {
        return Ok(None);
    }
    let Some(id) = &settings.client_id else {
        return match settings.grant {
            Oauth2Grant::Password { .. } => Ok(None),
            Oauth2Grant::ClientCredentials => {
                Err(unbuildable("The connection's OAuth client has no id"))
            }
        };
    };
    let secret = settings.client_secret.as_ref().map_or("", Secret::expose);
    let basic = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
    let header = sensitive(format!("Basic {basic}").as_bytes(), "The client's secret")?;
    secrets.push(Secret::new(basic));
    Ok(Some(header))
}

fn fingerprint(settings: &Oauth2) -> Fingerprint {
    let Oauth2 { grant, token_url, client_id, client_secret, credentials_in, scopes } = settings;
    let mut fingerprint = Fingerprint::new("oauth2");
    match grant {
        Oauth2Grant::ClientCredentials => fingerprint.add("client_credentials"),
        Oauth2Grant::Password { username, password } => {
            fingerprint.add("password");
            fingerprint.add(username);
            fingerprint.add(password.expose());
        }
    }
    fingerprint.add(token_url);
    fingerprint.add(client_id.as_deref().unwrap_or_default());
    fingerprint.add(client_secret.as_ref().map_or("", Secret::expose));
    fingerprint.add(credentials_in.name());
    for scope in scopes {
        fingerprint.add(scope);
    }
    fingerprint
}

impl Oauth2Client {
    /// The endpoint.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Asks for a token: with the refresh token where there is one, else, or where that is no
    /// longer taken, with the credentials.
    pub(super) async fn ask(
        &self,
        refresh_token: Option<&Secret>,
        circumstance: &Circumstance<'_>,
    ) -> Result<Fresh, NoToken> {
        if let Some(refresh_token) = refresh_token {
            let question = self.question(Some(refresh_token));
            match self.endpoint.ask(question, circumstance).await {
                Ok(answer) => {
                    let mut fresh = self.read(&answer)?;
                    fresh.refresh_token.get_or_insert_with(|| refresh_token.clone());
                    return Ok(fresh);
                }
                Err(NoToken { refused: false, error }) => {
                    return Err(NoToken { refused: false, error });
                }
                Err(_refused) => {}
            }
        }
        let answer = self.endpoint.ask(self.question(None), circumstance).await?;
        self.read(&answer)
    }

    fn question(&self, refresh_token: Option<&Secret>) -> Question {
        let Oauth2 { grant, client_id, client_secret, scopes, .. } = &self.settings;
        let mut form = Serializer::new(String::new());
        let mut secrets = Vec::new();
        match (refresh_token, grant) {
            (Some(token), _) => {
                form.append_pair("grant_type", "refresh_token");
                form.append_pair("refresh_token", token.expose());
                secrets = vec![token.clone(), Secret::new(encoded(token.expose()))];
            }
            (None, Oauth2Grant::ClientCredentials) => {
                form.append_pair("grant_type", "client_credentials");
            }
            (None, Oauth2Grant::Password { username, password }) => {
                form.append_pair("grant_type", "password");
                form.append_pair("username", username);
                form.append_pair("password", password.expose());
            }
        }
        if !scopes.is_empty() {
            form.append_pair("scope", &scopes.join(" "));
        }
        if self.authorization.is_none() {
            if let Some(id) = client_id {
                form.append_pair("client_id", id);
            }
            if let Some(secret) = client_secret {
                form.append_pair("client_secret", secret.expose());
            }
        }
        Question {
            content_type: "application/x-www-form-urlencoded",
            body: form.finish(),
            authorization: self.authorization.clone(),
            secrets,
        }
    }

    fn read(&self, answer: &Value<'_>) -> Result<Fresh, NoToken> {
        let text = |name: &str| {
            let text = answer.get(name).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(Secret::new)
        };
        let token = text("access_token")
            .ok_or_else(|| self.endpoint.useless("its answer has no `access_token`"))?;
        let lifetime: Option<Duration> = answer.get("expires_in").and_then(seconds);
        Ok(Fresh { token, refresh_token: text("refresh_token"), lifetime })
    }
}

/// Text as it stands in a form.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
