//! Retries: when a failed delivery is tried again, read and written.

use std::ops::RangeInclusive;
use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_model::retry::{CodePattern, RetryPolicy};

use crate::definition::fields::{Field, Section};
use crate::definition::write::Members;

/// How long a pause can be set to.
const PAUSE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(30 * 24);

/// How long a delivery can be tried.
const GIVE_UP_AFTER: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_hours(365 * 24);

/// What pauses can grow by.
const FACTOR: RangeInclusive<f64> = 1.0..=100.0;

/// How many tries can be promised.
const MINIMUM_TRIES: RangeInclusive<u32> = 1..=1_000;

pub(super) fn read_retry(field: &Field<'_, '_>) -> Option<RetryPolicy> {
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

pub(super) fn write_retry(retry: &RetryPolicy) -> Value<'static> {
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
