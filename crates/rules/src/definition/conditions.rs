//! The filter of a forwarder or of a workflow's trigger, read and written; and which of its keys an
//! event leaves nothing to ask.

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::MessageFilter;
use fieldpost_model::json::Value;

use super::fields::{Field, Fields, Place};
use super::headers::{read_expected_headers, read_expected_query};
use super::write::{Members, Secrets};
use crate::event::payload_of;

/// How many forms, types, applications or users a filter can list.
const MAX_LISTED: usize = 500;

/// The longest name of one of them, in bytes: as long as the longest namespace that is kept.
const MAX_LISTED_BYTES: usize = 1_024;

/// What the keys are called that a forwarder and a trigger have different words for: a trigger is all
/// about what comes in, while a forwarder also has headers and a query that it sends.
pub(super) struct FilterKeys {
    event: &'static str,
    pub(super) source: &'static str,
    headers: &'static str,
    query: &'static str,
}

/// The keys of a forwarder.
pub(super) const OF_FORWARDER: FilterKeys =
    FilterKeys { event: "on", source: "from", headers: "match_headers", query: "match_query" };

/// The keys of a trigger.
pub(super) const OF_TRIGGER: FilterKeys =
    FilterKeys { event: "event", source: "source", headers: "headers", query: "query" };

/// Reads the keys of the filter.
pub(super) fn read_filter(fields: &mut Fields<'_, '_>, keys: &FilterKeys) -> MessageFilter {
    let json = |field: Field<'_, '_>| field.value.clone().into_owned();
    MessageFilter {
        from: fields.take(keys.source).and_then(|field| field.text()).map(str::to_owned),
        matches: fields.take("match").map(json),
        unless: fields.take("unless").map(json),
        headers: fields
            .take(keys.headers)
            .map(|field| read_expected_headers(&field))
            .unwrap_or_default(),
        query: fields.take(keys.query).map(|field| read_expected_query(&field)).unwrap_or_default(),
        forms: read_list(fields, "forms"),
        case_types: read_list(fields, "case_types"),
        applications: read_list(fields, "applications"),
        users: read_list(fields, "users"),
        without_users: read_list(fields, "without_users"),
    }
}

/// Writes the keys of the filter.
pub(super) fn write_filter(
    filter: &MessageFilter,
    keys: &FilterKeys,
    secrets: Secrets,
    members: &mut Members,
) {
    if let Some(from) = &filter.from {
        members.put(keys.source, from.clone());
    }
    for (key, list) in [
        ("forms", &filter.forms),
        ("case_types", &filter.case_types),
        ("applications", &filter.applications),
        ("users", &filter.users),
        ("without_users", &filter.without_users),
    ] {
        let listed = list.iter().cloned().map(Value::from).collect::<Vec<_>>();
        members.put_unless(list.is_empty(), key, listed);
    }
    if let Some(matches) = &filter.matches {
        members.put("match", matches.clone());
    }
    if let Some(unless) = &filter.unless {
        members.put("unless", unless.clone());
    }
    let headers = secrets.headers(&filter.headers);
    members.put_unless(filter.headers.is_empty(), keys.headers, headers);
    members.put_unless(filter.query.is_empty(), keys.query, secrets.query(&filter.query));
}

/// Reads a list of texts, or one text.
fn read_list(fields: &mut Fields<'_, '_>, key: &'static str) -> Vec<String> {
    let Some(field) = fields.take(key) else { return Vec::new() };
    if field.value.as_array().is_none() {
        return read_listed(&field).into_iter().collect();
    }
    let elements = field.elements();
    if elements.is_empty() {
        field.place.report_with_hint::<()>(
            "wrong-value",
            format!("`{key}` lists nothing"),
            format!("leave `{key}` out to ask nothing"),
        );
    }
    if elements.len() > MAX_LISTED {
        field.place.report::<()>(
            "out-of-range",
            format!("at most {MAX_LISTED} can be listed, these are {}", elements.len()),
        );
    }
    elements.iter().filter_map(read_listed).collect()
}

fn read_listed(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    if text.len() > MAX_LISTED_BYTES {
        return field
            .place
            .report("out-of-range", format!("a name has at most {MAX_LISTED_BYTES} bytes"));
    }
    Some(text.to_owned())
}

/// Reports conditions that the event has nothing for. Who has them would want nothing, or what the
/// author believes to be left out.
pub(super) fn report_idle_conditions(
    place: &Place<'_>,
    on: Event,
    filter: &MessageFilter,
    keys: &FilterKeys,
) {
    let key_of_event = keys.event;
    let (idle, why, hint): (&[&str], &str, String) = match payload_of(on) {
        PayloadKind::Message => (
            &["forms", "case_types", "applications", "users", "without_users"],
            "is known of forms and cases, not of messages",
            format!(
                "write `{key_of_event}: form` or `{key_of_event}: case`, or ask the content of the \
                 message with `match`"
            ),
        ),
        PayloadKind::Submission => (
            &["case_types"],
            "is known of cases, not of forms",
            format!("write `{key_of_event}: case`"),
        ),
        // Of calls nobody is told who could have conditions.
        PayloadKind::Case | PayloadKind::Call => return,
        PayloadKind::Application => (
            &["case_types", "users", "without_users"],
            "is known of forms and cases, not of applications",
            "choose by `applications` or `forms`".to_owned(),
        ),
    };
    for key in idle.iter().filter(|key| asks(filter, key)) {
        place.key(key).report_with_hint::<()>(
            "does-not-apply",
            format!("`{key}` {why} (`{key_of_event}: {on}`)"),
            hint.clone(),
        );
    }
}

/// Whether the filter has that list.
fn asks(filter: &MessageFilter, key: &str) -> bool {
    let list = match key {
        "forms" => &filter.forms,
        "case_types" => &filter.case_types,
        "applications" => &filter.applications,
        "users" => &filter.users,
        _ => &filter.without_users,
    };
    !list.is_empty()
}
