//! Who may use the API, and that what they began is finished.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::app::Shared;
use crate::problem::Problem;

/// By what name the books call who carries the administrator's token.
pub(super) const ADMINISTRATOR: &str = "administrator";

/// Lets through who carries the administrator's token.
pub(super) async fn require_token(
    State(app): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    match check(request.headers(), &app.settings.admin_token_digest) {
        Ok(()) => next.run(request).await,
        Err(detail) => Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
            .hint("send the header `Authorization: Bearer <token>` with the administrator's token")
            .into_response(),
    }
}

/// Compares digests, in constant time.
fn check(headers: &HeaderMap, digest: &[u8; 32]) -> Result<(), &'static str> {
    let header = headers.get(AUTHORIZATION).ok_or("the request carries no token")?;
    let (scheme, token) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or("the header Authorization is not a scheme and a token")?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err("the header Authorization has another scheme than Bearer");
    }
    let sent = Sha256::digest(token.trim().as_bytes());
    if sent.as_slice().ct_eq(digest).into() { Ok(()) } else { Err("the token is not valid") }
}

/// Runs what changes something in a task of its own: a client that hangs up in the middle must not
/// leave the first half of a change behind.
pub(super) async fn finish_what_was_begun(
    State(app): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    app.changes.spawn(next.run(request)).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request of the API ended in the middle");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal-error",
            "the hub made a mistake here; its log says which",
        )
        .into_response()
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check_header(header: Option<&'static str>, expected: bool) {
        let digest = Sha256::digest(b"the token").into();
        let headers = header
            .map(|text| (AUTHORIZATION, HeaderValue::from_static(text)))
            .into_iter()
            .collect();
        assert_eq!(check(&headers, &digest).is_ok(), expected, "{header:?}");
    }

    #[test]
    fn the_token_alone_opens() {
        check_header(Some("Bearer the token"), true);
        check_header(Some("bearer  the token "), true);
        for wrong in ["Bearer the toke", "Bearer the tokens", "Bearer ", "Bearer", "the token"] {
            check_header(Some(wrong), false);
        }
        check_header(Some("Basic the token"), false);
        check_header(Some(""), false);
        check_header(None, false);
    }
}
