//! What sets a workflow off, read and written.
//!
//! Which kind of trigger it is follows from its keys: one with `cron` is the time's, any other an
//! event's, and no trigger at all means that a workflow runs by hand only.

use std::ops::RangeInclusive;

use fieldpost_model::event::Event;
use fieldpost_model::forwarder::Format;
use fieldpost_model::json::Value;
use fieldpost_model::workflow::{
    CatchUp, CronTrigger, EventTrigger, Overlap, Reply, Trigger, Trouble,
};

use crate::cron::{Schedule, UNKNOWN_TIME_ZONE};
use crate::definition::conditions::{
    OF_TRIGGER, read_filter, report_idle_conditions, write_filter,
};
use crate::definition::fields::{Field, Fields, Section, one_of};
use crate::definition::write::{Members, Secrets};

/// The time zone of fields whose trigger names none.
const DEFAULT_TIME_ZONE: &str = "UTC";

/// The keys of triggers that an event sets off, and the time does not.
const KEYS_OF_EVENTS: [&str; 13] = [
    "event",
    "source",
    "match",
    "unless",
    "headers",
    "query",
    "forms",
    "case_types",
    "applications",
    "users",
    "without_users",
    "format",
    "reply",
];

/// The statuses that a sender can be answered with.
const REPLY_CODES: RangeInclusive<u32> = 200..=599;

/// The status of an answer where nothing is said.
const DEFAULT_REPLY_CODE: u16 = 201;

/// The reply that waits for the run, with the statuses that it has anyway.
const AFTER_COMPLETION: &str = "after_completion";

/// The reply that everybody gets where nothing is said: before the run.
const BEFORE_START: &str = "before_start";

/// What `event` can name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Happening {
    Event(Event),
    Trouble(Trouble),
}

impl Happening {
    fn all() -> Vec<Self> {
        let events = Event::OFFERED.iter().copied().map(Self::Event);
        events.chain(Trouble::ALL.iter().copied().map(Self::Trouble)).collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Event(event) => event.name(),
            Self::Trouble(trouble) => trouble.name(),
        }
    }
}

/// What `state.data` of a run can be made of, for each event; the first is what it is made of where
/// nothing is said. All of these are JSON.
pub const fn trigger_formats(event: Event) -> &'static [Format] {
    match event {
        Event::Message => &[Format::Json],
        Event::Form => &[
            Format::FormJson,
            Format::Normalised,
            Format::Kobo,
            Format::Wcs,
            Format::Geojson,
            Format::Stub,
            Format::Json,
        ],
        Event::Submission => &[
            Format::Normalised,
            Format::FormJson,
            Format::Kobo,
            Format::Wcs,
            Format::Geojson,
            Format::Stub,
            Format::Json,
        ],
        Event::FormStub => &[Format::Stub],
        Event::Case | Event::CaseCreated | Event::CaseUpdated => {
            &[Format::CaseJson, Format::Normalised, Format::Geojson]
        }
        Event::AppSchema => &[Format::SchemaJson],
        // No workflow can ask for it.
        Event::Call => &[],
    }
}

fn default_format(event: Event) -> Format {
    trigger_formats(event).first().copied().unwrap_or(Format::Json)
}

pub(super) fn read_trigger(field: &Field<'_, '_>) -> Option<Trigger> {
    let mut fields = field.fields(Section::Inner)?;
    let happening = fields.take("event").map(|field| {
        let all = Happening::all();
        field.choice(&all, Happening::name)
    });
    if let Some(cron) = fields.take("cron") {
        if let Some(other) = KEYS_OF_EVENTS.iter().find(|key| fields.has(key)) {
            return field.place.report_with_hint(
                "two-triggers",
                format!(
                    "`{other}` is for what an event sets off, and `cron` for what the time does: a \
                     workflow is set off by one, not by both"
                ),
                format!("write two workflows, or leave out `{other}` or `cron`"),
            );
        }
        return read_cron(&cron, fields).map(Trigger::Cron);
    }
    match happening.unwrap_or(Some(Happening::Event(Event::Message)))? {
        Happening::Trouble(trouble) => {
            fields.close();
            Some(Trigger::Trouble(trouble))
        }
        Happening::Event(event) => read_event(event, fields).map(Trigger::Event),
    }
}

fn read_event(on: Event, mut fields: Fields<'_, '_>) -> Option<EventTrigger> {
    let filter = read_filter(&mut fields, &OF_TRIGGER);
    let format = fields.take("format").map(|field| read_format(&field, on));
    let reply = fields.take("reply").map(|field| (field.place.clone(), read_reply(&field)));
    let place = fields.place.clone();
    fields.close();
    report_idle_conditions(&place, on, &filter, &OF_TRIGGER);
    if let Some((place, _)) = reply.as_ref().filter(|_| on != Event::Message) {
        place.report_with_hint::<()>(
            "does-not-apply",
            format!("nobody waits for an answer to `event: {on}`"),
            "leave `reply` out, or write `event: message`",
        );
    }
    Some(EventTrigger {
        on,
        filter,
        format: format.unwrap_or_else(|| Some(default_format(on)))?,
        reply: reply.and_then(|(_, read)| read),
    })
}

fn read_format(field: &Field<'_, '_>, on: Event) -> Option<Format> {
    let fitting = trigger_formats(on);
    let named = field.value.as_str().and_then(Format::from_name);
    match named.filter(|format| !fitting.contains(format)) {
        None => field.choice(fitting, Format::name),
        Some(format) => {
            let names: Vec<&str> = fitting.iter().map(|format| format.name()).collect();
            field.place.report_with_hint(
                "does-not-apply",
                format!("`{format}` is not what a run of `event: {on}` can begin with"),
                format!("write {}", one_of(&names)),
            )
        }
    }
}

/// Reads a reply: none for one before the run, which is what a sender gets anyway.
fn read_reply(field: &Field<'_, '_>) -> Option<Reply> {
    let (mut success_code, mut error_code) = (None, None);
    if field.value.as_object().is_some() {
        let mut fields = field.fields(Section::Inner)?;
        success_code = fields.take("success_code").map(|field| read_code(&field));
        error_code = fields.take("error_code").map(|field| read_code(&field));
        fields.close();
    } else if field.choice(&[AFTER_COMPLETION, BEFORE_START], |word| word)? == BEFORE_START {
        return None;
    }
    Some(Reply {
        success_code: success_code.unwrap_or(Some(DEFAULT_REPLY_CODE))?,
        error_code: error_code.unwrap_or(Some(DEFAULT_REPLY_CODE))?,
    })
}

fn read_code(field: &Field<'_, '_>) -> Option<u16> {
    field.whole_number(REPLY_CODES).and_then(|code| u16::try_from(code).ok())
}

fn read_cron(cron: &Field<'_, '_>, mut fields: Fields<'_, '_>) -> Option<CronTrigger> {
    let expression = cron.text();
    let zone_field = fields.take("time_zone");
    let time_zone = zone_field.as_ref().map_or(Some(DEFAULT_TIME_ZONE), Field::text);
    let overlap = fields.take("overlap").map(|field| field.choice(Overlap::ALL, Overlap::name));
    let catch_up = fields.take("catch_up").map(|field| field.choice(CatchUp::ALL, CatchUp::name));
    let cursor_step = fields.take("cursor_step").map(|field| field.text().map(str::to_owned));
    fields.close();
    let (expression, time_zone) = (expression?, time_zone?);
    if let Err(unusable) = Schedule::read(expression, time_zone) {
        let of_zone = zone_field.filter(|_| unusable.code == UNKNOWN_TIME_ZONE);
        let place = of_zone.map_or_else(|| cron.place.clone(), |field| field.place);
        return place.report_with_hint(unusable.code, unusable.message, unusable.hint);
    }
    Some(CronTrigger {
        expression: expression.to_owned(),
        time_zone: time_zone.to_owned(),
        overlap: overlap.unwrap_or(Some(Overlap::Parallel))?,
        catch_up: catch_up.unwrap_or(Some(CatchUp::None))?,
        cursor_step: cursor_step.map_or(Some(None), |read| read.map(Some))?,
    })
}

/// Writes a trigger; `None` where a workflow runs by hand only.
pub(super) fn write_trigger(trigger: &Trigger, secrets: Secrets) -> Option<Value<'static>> {
    let mut members = Members::default();
    match trigger {
        Trigger::Manual => return None,
        Trigger::Trouble(trouble) => members.put("event", trouble.name()),
        Trigger::Cron(cron) => write_cron(cron, &mut members),
        Trigger::Event(EventTrigger { on, filter, format, reply }) => {
            members.put_unless(*on == Event::Message, "event", on.name());
            write_filter(filter, &OF_TRIGGER, secrets, &mut members);
            members.put_unless(*format == default_format(*on), "format", format.name());
            if let Some(reply) = reply {
                members.put("reply", write_reply(*reply));
            }
        }
    }
    Some(members.into_value())
}

fn write_cron(cron: &CronTrigger, members: &mut Members) {
    members.put("cron", cron.expression.clone());
    let is_default = cron.time_zone == DEFAULT_TIME_ZONE;
    members.put_unless(is_default, "time_zone", cron.time_zone.clone());
    members.put_unless(cron.overlap == Overlap::Parallel, "overlap", cron.overlap.name());
    members.put_unless(cron.catch_up == CatchUp::None, "catch_up", cron.catch_up.name());
    if let Some(step) = &cron.cursor_step {
        members.put("cursor_step", step.clone());
    }
}

fn write_reply(Reply { success_code, error_code }: Reply) -> Value<'static> {
    if (success_code, error_code) == (DEFAULT_REPLY_CODE, DEFAULT_REPLY_CODE) {
        return Value::from(AFTER_COMPLETION);
    }
    let mut members = Members::default();
    for (key, code) in [("success_code", success_code), ("error_code", error_code)] {
        members.put_unless(code == DEFAULT_REPLY_CODE, key, u64::from(code));
    }
    members.into_value()
}
