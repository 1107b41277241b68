//! Lists of submissions: a row each, written one after the other.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Status;
use fieldpost_model::person::User;

use super::document::{self, Switches};
use super::pieces::{Object, Tree};
use super::record::{Record, Site, Viewer};
use super::{anonymous, times};

/// A row of a form's list. Files are there without content, attachments not at all. Whoever wants the
/// answers is told whose they are as well.
pub fn row(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    switches: Switches,
) -> Value<'static> {
    let object = document::object(record, site, viewer, for_row(switches));
    with_one_digest(object, record.progress.digest.as_deref())
}

/// A row of a form's list that names nobody.
pub fn anonymous_row(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    switches: Switches,
) -> Value<'static> {
    with_one_digest(anonymous::object(record, site, viewer, for_row(switches)), None)
}

fn for_row(switches: Switches) -> Switches {
    Switches { files_content: false, user: switches.user || switches.fields, ..switches }
}

/// A row has the one digest of its list.
fn with_one_digest(mut row: Object, digest: Option<&str>) -> Value<'static> {
    row.rename("digests", "digest");
    row.set("digest", Tree::text_or_null(digest));
    Tree::from(row).into_value()
}

/// A row as old releases wrote it: enough to synchronise by, and the whole record where `full` was
/// asked for.
pub fn classic_row(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    is_full: bool,
) -> Value<'static> {
    if is_full {
        return document::classic(record, site, viewer, false).into_value();
    }
    let progress = record.progress;
    let addresses = site.addresses(&record.definition.name, &record.id());
    let id = match &progress.natural_id {
        Some(id) => Value::from(id.clone()),
        None => Value::from(progress.number),
    };
    Value::object([
        ("url", Value::from(addresses.front)),
        ("last_update_time", times::naive(progress.updated_at, site.time_zone)),
        ("receipt_time", times::naive(progress.received_at, site.time_zone)),
        ("id", id),
    ])
}

/// What only the list of all forms asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct GlobalRow<'g> {
    /// Whether the caller may open it; `None` where that was not asked for.
    pub readable: Option<bool>,
    /// Whom the submission concerns, where known to the project.
    pub user: Option<&'g User>,
}

/// A row of the list of all forms.
pub fn global_row(
    record: &Record<'_>,
    site: &Site<'_>,
    viewer: &Viewer<'_>,
    row: GlobalRow<'_>,
) -> Value<'static> {
    let (definition, progress) = (record.definition, record.progress);
    let status = viewer.status.or_true(progress.status.as_deref());
    let status = status.and_then(|id| definition.lifecycle.status(id));
    let addresses = site.addresses(&definition.name, &record.id());
    let name = status.map(|status| status.name.clone());
    let text = |text: Option<String>| text.map_or(Value::Null, Value::from);
    let mut object = Object::default();
    object.set("name", definition.title.clone());
    object.set("url", addresses.front.clone());
    object.set("datetime", times::for_people(progress.received_at, site.time_zone));
    object.set("status", text(name.clone()));
    object.set("status_css_class", css_class(status.map(|status| status.id.as_str())));
    object.set("keywords", super::record::texts(&definition.keywords));
    object.set("draft", progress.is_draft());
    object.set("last_update_time", times::for_people(progress.updated_at, site.time_zone));
    object.set("title", definition.title.clone());
    object.set("form_number_raw", progress.number.to_string());
    object.set("form_number", progress.display_id.clone());
    object.set("form_name", definition.title.clone());
    object.set("form_slug", definition.name.clone());
    object.set("form_url", addresses.front);
    object.set("form_url_backoffice", addresses.backoffice);
    object.set("form_uuid", progress.uuid.to_string());
    object.set("form_receipt_datetime", times::with_offset(progress.received_at, site.time_zone));
    object.set("form_status", text(name));
    object.set("form_status_is_endpoint", status.is_none_or(Status::is_endpoint));
    object.set("form_digest", Tree::text_or_null(progress.digest.as_deref()));
    object.set("form_user_name", text(user_name(record, row)));
    object.set_some("readable", row.readable);
    Tree::from(object).into_value()
}

fn user_name(record: &Record<'_>, row: GlobalRow<'_>) -> Option<String> {
    let today = row.user.map(|user| user.name.clone());
    today.or_else(|| record.progress.user.as_ref().map(|user| user.name.clone()))
}

/// The class that pages of w.c.s. colour a status by.
fn css_class(status: Option<&str>) -> String {
    match status {
        Some(id) => format!("status-wf-{id}"),
        None => "status-draft".to_owned(),
    }
}

/// What stands around the rows of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// Nothing: the list is an array.
    Bare,
    /// `{"err": 0, "count": …, "data": […]}`, the count where it is told, with the links to the pages beside where there are any.
    Dict {
        /// How many rows there are in all, where that is told: to find out costs as much as they are many.
        count: Option<u64>,
        /// The address of the page before.
        previous: Option<String>,
        /// The address of the page behind.
        next: Option<String>,
    },
    /// `{"data": […]}`: the list of all forms.
    Data,
    /// A collection of features.
    Features,
}

/// A list under construction: what is to be sent, text by text.
#[derive(Debug)]
pub struct List {
    envelope: Envelope,
    is_empty: bool,
}

impl List {
    /// Begins a list; the text goes first.
    pub fn begin(envelope: Envelope) -> (Self, String) {
        let text = match &envelope {
            Envelope::Bare => "[".to_owned(),
            Envelope::Dict { count: Some(count), .. } => {
                format!("{{\"err\":0,\"count\":{count},\"data\":[")
            }
            Envelope::Dict { count: None, .. } => "{\"err\":0,\"data\":[".to_owned(),
            Envelope::Data => "{\"data\":[".to_owned(),
            Envelope::Features => "{\"type\":\"FeatureCollection\",\"features\":[".to_owned(),
        };
        (Self { envelope, is_empty: true }, text)
    }

    /// A row, as it follows those before.
    pub fn row(&mut self, row: &Value<'_>) -> String {
        let comma = if std::mem::take(&mut self.is_empty) { "" } else { "," };
        format!("{comma}{}", row.to_json())
    }

    /// What stands behind the last row of a list that is read on by its rows: the address of what follows, where
    /// something may, and the place of the last row, to go on behind it another day.
    pub fn end_behind(self, next: Option<String>, cursor: Option<String>) -> String {
        let mut text = self.end();
        if !text.ends_with('}') {
            return text;
        }
        text.pop();
        for (name, value) in [("next", next), ("cursor", cursor)] {
            if let Some(value) = value {
                text.extend([",\"", name, "\":"]);
                text.push_str(&Value::from(value).to_json());
            }
        }
        text.push('}');
        text
    }

    /// What stands behind the last row.
    pub fn end(self) -> String {
        match self.envelope {
            Envelope::Bare => "]".to_owned(),
            Envelope::Data | Envelope::Features => "]}".to_owned(),
            Envelope::Dict { previous, next, .. } => {
                let mut text = "]".to_owned();
                for (name, link) in [("previous", previous), ("next", next)] {
                    if let Some(link) = link {
                        text.extend([",\"", name, "\":"]);
                        text.push_str(&Value::from(link).to_json());
                    }
                }
                text.push('}');
                text
            }
        }
    }
}

/// Whether a form can be drawn on a map at all.
pub fn has_places(definition: &FormDefinition) -> bool {
    definition.geolocation.is_some()
}
