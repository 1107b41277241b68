//! What a project settles for all that it holds: its own keys beside `project` and `title`.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono_tz::{TZ_VARIANTS, Tz};
use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_model::project::{Language, ProjectSettings, Report, ReportEvery, Retention};

use super::access::{read_api_access, write_api_access};
use super::address::{read_mail_addresses, read_notify};
use super::fields::{Field, Fields, Section, collect};
use super::problem::Problem;
use super::write::{Members, Secrets};

/// How long messages can be kept, and longer than anybody keeps anything.
const LONGEST_RETENTION: Duration = Duration::from_hours(36_500 * 24);

/// Messages themselves cannot be kept for no time at all: they have to be delivered.
const MESSAGES: RangeInclusive<Duration> = Duration::from_secs(1)..=LONGEST_RETENTION;

/// How long what belongs to a message can be kept.
const PARTS: RangeInclusive<Duration> = Duration::ZERO..=LONGEST_RETENTION;

/// Reads what a project settles for all that it holds, as [`write_settings`] wrote it.
pub fn read_settings(value: &Value<'_>) -> Result<ProjectSettings, Vec<Problem>> {
    collect("", |place| {
        let mut fields = Fields::open(Section::Project, value, place)?;
        let settings = take_settings(&mut fields);
        fields.close();
        Some(settings)
    })
}

/// Writes what a project settles for all that it holds: the same keys as in the project file.
pub fn write_settings(settings: &ProjectSettings, secrets: Secrets) -> Value<'static> {
    let mut members = Members::default();
    put_settings(settings, secrets, &mut members);
    members.into_value()
}

/// Reads the keys of a project's settings among its other keys.
pub(super) fn take_settings(fields: &mut Fields<'_, '_>) -> ProjectSettings {
    let paused = fields.take("paused").map(|field| field.boolean());
    let notify = fields.take("notify").map(|field| read_notify(&field)).unwrap_or_default();
    let reports = fields.take("reports").map(|field| read_reports(&field));
    let retention = fields.take("retention").map(|field| read_retention(&field));
    let api_access = fields.take("api_access").map(|field| read_api_access(&field));
    let time_zone = fields.take("time_zone").map(|field| read_time_zone(&field));
    let language = fields.take("language").map(|field| field.choice(Language::ALL, Language::name));
    ProjectSettings {
        paused: paused.flatten().unwrap_or(false),
        retention: retention.flatten().unwrap_or_default(),
        reports: reports.flatten().unwrap_or_default(),
        notify,
        api_access: api_access.unwrap_or_default(),
        time_zone: time_zone.flatten(),
        language: language.flatten().unwrap_or(Language::English),
    }
}

/// Writes the keys of a project's settings among its other keys.
pub(super) fn put_settings(settings: &ProjectSettings, secrets: Secrets, members: &mut Members) {
    members.put_unless(!settings.paused, "paused", settings.paused);
    let notify = secrets.recipients(&settings.notify);
    members.put_unless(settings.notify.is_empty(), "notify", notify);
    let reports = Value::object(settings.reports.iter().map(|report| {
        (report.every.name(), Value::Array(report.to.iter().cloned().map(Value::from).collect()))
    }));
    members.put_unless(settings.reports.is_empty(), "reports", reports);
    let retention = settings.retention;
    members.put_unless(retention == Retention::default(), "retention", write_retention(retention));
    let keys = write_api_access(&settings.api_access, secrets);
    members.put_unless(settings.api_access.is_empty(), "api_access", keys);
    if let Some(zone) = &settings.time_zone {
        members.put("time_zone", zone.clone());
    }
    let language = settings.language;
    members.put_unless(language == Language::English, "language", language.name());
}

/// Reads the name of a time zone.
fn read_time_zone(field: &Field<'_, '_>) -> Option<String> {
    let name = field.text()?;
    if name.parse::<Tz>().is_ok() {
        return Some(name.to_owned());
    }
    let near = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name));
    let hint = near.map_or_else(
        || "write a name of the IANA database, as `Europe/Paris`".to_owned(),
        |zone| format!("did you mean `{}`?", zone.name()),
    );
    let message = format!("there is no time zone {}", field.shown());
    field.place.report_with_hint("unknown-time-zone", message, hint)
}

/// Reads who gets a report: a list of mail addresses for each of the times that there are.
fn read_reports(field: &Field<'_, '_>) -> Option<Vec<Report>> {
    let mut fields = field.fields(Section::Inner)?;
    let mut reports = Vec::new();
    for every in ReportEvery::ALL {
        let to = fields.take(every.name()).map(|field| read_mail_addresses(&field));
        reports.extend(to.filter(|to| !to.is_empty()).map(|to| Report { every: *every, to }));
    }
    fields.close();
    Some(reports)
}

fn read_retention(field: &Field<'_, '_>) -> Option<Retention> {
    let mut fields = field.fields(Section::Inner)?;
    let messages = fields.take("messages").and_then(|field| field.duration(MESSAGES));
    let bodies = fields.take("bodies").and_then(|field| field.duration(PARTS));
    let attempts = fields.take("attempts").and_then(|field| field.duration(PARTS));
    let after_success = fields.take("after_success").and_then(|field| field.duration(PARTS));
    fields.close();
    Some(Retention { messages, bodies, attempts, after_success })
}

fn write_retention(retention: Retention) -> Value<'static> {
    let mut members = Members::default();
    for (key, kept) in [
        ("messages", retention.messages),
        ("bodies", retention.bodies),
        ("attempts", retention.attempts),
        ("after_success", retention.after_success),
    ] {
        if let Some(kept) = kept {
            members.put(key, duration::format(kept));
        }
    }
    members.into_value()
}
