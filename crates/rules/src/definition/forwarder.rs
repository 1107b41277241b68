//! Forwarders: the keys of one, read and written.
//!
//! What a key says depends on others: an event has its formats and its conditions, a format its own
//! keys. A key that would be looked at by nobody is refused, since it would silently do nothing.

use fieldpost_model::connection::Connection;
use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{Format, Forwarder, Method, OnRejected, OrderBy, PayloadChoice};
use fieldpost_model::json::Value;
use fieldpost_model::retry::RetryPolicy;

use super::address::is_database;
use super::conditions::{OF_FORWARDER, read_filter, report_idle_conditions, write_filter};
use super::fields::{ADD_CONNECTION, ADD_SOURCE, Fields, Place, Section, collect, suggestion_or};
use super::headers::{read_headers, read_query};
use super::problem::Problem;
use super::project::check_name;
use super::write::{Members, Secrets};
use crate::event::payload_of;

mod rendering;
mod retry;
mod withhold;

pub use rendering::formats_of;
use rendering::{
    default_format, read_format, read_rendering, report_idle_rendering, write_rendering,
};
use retry::{read_retry, write_retry};
use withhold::{read_withheld, report_idle_withholding, report_withheld_ids, write_withheld};

/// Reads a forwarder. Whether its connection and source exist is for
/// [`unknown_references`] to tell.
pub fn read_forwarder(name: &str, value: &Value<'_>) -> Result<Forwarder, Vec<Problem>> {
    collect(&format!("forwarders.{name}"), |place| read(name, value, place))
}

/// What a forwarder refers to and is not there, or is not what its format goes to.
pub fn unknown_references(
    forwarder: &Forwarder,
    connections: &[&Connection],
    sources: &[&str],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut unknown = |key: &str, code, noun, name: &str, known: &[&str]| {
        let how = if key == "to" { ADD_CONNECTION } else { ADD_SOURCE };
        problems.push(Problem {
            path: format!("forwarders.{}.{key}", forwarder.name),
            code,
            message: format!("there is no {noun} `{name}` in this project"),
            hint: Some(suggestion_or(name, known, how)),
        });
    };
    let to = connections.iter().find(|connection| connection.name == forwarder.to);
    if to.is_none() {
        let names: Vec<&str> = connections.iter().map(|it| it.name.as_str()).collect();
        unknown("to", "unknown-connection", "connection", &forwarder.to, &names);
    }
    if let Some(from) = forwarder.filter.from.as_deref().filter(|it| !sources.contains(it)) {
        unknown("from", "unknown-source", "source", from, sources);
    }
    problems.extend(to.and_then(|connection| unfit_format(forwarder, connection)));
    problems
}

/// What is wrong with sending the forwarder's format to that connection: rows of a table go to a
/// database, and a database takes nothing else.
pub fn unfit_format(forwarder: &Forwarder, connection: &Connection) -> Option<Problem> {
    let name = &connection.name;
    let (code, message, hint) = match (forwarder.format, is_database(&connection.url)) {
        (Format::Table, false) => (
            "table-needs-database",
            format!("`format: table` writes to a database, and `{name}` is none"),
            "send to a connection whose `url` begins with `postgres://`",
        ),
        (format, true) if format != Format::Table => (
            "database-needs-table",
            format!("`{name}` is a database, which cannot take `format: {format}`"),
            "write `format: table`, with `on: form`, `on: submission` or `on: case`",
        ),
        _ => return None,
    };
    let path = format!("forwarders.{}.format", forwarder.name);
    Some(Problem { path, code, message, hint: Some(hint.to_owned()) })
}

/// Writes a forwarder; what is as it would be anyway is left out.
pub fn write_forwarder(forwarder: &Forwarder, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    let Forwarder { on, format, order_by, on_rejected, payload, .. } = *forwarder;
    members.put_unless(on == Event::Message, "on", on.name());
    write_filter(&forwarder.filter, &OF_FORWARDER, secrets, &mut members);
    members.put("to", forwarder.to.clone());
    members.put_unless(format == default_format(on), "format", format.name());
    write_rendering(&forwarder.rendering, &mut members);
    write_withheld(&forwarder.withhold, &mut members);
    members.put_unless(forwarder.method == Method::Post, "method", forwarder.method.name());
    members.put_unless(!forwarder.paused, "paused", forwarder.paused);
    members.put_unless(order_by == OrderBy::None, "order_by", order_by.name());
    members.put_unless(on_rejected == OnRejected::Continue, "on_rejected", on_rejected.name());
    members.put_unless(payload == PayloadChoice::Snapshot, "payload", payload.name());
    let headers = secrets.headers(&forwarder.headers);
    members.put_unless(forwarder.headers.is_empty(), "headers", headers);
    members.put_unless(forwarder.query.is_empty(), "query", secrets.query(&forwarder.query));
    let retry = write_retry(&forwarder.retry);
    members.put_unless(forwarder.retry == RetryPolicy::default(), "retry", retry);
    members.into_value()
}

pub(super) fn read(name: &str, value: &Value<'_>, place: Place<'_>) -> Option<Forwarder> {
    check_name(&place, name);
    let mut fields = Fields::open(Section::Forwarder, value, place)?;
    let on = fields.take("on").map(|field| field.choice(Event::OFFERED, Event::name));
    let on = on.unwrap_or(Some(Event::Message));
    let filter = read_filter(&mut fields, &OF_FORWARDER);
    let to = fields.require("to").and_then(|field| field.text());
    let format = fields.take("format").map(|field| read_format(&field, on));
    let rendering = read_rendering(&mut fields);
    let withhold = fields.take("withhold").map(|field| read_withheld(&field)).unwrap_or_default();
    let method = fields.take("method").map(|field| field.choice(Method::ALL, Method::name));
    let paused = fields.take("paused").map(|field| field.boolean());
    let headers = fields.take("headers").map(|field| read_headers(&field));
    let query = fields.take("query").map(|field| read_query(&field));
    let retry = fields.take("retry").map(|field| read_retry(&field));
    let order_by = fields.take("order_by").map(|field| field.choice(OrderBy::ALL, OrderBy::name));
    let on_rejected =
        fields.take("on_rejected").map(|field| field.choice(OnRejected::ALL, OnRejected::name));
    let payload =
        fields.take("payload").map(|field| field.choice(PayloadChoice::ALL, PayloadChoice::name));
    let place = fields.place.clone();
    fields.close();
    if let Some(on) = on {
        report_idle_conditions(&place, on, &filter, &OF_FORWARDER);
    }
    let forwarder = Forwarder {
        name: name.to_owned(),
        on: on?,
        filter,
        to: to.unwrap_or_default().to_owned(),
        format: format.unwrap_or_else(|| on.map(default_format))?,
        method: method.unwrap_or(Some(Method::Post))?,
        paused: paused.unwrap_or(Some(false))?,
        headers: headers.unwrap_or_default(),
        query: query.unwrap_or_default(),
        retry: retry.unwrap_or_else(|| Some(RetryPolicy::default()))?,
        order_by: order_by.unwrap_or(Some(OrderBy::None))?,
        on_rejected: on_rejected.unwrap_or(Some(OnRejected::Continue))?,
        payload: payload.unwrap_or(Some(PayloadChoice::Snapshot))?,
        rendering: rendering?,
        withhold,
    };
    report_what_does_not_fit(&place, &forwarder);
    Some(forwarder)
}

/// Reports keys that the format or the event makes idle, and what a format cannot do without.
fn report_what_does_not_fit(place: &Place<'_>, forwarder: &Forwarder) {
    let Forwarder { on, format, rendering, .. } = forwarder;
    report_idle_rendering(place, *on, *format, rendering);
    if *format == Format::Template && rendering.template.is_none() {
        place.key("template").report::<()>("missing-key", "`format: template` needs a `template`");
    }
    if !forwarder.withhold.is_empty() {
        report_idle_withholding(place, *on, *format);
        report_withheld_ids(place, forwarder);
    }
    if *format == Format::Table {
        report_parts_of_requests(place, forwarder);
    }
    let is_latest_case = payload_of(*on) == PayloadKind::Case
        && forwarder.payload == PayloadChoice::Latest
        && forwarder.order_by == OrderBy::Form;
    if is_latest_case {
        place.key("order_by").report_with_hint::<()>(
            "does-not-apply",
            "with `payload: latest` a newer state of a case takes the place of an older one, which \
             came by another form",
            "write `order_by: case`",
        );
    }
}

/// Reports what belongs to a request, where rows are written and nothing is requested.
fn report_parts_of_requests(place: &Place<'_>, forwarder: &Forwarder) {
    for (key, is_said) in [
        ("method", forwarder.method != Method::Post),
        ("headers", !forwarder.headers.is_empty()),
        ("query", !forwarder.query.is_empty()),
    ] {
        if is_said {
            place.key(key).report_with_hint::<()>(
                "does-not-apply",
                format!("`format: table` writes rows and sends no request that has a `{key}`"),
                format!("leave `{key}` out"),
            );
        }
    }
}
