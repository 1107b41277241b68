//! What the names in a lifecycle's templates stand for: `form_var_email`, `form_number`,
//! `form_workflow_data_x`, by the names of w.c.s.
//!
//! Every name is looked up when a template has it, and only then. Parts of values are written with `_`
//! (`form_var_kind_structured_text`, `form_workflow_data_answer_list_0`), and a name may hold `_` itself:
//! the longest name that is there wins.

use fieldpost_model::form_definition::{FormDefinition, FormField, keyed};
use fieldpost_model::json::Value as Json;
use fieldpost_model::lifecycle::Status;
use fieldpost_model::person::UserReference;
use fieldpost_model::progress::{HistoryEntry, LatestCall, Part, Progress, StoredFile};
use fieldpost_model::submission::{Group, Submission};
use fieldpost_model::time::Timestamp;

use super::template::{Datum, FileDatum, Surroundings, Variables};
use super::values::{self, Shape};

/// Where a submission can be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The page of whoever filled it in.
    pub url: String,
    /// The page of those who handle it.
    pub backoffice_url: String,
    /// Its document.
    pub api_url: String,
}

/// All that templates can know of one submission.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Its form.
    pub definition: &'a FormDefinition,
    /// What was answered.
    pub submission: &'a Submission,
    /// What became of it.
    pub progress: &'a Progress,
    /// The files that are kept of it.
    pub files: &'a [StoredFile],
    /// Where it can be found.
    pub addresses: &'a Addresses,
    /// When and where it is looked at.
    pub surroundings: &'a Surroundings,
}

impl Variables for Facts<'_> {
    fn variable(&self, name: &str) -> Option<Datum> {
        let name = name.strip_prefix("form_")?;
        if let Some(rest) = name.strip_prefix("var_") {
            return self.answer(rest);
        }
        if let Some(rest) = name.strip_prefix("workflow_data_") {
            return stored(&self.progress.data, rest);
        }
        if let Some(rest) = name.strip_prefix("workflow_wscall_") {
            return self.call(rest);
        }
        if let Some(rest) = name.strip_prefix("trigger_") {
            return self.sent(rest);
        }
        if let Some(rest) = name.strip_prefix("attachments_") {
            return self.attachment(rest);
        }
        if let Some(rest) = name.strip_prefix("submission_") {
            return self.origin(rest);
        }
        if let Some(rest) = name.strip_prefix("user") {
            return person(self.progress.user.as_ref()?, rest.trim_start_matches('_'));
        }
        self.known(name).or_else(|| self.moment(name))
    }
}

impl Facts<'_> {
    /// The answer of a field of the form or of its lifecycle.
    fn answer(&self, name: &str) -> Option<Datum> {
        let answers = [
            (&self.definition.fields, &self.submission.values),
            (&self.definition.lifecycle.backoffice_fields, &self.progress.backoffice_values),
        ];
        answers.into_iter().find_map(|(fields, group)| {
            let mut fields: Vec<(String, &FormField)> =
                keyed(fields).into_iter().filter(|(key, _)| part_of(name, key).is_some()).collect();
            fields.sort_by_key(|(key, _)| std::cmp::Reverse(key.len()));
            fields.iter().find_map(|(key, field)| {
                let rest = part_of(name, key)?;
                let shapes = [("raw", Shape::Raw), ("structured", Shape::Structured)]
                    .map(|(word, shape)| part_of(rest, word).map(|rest| (shape, rest)));
                let (shape, rest) =
                    shapes.into_iter().flatten().next().unwrap_or((Shape::Shown, rest));
                descend(self.field(key, field, group, shape)?, rest)
            })
        })
    }

    fn field(&self, key: &str, field: &FormField, group: &Group, shape: Shape) -> Option<Datum> {
        if let Some(node) = group.get(key) {
            return values::datum(field, node, shape, self.files);
        }
        let beside = group.extra.iter().find(|(name, _)| name == key);
        beside.map(|(_, value)| Datum::from_json(value))
    }

    fn known(&self, name: &str) -> Option<Datum> {
        let Self { progress, definition, addresses, .. } = self;
        Some(match name {
            "number" => Datum::text(&progress.display_id),
            "number_raw" | "internal_id" => Datum::text(progress.number.to_string()),
            "id" => {
                let number = || progress.number.to_string();
                Datum::text(progress.natural_id.clone().unwrap_or_else(number))
            }
            "uuid" => Datum::text(progress.uuid.to_string()),
            "name" => Datum::text(&definition.title),
            "slug" => Datum::text(&definition.name),
            "display_name" => Datum::text(format!("{} #{}", definition.title, progress.display_id)),
            "digest" => Datum::text(progress.digest.as_deref()?),
            "status" => Datum::text(&self.status()?.name),
            "status_id" => Datum::text(&self.status()?.id),
            "status_is_endpoint" => Datum::Truth(self.status()?.is_endpoint()),
            "previous_status" => Datum::text(self.previous_status()?),
            "url" => Datum::text(&addresses.url),
            "backoffice_url" => Datum::text(&addresses.backoffice_url),
            "api_url" => Datum::text(&addresses.api_url),
            "tracking_code" => Datum::text(progress.tracking_code.as_deref()?),
            "criticality_level" => Datum::whole(progress.criticality),
            "criticality_label" => {
                let level = usize::try_from(progress.criticality).ok()?;
                Datum::text(&definition.lifecycle.criticality_levels.get(level)?.name)
            }
            "comment" => Datum::text(self.latest_comment()?),
            "geoloc_base" => values::position_datum(progress.geolocation.as_ref()?),
            "geoloc_base_lat" => Datum::text(&progress.geolocation.as_ref()?.latitude),
            "geoloc_base_lon" => Datum::text(&progress.geolocation.as_ref()?.longitude),
            _ => return None,
        })
    }

    /// `receipt_date`, `last_update_datetime`, …
    fn moment(&self, name: &str) -> Option<Datum> {
        let moments: [(&str, Timestamp); 3] = [
            ("receipt_", self.progress.received_at),
            ("last_update_", self.progress.updated_at),
            ("status_arrival_", self.progress.arrived_at),
        ];
        let (time, kind) = moments
            .iter()
            .find_map(|(prefix, time)| name.strip_prefix(prefix).map(|kind| (*time, kind)))?;
        let local = self.surroundings.local(time)?;
        match kind {
            "date" => Some(Datum::Day(local.date_naive())),
            "datetime" => Some(Datum::Moment(local)),
            "time" => Some(Datum::text(local.format("%H:%M").to_string())),
            _ => None,
        }
    }

    fn status(&self) -> Option<&Status> {
        self.definition.lifecycle.status(self.progress.status.as_deref()?)
    }

    fn previous_status(&self) -> Option<&str> {
        let mut arrivals =
            self.progress.history.iter().rev().filter_map(|entry| entry.status.as_deref());
        let status = self.definition.lifecycle.status(arrivals.nth(1)?)?;
        Some(&status.name)
    }

    fn latest_comment(&self) -> Option<&str> {
        self.parts().find_map(|part| match part {
            Part::Comment { html, .. } => Some(&**html),
            _ => None,
        })
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        fn of(entry: &HistoryEntry) -> impl Iterator<Item = &Part> {
            entry.parts.iter().rev()
        }
        self.progress.history.iter().rev().flat_map(of)
    }

    /// The latest file that was added under a name.
    fn attachment(&self, name: &str) -> Option<Datum> {
        self.parts().find_map(|part| match part {
            Part::Attachment { identifier: Some(identifier), file, .. } => {
                let rest = part_of(name, identifier)?;
                let file = Datum::from_json(&values::file_object(file));
                descend(file, rest)
            }
            _ => None,
        })
    }

    /// What a call brought last: `<name>_status`, `<name>_response_…`.
    fn call(&self, name: &str) -> Option<Datum> {
        let of = |call: &LatestCall| {
            let rest = part_of(name, &call.name)?;
            if let Some(rest) = part_of(rest, "response") {
                let keys = ["response", "error_response"].map(|key| format!("{}_{key}", call.name));
                let found = keys.iter().find_map(|key| self.progress.data.get(key))?;
                return descend(Datum::from_json(found), rest);
            }
            Some(match rest {
                "status" => Datum::whole(call.status?),
                "success" => Datum::Truth(call.is_success),
                "url" => Datum::text(&call.url),
                "datetime" => Datum::Moment(self.surroundings.local(call.at)?),
                _ => return None,
            })
        };
        self.progress.calls.iter().find_map(of)
    }

    /// What a hook was sent: `<hook>_content_…`.
    fn sent(&self, name: &str) -> Option<Datum> {
        self.definition.lifecycle.global_actions.iter().find_map(|action| {
            let rest = part_of(name, &action.id)?;
            let rest = part_of(rest, "content")?;
            descend(Datum::from_json(self.progress.data.get(&action.id)?), rest)
        })
    }

    fn origin(&self, name: &str) -> Option<Datum> {
        let origin = &self.progress.origin;
        match name {
            "channel" => Some(Datum::text(origin.channel.name())),
            "backoffice" => Some(Datum::Truth(origin.is_backoffice)),
            _ => {
                if let Some(rest) = name.strip_prefix("agent_") {
                    return person(origin.agent.as_ref()?, rest);
                }
                stored(origin.context.as_ref()?, name.strip_prefix("context_")?)
            }
        }
    }
}

fn person(user: &UserReference, part: &str) -> Option<Datum> {
    match part {
        "" | "name" | "display_name" => Some(Datum::text(&user.name)),
        "email" => Some(Datum::text(user.email.as_deref()?)),
        "id" => Some(Datum::text(user.number.to_string())),
        "nameid" | "name_id" => Some(Datum::text(user.name_ids.first()?)),
        _ => None,
    }
}

/// Whether a name stands for what is there as soon as a submission is sent: its answers, who sent it, how it came.
/// It has no number yet and no status, and fields with the keys `later` have no value.
pub(super) fn is_there_when_sent(name: &str, later: &[String]) -> bool {
    // What no name of a submission is stands for nothing, at any time.
    let Some(name) = name.strip_prefix("form_") else { return true };
    match name.strip_prefix("var_") {
        Some(rest) => later.iter().all(|key| part_of(rest, key).is_none()),
        None => {
            matches!(name, "name" | "slug")
                || name.starts_with("submission_")
                || name.starts_with("user")
        }
    }
}

/// What is left of a name behind its first part: nothing where it is all of it.
fn part_of<'n>(name: &'n str, part: &str) -> Option<&'n str> {
    let rest = name.strip_prefix(part)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('_') }
}

/// What stands in an object under a name written with `_`.
fn stored(object: &Json<'_>, name: &str) -> Option<Datum> {
    let mut members: Vec<_> = object
        .as_object()?
        .iter()
        .filter_map(|(key, value)| Some((key, value, part_of(name, key)?)))
        .collect();
    members.sort_by_key(|(key, _, _)| std::cmp::Reverse(key.len()));
    members.into_iter().find_map(|(_, value, rest)| descend(Datum::from_json(value), rest))
}

/// What stands in a value under a name written with `_`.
fn descend(datum: Datum, name: &str) -> Option<Datum> {
    if name.is_empty() {
        return Some(datum);
    }
    if let Datum::Map(members) = datum {
        let mut members: Vec<_> = members
            .into_iter()
            .filter_map(|(key, value)| part_of(name, &key).map(|rest| (key.len(), value, rest)))
            .collect();
        members.sort_by_key(|(length, _, _)| std::cmp::Reverse(*length));
        return members.into_iter().find_map(|(_, value, rest)| descend(value, rest));
    }
    if let (Datum::File(FileDatum { .. }), "raw") = (&datum, name) {
        return Some(datum);
    }
    let (first, rest) = name.split_once('_').unwrap_or((name, ""));
    match datum.member(first) {
        Some(member) => descend(member, rest),
        None => datum.member(name),
    }
}
