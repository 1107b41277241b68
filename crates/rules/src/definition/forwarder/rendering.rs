//! What is sent: the formats of each event, and what they leave open, read and written.

use fieldpost_model::event::Event;
use fieldpost_model::forwarder::{CaseXmlVersion, ClosedCases, Format, Rendering};

use super::withhold::{read_path, write_path};
use crate::definition::fields::{Field, Fields, Place, one_of};
use crate::definition::write::Members;

/// The longest template, in bytes.
const MAX_TEMPLATE_BYTES: usize = 65_536;

/// The longest content type, in bytes.
const MAX_CONTENT_TYPE_BYTES: usize = 256;

/// The longest name of a table or a schema, in bytes: PostgreSQL cuts longer ones off.
const MAX_TABLE_BYTES: usize = 63;

/// What PostgreSQL's own tables and schemas begin with.
const OF_THE_SYSTEM: &str = "pg_";

/// The formats that can be made of what an event brings; the first is the one that is sent where
/// nothing is said.
pub const fn formats_of(event: Event) -> &'static [Format] {
    match event {
        Event::Message => &[Format::AsReceived, Format::Json],
        Event::Form => &[
            Format::FormXml,
            Format::FormJson,
            Format::Normalised,
            Format::Kobo,
            Format::Wcs,
            Format::Geojson,
            Format::Stub,
            Format::AsReceived,
            Format::Json,
            Format::Template,
            Format::Table,
        ],
        Event::Submission => &[
            Format::Normalised,
            Format::FormJson,
            Format::FormXml,
            Format::Kobo,
            Format::Wcs,
            Format::Geojson,
            Format::Stub,
            Format::AsReceived,
            Format::Json,
            Format::Template,
            Format::Table,
        ],
        Event::FormStub => &[Format::Stub],
        Event::Case | Event::CaseCreated | Event::CaseUpdated => &[
            Format::CaseXml,
            Format::CaseJson,
            Format::Normalised,
            Format::Geojson,
            Format::Template,
            Format::Table,
        ],
        Event::AppSchema => &[Format::SchemaId, Format::SchemaJson, Format::Template],
        // No forwarder can ask for it.
        Event::Call => &[],
    }
}

/// The format that is sent where nothing is said.
pub(super) fn default_format(event: Event) -> Format {
    formats_of(event).first().copied().unwrap_or(Format::AsReceived)
}

/// Reads the format. Of an event that could not be read any will do.
pub(super) fn read_format(field: &Field<'_, '_>, on: Option<Event>) -> Option<Format> {
    let Some(event) = on else { return field.choice(Format::ALL, Format::name) };
    let fitting = formats_of(event);
    let named = field.value.as_str().and_then(Format::from_name);
    match named.filter(|format| !fitting.contains(format)) {
        None => field.choice(fitting, Format::name),
        Some(format) => {
            let names: Vec<&str> = fitting.iter().map(|format| format.name()).collect();
            field.place.report_with_hint(
                "does-not-apply",
                format!("`{format}` cannot be made of what `on: {event}` brings"),
                format!("write {}", one_of(&names)),
            )
        }
    }
}

/// Reads what the formats leave open.
pub(super) fn read_rendering(fields: &mut Fields<'_, '_>) -> Option<Rendering> {
    let default = Rendering::default();
    let version = fields.take("case_xml_version").map(|field| read_version(&field));
    let closed_cases =
        fields.take("closed_cases").map(|field| field.choice(ClosedCases::ALL, ClosedCases::name));
    let template = fields.take("template").map(|field| read_template(&field));
    let content_type = fields.take("content_type").map(|field| read_content_type(&field));
    let position = fields.take("position").map(|field| read_path(&field.place, field.text()?));
    let table = fields.take("table").map(|field| read_table(&field));
    let sends_application = fields.take("app_id").map(|field| field.boolean());
    Some(Rendering {
        case_xml_version: version.unwrap_or(Some(default.case_xml_version))?,
        closed_cases: closed_cases.unwrap_or(Some(default.closed_cases))?,
        template: template.map_or(Some(None), |read| read.map(Some))?,
        content_type: content_type.map_or(Some(None), |read| read.map(Some))?,
        position: position.unwrap_or(Some(default.position))?,
        table: table.map_or(Some(None), |read| read.map(Some))?,
        sends_application: sends_application.unwrap_or(Some(default.sends_application))?,
    })
}

/// Writes what is not as it would be anyway.
pub(super) fn write_rendering(rendering: &Rendering, members: &mut Members) {
    let default = Rendering::default();
    let version = rendering.case_xml_version;
    members.put_unless(version == default.case_xml_version, "case_xml_version", version.name());
    let closed_cases = rendering.closed_cases;
    members.put_unless(closed_cases == default.closed_cases, "closed_cases", closed_cases.name());
    for (key, text) in [
        ("template", &rendering.template),
        ("content_type", &rendering.content_type),
        ("table", &rendering.table),
    ] {
        if let Some(text) = text {
            members.put(key, text.clone());
        }
    }
    members.put_unless(rendering.position.is_empty(), "position", write_path(&rendering.position));
    let sends_application = rendering.sends_application;
    members.put_unless(sends_application, "app_id", sends_application);
}

/// Reports what the format does not look at, where it says something else than it would anyway.
pub(super) fn report_idle_rendering(
    place: &Place<'_>,
    on: Event,
    format: Format,
    rendering: &Rendering,
) {
    let default = Rendering::default();
    let keys: [(&str, bool, &[Format]); 6] = [
        (
            "case_xml_version",
            rendering.case_xml_version != default.case_xml_version,
            &[Format::CaseXml],
        ),
        (
            "closed_cases",
            rendering.closed_cases != default.closed_cases,
            &[Format::CaseXml, Format::CaseJson],
        ),
        ("template", rendering.template.is_some(), &[Format::Template]),
        ("content_type", rendering.content_type.is_some(), &[Format::Template]),
        ("position", !rendering.position.is_empty(), &[Format::Geojson]),
        ("table", rendering.table.is_some(), &[Format::Table]),
    ];
    for (key, is_said, formats) in keys {
        if is_said && !formats.contains(&format) {
            let names: Vec<&str> = formats.iter().map(|format| format.name()).collect();
            place.key(key).report_with_hint::<()>(
                "does-not-apply",
                format!("`{key}` says nothing about `format: {format}`"),
                format!("leave it out, or write as `format` {}", one_of(&names)),
            );
        }
    }
    let has_query = matches!(on, Event::Form | Event::Submission) && format != Format::Table;
    if !rendering.sends_application && !has_query {
        place.key("app_id").report_with_hint::<()>(
            "does-not-apply",
            "the id of the application is sent along with forms only",
            "leave `app_id` out",
        );
    }
}

/// Reads a version, which looks like a number and may be written as one.
fn read_version(field: &Field<'_, '_>) -> Option<CaseXmlVersion> {
    let number = field.value.as_number().and_then(CaseXmlVersion::from_name);
    number.or_else(|| field.choice(CaseXmlVersion::ALL, CaseXmlVersion::name))
}

/// Reads a template. Whether its language is right the dialects tell, when it is saved.
fn read_template(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    if text.len() > MAX_TEMPLATE_BYTES {
        return field.place.report_with_hint(
            "out-of-range",
            format!("a template has at most {MAX_TEMPLATE_BYTES} bytes, this one {}", text.len()),
            "leave to a job what needs that much",
        );
    }
    Some(text.to_owned())
}

fn read_content_type(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    let is_visible = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let has_parts = text
        .split_once('/')
        .is_some_and(|(kind, rest)| !kind.trim().is_empty() && !rest.trim().is_empty());
    if is_visible && has_parts && text.len() <= MAX_CONTENT_TYPE_BYTES {
        return Some(text.to_owned());
    }
    field.place.report_with_hint(
        "wrong-value",
        format!("{} is not a content type", field.shown()),
        "write it as `application/json` or `text/csv; charset=utf-8`",
    )
}

fn read_table(field: &Field<'_, '_>) -> Option<String> {
    let text = field.text()?;
    let (schema, name) = match text.split_once('.') {
        Some((schema, name)) => (Some(schema), name),
        None => (None, text),
    };
    if schema.is_none_or(is_plain_name) && is_plain_name(name) {
        return Some(text.to_owned());
    }
    field.place.report_with_hint(
        "wrong-value",
        format!("{} is not the name of a table", field.shown()),
        format!(
            "write `name` or `schema.name`, each of lower-case letters, digits and `_`, a letter \
             first, at most {MAX_TABLE_BYTES}, and not beginning with `{OF_THE_SYSTEM}`"
        ),
    )
}

/// Whether a name needs no quotes, and is none of PostgreSQL's own.
fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let begins_well = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    begins_well
        && name.bytes().all(is_plain)
        && name.len() <= MAX_TABLE_BYTES
        && !name.starts_with(OF_THE_SYSTEM)
}
