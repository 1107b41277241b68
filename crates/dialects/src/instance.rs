//! The ids that phones give to submissions.
//!
//! OpenRosa writes `uuid:19d7…` in `instanceID`; servers strip the prefix in their own columns
//! (`_uuid`). Both name the same submission, so both must give the same identity.

/// An instance id in its one form: without blanks around it and without the prefix `uuid:`.
/// `None` where nothing is left.
pub(crate) fn instance_id(written: &str) -> Option<String> {
    let written = written.trim();
    let id = written.strip_prefix("uuid:").unwrap_or(written).trim_start();
    (!id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::instance_id;

    #[test]
    fn both_forms_of_an_id_are_one() {
        assert_eq!(instance_id("uuid:19d72997"), instance_id(" 19d72997 "));
        assert_eq!(instance_id("19d72997").as_deref(), Some("19d72997"));
        for nothing in ["", "  ", "uuid:", " uuid: "] {
            assert_eq!(instance_id(nothing), None, "{nothing:?}");
        }
    }
}
