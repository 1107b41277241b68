//! Ways to another status, read and written: `{ jump: finished, trigger: finish }`.

use std::ops::RangeInclusive;
use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::lifecycle::{Jump, JumpTarget};

use super::lifecycle::Around;
use super::optional;
use super::text::{check_id, read_line};
use super::who::{People, read_who, write_who};
use crate::definition::fields::{Field, Fields};
use crate::definition::write::Members;

/// How long a submission can wait to be led on.
const TIMEOUT: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_hours(36_500 * 24);

pub(super) fn read_jump(
    field: &Field<'_, '_>,
    fields: &mut Fields<'_, '_>,
    around: Around<'_>,
) -> Option<Jump> {
    let to = read_target(field, around);
    let trigger = fields.take("trigger").map(|field| {
        let name = field.text()?;
        check_id(&field.place, name).map(|()| name.to_owned())
    });
    let timeout = fields.take("timeout").map(|field| field.duration(TIMEOUT));
    let people = if trigger.is_some() { People::Calling } else { People::OnPages };
    let by_field = fields.take("by");
    let by = by_field.as_ref().map(|field| read_who(field, around.known, people));
    let label = fields.take("label").map(|field| {
        if trigger.is_none() && by_field.is_some() {
            return read_line(&field);
        }
        field.place.report_with_hint(
            "does-not-apply",
            "nobody reads this: the jump is no button",
            "name those `by` whom it is taken, or leave `label` out",
        )
    });
    let sets_marker = fields.take("marker").map(|field| field.boolean());
    if let Some(field) =
        by_field.filter(|field| field.value.as_array().is_some_and(<[_]>::is_empty))
    {
        return field.place.report_with_hint(
            "wrong-value",
            "must name somebody",
            "leave `by` out: a jump without it is taken at once, or by whoever calls its trigger and signs",
        );
    }
    Some(Jump {
        to: to?,
        trigger: optional(trigger)?,
        timeout: optional(timeout)?,
        by: by.unwrap_or_default(),
        label: label.unwrap_or_else(|| Some(String::new()))?,
        sets_marker: sets_marker.unwrap_or(Some(false))?,
    })
}

/// Reads where a jump leads.
pub(super) fn read_target(field: &Field<'_, '_>, around: Around<'_>) -> Option<JumpTarget> {
    if field.value.as_str() == Some(JumpTarget::PREVIOUS) {
        return Some(JumpTarget::Previous);
    }
    around.known.read_status(field).map(JumpTarget::Status)
}

/// The word for where a jump leads.
pub(super) fn target_word(target: &JumpTarget) -> String {
    match target {
        JumpTarget::Status(id) => id.clone(),
        JumpTarget::Previous => JumpTarget::PREVIOUS.to_owned(),
    }
}

pub(super) fn put_jump(jump: &Jump, members: &mut Members) {
    members.put("jump", target_word(&jump.to));
    if let Some(trigger) = &jump.trigger {
        members.put("trigger", trigger.clone());
    }
    if let Some(timeout) = jump.timeout {
        members.put("timeout", duration::format(timeout));
    }
    members.put_unless(jump.by.is_empty(), "by", write_who(&jump.by));
    members.put_unless(jump.label.is_empty(), "label", jump.label.clone());
    members.put_unless(!jump.sets_marker, "marker", jump.sets_marker);
}
