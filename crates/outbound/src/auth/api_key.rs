//! A key in a header of the destination's choosing.

use fieldpost_model::attempt::AttemptError;
use fieldpost_model::secret::Secret;

use super::{Credential, credential_header, sensitive};

/// Reads the header's name and the key.
pub(super) fn prepare(
    name: &str,
    key: &Secret,
    secrets: &mut Vec<Secret>,
) -> Result<Credential, AttemptError> {
    let header = credential_header(name)?;
    secrets.push(key.clone());
    Ok((header, sensitive(key.expose().as_bytes(), format_args!("The secret header {name:?}"))?))
}
