//! Documents that name nobody: an allow-list of what they have, not a list of what is taken away.
//!
//! What is not written here is not in them. Beyond w.c.s., which leaves them in, there are no agents,
//! no digests, no names that a template made of answers, no mail addresses of roles, and the position
//! is coarse. An answer is in them if its field says `anonymise: no`; one that was picked from a list
//! only if it is on the list; a block only if it says so, and of its fields those that say so as well.
//!
//! A card of a case is known by the id of its case, which may follow from what anybody can guess of a person: from an id
//! that another system has, or from all that a row of an import said. So its UUID and its addresses are not told, and
//! its numbers only where the caller gave it others in their place.

use fieldpost_model::form_definition::{coarse, nameless};
use fieldpost_model::json::Value;
use fieldpost_model::person::Role;
use fieldpost_model::progress::{Actor, HistoryEntry};

use super::document::{Switches, arrival, criticality, geolocations, roles};
use super::fields::{Fields, Files};
use super::history::part_type;
use super::pieces::{Object, Tree};
use super::record::{Record, RecordsAt, Site, Viewer};
use super::times;

/// Writes the document of a submission without anything that tells whose it is.
pub fn document(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    switches: Switches,
) -> Tree {
    object(record, site, viewer, switches).into()
}

pub(super) fn object(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    switches: Switches,
) -> Object {
    let (definition, progress) = (record.definition, record.progress);
    let number = progress.number.to_string();
    let is_case = site.records == RecordsAt::Cases;
    // The way of a card names its case, as long as it has got no number in the place of that.
    let is_numbered = !(is_case && progress.natural_id.is_some());
    let title = &definition.title;
    let name = if is_numbered { format!("{title} #{number}") } else { title.clone() };
    let addresses = site.addresses(&definition.name, &number);
    let mut object = Object::default();
    if !is_case {
        object.set("uuid", progress.uuid.to_string());
    }
    if is_numbered {
        object.set("id", number.clone());
        object.set("internal_id", number.clone());
        object.set("display_id", number);
    }
    object.set("display_name", name.clone());
    object.set("digests", Value::Null);
    object.set("text", name);
    if !is_case {
        object.set("url", addresses.front.clone());
    }
    object.set("receipt_time", times::naive(progress.received_at, site.time_zone));
    object.set("last_update_time", times::naive(progress.updated_at, site.time_zone));
    let files = if switches.files_content { Files::Contents } else { Files::Links };
    let fields = Fields { record, front: &addresses.front, files, is_anonymous: true };
    if switches.fields {
        object.set("criticality_level", criticality(progress.criticality));
        if !is_case {
            object.set("api_url", addresses.api.clone());
            object.set("backoffice_url", addresses.backoffice.clone());
        }
        let values = nameless(&definition.fields, &record.submission.values);
        object.set("fields", fields.write(&definition.fields, &values));
    }
    if switches.workflow {
        object.set("workflow", workflow(record, site, viewer, &fields));
    }
    if switches.roles {
        object.set("roles", roles(record, site, viewer, nameless_role));
    }
    if switches.submission {
        object.set("submission", {
            let mut object = Object::default();
            object.set("backoffice", progress.origin.is_backoffice);
            object.set("channel", progress.origin.channel.name());
            object
        });
    }
    if switches.evolution && !progress.history.is_empty() {
        let entries = progress.history.iter();
        let entries = entries.map(|entry| nameless_entry(entry, site).into());
        object.set("evolution", Tree::List(entries.collect()));
    }
    // Of the thing that a case is, nothing said that its place may be told.
    if switches.fields && !is_case {
        let position = progress.geolocation.as_ref().and_then(coarse);
        object.set_some("geolocations", position.as_ref().map(geolocations));
    }
    object
}

fn workflow(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    fields: &Fields<'_>,
) -> Object {
    let (lifecycle, progress) = (&record.definition.lifecycle, record.progress);
    let real = progress.status.as_deref();
    let status = |id: Option<&str>| id.and_then(|id| lifecycle.status(id));
    let mut object = Object::default();
    object.set_some(
        "status",
        status(viewer.status.or_true(real)).map(|status| arrival(record, site, status)),
    );
    object.set_some("real_status", status(real).map(|status| arrival(record, site, status)));
    if !lifecycle.backoffice_fields.is_empty() {
        let values = nameless(&lifecycle.backoffice_fields, &progress.backoffice_values);
        object.set("fields", fields.write(&lifecycle.backoffice_fields, &values));
    }
    object
}

/// A role without the addresses of those who have it.
fn nameless_role(role: &Role) -> Object {
    super::record::role(&Role { id: role.id.clone(), name: role.name.clone(), ..Role::default() })
}

fn nameless_entry(entry: &HistoryEntry, site: &Site<'_>) -> Object {
    let offset = |time| times::with_offset(time, site.time_zone);
    let who = matches!(entry.who, Some(Actor::Submitter)).then_some("_submitter");
    let mut object = Object::default();
    object.set("time", offset(entry.time));
    object.set("last_jump_datetime", entry.last_jump_at.map_or(Value::Null, offset));
    object.set("who_id", Tree::text_or_null(who));
    object.set_some("status", entry.status.clone());
    let kept = entry.parts.iter().map(part_type);
    let kept = kept.filter(|name| matches!(*name, "workflow-comment" | "wscall-error"));
    let parts: Vec<Tree> = kept.map(|name| Value::object([("type", name)]).into()).collect();
    if !parts.is_empty() {
        object.set("parts", Tree::List(parts));
    }
    object
}
