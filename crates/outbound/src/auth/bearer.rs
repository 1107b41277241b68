//! A bearer token (RFC 6750) that a person made and wrote into the connection.

use fieldpost_model::attempt::AttemptError;
use fieldpost_model::secret::Secret;
use http::header::AUTHORIZATION;

use super::{Credential, sensitive};

/// Reads the token.
pub(super) fn prepare(
    token: &Secret,
    secrets: &mut Vec<Secret>,
) -> Result<Credential, AttemptError> {
    secrets.push(token.clone());
    let value = format!("Bearer {}", token.expose());
    Ok((AUTHORIZATION, sensitive(value.as_bytes(), "The bearer token")?))
}
