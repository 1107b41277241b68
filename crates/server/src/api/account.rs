//! What people change about their own account.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_model::secret::Secret;
use fieldpost_store::{Session as StoredSession, User, UserChange};
use http::StatusCode;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::{Input, Optional};
use super::list::List;
use super::parameters::{NoParameters, Parameters, path_id};
use super::path::Path;
use super::principal::{Caller, Credential};
use super::session::{Session, answer_begun};
use super::visitor;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// One's own account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Account {
    /// The id.
    id: Uuid,
    /// The mail address.
    #[schema(example = "amina@example.org")]
    email: String,
    /// The name.
    name: String,
    /// The language of the page; null for that of the browser.
    #[schema(required)]
    language: Option<String>,
    /// Whether there is a second factor.
    second_factor: bool,
    /// Recovery codes that are left.
    recovery_codes_left: u32,
    /// When the account was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// What is changed; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeAccount {
    /// The name.
    name: Option<String>,
    /// The language of the page, `en` or `fr`; null for that of the browser.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    #[expect(clippy::option_option, reason = "left out, null and a language are three wishes")]
    language: Option<Option<String>>,
}

/// What is there is there, also where it is null.
#[expect(clippy::option_option, reason = "left out, null and a language are three wishes")]
fn present<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(input).map(Some)
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePassword {
    /// The present one.
    #[schema(format = Password)]
    current: String,
    /// The new one: 10 characters at least, 256 bytes at the most, and not the mail address.
    #[schema(format = Password)]
    new: String,
}

/// A second factor that is still to be confirmed.
#[derive(Serialize, ToSchema)]
pub(super) struct BegunSecondFactor {
    /// The secret, to be typed into an app.
    secret: String,
    /// The same as a link, to be shown as a picture.
    otpauth_url: String,
}

/// A code of a second factor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    /// The six digits that the app shows.
    code: String,
}

/// The present password.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Password {
    /// The password.
    #[schema(format = Password)]
    password: String,
}

/// Codes for who has lost the second factor.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryCodes {
    /// Each is good once. They are shown this once.
    recovery_codes: Vec<String>,
}

/// A session of one's own.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnSession {
    /// The id.
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was used last, to the minute.
    #[schema(format = DateTime)]
    seen_at: String,
    /// When it ends at the latest.
    #[schema(format = DateTime)]
    ends_at: String,
    /// Where it was begun from.
    #[schema(required)]
    address: Option<String>,
    /// What the browser calls itself.
    #[schema(required)]
    agent: Option<String>,
}

impl RecoveryCodes {
    fn shown(codes: &[Secret]) -> Self {
        Self { recovery_codes: codes.iter().map(|code| code.expose().to_owned()).collect() }
    }
}

impl Account {
    async fn shown(app: &App, user: User) -> Result<Self, Problem> {
        let recovery_codes_left = app.hub.store().recovery_codes_left(user.id).await?;
        let User { id, email, name, language, second_factor, created_at, .. } = user;
        let created_at = created_at.to_string();
        Ok(Self { id, email, name, language, second_factor, recovery_codes_left, created_at })
    }
}

/// One's own account
#[utoipa::path(
    get,
    path = "/account",
    operation_id = "get_account",
    tag = "accounts",
    responses((status = 200, body = Account), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    _: Parameters<NoParameters>,
) -> Result<Json<Account>, Problem> {
    Ok(Json(Account::shown(&app, caller.require_user()?.clone()).await?))
}

/// Change one's name or language
#[utoipa::path(
    patch,
    path = "/account",
    operation_id = "change_account",
    tag = "accounts",
    request_body = ChangeAccount,
    responses((status = 200, body = Account), Problem),
)]
pub(super) async fn change(
    State(app): State<Shared>,
    caller: Caller,
    _: Parameters<NoParameters>,
    Input(sent): Input<ChangeAccount>,
) -> Result<Json<Account>, Problem> {
    let id = caller.require_user()?.id;
    let ChangeAccount { name, language } = sent;
    let change = UserChange { name, language, ..UserChange::default() };
    app.hub.change_user(id, change).await?;
    let user = app.hub.store().user(id).await?;
    let user = user.ok_or_else(|| Problem::not_found("user", id))?;
    Ok(Json(Account::shown(&app, user).await?))
}

/// Change one's password
///
/// All sessions end; the answer begins another one.
#[utoipa::path(
    post,
    path = "/account/password",
    operation_id = "change_password",
    tag = "accounts",
    request_body = ChangePassword,
    responses((status = 200, body = Session), Problem),
)]
pub(super) async fn change_password(
    State(app): State<Shared>,
    caller: Caller,
    visitor::From(visitor): visitor::From,
    _: Parameters<NoParameters>,
    Input(sent): Input<ChangePassword>,
) -> Result<Response, Problem> {
    let user = caller.require_user()?.clone();
    let (current, new) = (Secret::new(sent.current), Secret::new(sent.new));
    let begun = app.hub.change_password(user, &current, &new, &visitor).await?;
    answer_begun(&app, &begun).await
}

/// Begin a second factor
///
/// It needs the present password, and counts once it is confirmed by a code.
#[utoipa::path(
    post,
    path = "/account/second-factor",
    operation_id = "begin_second_factor",
    tag = "accounts",
    request_body = Option<Password>,
    responses((status = 200, body = BegunSecondFactor), Problem),
)]
pub(super) async fn begin_second_factor(
    State(app): State<Shared>,
    caller: Caller,
    visitor::From(visitor): visitor::From,
    _: Parameters<NoParameters>,
    Optional(sent): Optional<Password>,
) -> Result<Json<BegunSecondFactor>, Problem> {
    let user = caller.require_user()?;
    if sent.password.is_empty() {
        let detail = "a second factor is begun with the present password";
        return Err(Problem::bad_request("bad-body", detail)
            .hint("send it as `password`: whoever finds a browser open has none"));
    }
    let begun = app.hub.begin_second_factor(user, &Secret::new(sent.password), &visitor).await?;
    Ok(Json(BegunSecondFactor {
        secret: begun.secret.expose().to_owned(),
        otpauth_url: begun.link.expose().to_owned(),
    }))
}

/// Confirm a second factor
///
/// From the answer on, signing in needs a code. The recovery codes are shown this once.
#[utoipa::path(
    put,
    path = "/account/second-factor",
    operation_id = "confirm_second_factor",
    tag = "accounts",
    request_body = Code,
    responses((status = 200, body = RecoveryCodes), Problem),
)]
pub(super) async fn confirm_second_factor(
    State(app): State<Shared>,
    caller: Caller,
    _: Parameters<NoParameters>,
    Input(sent): Input<Code>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let code = Secret::new(sent.code);
    let codes = app.hub.confirm_second_factor(caller.require_user()?, &code).await?;
    Ok(Json(RecoveryCodes::shown(&codes)))
}

/// Make other recovery codes
///
/// It needs the present password. Those that are left are good no more.
#[utoipa::path(
    post,
    path = "/account/recovery-codes",
    operation_id = "renew_recovery_codes",
    tag = "accounts",
    request_body = Password,
    responses((status = 200, body = RecoveryCodes), Problem),
)]
pub(super) async fn renew_recovery_codes(
    State(app): State<Shared>,
    caller: Caller,
    visitor::From(visitor): visitor::From,
    _: Parameters<NoParameters>,
    Input(sent): Input<Password>,
) -> Result<Json<RecoveryCodes>, Problem> {
    let password = Secret::new(sent.password);
    let user = caller.require_user()?;
    let codes = app.hub.renew_recovery_codes(user, &password, &visitor).await?;
    Ok(Json(RecoveryCodes::shown(&codes)))
}

/// Remove the second factor
#[utoipa::path(
    delete,
    path = "/account/second-factor",
    operation_id = "remove_second_factor",
    tag = "accounts",
    request_body = Password,
    responses((status = 204, description = "There is no second factor any more"), Problem),
)]
pub(super) async fn remove_second_factor(
    State(app): State<Shared>,
    caller: Caller,
    visitor::From(visitor): visitor::From,
    _: Parameters<NoParameters>,
    Input(sent): Input<Password>,
) -> Result<StatusCode, Problem> {
    let password = Secret::new(sent.password);
    app.hub.remove_second_factor(caller.require_user()?, &password, &visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's sessions
#[utoipa::path(
    get,
    path = "/account/sessions",
    operation_id = "list_own_sessions",
    tag = "accounts",
    responses((status = 200, body = List<OwnSession>), Problem),
)]
pub(super) async fn sessions(
    State(app): State<Shared>,
    caller: Caller,
    _: Parameters<NoParameters>,
) -> Result<Json<List<OwnSession>>, Problem> {
    let id = caller.require_user()?.id;
    let current = match caller.credential() {
        Credential::Session(_, id) => Some(id),
        _ => None,
    };
    let found = app.hub.store().sessions(Some(id), app.hub.settings().session_idle).await?;
    let shown = |session: StoredSession| OwnSession {
        id: session.id,
        current: Some(session.id) == current,
        created_at: session.created_at.to_string(),
        seen_at: session.seen_at.to_string(),
        ends_at: session.ends_at.to_string(),
        address: session.address,
        agent: session.agent,
    };
    Ok(Json(List::whole(found.into_iter().map(shown))))
}

/// End one of one's sessions
#[utoipa::path(
    delete,
    path = "/account/sessions/{session}",
    operation_id = "end_own_session",
    tag = "accounts",
    responses((status = 204, description = "The session has ended"), Problem),
)]
pub(super) async fn end_session(
    State(app): State<Shared>,
    caller: Caller,
    Path(session): Path<String>,
    _: Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    let account = caller.require_user()?.id;
    let id = path_id("session", &session)?;
    if app.hub.store().end_session_called(Some(account), id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("session", id))
    }
}
