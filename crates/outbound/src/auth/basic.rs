//! HTTP Basic (RFC 7617): user name and password with every call.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::attempt::AttemptError;
use fieldpost_model::secret::Secret;
use http::header::AUTHORIZATION;

use super::{Credential, sensitive};
use crate::address::unbuildable;

/// Reads the user's name and password.
pub(super) fn prepare(
    username: &str,
    password: &Secret,
    secrets: &mut Vec<Secret>,
) -> Result<Credential, AttemptError> {
    if username.contains(':') {
        return Err(unbuildable(format!(
            "The user name {username:?} holds a colon, which HTTP Basic cannot carry"
        )));
    }
    let encoded = STANDARD.encode(format!("{username}:{}", password.expose()));
    let header = sensitive(format!("Basic {encoded}").as_bytes(), "The password")?;
    secrets.push(password.clone());
    secrets.push(Secret::new(encoded));
    Ok((AUTHORIZATION, header))
}
