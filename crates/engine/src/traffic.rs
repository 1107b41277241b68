//! Traffic over time: what came in and went out, for charts.

use std::collections::BTreeMap;
use std::time::Duration;

use fieldpost_model::incident::{Incident, IncidentKind};
use fieldpost_model::tally::{TallyKind, TallyNoun, TallySpan};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::series::{self, Counts};
use fieldpost_store::{Tally, TallyQuery};

use crate::error::HubError;
use crate::hub::Hub;
use crate::overview::floor;

/// Names that have a line of their own; those with the least traffic are added up beyond it.
const MOST_NAMES: usize = 50;
/// How much is shown before an incident and after it, at least and at most.
const LEAST_MARGIN: Duration = Duration::from_mins(30);
const MOST_MARGIN: Duration = Duration::from_hours(1);
/// What is told of all sources together, and of all connections.
const KINDS: [(TallyNoun, TallyKind); 6] = [
    (TallyNoun::Source, TallyKind::Received),
    (TallyNoun::Source, TallyKind::Quarantined),
    (TallyNoun::Source, TallyKind::Duplicate),
    (TallyNoun::Connection, TallyKind::Delivered),
    (TallyNoun::Connection, TallyKind::FailedTry),
    (TallyNoun::Connection, TallyKind::GivenUp),
];

fieldpost_model::names! {
    /// How much time one point of a chart stands for.
    pub enum TrafficStep {
        /// A minute.
        Minute = "1m",
        /// Five minutes.
        FiveMinutes = "5m",
        /// An hour.
        Hour = "1h",
        /// A day of 24 hours.
        Day = "1d",
    }
}

impl TrafficStep {
    /// How long it is.
    pub const fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_mins(1),
            Self::FiveMinutes => Duration::from_mins(5),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    /// The longest time that a chart of such steps may show.
    pub const fn longest(self) -> Duration {
        match self {
            Self::Minute => Duration::from_hours(6),
            Self::FiveMinutes => Duration::from_hours(2 * 24),
            Self::Hour => Duration::from_hours(62 * 24),
            Self::Day => Duration::from_hours(400 * 24),
        }
    }

    /// How far back such a chart may begin: what it is made of is kept for longer than that, but not
    /// for ever.
    pub const fn goes_back(self) -> Duration {
        match self {
            Self::Minute | Self::FiveMinutes => Self::FiveMinutes.longest(),
            Self::Hour | Self::Day => self.longest(),
        }
    }

    /// The time that a chart shows where nobody says which.
    pub const fn usual(self) -> Duration {
        match self {
            Self::Minute => Duration::from_hours(1),
            Self::FiveMinutes => Duration::from_hours(24),
            Self::Hour => Duration::from_hours(7 * 24),
            Self::Day => Duration::from_hours(90 * 24),
        }
    }

    const fn span(self) -> TallySpan {
        match self {
            Self::Minute | Self::FiveMinutes => TallySpan::Minute,
            Self::Hour | Self::Day => TallySpan::Hour,
        }
    }
}

fieldpost_model::names! {
    /// What has a line of its own in a chart.
    pub enum TrafficBy {
        /// The project as a whole.
        None = "none",
        /// Each source.
        Source = "source",
        /// Each forwarder.
        Forwarder = "forwarder",
        /// Each connection.
        Connection = "connection",
    }
}

impl TrafficBy {
    const fn noun(self) -> Option<TallyNoun> {
        match self {
            Self::None => None,
            Self::Source => Some(TallyNoun::Source),
            Self::Forwarder => Some(TallyNoun::Forwarder),
            Self::Connection => Some(TallyNoun::Connection),
        }
    }
}

/// Traffic over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// The beginning of the first point.
    pub from: Timestamp,
    /// The end of the last one.
    pub until: Timestamp,
    /// How much time a point stands for.
    pub step: TrafficStep,
    /// One line for each kind, and each name where these are told apart.
    pub lines: Vec<TrafficLine>,
}

/// One line of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficLine {
    /// What was counted.
    pub kind: TallyKind,
    /// Of which source, forwarder or connection; `None` for all, or for all that have no line of
    /// their own.
    pub name: Option<String>,
    /// How often, step by step.
    pub counts: Counts,
}

impl Hub {
    /// What came in and went out between two times, in steps that begin at the first, which is
    /// rounded down to what was counted: minutes, or hours.
    pub async fn traffic(
        &self,
        project: &str,
        (from, until): (Timestamp, Timestamp),
        step: TrafficStep,
        by: TrafficBy,
    ) -> Result<Traffic, HubError> {
        self.project(project).await?;
        let (query, steps) = laid_out((from, until), step, by != TrafficBy::None);
        let tallies = self.store().tallies(project, &query).await?;
        let TallyQuery { from, until, .. } = query;
        Ok(Traffic { from, until, step, lines: lines(steps, by, tallies) })
    }

    /// What went to the destination of an incident, or came in by its source, from a while before it
    /// was noticed to a while after it was over: in the finest steps that show all of it.
    pub async fn incident_traffic(
        &self,
        project: &str,
        incident: &Incident,
    ) -> Result<Traffic, HubError> {
        let now = self.now();
        let (range, step) = around(incident.opened_at, incident.recovered_at, now);
        let noun = match incident.kind {
            IncidentKind::Connection | IncidentKind::Call => TallyNoun::Connection,
            IncidentKind::Silence => TallyNoun::Source,
        };
        // Calls are not counted each by its own: their chart is that of the connection that they go by.
        let routing = self.project(project).await?;
        let connection = routing.connection_of(incident).map(|it| it.name.as_str());
        let subject = connection.unwrap_or(&incident.subject);
        let (query, steps) = laid_out(range, step, false);
        let tallies = self.store().tallies_of(project, &query, noun, subject).await?;
        let counts =
            tallies.into_iter().map(|tally| ((tally.noun, tally.kind), tally.step, tally.count));
        let kinds = KINDS.into_iter().filter(|(of, _)| *of == noun);
        let name = Some(subject);
        let TallyQuery { from, until, .. } = query;
        Ok(Traffic { from, until, step, lines: of_kinds(steps, kinds, name, counts) })
    }
}

/// What is asked of the tallies for a chart of this time, and its number of steps. It begins with
/// what was counted: a minute, or an hour.
fn laid_out(
    (from, until): (Timestamp, Timestamp),
    step: TrafficStep,
    by_name: bool,
) -> (TallyQuery, usize) {
    let length = step.length();
    let from = floor(from, Duration::from_micros(step.span().microseconds().unsigned_abs()));
    let range = until.since(from).min(step.longest() + length);
    let steps = usize::try_from(range.as_micros().div_ceil(length.as_micros())).unwrap_or(0);
    let until = from + length * u32::try_from(steps).unwrap_or(u32::MAX);
    (TallyQuery { span: step.span(), from, until, step: length, by_name }, steps)
}

/// The time that is shown of an incident, and the steps: an hour before and after it, or as long as
/// it lasted where that is less, but half an hour at least. Of one that lasted longer than any chart
/// shows, the end.
fn around(
    opened_at: Timestamp,
    recovered_at: Option<Timestamp>,
    now: Timestamp,
) -> ((Timestamp, Timestamp), TrafficStep) {
    let over = recovered_at.unwrap_or(now);
    let margin = over.since(opened_at).clamp(LEAST_MARGIN, MOST_MARGIN);
    let (from, until) = (opened_at - margin, (over + margin).min(now).max(opened_at));
    let shows_all = |step: &&TrafficStep| {
        until.since(from) <= step.longest() && now.since(from) <= step.goes_back()
    };
    let step = TrafficStep::ALL.iter().find(shows_all).copied().unwrap_or(TrafficStep::Day);
    ((from.max(until - step.longest()), until), step)
}

/// One line for each of these kinds, even where there is nothing to tell.
fn of_kinds(
    steps: usize,
    kinds: impl IntoIterator<Item = (TallyNoun, TallyKind)>,
    name: Option<&str>,
    counts: impl Iterator<Item = ((TallyNoun, TallyKind), usize, u64)>,
) -> Vec<TrafficLine> {
    let mut series = series::lay_out(steps, counts);
    let line = |key: (TallyNoun, TallyKind)| TrafficLine {
        kind: key.1,
        name: name.map(str::to_owned),
        counts: series.remove(&key).unwrap_or_else(|| vec![0; steps]),
    };
    kinds.into_iter().map(line).collect()
}

/// The lines of a chart. Of the project as a whole each kind has one, even where there is nothing to
/// tell.
fn lines(steps: usize, by: TrafficBy, tallies: Vec<Tally>) -> Vec<TrafficLine> {
    let Some(noun) = by.noun() else {
        let counts =
            tallies.into_iter().map(|tally| ((tally.noun, tally.kind), tally.step, tally.count));
        return of_kinds(steps, KINDS, None, counts);
    };
    let of_noun = tallies.into_iter().filter(|tally| tally.noun == noun);
    let counts = of_noun.map(|tally| ((tally.kind, tally.name), tally.step, tally.count));
    let mut by_kind: BTreeMap<TallyKind, BTreeMap<String, Counts>> = BTreeMap::new();
    for ((kind, name), counts) in series::lay_out(steps, counts) {
        by_kind.entry(kind).or_default().insert(name, counts);
    }
    by_kind
        .into_iter()
        .flat_map(|(kind, names)| {
            series::keep_greatest(names, MOST_NAMES)
                .into_iter()
                .map(move |(name, counts)| TrafficLine { kind, name, counts })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(opened: &str, recovered: Option<&str>, expected: (&str, &str, TrafficStep)) {
        let time = |text: &str| Timestamp::parse(text).unwrap();
        let now = time("2026-03-01T12:00:00Z");
        let ((from, until), step) = around(time(opened), recovered.map(time), now);
        let (first, last, its_step) = expected;
        assert_eq!((from, until, step), (time(first), time(last), its_step), "{opened}");
        let (_, steps) = laid_out((from, until), step, false);
        assert!(steps <= 1_500, "{steps}");
    }

    #[test]
    fn an_incident_is_shown_whole_in_the_finest_steps_that_there_are() {
        let noon = "2026-03-01T12:00:00Z";
        check(noon, None, ("2026-03-01T11:30:00Z", noon, TrafficStep::Minute));
        let morning = ("2026-03-01T07:10:00Z", "2026-03-01T09:40:00Z", TrafficStep::Minute);
        check("2026-03-01T08:00:00Z", Some("2026-03-01T08:50:00Z"), morning);
        let day = ("2026-02-28T11:00:00Z", noon, TrafficStep::FiveMinutes);
        check("2026-02-28T12:00:00Z", None, day);
        // Minutes are not kept for ever.
        let week = ("2026-02-22T11:30:00Z", "2026-02-22T12:40:00Z", TrafficStep::Hour);
        check("2026-02-22T12:00:00Z", Some("2026-02-22T12:10:00Z"), week);
        let season = ("2025-11-30T23:00:00Z", noon, TrafficStep::Day);
        check("2025-12-01T00:00:00Z", None, season);
        let years = ("2025-01-25T12:00:00Z", noon, TrafficStep::Day);
        check("2020-01-01T00:00:00Z", None, years);
    }
}
