//! The document of one submission: what `GET /api/forms/<slug>/<id>/` answers and what a call sends.
//!
//! [`write()`] writes the keys of today's releases in their order, with three of our own behind them:
//! the moments in UTC and the place in the order of changes, because naive local times cannot be
//! synchronised by. [`classic`] writes what releases of ten years ago did, for clients as old.

use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Status;
use fieldpost_model::progress::Channel;
use fieldpost_model::submission::{Position, json_number};
pub use fieldpost_model::switches::Switches;

use super::fields::{Fields, Files};
use super::history::{History, with_files};
use super::pieces::{Object, Tree};
use super::record::{Addresses, Offer, Record, Site, Viewer, role, user};
use super::times;

/// Writes the document of today's releases.
pub fn write(
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
    let progress = record.progress;
    let addresses = site.addresses(&record.definition.name, &record.id());
    let mut object = Object::default();
    add_names(&mut object, record);
    object.set("url", addresses.front.clone());
    object.set("receipt_time", times::naive(progress.received_at, site.time_zone));
    object.set("last_update_time", times::naive(progress.updated_at, site.time_zone));
    if switches.user {
        object.set_some("user", progress.user.as_ref().map(user));
    }
    if switches.fields {
        object.set("criticality_level", criticality(progress.criticality));
        object.set("api_url", addresses.api.clone());
        object.set("backoffice_url", addresses.backoffice.clone());
        let fields = fields(record, &addresses, files(switches));
        object.set("fields", fields.write(&record.definition.fields, &record.submission.values));
    }
    if let Some(workflow) = workflow(record, site, viewer, &addresses, switches) {
        object.set("workflow", workflow);
    }
    if switches.actions {
        object.set("actions", actions(viewer.offers, &addresses));
    }
    if switches.roles {
        object.set("roles", roles(record, site, viewer, role));
    }
    if switches.submission {
        object.set("submission", submission(record, site));
    }
    if switches.evolution && !progress.history.is_empty() {
        object.set("evolution", history(record, site, switches.files_content).current());
    }
    if switches.fields {
        object.set_some("geolocations", progress.geolocation.as_ref().map(geolocations));
    }
    object.set("received_at", times::utc(progress.received_at));
    object.set("updated_at", times::utc(progress.updated_at));
    object.set_some("place", record.place);
    object
}

fn add_names(object: &mut Object, record: &Record<'_>) {
    let progress = record.progress;
    let digest = progress.digest.as_deref();
    let digests = digest.map(|digest| Value::object([("default", digest.to_owned())]));
    object.set("uuid", progress.uuid.to_string());
    object.set("id", record.id());
    object.set("internal_id", progress.number.to_string());
    object.set("display_id", progress.display_id.clone());
    object.set("display_name", record.display_name());
    object.set("digests", digests.unwrap_or(Value::Null));
    object.set("text", record.text());
}

/// 0, or 100 and the level: w.c.s. keeps room below.
pub(super) fn criticality(level: u32) -> u64 {
    if level == 0 { 0 } else { 100 + u64::from(level) }
}

fn files(switches: Switches) -> Files {
    if switches.files_content { Files::Contents } else { Files::Links }
}

fn fields<'f>(record: &'f Record<'f>, addresses: &'f Addresses, files: Files) -> Fields<'f> {
    Fields { record, front: &addresses.files, files, is_anonymous: false }
}

fn history<'h>(record: &'h Record<'h>, site: &Site<'_>, has_files: bool) -> History<'h> {
    History { record, time_zone: site.time_zone, has_files }
}

fn workflow(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    addresses: &Addresses,
    switches: Switches,
) -> Option<Object> {
    let (lifecycle, progress) = (&record.definition.lifecycle, record.progress);
    let mut object = Object::default();
    if switches.workflow {
        let real = progress.status.as_deref();
        let visible = viewer.status.or_true(real).and_then(|id| lifecycle.status(id));
        let real = real.and_then(|id| lifecycle.status(id));
        object.set_some("status", visible.map(|status| arrival(record, site, status)));
        object.set_some("real_status", real.map(|status| arrival(record, site, status)));
        if !lifecycle.backoffice_fields.is_empty() {
            let fields = fields(record, addresses, files(switches));
            let values = fields.write(&lifecycle.backoffice_fields, &progress.backoffice_values);
            object.set("fields", values);
        }
    }
    if switches.workflow_data && has_data(&progress.data) {
        object.set("data", with_files(record, &progress.data, switches.files_content));
    }
    (switches.workflow || !object.is_empty()).then_some(object)
}

fn has_data(data: &Value<'static>) -> bool {
    data.as_object().is_some_and(|members| !members.is_empty())
}

/// A status with the times at which the submission came to it.
pub(super) fn arrival(record: &Record<'_>, site: &Site<'_>, status: &Status) -> Object {
    let (progress, id) = (record.progress, status.id.as_str());
    let time =
        |time: Option<_>| time.map_or(Value::Null, |time| times::with_offset(time, site.time_zone));
    let mut object = Object::default();
    object.set("id", id.to_owned());
    object.set("name", status.name.clone());
    object.set("endpoint", status.is_endpoint());
    object.set("first_arrival_datetime", time(progress.first_arrival(id)));
    object.set("latest_arrival_datetime", time(progress.latest_arrival(id)));
    object
}

fn actions(offers: &[Offer], addresses: &Addresses) -> Object {
    let mut object = Object::default();
    let (api, backoffice) = (&addresses.api, &addresses.backoffice);
    for offer in offers {
        match offer {
            Offer::Hook(id) => {
                object.set(&format!("global-action:{id}"), format!("{api}hooks/{id}/"));
            }
            Offer::Trigger(name) => {
                object.set(&format!("jump:{name}"), format!("{api}jump/trigger/{name}/"));
            }
            Offer::Edit { status, action } => {
                object.set(
                    &format!("link:edit:{status}-{action}"),
                    format!("{backoffice}wfedit-{action}"),
                );
            }
        }
    }
    object
}

/// Each function with its roles, then whom it concerns and who may act. The submitter is no role.
pub(super) fn roles(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    write: fn(&fieldpost_model::person::Role) -> Object,
) -> Object {
    let list = |ids: &[String]| {
        let known = ids.iter().filter_map(|id| site.role(id));
        Tree::List(known.map(|known| write(known).into()).collect())
    };
    let mut object = Object::default();
    for function in &record.definition.lifecycle.functions {
        let bound: Vec<String> = function.role.iter().cloned().collect();
        object.set(&function.id, list(&bound));
    }
    for (function, ids) in &record.progress.functions {
        object.set(function, list(ids));
    }
    object.set("concerned", list(viewer.concerned));
    object.set("actions", list(viewer.acting));
    object
}

fn submission(record: &Record<'_>, site: &Site<'_>) -> Object {
    let origin = &record.progress.origin;
    let mut object = Object::default();
    object.set("backoffice", origin.is_backoffice);
    object.set("channel", origin.channel.name());
    object.set_some("agent", origin.agent.as_ref().map(user));
    object.set_some(
        "parent",
        origin.parent.as_ref().map(|parent| {
            let addresses = site.addresses(&parent.form, &parent.number.to_string());
            Value::object([
                ("url", addresses.front),
                ("backoffice_url", addresses.backoffice),
                ("api_url", addresses.api),
            ])
        }),
    );
    object
}

/// The one place of a submission, under the one name that w.c.s. knows.
pub(super) fn geolocations(position: &Position) -> Value<'static> {
    let base = Value::object([
        ("lat", json_number(&position.latitude)),
        ("lon", json_number(&position.longitude)),
    ]);
    Value::object([("base", base)])
}

/// Writes the document of old releases: `compat=classic`. `files` says whether its files are written:
/// in lists they were not.
pub fn classic(record: &Record<'_>, site: &Site<'_>, viewer: &Viewer<'_>, has_files: bool) -> Tree {
    let (definition, progress) = (record.definition, record.progress);
    let addresses = site.addresses(&definition.name, &record.id());
    let files = if has_files { Files::Bare } else { Files::Omitted };
    let fields = fields(record, &addresses, files);
    let mut object = Object::default();
    object.set("id", format!("{}/{}", definition.name, record.id()));
    object.set("receipt_time", times::naive(progress.received_at, site.time_zone));
    object.set("last_update_time", times::naive(progress.updated_at, site.time_zone));
    object.set("fields", fields.write(&definition.fields, &record.submission.values));
    object.set_some("geolocations", progress.geolocation.as_ref().map(geolocations));
    object.set_some("user", progress.user.as_ref().map(user));
    object.set("workflow", classic_workflow(record, viewer, &fields, has_files));
    object.set("roles", roles(record, site, viewer, classic_role));
    object.set("submission", {
        let mut object = Object::default();
        object.set("backoffice", progress.origin.is_backoffice);
        object.set("channel", channel_label(progress.origin.channel));
        object
    });
    object.set("evolution", history(record, site, has_files).classic());
    object.into()
}

fn classic_workflow(
    record: &Record<'_>,
    viewer: &Viewer<'_>,
    fields: &Fields<'_>,
    has_files: bool,
) -> Object {
    let (lifecycle, progress) = (&record.definition.lifecycle, record.progress);
    let id = viewer.status.or_true(progress.status.as_deref());
    let status = id.and_then(|id| lifecycle.status(id));
    let mut object = Object::default();
    object.set_some(
        "status",
        status.map(|status| {
            Value::object([("id", status.id.clone()), ("name", status.name.clone())])
        }),
    );
    if !lifecycle.backoffice_fields.is_empty() {
        let values = fields.write(&lifecycle.backoffice_fields, &progress.backoffice_values);
        object.set("fields", values);
    }
    if has_data(&progress.data) {
        object.set("data", with_files(record, &progress.data, has_files));
    }
    object
}

/// A role as old releases wrote it: its text was empty.
fn classic_role(of: &fieldpost_model::person::Role) -> Object {
    let mut object = role(of);
    object.set("text", "");
    object
}

/// What old releases called a channel.
pub(super) fn channel_label(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "Web",
        Channel::Mail => "Mail",
        Channel::Email => "Email",
        Channel::Phone => "Phone",
        Channel::Counter => "Counter",
        Channel::Fax => "Fax",
        Channel::SocialNetwork => "Social Network",
    }
}
