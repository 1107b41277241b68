//! Headers of any names, all of them secret: for destinations that want more than one key, or
//! something that no other kind can express.

use fieldpost_model::attempt::AttemptError;
use fieldpost_model::secret::Secret;

use super::{Credential, api_key};

/// Reads the headers' names and values.
pub(super) fn prepare(
    headers: &[(String, Secret)],
    secrets: &mut Vec<Secret>,
) -> Result<Vec<Credential>, AttemptError> {
    headers.iter().map(|(name, value)| api_key::prepare(name, value, secrets)).collect()
}
