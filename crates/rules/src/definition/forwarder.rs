//! Forwarders: the keys of one, read and written.

use std::ops::RangeInclusive;
use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{
    Format, Forwarder, MessageFilter, Method, OnRejected, OrderBy, PayloadChoice,
};
use fieldpost_model::json::Value;
use fieldpost_model::retry::{CodePattern, RetryPolicy};

use super::fields::{Field, Fields, Place, Section, collect, suggestion};
use super::headers::{read_expected_headers, read_expected_query, read_headers, read_query};
use super::problem::Problem;
use super::project::check_name;
use super::write::{Members, Secrets};

/// The events that forwarders can act on so far.
const EVENTS: [Event; 1] = [Event::Message];

/// How long a pause can be set to.
const PAUSE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(30 * 24);

/// How long a delivery can be tried.
const GIVE_UP_AFTER: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_hours(365 * 24);

/// What pauses can grow by.
const FACTOR: RangeInclusive<f64> = 1.0..=100.0;

/// How many tries can be promised.
const MINIMUM_TRIES: RangeInclusive<u32> = 1..=1_000;

/// Reads a forwarder. Whether its connection and source exist is for
/// [`unknown_references`] to tell.
pub fn read_forwarder(name: &str, value: &Value<'_>) -> Result<Forwarder, Vec<Problem>> {
    collect(&format!("forwarders.{name}"), |place| read(name, value, place))
}

/// What a forwarder refers to and is not there.
pub fn unknown_references(
    forwarder: &Forwarder,
    connections: &[&str],
    sources: &[&str],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut check = |key: &str, code, noun, name: &str, known: &[&str]| {
        if !known.contains(&name) {
            problems.push(Problem {
                path: format!("forwarders.{}.{key}", forwarder.name),
                code,
                message: format!("there is no {noun} `{name}` in this project"),
                hint: Some(suggestion(name, known)),
            });
        }
    };
    check("to", "unknown-connection", "connection", &forwarder.to, connections);
    if let Some(from) = &forwarder.filter.from {
        check("from", "unknown-source", "source", from, sources);
    }
    problems
}

/// Writes a forwarder; what is as it would be anyway is left out.
pub fn write_forwarder(forwarder: &Forwarder, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    members.put_unless(forwarder.on == Event::Message, "on", forwarder.on.name());
    write_filter(&forwarder.filter, secrets, &mut members);
    members.put("to", forwarder.to.clone());
    members.put_unless(forwarder.format == Format::AsReceived, "format", forwarder.format.name());
    members.put_unless(forwarder.method == Method::Post, "method", forwarder.method.name());
    members.put_unless(!forwarder.paused, "paused", forwarder.paused);
    let Forwarder { order_by, on_rejected, payload, .. } = *forwarder;
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
    let on = fields.take("on").map(|field| field.choice(&EVENTS, Event::name));
    let filter = read_filter(&mut fields);
    let to = fields.require("to").and_then(|field| field.text());
    let format = fields.take("format").map(|field| field.choice(Format::ALL, Format::name));
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
    fields.close();
    Some(Forwarder {
        name: name.to_owned(),
        on: on.unwrap_or(Some(Event::Message))?,
        filter,
        to: to?.to_owned(),
        format: format.unwrap_or(Some(Format::AsReceived))?,
        method: method.unwrap_or(Some(Method::Post))?,
        paused: paused.unwrap_or(Some(false))?,
        headers: headers.unwrap_or_default(),
        query: query.unwrap_or_default(),
        retry: retry.unwrap_or_else(|| Some(RetryPolicy::default()))?,
        order_by: order_by.unwrap_or(Some(OrderBy::None))?,
        on_rejected: on_rejected.unwrap_or(Some(OnRejected::Continue))?,
        payload: payload.unwrap_or(Some(PayloadChoice::Snapshot))?,
    })
}

fn read_filter(fields: &mut Fields<'_, '_>) -> MessageFilter {
    let json = |field: Field<'_, '_>| field.value.clone().into_owned();
    MessageFilter {
        from: fields.take("from").and_then(|field| field.text()).map(str::to_owned),
        matches: fields.take("match").map(json),
        unless: fields.take("unless").map(json),
        headers: fields
            .take("match_headers")
            .map(|field| read_expected_headers(&field))
            .unwrap_or_default(),
        query: fields
            .take("match_query")
            .map(|field| read_expected_query(&field))
            .unwrap_or_default(),
    }
}

fn write_filter(filter: &MessageFilter, secrets: Secrets, members: &mut Members) {
    if let Some(from) = &filter.from {
        members.put("from", from.clone());
    }
    if let Some(matches) = &filter.matches {
        members.put("match", matches.clone());
    }
    if let Some(unless) = &filter.unless {
        members.put("unless", unless.clone());
    }
    let headers = secrets.headers(&filter.headers);
    members.put_unless(filter.headers.is_empty(), "match_headers", headers);
    members.put_unless(filter.query.is_empty(), "match_query", secrets.query(&filter.query));
}

fn read_retry(field: &Field<'_, '_>) -> Option<RetryPolicy> {
    let default = RetryPolicy::default();
    let mut fields = field.fields(Section::Inner)?;
    let first = fields.take("first").map(|field| field.duration(PAUSE));
    let factor = fields.take("factor").map(|field| field.decimal(FACTOR));
    let max = fields.take("max").map(|field| field.duration(PAUSE));
    let give_up_after = fields.take("give_up_after").map(|field| field.duration(GIVE_UP_AFTER));
    let minimum_tries = fields.take("minimum_tries").map(|field| field.whole_number(MINIMUM_TRIES));
    let codes = fields.take("codes").map(|field| read_codes(&field));
    let place = fields.place.clone();
    fields.close();
    let first = first.unwrap_or(Some(default.first))?;
    let policy = RetryPolicy {
        first,
        factor: factor.unwrap_or(Some(default.factor))?,
        max: max.unwrap_or(Some(default.max.max(first)))?,
        give_up_after: give_up_after.unwrap_or(Some(default.give_up_after))?,
        minimum_tries: minimum_tries.unwrap_or(Some(default.minimum_tries))?,
        codes: codes.unwrap_or_default(),
    };
    if policy.max < policy.first {
        return place.key("max").report(
            "out-of-range",
            format!(
                "the longest pause, {}, is shorter than the first one, {}",
                duration::format(policy.max),
                duration::format(policy.first)
            ),
        );
    }
    Some(policy)
}

fn read_codes(field: &Field<'_, '_>) -> Vec<CodePattern> {
    field.elements().iter().filter_map(read_code).collect()
}

/// Reads `404` or `5xx`. A success cannot be tried again, so codes begin with 300.
fn read_code(field: &Field<'_, '_>) -> Option<CodePattern> {
    let text = field.value.as_number().or_else(|| field.value.as_str()).unwrap_or_default();
    let pattern = match text.strip_suffix("xx").or_else(|| text.strip_suffix("XX")) {
        Some("3") => Some(CodePattern::Class(3)),
        Some("4") => Some(CodePattern::Class(4)),
        Some("5") => Some(CodePattern::Class(5)),
        Some(_) => None,
        None => {
            text.parse().ok().filter(|code| (300..=599).contains(code)).map(CodePattern::Exactly)
        }
    };
    pattern.or_else(|| {
        field.place.report_with_hint(
            "wrong-value",
            format!("{} is not a status code to try again", field.shown()),
            "write codes from 300 to 599, or a class: `4xx`, `5xx`",
        )
    })
}

fn write_retry(retry: &RetryPolicy) -> Value<'static> {
    let default = RetryPolicy::default();
    let mut members = Members::default();
    let durations = [
        ("first", retry.first, default.first),
        ("max", retry.max, default.max.max(retry.first)),
        ("give_up_after", retry.give_up_after, default.give_up_after),
    ];
    for (key, value, default) in durations {
        members.put_unless(value == default, key, duration::format(value));
    }
    // A factor was read from JSON or is the default, so it is finite and its text is a number.
    if retry.factor.to_bits() != default.factor.to_bits()
        && let Some(factor) = Value::number(retry.factor.to_string())
    {
        members.put("factor", factor);
    }
    let minimum_tries = u64::from(retry.minimum_tries);
    members.put_unless(
        retry.minimum_tries == default.minimum_tries,
        "minimum_tries",
        minimum_tries,
    );
    let codes: Vec<Value<'_>> = retry
        .codes
        .iter()
        .map(|pattern| match pattern {
            CodePattern::Exactly(code) => Value::from(u64::from(*code)),
            CodePattern::Class(digit) => Value::from(format!("{digit}xx")),
        })
        .collect();
    members.put_unless(codes.is_empty(), "codes", codes);
    members.into_value()
}
