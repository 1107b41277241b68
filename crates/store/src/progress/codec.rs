//! Progress as JSON text and back, without loss.
//!
//! What is empty is left out. What was answered keeps the text that was sent beside what it means; bytes of
//! failed calls and digests are Base64, times microseconds.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Who;
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::{
    ActionList, Actor, Fired, HistoryEntry, LatestCall, Origin, Part, Place, Progress, StoredFile,
    Waiting,
};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::answers::{group_of, group_value, position_of, position_value};
use crate::error::StoreError;
use crate::statement::unreadable;

/// An object on its way into a text; what is empty is left out.
#[derive(Default)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Members<'a> {
    pub(super) fn put(mut self, name: &'a str, value: Option<Value<'a>>) -> Self {
        self.0.extend(value.map(|value| (Cow::Borrowed(name), value)));
        self
    }

    pub(super) fn text(self, name: &'a str, text: &'a str) -> Self {
        self.put(name, (!text.is_empty()).then(|| Value::from(text)))
    }

    /// A text that may be empty, and may not be there.
    pub(super) fn optional(self, name: &'a str, text: Option<&'a str>) -> Self {
        self.put(name, text.map(Value::from))
    }

    fn number(self, name: &'a str, number: impl Into<u64>) -> Self {
        let number: u64 = number.into();
        self.put(name, (number != 0).then(|| Value::from(number)))
    }

    fn truth(self, name: &'a str, truth: bool) -> Self {
        self.put(name, truth.then_some(Value::Bool(true)))
    }

    fn time(self, name: &'a str, time: Option<Timestamp>) -> Self {
        self.put(name, time.map(|time| Value::from(time.0)))
    }

    fn id(self, name: &'a str, id: Option<Uuid>) -> Self {
        self.put(name, id.map(|id| Value::from(id.to_string())))
    }

    fn texts(self, name: &'a str, texts: &'a [String]) -> Self {
        self.list(name, texts, |text| Value::from(&**text))
    }

    pub(super) fn list<T>(
        self,
        name: &'a str,
        items: &'a [T],
        value: impl Fn(&'a T) -> Value<'a>,
    ) -> Self {
        let array = || Value::Array(items.iter().map(value).collect());
        self.put(name, (!items.is_empty()).then(array))
    }

    pub(super) fn object(self) -> Value<'a> {
        Value::Object(self.0)
    }
}

/// Progress as one text, to be read again by [`read`].
pub(super) fn write(progress: &Progress) -> String {
    let Progress { data, backoffice_values, .. } = progress;
    let is_empty = backoffice_values.members.is_empty() && backoffice_values.extra.is_empty();
    Members::default()
        .id("uuid", Some(progress.uuid))
        .number("number", progress.number)
        .optional("natural_id", progress.natural_id.as_deref())
        .text("display_id", &progress.display_id)
        .optional("status", progress.status.as_deref())
        .texts("markers", &progress.markers)
        .time("received_at", Some(progress.received_at))
        .time("updated_at", Some(progress.updated_at))
        .time("arrived_at", Some(progress.arrived_at))
        .list("history", &progress.history, entry_value)
        .put("data", Some(data.clone()))
        .put("backoffice_values", (!is_empty).then(|| group_value(backoffice_values)))
        .list("functions", &progress.functions, function_value)
        .number("criticality", progress.criticality)
        .optional("tracking_code", progress.tracking_code.as_deref())
        .put("origin", Some(progress.origin.to_value()))
        .put("user", progress.user.as_ref().map(UserReference::to_value))
        .time("anonymised_at", progress.anonymised_at)
        .put("geolocation", progress.geolocation.as_ref().map(position_value))
        .optional("digest", progress.digest.as_deref())
        .list("waiting", &progress.waiting, waiting_value)
        .number("set_off", progress.set_off)
        .list("calls", &progress.calls, call_value)
        .list("fired", &progress.fired, fired_value)
        .object()
        .to_json()
}

/// Reads what [`write()`] wrote.
pub(super) fn read(text: &str) -> Result<Progress, StoreError> {
    let value = Value::parse(text.as_bytes()).ok();
    value.as_ref().and_then(progress_of).ok_or_else(|| unreadable("progress", "of a submission"))
}

fn function_value((name, roles): &(String, Vec<String>)) -> Value<'_> {
    Members::default().text("name", name).texts("roles", roles).object()
}

fn entry_value(entry: &HistoryEntry) -> Value<'_> {
    let who = entry.who.as_ref().map(|who| match who {
        Actor::Submitter => Value::from("submitter"),
        Actor::User(user) => user.to_value(),
    });
    Members::default()
        .time("time", Some(entry.time))
        .time("last_jump_at", entry.last_jump_at)
        .put("who", who)
        .optional("status", entry.status.as_deref())
        .list("parts", &entry.parts, part_value)
        .object()
}

fn part_value(part: &Part) -> Value<'_> {
    let of_type = |name: &'static str| Members::default().text("type", name);
    match part {
        Part::Comment { identifier, html } => {
            of_type("comment").optional("identifier", identifier.as_deref()).text("html", html)
        }
        Part::Attachment { identifier, file, visible_to } => of_type("attachment")
            .optional("identifier", identifier.as_deref())
            .put("file", Some(file_value(file)))
            .list("visible_to", visible_to, who_value),
        Part::FormData { key, data } => {
            of_type("form-data").text("key", key).put("data", Some(data.clone()))
        }
        Part::CallError { summary, label, data, delivery } => of_type("call-error")
            .text("summary", summary)
            .optional("label", label.as_deref())
            .put("data", (!data.is_empty()).then(|| Value::from(STANDARD.encode(data))))
            .id("delivery", *delivery),
    }
    .object()
}

fn file_value(file: &StoredFile) -> Value<'_> {
    Members::default()
        .text("name", &file.name)
        .text("content_type", &file.content_type)
        .number("bytes", file.bytes)
        .put("sha256", Some(Value::from(STANDARD.encode(file.sha256))))
        .object()
}

fn who_value(who: &Who) -> Value<'_> {
    match who {
        Who::Function(name) => Members::default().optional("function", Some(name)).object(),
        Who::Role(name) => Members::default().optional("role", Some(name)).object(),
        Who::Submitter | Who::LoggedIn | Who::SignedCalls | Who::Anyone => Value::from(who.name()),
    }
}

fn waiting_value(waiting: &Waiting) -> Value<'_> {
    let (list, name) = match &waiting.place.list {
        ActionList::Status(status) => ("status", status),
        ActionList::Global(global) => ("global", global),
    };
    Members::default()
        .number("number", waiting.number)
        .text("list", list)
        .text("of", name)
        .text("action", &waiting.place.action)
        .truth("goes_on", waiting.goes_on)
        .number("jumps", waiting.jumps)
        .object()
}

fn call_value(call: &LatestCall) -> Value<'_> {
    Members::default()
        .text("name", &call.name)
        .text("url", &call.url)
        .time("at", Some(call.at))
        .put("status", call.status.map(|status| Value::from(u64::from(status))))
        .truth("is_success", call.is_success)
        .id("delivery", call.delivery)
        .object()
}

fn fired_value(fired: &Fired) -> Value<'_> {
    Members::default().text("action", &fired.action).time("anchor", Some(fired.anchor)).object()
}

// Each of these answers `None` where the value is not what the functions above write.

fn progress_of(value: &Value<'_>) -> Option<Progress> {
    let function =
        |value: &Value<'_>| Some((text_of(value, "name")?, list_of(value, "roles", text)?));
    Some(Progress {
        uuid: id_of(value, "uuid")??,
        number: number_of(value, "number")?,
        natural_id: optional_of(value, "natural_id")?,
        display_id: text_of(value, "display_id")?,
        status: optional_of(value, "status")?,
        markers: list_of(value, "markers", text)?,
        received_at: time_of(value, "received_at")??,
        updated_at: time_of(value, "updated_at")??,
        arrived_at: time_of(value, "arrived_at")??,
        history: list_of(value, "history", entry_of)?,
        data: value.get("data")?.clone().into_owned(),
        backoffice_values: value.get("backoffice_values").map_or(Some(<_>::default()), group_of)?,
        functions: list_of(value, "functions", function)?,
        criticality: number_of(value, "criticality")?,
        tracking_code: optional_of(value, "tracking_code")?,
        origin: Origin::from_value(value.get("origin")?)?,
        user: member_of(value, "user", UserReference::from_value)?,
        anonymised_at: time_of(value, "anonymised_at")?,
        geolocation: member_of(value, "geolocation", position_of)?,
        digest: optional_of(value, "digest")?,
        waiting: list_of(value, "waiting", waiting_of)?,
        set_off: number_of(value, "set_off")?,
        calls: list_of(value, "calls", call_of)?,
        fired: list_of(value, "fired", fired_of)?,
    })
}

fn entry_of(value: &Value<'_>) -> Option<HistoryEntry> {
    let who = |who: &Value<'_>| match who.as_str() {
        Some("submitter") => Some(Actor::Submitter),
        Some(_) => None,
        None => UserReference::from_value(who).map(Actor::User),
    };
    Some(HistoryEntry {
        time: time_of(value, "time")??,
        last_jump_at: time_of(value, "last_jump_at")?,
        who: member_of(value, "who", who)?,
        status: optional_of(value, "status")?,
        parts: list_of(value, "parts", part_of)?,
    })
}

fn part_of(value: &Value<'_>) -> Option<Part> {
    let identifier = || optional_of(value, "identifier");
    Some(match value.get("type")?.as_str()? {
        "comment" => Part::Comment { identifier: identifier()?, html: text_of(value, "html")? },
        "attachment" => Part::Attachment {
            identifier: identifier()?,
            file: file_of(value.get("file")?)?,
            visible_to: list_of(value, "visible_to", who_of)?,
        },
        "form-data" => Part::FormData {
            key: text_of(value, "key")?,
            data: value.get("data")?.clone().into_owned(),
        },
        "call-error" => Part::CallError {
            summary: text_of(value, "summary")?,
            label: optional_of(value, "label")?,
            data: STANDARD.decode(text_of(value, "data")?).ok()?,
            delivery: id_of(value, "delivery")?,
        },
        _ => return None,
    })
}

fn who_of(value: &Value<'_>) -> Option<Who> {
    Some(match value {
        Value::String(word) => Who::from_name(word),
        _ if value.get("role").is_some() => Who::Role(text_of(value, "role")?),
        _ => Who::Function(text_of(value, "function")?),
    })
}

fn file_of(value: &Value<'_>) -> Option<StoredFile> {
    let sha256 = STANDARD.decode(value.get("sha256")?.as_str()?).ok()?;
    Some(StoredFile {
        name: text_of(value, "name")?,
        content_type: text_of(value, "content_type")?,
        bytes: number_of(value, "bytes")?,
        sha256: sha256.try_into().ok()?,
    })
}

fn waiting_of(value: &Value<'_>) -> Option<Waiting> {
    let name = text_of(value, "of")?;
    let list = match value.get("list")?.as_str()? {
        "status" => ActionList::Status(name),
        "global" => ActionList::Global(name),
        _ => return None,
    };
    Some(Waiting {
        number: number_of(value, "number")?,
        place: Place { list, action: text_of(value, "action")? },
        goes_on: truth_of(value, "goes_on")?,
        jumps: number_of(value, "jumps")?,
    })
}

fn call_of(value: &Value<'_>) -> Option<LatestCall> {
    let status = |status: &Value<'_>| status.as_number()?.parse().ok();
    Some(LatestCall {
        name: text_of(value, "name")?,
        url: text_of(value, "url")?,
        at: time_of(value, "at")??,
        status: member_of(value, "status", status)?,
        is_success: truth_of(value, "is_success")?,
        delivery: id_of(value, "delivery")?,
    })
}

fn fired_of(value: &Value<'_>) -> Option<Fired> {
    Some(Fired { action: text_of(value, "action")?, anchor: time_of(value, "anchor")?? })
}

pub(super) fn text(value: &Value<'_>) -> Option<String> {
    Some(value.as_str()?.to_owned())
}

/// A text, empty where it was left out.
pub(super) fn text_of(value: &Value<'_>, name: &str) -> Option<String> {
    value.get(name).map_or(Some(String::new()), text)
}

/// What stands there, read; `Some(None)` where it was left out.
#[expect(clippy::option_option, reason = "unreadable, left out, and there are three answers")]
pub(super) fn member_of<T>(
    value: &Value<'_>,
    name: &str,
    read: impl Fn(&Value<'_>) -> Option<T>,
) -> Option<Option<T>> {
    value.get(name).map_or(Some(None), |member| read(member).map(Some))
}

#[expect(clippy::option_option, reason = "unreadable, left out, and there are three answers")]
pub(super) fn optional_of(value: &Value<'_>, name: &str) -> Option<Option<String>> {
    member_of(value, name, text)
}

#[expect(clippy::option_option, reason = "unreadable, left out, and there are three answers")]
pub(super) fn time_of(value: &Value<'_>, name: &str) -> Option<Option<Timestamp>> {
    member_of(value, name, |time| Some(Timestamp(time.as_number()?.parse().ok()?)))
}

#[expect(clippy::option_option, reason = "unreadable, left out, and there are three answers")]
fn id_of(value: &Value<'_>, name: &str) -> Option<Option<Uuid>> {
    member_of(value, name, |id| Uuid::try_parse(id.as_str()?).ok())
}

/// A number, 0 where it was left out.
fn number_of<T: std::str::FromStr + From<u8>>(value: &Value<'_>, name: &str) -> Option<T> {
    value.get(name).map_or(Some(T::from(0)), |number| number.as_number()?.parse().ok())
}

fn truth_of(value: &Value<'_>, name: &str) -> Option<bool> {
    value.get(name).map_or(Some(false), Value::as_bool)
}

/// A list, empty where it was left out.
pub(super) fn list_of<T>(
    value: &Value<'_>,
    name: &str,
    read: impl Fn(&Value<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    value.get(name).map_or(Some(Vec::new()), |list| list.as_array()?.iter().map(read).collect())
}

#[cfg(test)]
mod tests;
