//! Schedules while they are written: whether one can be read, and when it is due next.

use axum::Json;
use axum::extract::State;
use fieldpost_model::time::Timestamp;
use fieldpost_model::workflow::CronTrigger;
use fieldpost_rules::cron::{Schedule, UNKNOWN_TIME_ZONE};
use fieldpost_rules::definition;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Input;
use super::parameters::{NoParameters, Parameters};
use super::path::Path;
use crate::app::Shared;
use crate::problem::{Mistake, Problem};

/// Points in time that are told.
const TOLD_TIMES: usize = 3;

/// A schedule that somebody writes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleToCheck {
    /// The points in time: minute, hour, day of the month, month, day of the week.
    #[schema(example = "0 7 * * MON-FRI")]
    cron: String,
    /// The time zone that they are read in; `UTC` unless given.
    #[schema(example = "Africa/Nairobi")]
    time_zone: Option<String>,
}

/// What was found about a schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckedSchedule {
    /// When it is due next, three times; empty where it cannot be read.
    next: Vec<DueTime>,
    /// What is wrong with it; `path` is `cron` or `time_zone`.
    problems: Vec<Mistake>,
}

/// A point in time of a schedule.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DueTime {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The same as a clock in the time zone of the schedule shows it, with how far that is from UTC.
    #[schema(example = "2026-11-24T07:00:00+03:00")]
    local: String,
}

/// When a schedule is due next.
fn due(schedule: &Schedule, now: Timestamp) -> Vec<DueTime> {
    let told = |point: Timestamp| {
        let local = schedule.on_the_clock(point)?;
        Some(DueTime { at: point.to_string(), local })
    };
    schedule.coming(now, TOLD_TIMES).into_iter().filter_map(told).collect()
}

/// When the clock of a trigger is due next. One that was saved can be read.
pub(super) fn due_of(trigger: &CronTrigger, now: Timestamp) -> Vec<DueTime> {
    Schedule::of(trigger).map(|schedule| due(&schedule, now)).unwrap_or_default()
}

/// Check a schedule
///
/// Nothing is saved: a form asks for this while somebody writes.
#[utoipa::path(
    post,
    path = "/projects/{project}/schedules/check",
    operation_id = "check_schedule",
    tag = "workflows",
    params(("project" = String, Path)),
    request_body = ScheduleToCheck,
    responses((status = 200, body = CheckedSchedule), Problem),
)]
pub(super) async fn check(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    Input(wanted): Input<ScheduleToCheck>,
) -> Result<Json<CheckedSchedule>, Problem> {
    app.hub.project(&project).await?;
    let zone = wanted.time_zone.as_deref().unwrap_or("UTC");
    let checked = match Schedule::read(&wanted.cron, zone) {
        Ok(schedule) => {
            CheckedSchedule { next: due(&schedule, app.hub.now()), problems: Vec::new() }
        }
        Err(unusable) => {
            let path = if unusable.code == UNKNOWN_TIME_ZONE { "time_zone" } else { "cron" };
            let problem = definition::Problem {
                path: path.to_owned(),
                code: unusable.code,
                message: unusable.message,
                hint: Some(unusable.hint.to_owned()),
            };
            CheckedSchedule { next: Vec::new(), problems: vec![problem.into()] }
        }
    };
    Ok(Json(checked))
}
