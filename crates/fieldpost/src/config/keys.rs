//! Where the keys come from that seal the secrets in the database.

use fieldpost_store::{KEY_FILE, KeyRing, KeySource};

use super::environment::variable;
use super::settings::StorageSettings;
use crate::failure::Failure;

/// The environment variable that holds the keys themselves. There is no flag for them: flags are
/// seen by everybody on the machine.
pub(crate) const KEY_VARIABLE: &str = "FIELDPOST_KEY";

/// The keys that these settings and the environment lead to.
pub(crate) fn key_source(storage: &StorageSettings) -> Result<KeySource, Failure> {
    match variable(KEY_VARIABLE).filter(|keys| !keys.is_empty()) {
        Some(_) if storage.key_file.is_some() => {
            Err(Failure::usage(format!("{KEY_VARIABLE} and a key file are both given"))
                .hint("leave one of them out: it would not be plain which one seals"))
        }
        Some(keys) => match KeyRing::parse(&keys) {
            Ok(ring) => Ok(KeySource::Given(ring)),
            Err(error) => Err(Failure::usage(format!("{KEY_VARIABLE}: {error}"))),
        },
        None => Ok(key_file(storage)),
    }
}

/// The key file of these settings, whatever the environment says.
pub(crate) fn key_file(storage: &StorageSettings) -> KeySource {
    let in_folder = || storage.data.join(KEY_FILE);
    KeySource::File {
        path: storage.key_file.clone().unwrap_or_else(in_folder),
        // Hubs that share a database share the key, so that none may make one of its own.
        make: storage.database.is_none(),
    }
}
