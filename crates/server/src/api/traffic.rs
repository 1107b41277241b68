//! Traffic over time: what came in and went out, for charts.

use axum::Json;
use axum::extract::State;
use fieldpost_engine::{self as engine, TrafficBy, TrafficStep};
use fieldpost_model::duration;
use fieldpost_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::names::{TrafficByName, TrafficKindName, TrafficStepName};
use super::parameters::{Parameters, bad, named, time};
use super::path::Path;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Traffic over time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Traffic {
    /// The beginning of the first point.
    #[schema(format = DateTime)]
    from: String,
    /// The end of the last one, which may be yet to come.
    #[schema(format = DateTime)]
    to: String,
    /// How much time a point stands for.
    #[schema(value_type = TrafficStepName)]
    step: &'static str,
    /// One for each kind; and for each name, where these are told apart.
    series: Vec<Series>,
}

/// One line of a chart.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Series {
    /// What was counted.
    #[schema(value_type = TrafficKindName)]
    kind: &'static str,
    /// Of which source, forwarder or connection. Null for all of them; beside names, for those with
    /// so little traffic that they are added up.
    #[schema(required)]
    name: Option<String>,
    /// The beginning of each step and how often it happened, without gaps: `[time, count]`.
    #[schema(value_type = Vec<Vec<Object>>, example = json!([["2026-01-31T14:00:00.000000Z", 12]]))]
    points: Vec<(String, u64)>,
}

impl From<engine::Traffic> for Traffic {
    fn from(traffic: engine::Traffic) -> Self {
        let engine::Traffic { from, until, step, lines } = traffic;
        let mut at = from;
        let mut times = Vec::new();
        while at < until {
            times.push(at.to_string());
            at = at + step.length();
        }
        let series = lines.into_iter().map(|line| Series {
            kind: line.kind.name(),
            name: line.name,
            points: times.iter().cloned().zip(line.counts).collect(),
        });
        Self {
            from: from.to_string(),
            to: until.to_string(),
            step: step.name(),
            series: series.collect(),
        }
    }
}

/// Which traffic is told.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// From this time on, rounded down to the minute, or to the hour for longer steps; unless given,
    /// a day before the end in steps of five minutes, a week in hours, 90 days in days.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Before this time; now, unless given.
    #[param(format = DateTime)]
    to: Option<String>,
    /// How much time a point stands for; five minutes, unless given. Minutes go back two days and show
    /// six hours, five minutes go back two days and show two, hours show 62 days, days of 24 hours 400.
    #[param(value_type = Option<TrafficStepName>)]
    step: Option<String>,
    /// What has a line of its own; the project as a whole, unless given.
    #[param(value_type = Option<TrafficByName>)]
    by: Option<String>,
}

impl Wanted {
    fn read(
        self,
        now: Timestamp,
    ) -> Result<((Timestamp, Timestamp), TrafficStep, TrafficBy), Problem> {
        let step = named("step", self.step.as_deref(), TrafficStep::ALL, TrafficStep::name)?;
        let step = step.unwrap_or(TrafficStep::FiveMinutes);
        let by = named("by", self.by.as_deref(), TrafficBy::ALL, TrafficBy::name)?;
        let until = time("to", self.to.as_deref())?.unwrap_or(now);
        let from = time("from", self.from.as_deref())?.unwrap_or_else(|| until - step.usual());
        let longest = duration::format(step.longest());
        let text = self.from.or(self.to).unwrap_or_default();
        if from >= until {
            return Err(bad("from", &text, "a time before `to`"));
        }
        if until.since(from) > step.longest() {
            let hint = format!("steps of {step} show {longest} at the most; take a longer step");
            return Err(bad("from", &text, hint));
        }
        let back = duration::format(step.goes_back());
        if now.since(from) > step.goes_back() {
            let hint = format!("steps of {step} go back {back} at the most; take a longer step");
            return Err(bad("from", &text, hint));
        }
        Ok(((from, until), step, by.unwrap_or(TrafficBy::None)))
    }
}

/// Traffic over time
///
/// What came in and went out, for charts. `received`: messages that came in, whatever became of
/// them; `quarantined` and `duplicate`: those among them that could not be read, or repeat others.
/// `matched`: messages that a forwarder wanted. `delivered`: deliveries that arrived; `failed_try`:
/// tries that did not succeed; `given_up`: deliveries that ended with one. By source there are the
/// first three, by forwarder and by connection the last, of the project as a whole all but
/// `matched`. Counts are up to two seconds behind, and a hub that was killed has lost those of its
/// last two seconds.
#[utoipa::path(
    get,
    path = "/projects/{project}/traffic",
    operation_id = "get_traffic",
    tag = "projects",
    params(("project" = String, Path), Wanted),
    responses((status = 200, body = Traffic), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Traffic>, Problem> {
    Ok(Json(traffic(&app, &project, wanted).await?))
}

async fn traffic(app: &App, project: &str, wanted: Wanted) -> Result<Traffic, Problem> {
    let (range, step, by) = wanted.read(app.hub.now())?;
    Ok(app.hub.traffic(project, range, step, by).await?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: [Option<&str>; 3], expected: Result<(&str, &str), &str>) {
        let now = Timestamp::parse("2026-03-01T12:00:00Z").unwrap();
        let [from, to, step] = wanted.map(|text| text.map(str::to_owned));
        let read = Wanted { from, to, step, by: None }.read(now);
        let read = read.map(|((from, until), ..)| (from.to_string(), until.to_string()));
        let expected = expected.map(|(from, until)| {
            let time = |text: &str| Timestamp::parse(text).unwrap().to_string();
            (time(from), time(until))
        });
        match (read, expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{wanted:?}"),
            (Err(problem), Err(hint)) => assert_eq!(problem.to_value()["hint"], hint, "{wanted:?}"),
            (read, _) => panic!("{wanted:?}: {read:?}"),
        }
    }

    #[test]
    fn a_range_has_a_usual_length_and_a_longest() {
        let noon = "2026-03-01T12:00:00Z";
        check([None, None, None], Ok(("2026-02-28T12:00:00Z", noon)));
        check([None, None, Some("1h")], Ok(("2026-02-22T12:00:00Z", noon)));
        check([None, None, Some("1d")], Ok(("2025-12-01T12:00:00Z", noon)));
        let two_days = Some("2026-02-27T12:00:00Z");
        check([two_days, None, None], Ok(("2026-02-27T12:00:00Z", noon)));
        let longer = "steps of 5m show 2d at the most; take a longer step";
        check([Some("2026-02-27T11:59:59Z"), None, None], Err(longer));
        let older = "steps of 5m go back 2d at the most; take a longer step";
        check([Some("2026-02-27T11:59:59Z"), Some("2026-02-28T00:00:00Z"), None], Err(older));
        check([Some(noon), None, None], Err("a time before `to`"));
        check([None, None, Some("1w")], Err("one of 1m, 5m, 1h, 1d"));
    }
}
