//! Traffic over time: what came in and went out, for charts.

use std::collections::BTreeMap;
use std::time::Duration;

use fieldpost_model::tally::{TallyKind, TallyNoun, TallySpan};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::series::{self, Counts};
use fieldpost_store::{Tally, TallyQuery};

use crate::error::HubError;
use crate::hub::Hub;
use crate::overview::floor;

/// Names that have a line of their own; those with the least traffic are added up beyond it.
const MOST_NAMES: usize = 50;
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
            Self::FiveMinutes => Duration::from_mins(5),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    /// The longest time that a chart of such steps may show, which goes back no further than what
    /// it is made of is kept.
    pub const fn longest(self) -> Duration {
        match self {
            Self::FiveMinutes => Duration::from_hours(2 * 24),
            Self::Hour => Duration::from_hours(62 * 24),
            Self::Day => Duration::from_hours(400 * 24),
        }
    }

    /// The time that a chart shows where nobody says which.
    pub const fn usual(self) -> Duration {
        match self {
            Self::FiveMinutes => Duration::from_hours(24),
            Self::Hour => Duration::from_hours(7 * 24),
            Self::Day => Duration::from_hours(90 * 24),
        }
    }

    const fn span(self) -> TallySpan {
        match self {
            Self::FiveMinutes => TallySpan::Minute,
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
        let length = step.length();
        let from = floor(from, Duration::from_micros(step.span().microseconds().unsigned_abs()));
        let range = until.since(from).min(step.longest() + length);
        let steps = usize::try_from(range.as_micros().div_ceil(length.as_micros())).unwrap_or(0);
        let until = from + length * u32::try_from(steps).unwrap_or(u32::MAX);
        let query = TallyQuery {
            span: step.span(),
            from,
            until,
            step: length,
            by_name: by != TrafficBy::None,
        };
        let tallies = self.store().tallies(project, &query).await?;
        Ok(Traffic { from, until, step, lines: lines(steps, by, tallies) })
    }
}

/// The lines of a chart. Of the project as a whole each kind has one, even where there is nothing to
/// tell.
fn lines(steps: usize, by: TrafficBy, tallies: Vec<Tally>) -> Vec<TrafficLine> {
    let Some(noun) = by.noun() else {
        let counts =
            tallies.into_iter().map(|tally| ((tally.noun, tally.kind), tally.step, tally.count));
        let mut series = series::lay_out(steps, counts);
        return KINDS
            .into_iter()
            .map(|key| TrafficLine {
                kind: key.1,
                name: None,
                counts: series.remove(&key).unwrap_or_else(|| vec![0; steps]),
            })
            .collect();
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
