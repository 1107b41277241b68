//! The statuses and the global actions of a lifecycle, read and written.

use std::ops::RangeInclusive;
use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{
    Action, ActionKind, Anchor, GlobalAction, GlobalTimeout, JumpTarget, Lifecycle, Status,
};

use super::action::{read_actions, write_actions};
use super::lifecycle::{Around, read_colour};
use super::text::{check_id, read_line};
use super::who::{People, read_who, write_who};
use super::{optional, put_optional};
use crate::definition::fields::{Field, Place, Section};
use crate::definition::write::{Members, only};

/// How many statuses, and how many global actions, a lifecycle can have.
const MAX_STATUSES: usize = 200;

/// How long after something a global action can happen.
const AFTER: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(36_500 * 24);

/// What the time of a global action can be counted from, beside arrivals.
const CREATION: &str = "creation";
const FINALISED: &str = "finalised";
const ANONYMISATION: &str = "anonymisation";

/// Reads an object of things with ids; nothing where one of them cannot be read.
fn read_named<T>(
    field: &Field<'_, '_>,
    noun: &str,
    read: impl Fn(&str, &Field<'_, '_>) -> Option<T>,
) -> Option<Vec<T>> {
    field.value.as_object().or_else(|| field.wrong_type("an object with keys"))?;
    let entries = field.entries();
    if entries.len() > MAX_STATUSES {
        let message =
            format!("there are {} {noun}; at most {MAX_STATUSES} can be had", entries.len());
        return field.place.report("out-of-range", message);
    }
    let all: Vec<Option<T>> = entries
        .iter()
        .map(|(id, field)| check_id(&field.place, id).and_then(|()| read(id, field)))
        .collect();
    all.into_iter().collect()
}

pub(super) fn read_statuses(field: &Field<'_, '_>, around: Around<'_>) -> Option<Vec<Status>> {
    let statuses = read_named(field, "statuses", |id, field| read_status(id, field, around))?;
    if statuses.is_empty() {
        return field.place.report_with_hint(
            "wrong-value",
            "a lifecycle has at least one status",
            "leave `statuses` out to have the usual ones",
        );
    }
    Some(statuses)
}

fn read_status(id: &str, field: &Field<'_, '_>, around: Around<'_>) -> Option<Status> {
    if id.starts_with('_') || id == DRAFT {
        return field.place.report("bad-name", format!("`{id}` has a meaning of its own"));
    }
    let mut fields = field.fields(Section::Inner)?;
    let name = fields.take("name").map(|field| read_line(&field));
    let endpoint = fields.take("endpoint").map(|field| field.boolean());
    let visible_to =
        fields.take("visible_to").map(|field| read_who(&field, around.known, People::OnPages));
    let colour = fields.take("colour").map(|field| read_colour(&field));
    let actions = fields.take("actions").map(|field| read_actions(&field, around));
    fields.close();
    Some(Status {
        id: id.to_owned(),
        name: name.unwrap_or_else(|| Some(id.to_owned()))?,
        forced_endpoint: endpoint.unwrap_or(Some(false))?,
        visible_to: visible_to.unwrap_or_default(),
        colour: optional(colour)?,
        actions: actions.unwrap_or_else(|| Some(Vec::new()))?,
    })
}

/// What w.c.s. calls the status of what is not finished.
const DRAFT: &str = "draft";

pub(super) fn write_statuses(statuses: &[Status]) -> Value<'static> {
    Value::object(statuses.iter().map(|status| (status.id.clone(), write_status(status))))
}

fn write_status(status: &Status) -> Value<'static> {
    let mut members = Members::default();
    members.put_unless(status.name == status.id, "name", status.name.clone());
    members.put_unless(!status.forced_endpoint, "endpoint", status.forced_endpoint);
    let visible_to = &status.visible_to;
    members.put_unless(visible_to.is_empty(), "visible_to", write_who(visible_to));
    put_optional(&mut members, "colour", status.colour.as_deref());
    members.put_unless(status.actions.is_empty(), "actions", write_actions(&status.actions));
    members.into_value()
}

pub(super) fn read_global_actions(
    field: &Field<'_, '_>,
    around: Around<'_>,
) -> Option<Vec<GlobalAction>> {
    read_named(field, "global actions", |id, field| read_global_action(id, field, around))
}

fn read_global_action(id: &str, field: &Field<'_, '_>, around: Around<'_>) -> Option<GlobalAction> {
    let mut fields = field.fields(Section::Inner)?;
    let name = fields.take("name").map(|field| read_line(&field));
    let by = fields.take("by").map(|field| read_who(&field, around.known, People::OnPages));
    let hook = fields.take("hook").map(|field| read_who(&field, around.known, People::Hooking));
    let timeout = fields.take("timeout").map(|field| read_timeout(&field, around));
    let actions = fields.require("actions").map(|field| {
        let actions = read_actions(&field, around)?;
        report_waiting(&field.place, &actions)?;
        Some(actions)
    });
    let place = fields.place.clone();
    fields.close();
    if by.is_none() && hook.is_none() && timeout.is_none() {
        return place.report_with_hint(
            "missing-key",
            "nothing sets this action off",
            "write `by: [_receiver]` for people, `hook: [_signed_calls]` for programs, or `timeout: { since: \
             finalised, after: 90d }`",
        );
    }
    Some(GlobalAction {
        id: id.to_owned(),
        name: name.unwrap_or_else(|| Some(id.to_owned()))?,
        by: by.unwrap_or_default(),
        hook: hook.unwrap_or_default(),
        timeout: optional(timeout)?,
        actions: actions??,
    })
}

/// Reports what would wait for somebody where nothing stays to wait in.
fn report_waiting(place: &Place<'_>, actions: &[Action]) -> Option<()> {
    let mut result = Some(());
    for (index, _) in actions.iter().enumerate().filter(|(_, action)| action.waits()) {
        result = place.element(index).report_with_hint(
            "does-not-apply",
            "a global action happens at once: nothing in it can wait for somebody, a trigger or the time",
            "jump to a status in which it can be done",
        );
    }
    result
}

fn read_timeout(field: &Field<'_, '_>, around: Around<'_>) -> Option<GlobalTimeout> {
    let mut fields = field.fields(Section::Inner)?;
    let since = fields.require("since").and_then(|field| read_anchor(&field, around));
    let after = fields.require("after").and_then(|field| field.duration(AFTER));
    fields.close();
    Some(GlobalTimeout { since: since?, after: after? })
}

fn read_anchor(field: &Field<'_, '_>, around: Around<'_>) -> Option<Anchor> {
    if field.value.as_object().is_none() {
        let word = field.choice(&[CREATION, FINALISED, ANONYMISATION], |word| word)?;
        return Some(match word {
            CREATION => Anchor::Creation,
            FINALISED => Anchor::Finalised,
            _ => Anchor::Anonymisation,
        });
    }
    let mut fields = field.fields(Section::Inner)?;
    let kind = fields.only_one_of(&["first_arrival", "latest_arrival"])?;
    let status = around.known.read_status(&fields.require(kind)?)?;
    Some(match kind {
        "first_arrival" => Anchor::FirstArrival(status),
        _ => Anchor::LatestArrival(status),
    })
}

pub(super) fn write_global_actions(actions: &[GlobalAction]) -> Value<'static> {
    Value::object(actions.iter().map(|action| (action.id.clone(), write_global_action(action))))
}

fn write_global_action(action: &GlobalAction) -> Value<'static> {
    let mut members = Members::default();
    members.put_unless(action.name == action.id, "name", action.name.clone());
    let is_set_off_otherwise = !action.hook.is_empty() || action.timeout.is_some();
    let is_left_out = action.by.is_empty() && is_set_off_otherwise;
    members.put_unless(is_left_out, "by", write_who(&action.by));
    members.put_unless(action.hook.is_empty(), "hook", write_who(&action.hook));
    if let Some(GlobalTimeout { since, after }) = &action.timeout {
        let mut timeout = Members::default();
        timeout.put("since", write_anchor(since));
        timeout.put("after", duration::format(*after));
        members.put("timeout", timeout.into_value());
    }
    members.put("actions", write_actions(&action.actions));
    members.into_value()
}

fn write_anchor(anchor: &Anchor) -> Value<'static> {
    match anchor {
        Anchor::Creation => Value::from(CREATION),
        Anchor::Finalised => Value::from(FINALISED),
        Anchor::Anonymisation => Value::from(ANONYMISATION),
        Anchor::FirstArrival(status) => only("first_arrival", status.clone()),
        Anchor::LatestArrival(status) => only("latest_arrival", status.clone()),
    }
}

/// Reports jumps that lead round in a circle at once, for ever: each is taken as soon as its turn comes.
pub(super) fn report_circles(place: &Place<'_>, lifecycle: &Lifecycle) -> Option<()> {
    let mut result = Some(());
    for status in &lifecycle.statuses {
        let mut seen = vec![status.id.as_str()];
        let mut at = status;
        while let Some((index, next)) = certain_jump(at) {
            if next == status.id {
                result = place.key(&at.id).key("actions").element(index).key("jump").report_with_hint(
                    "automatic-circle",
                    format!("this leads to `{next}` at once, from where it leads back here, for ever"),
                    "give a jump a `condition`, a `timeout`, a `trigger` or somebody `by` whom it is taken",
                );
                break;
            }
            if seen.contains(&next) {
                break;
            }
            seen.push(next);
            let Some(status) = lifecycle.status(next) else { break };
            at = status;
        }
    }
    result
}

/// The jump that is certainly taken on arrival in a status: its place and where it leads.
fn certain_jump(status: &Status) -> Option<(usize, &str)> {
    status.actions.iter().enumerate().find_map(|(index, action)| match &action.kind {
        ActionKind::Jump(jump) if jump.is_automatic() && action.condition.is_none() => {
            match &jump.to {
                JumpTarget::Status(to) => Some((index, to.as_str())),
                JumpTarget::Previous => None,
            }
        }
        _ => None,
    })
}
