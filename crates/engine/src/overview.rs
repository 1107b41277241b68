//! The overview of a project: is anything wrong, since when, and whom does it concern.
//!
//! Nothing is counted for it: what came in and went out stands in the tallies, what waits is looked
//! at lane by lane within bounds, the rest is in memory. So it costs the same with a million
//! deliveries as with none.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::connection::Connection;
use fieldpost_model::incident::{Incident, IncidentKind};
use fieldpost_model::source::Source;
use fieldpost_model::tally::{TallyKind, TallyNoun, TallySpan};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::definition::{Problem, connection_warnings};
use fieldpost_store::{Backlog, Lane, Pause, StoreError, TallyQuery};

use crate::error::HubError;
use crate::health::{IncidentStanding, LastTimes, LatestTries};
use crate::hub::Hub;
use crate::routing::ProjectRouting;
use crate::watch::Unreached;

/// How far back `today` may begin: wherever the reader is, its midnight is nearer.
pub const LONGEST_TODAY: Duration = Duration::from_hours(48);
/// A source from which nothing came for so long is quiet.
const QUIET_AFTER: Duration = Duration::from_hours(24);
/// The time of `last_hour`.
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

fieldpost_model::names! {
    /// How a source is.
    pub enum SourceState {
        /// Messages come in.
        Well = "well",
        /// Something is expected of it, and does not come: there is an incident.
        Silent = "silent",
        /// Nothing came for a day, and nothing is expected.
        Quiet = "quiet",
        /// Nothing ever came.
        Never = "never",
    }
}

fieldpost_model::names! {
    /// How a connection is.
    pub enum ConnectionState {
        /// Deliveries arrive.
        Well = "well",
        /// Its destination does not take what it is sent, or is left alone for a while.
        InTrouble = "in_trouble",
        /// It is paused, or its project or the hub is.
        Paused = "paused",
        /// Nothing is sent to it, and nothing waits.
        Idle = "idle",
    }
}

/// How often something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Since the beginning of today.
    pub today: u64,
    /// In the last sixty minutes.
    pub last_hour: u64,
}

/// A project at one look.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Since when `today` counts.
    pub today_since: Timestamp,
    /// Messages that came in.
    pub received: Counts,
    /// Deliveries that arrived.
    pub delivered: Counts,
    /// Messages of today that could not be read.
    pub quarantined_today: u64,
    /// Deliveries that ended today without having arrived.
    pub given_up_today: u64,
    /// Deliveries that wait, those of each lane counted within bounds.
    pub waiting: u64,
    /// Whether there are more.
    pub waiting_is_more: bool,
    /// Since when the oldest of them waits, and for which connection.
    pub oldest_waiting: Option<(Timestamp, String)>,
    /// Incidents that last.
    pub incidents_open: usize,
    /// The ways in.
    pub sources: Vec<SourceShown>,
    /// The ways out.
    pub connections: Vec<ConnectionShown>,
}

/// A source at one look.
#[derive(Clone, Debug)]
pub struct SourceShown {
    /// The source.
    pub source: Source,
    /// When the last message came in.
    pub last_received_at: Option<Timestamp>,
    /// Messages of today.
    pub today: u64,
    /// How it is.
    pub state: SourceState,
    /// The incident that lasts.
    pub incident: Option<Incident>,
}

/// A connection at one look.
#[derive(Clone, Debug)]
pub struct ConnectionShown {
    /// Its name.
    pub name: String,
    /// When the last delivery arrived, and when a try failed last.
    pub tries: LatestTries,
    /// Whether all tries of late failed.
    pub is_failing: bool,
    /// Deliveries that arrived today.
    pub today: u64,
    /// Tries that failed today.
    pub failed_today: u64,
    /// Deliveries that wait for it, those of paused forwarders included.
    pub waiting: u64,
    /// Whether there are more.
    pub waiting_is_more: bool,
    /// Since when the oldest of them waits.
    pub oldest_waiting_since: Option<Timestamp>,
    /// When the next of them is tried; `None` where nothing waits, or a pause has to end first.
    pub next_try_at: Option<Timestamp>,
    /// How it is.
    pub state: ConnectionState,
    /// Since when it is in trouble.
    pub since: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The incident that lasts.
    pub incident: Option<Incident>,
    /// How that stands.
    pub standing: IncidentStanding,
    /// Since when its own pause or the project's lasts, who began it and why, as far as it was kept.
    pub pause: Option<Pause>,
    /// What is allowed, and likely to be regretted.
    pub warnings: Vec<Problem>,
}

/// What was counted, for one look.
pub(crate) struct Counted {
    today: HashMap<(TallyNoun, TallyKind, String), u64>,
    last_hour: HashMap<(TallyNoun, TallyKind), u64>,
    pub(crate) last: LastTimes,
}

impl Counted {
    /// How often it happened today.
    pub(crate) fn of(&self, noun: TallyNoun, kind: TallyKind, name: &str) -> u64 {
        self.today.get(&(noun, kind, name.to_owned())).copied().unwrap_or(0)
    }

    fn all_of(&self, noun: TallyNoun, kind: TallyKind) -> Counts {
        let of_kind = self.today.iter().filter(|((n, k, _), _)| (*n, *k) == (noun, kind));
        Counts {
            today: of_kind.map(|(_, count)| count).sum(),
            last_hour: self.last_hour.get(&(noun, kind)).copied().unwrap_or(0),
        }
    }
}

impl Hub {
    /// A project at one look. `today` is since when today counts: midnight UTC unless given, and no
    /// earlier than [`LONGEST_TODAY`] ago.
    pub async fn overview(
        &self,
        project: &str,
        today: Option<Timestamp>,
    ) -> Result<Overview, HubError> {
        Ok(self.look_at(project, today).await?.0)
    }

    /// The same, with what was counted for it.
    pub(crate) async fn look_at(
        &self,
        project: &str,
        today: Option<Timestamp>,
    ) -> Result<(Overview, Counted), HubError> {
        let routing = self.project(project).await?;
        let now = self.now();
        let since = today.unwrap_or_else(|| floor(now, Duration::from_hours(24)));
        let since = floor(since.max(now - LONGEST_TODAY), MINUTE);
        let counted = self.counted(project, since, now).await?;
        let backlogs = self.store().backlogs(project).await?;
        let incidents = self.store().open_incidents_of(project).await?;
        let unreached = self.unreached(project).await?;
        let definition = &routing.definition;
        let connections: Vec<ConnectionShown> = definition
            .connections
            .iter()
            .map(|connection| {
                let seen = Seen { counted: &counted, backlogs: &backlogs, incidents: &incidents };
                self.connection_shown(&routing, connection, &seen, &unreached)
            })
            .collect();
        let oldest = connections.iter().filter_map(|shown| {
            shown.oldest_waiting_since.map(|since| (since, shown.name.clone()))
        });
        let oldest_waiting = oldest.min();
        let all = |noun, kind| counted.all_of(noun, kind);
        let overview = Overview {
            today_since: since,
            received: all(TallyNoun::Source, TallyKind::Received),
            delivered: all(TallyNoun::Connection, TallyKind::Delivered),
            quarantined_today: all(TallyNoun::Source, TallyKind::Quarantined).today,
            given_up_today: all(TallyNoun::Connection, TallyKind::GivenUp).today,
            waiting: backlogs.iter().map(|backlog| backlog.waiting).sum(),
            waiting_is_more: backlogs.iter().any(|backlog| backlog.is_more),
            oldest_waiting,
            incidents_open: incidents.len(),
            sources: self.sources_shown(&routing, &counted, &incidents).await?,
            connections,
        };
        Ok((overview, counted))
    }

    /// What was counted since the beginning of today and in the last hour.
    async fn counted(
        &self,
        project: &str,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Counted, StoreError> {
        // Read first: a try that is told of here is counted in what is read after it, since both are
        // written at once.
        let last = self.last_times(project).await?;
        let whole = Duration::MAX;
        let mut today = HashMap::new();
        for (span, from, until) in of_range(since, now) {
            let query = TallyQuery { span, from, until, step: whole, by_name: true };
            for tally in self.store().tallies(project, &query).await? {
                *today.entry((tally.noun, tally.kind, tally.name)).or_default() += tally.count;
            }
        }
        let from = floor(now, MINUTE) + MINUTE - HOUR;
        let (span, until) = (TallySpan::Minute, now + MINUTE);
        let query = TallyQuery { span, from, until, step: whole, by_name: false };
        let last_hour = self.store().tallies(project, &query).await?;
        Ok(Counted {
            today,
            last_hour: last_hour
                .into_iter()
                .map(|tally| ((tally.noun, tally.kind), tally.count))
                .collect(),
            last,
        })
    }

    async fn sources_shown(
        &self,
        routing: &ProjectRouting,
        counted: &Counted,
        incidents: &[Incident],
    ) -> Result<Vec<SourceShown>, StoreError> {
        let mut shown = Vec::with_capacity(routing.definition.sources.len());
        for source in &routing.definition.sources {
            let last = counted.last.of(TallyNoun::Source, TallyKind::Received, &source.name);
            let last_received_at = match last {
                Some(at) => Some(at),
                // What came in before anything was counted.
                None => self.store().last_received(&routing.project, &source.name).await?,
            };
            let incident = incident_about(incidents, IncidentKind::Silence, &source.name);
            let state = match (last_received_at, &incident) {
                (_, Some(_)) => SourceState::Silent,
                (None, None) => SourceState::Never,
                (Some(at), None) if self.now().since(at) > QUIET_AFTER => SourceState::Quiet,
                (Some(_), None) => SourceState::Well,
            };
            let today = counted.of(TallyNoun::Source, TallyKind::Received, &source.name);
            let source = source.clone();
            shown.push(SourceShown { source, last_received_at, today, state, incident });
        }
        Ok(shown)
    }

    fn connection_shown(
        &self,
        routing: &ProjectRouting,
        connection: &Connection,
        seen: &Seen<'_>,
        unreached: &Unreached,
    ) -> ConnectionShown {
        let name = &connection.name;
        let lanes: Vec<&Backlog> =
            seen.backlogs.iter().filter(|backlog| leads_to(routing, &backlog.lane, name)).collect();
        let waiting = lanes.iter().map(|backlog| backlog.waiting).sum();
        let incident = incident_about(seen.incidents, IncidentKind::Connection, name);
        let lane = Lane { project: routing.project.clone(), name: name.clone() };
        let open = self.standings().get(&lane).and_then(|standing| standing.open);
        let today = seen.counted.of(TallyNoun::Connection, TallyKind::Delivered, name);
        let state = if self.holds_back(routing, connection) {
            ConnectionState::Paused
        } else if incident.is_some() || open.is_some() {
            ConnectionState::InTrouble
        } else if today == 0 && waiting == 0 {
            ConnectionState::Idle
        } else {
            ConnectionState::Well
        };
        let again_at =
            open.and_then(|(_, again_in)| again_in).map(|again_in| self.now() + again_in);
        let own = lanes.iter().find(|backlog| backlog.lane == *name);
        let due =
            own.and_then(|backlog| backlog.next_at).filter(|_| state != ConnectionState::Paused);
        let mut warnings = connection_warnings(connection);
        warnings.extend(unreached.warnings(connection));
        let last = incident.as_ref().and_then(|incident| incident.last.as_ref());
        let tries = seen.counted.last.tries(TallyNoun::Connection, name);
        let standing = incident.as_ref().map(|it| self.incident_standing(routing, it));
        ConnectionShown {
            is_failing: tries.are_failing(self.now()),
            tries,
            today,
            failed_today: seen.counted.of(TallyNoun::Connection, TallyKind::FailedTry, name),
            standing: standing.unwrap_or_default(),
            pause: self.pause_of(routing, connection).cloned(),
            waiting,
            waiting_is_more: lanes.iter().any(|backlog| backlog.is_more),
            oldest_waiting_since: lanes.iter().filter_map(|backlog| backlog.oldest).min(),
            next_try_at: due.map(|due| again_at.map_or(due, |again_at| due.max(again_at))),
            state,
            since: incident.as_ref().map(|incident| incident.opened_at),
            last_error: last.and_then(|last| last.error.clone()),
            name: name.clone(),
            incident,
            warnings,
        }
    }
}

/// What one look has seen.
struct Seen<'s> {
    counted: &'s Counted,
    backlogs: &'s [Backlog],
    incidents: &'s [Incident],
}

/// Whether what waits in a lane goes to a connection: the lane is its own, or that of a paused
/// forwarder that sends to it.
fn leads_to(routing: &ProjectRouting, lane: &str, connection: &str) -> bool {
    lane == connection
        || routing
            .definition
            .forwarders
            .iter()
            .any(|forwarder| forwarder.to == connection && Lane::parking(&forwarder.name) == lane)
}

fn incident_about(incidents: &[Incident], kind: IncidentKind, subject: &str) -> Option<Incident> {
    incidents.iter().find(|one| one.kind == kind && one.subject == subject).cloned()
}

/// The last whole multiple of a time before this one.
pub(crate) fn floor(time: Timestamp, step: Duration) -> Timestamp {
    let step = i64::try_from(step.as_micros()).unwrap_or(i64::MAX).max(1);
    Timestamp(time.0 - time.0.rem_euclid(step))
}

/// The counts that make up the time from a minute on until now: its minutes up to the next full hour,
/// and the hours from there on.
fn of_range(since: Timestamp, now: Timestamp) -> Vec<(TallySpan, Timestamp, Timestamp)> {
    let hour = floor(since, HOUR);
    let first_hour = if hour == since { hour } else { hour + HOUR };
    let minutes = (TallySpan::Minute, since, first_hour);
    let hours = (TallySpan::Hour, first_hour, now + MINUTE);
    [minutes, hours].into_iter().filter(|(_, from, until)| from < until).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(&format!("2026-03-01T{text}Z")).unwrap()
    }

    #[track_caller]
    fn check(since: &str, expected: &[(TallySpan, &str, &str)]) {
        let expected: Vec<_> =
            expected.iter().map(|(span, from, until)| (*span, time(from), time(until))).collect();
        assert_eq!(of_range(time(since), time("14:20:00")), expected, "{since}");
    }

    #[test]
    fn a_day_that_begins_within_an_hour_is_counted_from_there() {
        let (minutes, hours) = (TallySpan::Minute, TallySpan::Hour);
        check("00:00:00", &[(hours, "00:00:00", "14:21:00")]);
        check("05:30:00", &[(minutes, "05:30:00", "06:00:00"), (hours, "06:00:00", "14:21:00")]);
        check("14:05:00", &[(minutes, "14:05:00", "15:00:00")]);
    }
}
