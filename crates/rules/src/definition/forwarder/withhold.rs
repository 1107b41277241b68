//! What is withheld, read and written: `withhold: { name: drop, phone: hash, where: { coarsen: 0.1 } }`.

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{Coarseness, Format, Forwarder, Withheld, Withholding};
use fieldpost_model::json::Value;

use crate::definition::fields::{Field, Place, Section};
use crate::definition::write::{Members, only};
use crate::event::payload_of;

/// How many fields can be withheld.
const MAX_FIELDS: usize = 200;

/// The longest path of a field, in bytes.
const MAX_PATH_BYTES: usize = 512;

/// The longest step, in characters: enough for a billion, and for a billionth.
const MAX_STEP_CHARACTERS: usize = 20;

/// What is written of a field, for hints.
const WAYS: &str =
    "write `drop`, `hash`, `{ coarsen: 0.1 }`, `{ coarsen: month }` or `{ coarsen: year }`";

/// What a submission is called by, in our names and those of senders and formats.
const IDS: [&str; 6] =
    ["instanceID", "instance_id", "deprecatedID", "deprecated_id", "rootUuid", "_uuid"];

/// Reads what is withheld.
pub(super) fn read_withheld(field: &Field<'_, '_>) -> Vec<Withheld> {
    let entries = field.entries();
    if entries.len() > MAX_FIELDS {
        field.place.report_with_hint::<()>(
            "out-of-range",
            format!("at most {MAX_FIELDS} fields can be withheld, these are {}", entries.len()),
            "withhold the group that they stand in, or send what is wanted with a template",
        );
    }
    entries
        .into_iter()
        .filter_map(|(path, field)| {
            let path = read_path(&field.place, path);
            let how = read_withholding(&field);
            Some(Withheld { path: path?, how: how? })
        })
        .collect()
}

/// Writes what is withheld.
pub(super) fn write_withheld(withheld: &[Withheld], members: &mut Members) {
    let fields = withheld.iter().map(|it| (write_path(&it.path), write_withholding(&it.how)));
    members.put_unless(withheld.is_empty(), "withhold", Value::object(fields));
}

/// Reports that something is to be withheld of what is sent as it came, or is nothing but ids.
pub(super) fn report_idle_withholding(place: &Place<'_>, on: Event, format: Format) {
    let place = place.key("withhold");
    if format == Format::AsReceived {
        let hint = if payload_of(on) == PayloadKind::Message {
            "write `format: json`, or `on: form`, `on: submission` or `on: case`"
        } else {
            "write `format: form_xml`, `form_json` or `normalised`"
        };
        place.report_with_hint::<()>(
            "withhold-needs-model",
            format!(
                "`format: {format}` sends what came in, whatever is in it: nothing can be withheld \
                 of it"
            ),
            hint,
        );
    } else if payload_of(on) == PayloadKind::Application || format == Format::Stub {
        place.report_with_hint::<()>(
            "does-not-apply",
            format!("`format: {format}` sends no answers that could be withheld"),
            "leave it out",
        );
    }
}

/// Reports that the id of a submission is to be withheld. Deliveries, cases, files and tables name it by that
/// id, so that taking it out of the document would only seem to withhold it. Plain JSON loses any field.
pub(super) fn report_withheld_ids(place: &Place<'_>, forwarder: &Forwarder) {
    if payload_of(forwarder.on) != PayloadKind::Submission || forwarder.format == Format::Json {
        return;
    }
    let is_id = |path: &[String]| match path {
        [name] => IDS.contains(&name.as_str()),
        [.., group, name] => group == "meta" && IDS.contains(&name.as_str()),
        [] => false,
    };
    for withheld in forwarder.withhold.iter().filter(|withheld| is_id(&withheld.path)) {
        let path = write_path(&withheld.path);
        place.key("withhold").key(&path).report_with_hint::<()>(
            "id-cannot-be-withheld",
            "the id of a submission is what its deliveries, its cases and its files are known by: it \
             cannot be withheld",
            "leave it out; the id tells nobody who was asked. `format: json` can do without it",
        );
    }
}

/// Reads the path of a field: its name, and before it, with `/` between them, the groups around it.
pub(super) fn read_path(place: &Place<'_>, path: &str) -> Option<Vec<String>> {
    let names: Vec<String> = path.split('/').map(str::to_owned).collect();
    if path.len() <= MAX_PATH_BYTES && names.iter().all(|name| !name.trim().is_empty()) {
        return Some(names);
    }
    place.report_with_hint(
        "bad-path",
        format!(
            "the path of a field is names with `/` between them, at most {MAX_PATH_BYTES} bytes"
        ),
        "write `phone`, or `contact/phone` for the one in the group `contact`",
    )
}

/// Writes the path of a field.
pub(super) fn write_path(path: &[String]) -> String {
    path.join("/")
}

fn read_withholding(field: &Field<'_, '_>) -> Option<Withholding> {
    match field.value.as_str() {
        Some("drop") => return Some(Withholding::Drop),
        Some("hash") => return Some(Withholding::Hash),
        _ if field.value.as_object().is_some() => {}
        _ => {
            return field.place.report_with_hint(
                "wrong-value",
                format!("{} is no way to withhold a field", field.shown()),
                WAYS,
            );
        }
    }
    let mut fields = field.fields(Section::Inner)?;
    let coarseness = fields.require("coarsen").and_then(|field| read_coarseness(&field));
    fields.close();
    coarseness.map(Withholding::Coarsen)
}

/// Reads a step, or the part of a day that is sent. The digits of a step say how exact it is, so they
/// are kept as they are written.
fn read_coarseness(field: &Field<'_, '_>) -> Option<Coarseness> {
    let text = field.value.as_str().or_else(|| field.value.as_number()).unwrap_or_default();
    match text {
        "month" => Some(Coarseness::Month),
        "year" => Some(Coarseness::Year),
        step if is_step(step) => Some(Coarseness::Step(step.to_owned())),
        _ => field.place.report_with_hint(
            "wrong-value",
            format!("{} is neither a step nor a part of a day", field.shown()),
            "write a number above 0, as `0.1` (degrees) or `10` (years), or `month` or `year`",
        ),
    }
}

fn is_step(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole)
        && is_digits(fraction)
        && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
        && text.len() <= MAX_STEP_CHARACTERS
}

fn write_withholding(how: &Withholding) -> Value<'static> {
    let coarseness = match how {
        Withholding::Drop => return Value::from("drop"),
        Withholding::Hash => return Value::from("hash"),
        Withholding::Coarsen(coarseness) => coarseness,
    };
    only(
        "coarsen",
        match coarseness {
            Coarseness::Month => Value::from("month"),
            Coarseness::Year => Value::from("year"),
            Coarseness::Step(step) => {
                Value::number(step.clone()).unwrap_or_else(|| Value::from(step.clone()))
            }
        },
    )
}
