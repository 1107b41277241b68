//! The steps of a workflow, read and written.

use std::ops::RangeInclusive;
use std::time::Duration;

use fieldpost_model::json::Value;
use fieldpost_model::workflow::{Step, StepRetry};
use fieldpost_model::{duration, size};

use super::{TIMEOUT, read_edges, write_edges};
use crate::definition::fields::{Field, Place, Section};
use crate::definition::write::Members;

/// How many steps a workflow can have.
const MAX_STEPS: usize = 200;

/// The longest id of a step, in bytes.
const MAX_ID_BYTES: usize = 100;

/// The longest name of a step, in characters.
const MAX_STEP_NAME: usize = 200;

/// How many adaptors a step can have.
const MAX_ADAPTORS: usize = 10;

/// The longest name of an adaptor, in bytes: as long as a package of npm may be called, and a version.
const MAX_ADAPTOR_BYTES: usize = 300;

/// How many tries can be asked for.
const TRIES: RangeInclusive<u32> = 1..=100;

/// How long a pause between tries can be.
const PAUSE: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(30 * 24);

/// What pauses can grow by.
const FACTOR: RangeInclusive<f64> = 1.0..=100.0;

/// How much memory a step can be given, in bytes. With less than a few megabytes no adaptor loads.
const MEMORY_BYTES: RangeInclusive<u64> = 4 << 20..=16 << 30;

/// When a failed step that is to be tried again is, if nothing more is said.
const DEFAULT_RETRY: StepRetry = StepRetry {
    tries: 5,
    first: Duration::from_secs(15),
    factor: 3.0,
    max: Duration::from_hours(1),
};

pub(super) fn read_steps(field: &Field<'_, '_>) -> Vec<Step> {
    let entries = field.entries();
    if entries.is_empty() && field.value.as_object().is_some() {
        field.place.report_with_hint::<()>(
            "wrong-value",
            "a workflow has at least one step",
            "write `steps: { <name>: { adaptor: common, job: … } }`",
        );
    }
    if entries.len() > MAX_STEPS {
        let message = format!("at most {MAX_STEPS} steps can be had, these are {}", entries.len());
        field.place.report::<()>("out-of-range", message);
    }
    entries.into_iter().filter_map(|(id, field)| read_step(id, &field)).collect()
}

/// Reads a step as far as it can be read, so that its job and what it names are looked at, whatever else is wrong with
/// it. It is only of use where nothing was reported.
fn read_step(id: &str, field: &Field<'_, '_>) -> Option<Step> {
    check_id(&field.place, id);
    let mut fields = field.fields(Section::Step)?;
    let name = fields.take("name").map(|field| read_step_name(&field));
    let adaptors = fields.take("adaptor").map(|field| read_adaptors(&field)).unwrap_or_default();
    let connection = fields.take("connection").and_then(|field| field.text());
    let job = fields.require("job").and_then(|field| field.any_text());
    let next = fields.take("next").map(|field| read_edges(&field)).unwrap_or_default();
    let retry = fields.take("retry").map(|field| read_retry(&field));
    let timeout = fields.take("timeout").map(|field| field.duration(TIMEOUT));
    let memory_bytes = fields.take("memory").map(|field| read_memory(&field));
    fields.close();
    Some(Step {
        id: id.to_owned(),
        name: name.flatten().unwrap_or_default(),
        adaptors,
        connection: connection.map(str::to_owned),
        job: job.unwrap_or_default().to_owned(),
        next,
        retry: retry.flatten(),
        timeout: timeout.flatten(),
        memory_bytes: memory_bytes.flatten(),
    })
}

/// Reports an id that would not be the same in a URL, a file, and the key of an error.
fn check_id(place: &Place<'_>, id: &str) {
    let fits = (1..=MAX_ID_BYTES).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !fits {
        place.report_with_hint::<()>(
            "bad-name",
            format!(
                "`{id}` is no name of a step: letters, digits, `-` and `_`, 1 to {MAX_ID_BYTES} of \
                 them"
            ),
            "what people are to read can be written as `name`",
        );
    }
}

fn read_step_name(field: &Field<'_, '_>) -> Option<String> {
    let name = field.any_text()?;
    if name.chars().count() <= MAX_STEP_NAME && !name.chars().any(char::is_control) {
        return Some(name.to_owned());
    }
    let message = format!("a step's name is one line of at most {MAX_STEP_NAME} characters");
    field.place.report("out-of-range", message)
}

/// Reads the name of an adaptor, or a list of such names.
fn read_adaptors(field: &Field<'_, '_>) -> Vec<String> {
    if field.value.as_array().is_none() {
        return read_adaptor(field).into_iter().collect();
    }
    let elements = field.elements();
    if elements.len() > MAX_ADAPTORS {
        field.place.report::<()>(
            "out-of-range",
            format!("a step has at most {MAX_ADAPTORS} adaptors, not {}", elements.len()),
        );
    }
    elements.iter().filter_map(read_adaptor).collect()
}

fn read_adaptor(field: &Field<'_, '_>) -> Option<String> {
    let name = field.text()?;
    if name.len() <= MAX_ADAPTOR_BYTES && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(name.to_owned());
    }
    field.place.report_with_hint(
        "wrong-value",
        format!("{} is no name of an adaptor", field.shown()),
        "write it as `http`, or `@openfn/language-http`",
    )
}

fn read_retry(field: &Field<'_, '_>) -> Option<StepRetry> {
    let mut fields = field.fields(Section::Inner)?;
    let tries = fields.take("tries").map(|field| field.whole_number(TRIES));
    let first = fields.take("first").map(|field| field.duration(PAUSE));
    let factor = fields.take("factor").map(|field| field.decimal(FACTOR));
    let max = fields.take("max").map(|field| field.duration(PAUSE));
    let place = fields.place.clone();
    fields.close();
    let first = first.unwrap_or(Some(DEFAULT_RETRY.first))?;
    let retry = StepRetry {
        tries: tries.unwrap_or(Some(DEFAULT_RETRY.tries))?,
        first,
        factor: factor.unwrap_or(Some(DEFAULT_RETRY.factor))?,
        max: max.unwrap_or(Some(DEFAULT_RETRY.max.max(first)))?,
    };
    if retry.max < retry.first {
        return place.key("max").report(
            "out-of-range",
            format!(
                "the longest pause, {}, is shorter than the first one, {}",
                duration::format(retry.max),
                duration::format(retry.first)
            ),
        );
    }
    Some(retry)
}

fn read_memory(field: &Field<'_, '_>) -> Option<u64> {
    let text = field.value.as_number().or_else(|| field.value.as_str());
    let Some(bytes) = text.and_then(size::parse) else {
        return field.place.report_with_hint(
            "wrong-type",
            format!("must be a size, not {}", field.shown()),
            "write a whole number and a unit: `64MiB`, `1GiB`",
        );
    };
    if MEMORY_BYTES.contains(&bytes) {
        return Some(bytes);
    }
    field.out_of_range(&size::format(*MEMORY_BYTES.start()), &size::format(*MEMORY_BYTES.end()))
}

pub(super) fn write_steps(steps: &[Step]) -> Value<'static> {
    Value::object(steps.iter().map(|step| (step.id.clone(), write_step(step))))
}

fn write_step(step: &Step) -> Value<'static> {
    let mut members = Members::default();
    members.put_unless(step.name.is_empty(), "name", step.name.clone());
    match step.adaptors.as_slice() {
        [] => {}
        [only] => members.put("adaptor", only.clone()),
        all => members.put("adaptor", all.iter().cloned().map(Value::from).collect::<Vec<_>>()),
    }
    if let Some(connection) = &step.connection {
        members.put("connection", connection.clone());
    }
    members.put("job", step.job.clone());
    members.put_unless(step.next.is_empty(), "next", write_edges(&step.next));
    if let Some(retry) = &step.retry {
        members.put("retry", write_retry(retry));
    }
    if let Some(timeout) = step.timeout {
        members.put("timeout", duration::format(timeout));
    }
    if let Some(bytes) = step.memory_bytes {
        members.put("memory", size::format(bytes));
    }
    members.into_value()
}

fn write_retry(retry: &StepRetry) -> Value<'static> {
    let default = DEFAULT_RETRY;
    let mut members = Members::default();
    let tries = u64::from(retry.tries);
    members.put_unless(retry.tries == default.tries, "tries", tries);
    for (key, value, default) in
        [("first", retry.first, default.first), ("max", retry.max, default.max.max(retry.first))]
    {
        members.put_unless(value == default, key, duration::format(value));
    }
    // A factor was read from JSON or is the default, so it is finite and its text is a number.
    if retry.factor.to_bits() != default.factor.to_bits()
        && let Some(factor) = Value::number(retry.factor.to_string())
    {
        members.put("factor", factor);
    }
    members.into_value()
}
