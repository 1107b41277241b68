//! What the project file promises and this version does not do yet, in one table.
//!
//! These keys and values are no mistakes, so they are not answered as mistakes; but taking them
//! and doing nothing would be worse. They are refused by name, with the reason.

use fieldpost_model::json::Value;

use super::fields::Section;

/// One promise that is still open.
pub(super) struct Later {
    section: Section,
    key: &'static str,
    extent: Extent,
    /// What the key or value is for.
    purpose: &'static str,
}

/// How much of a key is still to come.
enum Extent {
    /// All of it, but for values that ask for what happens anyway.
    Key { except: &'static [&'static str] },
    /// These values.
    Values(&'static [&'static str]),
}

/// A key that is not read yet at all.
const fn key(section: Section, key: &'static str, purpose: &'static str) -> Later {
    Later { section, key, extent: Extent::Key { except: &[] }, purpose }
}

/// A key that is not read yet, with the value that asks for what happens anyway.
const fn key_except(
    section: Section,
    key: &'static str,
    except: &'static [&'static str],
    purpose: &'static str,
) -> Later {
    Later { section, key, extent: Extent::Key { except }, purpose }
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
    key(Section::Project, "forms", "form definitions"),
    key(Section::Project, "users", "users of a project"),
    key(Section::Project, "roles", "roles of a project"),
    key(Section::Project, "api_access", "keys for the data APIs"),
    key(Section::Project, "retention", "deleting what is older than a time"),
    key(Section::Project, "workflows", "workflows"),
    values(Section::Source, "dialect", &["openrosa", "godata"], "this dialect"),
    key(Section::Source, "access", "deciding who may post to a receiver"),
    key(Section::Source, "poll", "fetching from a remote API"),
    key(Section::Source, "expect_every", "noticing that a source fell silent"),
    key(Section::Connection, "rate", "limiting the rate of requests"),
    key(Section::Connection, "tls", "certificates of one's own"),
    key(Section::Authentication, "digest", "HTTP Digest"),
    key(Section::Authentication, "oauth2_client", "OAuth 2 with client credentials"),
    key(Section::Authentication, "oauth2_password", "OAuth 2 with a password"),
    key(Section::Authentication, "login", "tokens from a login endpoint"),
    values(
        Section::Forwarder,
        "on",
        &["form", "case", "case-created", "case-updated", "form-stub", "app-schema", "submission"],
        "acting on this event",
    ),
    values(
        Section::Forwarder,
        "format",
        &["form_xml", "form_json", "case_xml", "case_json", "stub", "wcs"],
        "this format",
    ),
    key_except(Section::Forwarder, "order_by", &["none"], "keeping deliveries in order"),
    key_except(Section::Forwarder, "on_rejected", &["continue"], "holding a queue at a rejection"),
    key_except(Section::Forwarder, "payload", &["snapshot"], "sending the latest state"),
    key(Section::Forwarder, "withhold", "withholding fields"),
];

/// What is said about a key that nobody read.
pub(super) enum Verdict {
    /// It asks for what happens anyway.
    Harmless,
    /// It is a promise still open; the message and the hint.
    NotYet(String, String),
    /// It is no key at all.
    Unknown,
}

/// Looks up a key that nobody read.
pub(super) fn unread_key(section: Section, name: &str, value: &Value<'_>) -> Verdict {
    let found = TABLE.iter().find_map(|later| match later.extent {
        Extent::Key { except } if later.section == section && later.key == name => {
            Some((except, later.purpose))
        }
        _ => None,
    });
    let Some((except, purpose)) = found else { return Verdict::Unknown };
    if value.as_str().is_some_and(|text| except.contains(&text)) {
        return Verdict::Harmless;
    }
    let hint = match except {
        [] => format!("leave `{name}` out"),
        _ => format!("leave `{name}` out, or write `{}`", except.join("` or `")),
    };
    Verdict::NotYet(format!("`{name}` is not supported by this version yet ({purpose})"), hint)
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
