//! Login endpoints that are not OAuth 2.0: credentials are posted, a token comes back somewhere in
//! the answer. CommCare's own tokens, Go.Data and many smaller systems work so.

use std::borrow::Cow;

use fieldpost_model::attempt::AttemptError;
use fieldpost_model::connection::{Login, LoginBody, TokenPlace};
use fieldpost_model::json::Value;
use fieldpost_model::secret::Secret;
use fieldpost_rules::json_path::JsonPath;
use form_urlencoded::Serializer;

use super::endpoint::{Endpoint, NoToken, Question};
use super::keeper::{Asking, Fingerprint, Fresh, Place, TokenProof, seconds};
use super::{Circumstance, Preparation, credential_header};
use crate::address::unbuildable;

/// A user who logs in.
pub(super) struct LoginClient {
    endpoint: Endpoint,
    settings: Login,
    token_at: Vec<JsonPath>,
    lifetime_at: Option<JsonPath>,
}

/// Reads the endpoint, the credentials and where the token will stand.
pub(super) fn prepare(
    settings: &Login,
    preparation: &mut Preparation<'_>,
) -> Result<TokenProof, AttemptError> {
    let token_at = settings.token_at.iter().map(|path| read_path(path));
    let token_at = token_at.collect::<Result<Vec<_>, _>>()?;
    if token_at.is_empty() {
        return Err(unbuildable("The connection's login does not say where the token stands"));
    }
    let lifetime_at = settings.lifetime_at.as_deref().map(read_path).transpose()?;
    let place = match &settings.send_as {
        TokenPlace::Header { name, prefix } => {
            Place::Header { name: credential_header(name)?, prefix: prefix.clone() }
        }
        TokenPlace::Query(name) => Place::Query(name.clone()),
    };
    let secrets = settings.fields.iter().map(|(_, value)| value.clone()).collect();
    let endpoint = Endpoint::prepare(&settings.url, "login endpoint", secrets, preparation)?;
    let fingerprint = fingerprint(settings);
    let client = LoginClient { endpoint, settings: settings.clone(), token_at, lifetime_at };
    Ok(TokenProof::new(Asking::Login(client), fingerprint, place, preparation))
}

fn read_path(text: &str) -> Result<JsonPath, AttemptError> {
    JsonPath::parse(text).ok_or_else(|| {
        unbuildable(format!(
            "{text:?} is no path into an answer; write it as `$.access_token` or `$.data[0].id`"
        ))
    })
}

/// The token belongs to what it was asked for with; how long it is used, and how it is shown,
/// is the hub's own affair.
fn fingerprint(settings: &Login) -> Fingerprint {
    let mut fingerprint = Fingerprint::new("login");
    fingerprint.add(&settings.url);
    fingerprint.add(settings.body.name());
    for (name, value) in &settings.fields {
        fingerprint.add(name);
        fingerprint.add(value.expose());
    }
    for path in &settings.token_at {
        fingerprint.add(path);
    }
    fingerprint
}

impl LoginClient {
    /// The endpoint.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Logs in.
    pub(super) async fn ask(&self, circumstance: &Circumstance<'_>) -> Result<Fresh, NoToken> {
        let answer = self.endpoint.ask(self.question(), circumstance).await?;
        let token = self
            .token_at
            .iter()
            .find_map(|path| path.find(&answer)?.as_str().filter(|text| !text.is_empty()))
            .ok_or_else(|| {
                let paths = self.settings.token_at.join(", ");
                self.endpoint.useless(&format!("its answer has no text at {paths}"))
            })?;
        let told = self.lifetime_at.as_ref().and_then(|path| path.find(&answer)).and_then(seconds);
        Ok(Fresh {
            token: Secret::new(token),
            refresh_token: None,
            lifetime: Some(told.unwrap_or(self.settings.lifetime)),
        })
    }

    fn question(&self) -> Question {
        let fields = self.settings.fields.iter().map(|(name, value)| (name, value.expose()));
        let (content_type, body) = match self.settings.body {
            LoginBody::Json => {
                let members = fields.map(|(name, value)| {
                    (Cow::Borrowed(name.as_str()), Value::string(Cow::Borrowed(value)))
                });
                ("application/json", Value::Object(members.collect()).to_json())
            }
            LoginBody::Form => {
                let mut form = Serializer::new(String::new());
                form.extend_pairs(fields);
                ("application/x-www-form-urlencoded", form.finish())
            }
        };
        Question { content_type, body, authorization: None, secrets: Vec::new() }
    }
}
