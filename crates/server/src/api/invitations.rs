//! Links by which people come in for the first time, or again.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use fieldpost_engine::Accepting;
use fieldpost_model::secret::Secret;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::body::Input;
use super::names::InvitationKindName;
use super::parameters::{NoParameters, Parameters};
use super::session::{Session, answer_begun, note, note_refused, who};
use super::visitor;
use crate::app::Shared;
use crate::problem::Problem;

/// The header with the secret of a link: in an address it would stand in logs.
const SECRET_HEADER: &str = "fieldpost-invitation";

/// What a link is for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Invitation {
    /// What it does.
    #[schema(value_type = InvitationKindName)]
    kind: &'static str,
    /// The mail address of the account; null for the first owner, who chooses one.
    #[schema(required)]
    email: Option<String>,
    /// The name of the account.
    #[schema(required)]
    name: Option<String>,
    /// Whether the account has a second factor, whose code is needed as well. Where the link also
    /// removes the second factor, none is.
    second_factor: bool,
    /// Until when it is good.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
}

/// How a link is used.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AcceptInvitation {
    /// What stands in the link behind the sign `#`.
    #[schema(format = Password)]
    secret: String,
    /// The mail address of the first owner; others have theirs already.
    email: Option<String>,
    /// The name; left out it stays as it is.
    name: Option<String>,
    /// The password: 10 characters at least.
    #[schema(format = Password)]
    password: String,
    /// The language of the page: `en` or `fr`.
    language: Option<String>,
    /// The code of the second factor, where the account has one.
    code: Option<String>,
}

/// What a link is for
///
/// The secret of the link goes into the header `fieldpost-invitation`.
#[utoipa::path(
    get,
    path = "/invitations/current",
    operation_id = "get_invitation",
    tag = "accounts",
    params(("fieldpost-invitation" = String, Header, description = "The secret of the link")),
    responses((status = 200, body = Invitation), Problem),
    security(()),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    headers: HeaderMap,
    _: Parameters<NoParameters>,
) -> Result<Json<Invitation>, Problem> {
    let secret = headers.get(SECRET_HEADER).and_then(|secret| secret.to_str().ok());
    let secret = Secret::new(secret.unwrap_or_default());
    let found = app.hub.invitation(&secret).await?;
    Ok(Json(Invitation {
        kind: found.kind.name(),
        email: found.user.as_ref().map(|user| user.email.clone()),
        name: found.user.as_ref().map(|user| user.name.clone()),
        second_factor: !found.drops_second_factor
            && found.user.is_some_and(|user| user.second_factor),
        expires_at: found.expires_at.map(|time| time.to_string()),
    }))
}

/// Use a link
///
/// Sets the password, ends the sessions that the account had, and begins one. The link is used
/// then.
#[utoipa::path(
    post,
    path = "/invitations/accept",
    operation_id = "accept_invitation",
    tag = "accounts",
    request_body = AcceptInvitation,
    responses((status = 200, body = Session), Problem),
    security(()),
)]
pub(super) async fn accept(
    State(app): State<Shared>,
    visitor::From(visitor): visitor::From,
    _: Parameters<NoParameters>,
    Input(sent): Input<AcceptInvitation>,
) -> Result<Response, Problem> {
    let accepting = Accepting {
        secret: Secret::new(sent.secret),
        email: sent.email,
        name: sent.name,
        language: sent.language,
        password: Secret::new(sent.password),
        code: sent.code.map(Secret::new),
        visitor: visitor.clone(),
    };
    let ended = app.hub.accept_invitation(&accepting).await;
    if let Err(error) = &ended {
        note_refused(&app, error, &visitor).await;
    }
    let begun = ended?;
    let who = who(begun.user.as_ref());
    note(&app, who, "invitation.accepted", &visitor, &json!({})).await;
    answer_begun(&app, &begun).await
}
