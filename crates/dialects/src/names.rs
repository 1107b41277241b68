//! The names that things go by: ids of submissions, and what every name must be fit for.

use fieldpost_model::hexadecimal;
use sha2::{Digest, Sha256};

/// How long an identity, a key or the name of a form may be, in bytes. Databases index these, and
/// indexes have narrow columns; no system of the field comes near it.
pub const MAX_NAME_LENGTH: usize = 512;

/// An instance id in its one form: without blanks around it and without the prefix `uuid:`.
/// `None` where nothing is left.
///
/// Phones write `uuid:19d7…` (`OpenRosa`'s `instanceID`), servers write `19d7…` in columns of their
/// own (`_uuid`). Both name the same submission, so both must give the same identity.
pub fn instance_id(written: &str) -> Option<String> {
    let written = written.trim();
    let id = written.strip_prefix("uuid:").unwrap_or(written).trim_start();
    (!id.is_empty()).then(|| id.to_owned())
}

/// The name itself, if it can be stored and shown; else a digest of it, so that equal names stay
/// equal. A sender may put anything into an id: megabytes, or a zero that no database takes.
pub(crate) fn storable(name: String) -> String {
    if name.len() <= MAX_NAME_LENGTH && !name.chars().any(char::is_control) {
        name
    } else {
        format!("sha256:{}", hexadecimal::encode(&Sha256::digest(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_id_are_one() {
        assert_eq!(instance_id("uuid:19d72997"), instance_id(" 19d72997 "));
        assert_eq!(instance_id("19d72997").as_deref(), Some("19d72997"));
        for nothing in ["", "  ", "uuid:", " uuid: "] {
            assert_eq!(instance_id(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn names_that_cannot_be_stored_become_digests() {
        let longest = "n".repeat(MAX_NAME_LENGTH);
        assert_eq!(storable(longest.clone()), longest);
        let longer = storable(format!("{longest}n"));
        assert!(longer.starts_with("sha256:") && longer.len() == 71, "{longer}");
        assert_ne!(longer, storable(format!("{longest}m")));
        assert!(storable("a\0b".to_owned()).starts_with("sha256:"));
    }
}
