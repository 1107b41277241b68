//! What the project file promises and this version does not do yet, in one table.
//!
//! These keys and values are no mistakes, so they are not answered as mistakes; but taking them
//! and doing nothing would be worse. They are refused by name, with the reason.

use super::fields::Section;

/// One promise that is still open.
struct Later {
    section: Section,
    key: &'static str,
    extent: Extent,
    /// What the key or value is for.
    purpose: &'static str,
}

/// How much of a key is still to come.
enum Extent {
    /// All of it.
    Key,
    /// These values.
    Values(&'static [&'static str]),
}

/// A key that is not read yet at all.
const fn key(section: Section, key: &'static str, purpose: &'static str) -> Later {
    Later { section, key, extent: Extent::Key, purpose }
}

/// A key that is read, with values that are still to come.
const fn values(
    section: Section,
    key: &'static str,
    values: &'static [&'static str],
    purpose: &'static str,
) -> Later {
    Later { section, key, extent: Extent::Values(values), purpose }
}

const TABLE: &[Later] = &[
    values(Section::Source, "dialect", &["godata"], "this dialect"),
    key(Section::Source, "poll", "fetching from a remote API"),
];

/// The message about a key that is still to come; `None` for any other key.
pub(super) fn unread_key(section: Section, name: &str) -> Option<String> {
    TABLE.iter().find_map(|later| match later.extent {
        Extent::Key if later.section == section && later.key == name => {
            let purpose = later.purpose;
            Some(format!("`{name}` is not supported by this version yet ({purpose})"))
        }
        _ => None,
    })
}

/// The message about a value that is still to come; `None` for any other value.
pub(super) fn unread_value(section: Section, name: &str, value: &str) -> Option<String> {
    TABLE.iter().find_map(|later| match later.extent {
        Extent::Values(values)
            if later.section == section && later.key == name && values.contains(&value) =>
        {
            let purpose = later.purpose;
            Some(format!("`{value}` is not supported by this version yet ({purpose})"))
        }
        _ => None,
    })
}
