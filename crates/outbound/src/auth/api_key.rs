//! A key in a header of the destination's choosing.

use fieldpost_model::attempt::AttemptError;
use fieldpost_model::secret::Secret;

use super::{Credential, credential_header, sensitive};
use crate::hiding::secrets_of_header;

/// Reads the header's name and the key.
pub(super) fn prepare(
    name: &str,
    key: &Secret,
    secrets: &mut Vec<Secret>,
) -> Result<Credential, AttemptError> {
    let header = credential_header(name)?;
    secrets.extend(secrets_of_header(key.expose()));
    Ok((header, sensitive(key.expose().as_bytes(), format_args!("The secret header {name:?}"))?))
}
