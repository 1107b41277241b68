//! Whether what is sent to is well, as far as incidents do not say it: what its latest tries came to
//! before there is an incident, and how one that lasts stands today.
//!
//! Nothing is asked of the destination for it, and nothing counted: when something was last taken and
//! when a try last failed is written with the tallies, and so it is up to two seconds behind.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::incident::Incident;
use fieldpost_model::tally::{TallyKind, TallyNoun};
use fieldpost_model::time::Timestamp;
use fieldpost_store::{LastTime, StoreError};

use crate::hub::Hub;
use crate::routing::ProjectRouting;
use crate::standing::PausedBy;

/// A failure says something of all tries when nothing has been taken for so long: where much is sent,
/// a refused payload among many that are taken is no news.
const FAILING_AFTER: Duration = Duration::from_secs(10);
/// A failure that is older says nothing of today. No pause between two tries is as long by default.
const FAILING_UNTIL: Duration = Duration::from_hours(24);

/// When the latest tries were, of a connection or a forwarder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LatestTries {
    /// When a delivery last arrived.
    pub delivered_at: Option<Timestamp>,
    /// When a try last failed.
    pub failed_at: Option<Timestamp>,
}

impl LatestTries {
    /// Whether all tries of late failed: the last one did, and nothing has arrived for a while.
    pub fn are_failing(&self, now: Timestamp) -> bool {
        let Some(failed_at) = self.failed_at else { return false };
        now.since(failed_at) < FAILING_UNTIL
            && self.delivered_at.is_none_or(|at| failed_at >= at + FAILING_AFTER)
    }
}

/// When each thing that is counted happened last, of all that a project defines.
#[derive(Clone, Debug, Default)]
pub struct LastTimes(HashMap<(TallyNoun, TallyKind, String), Timestamp>);

impl LastTimes {
    pub(crate) fn of(&self, noun: TallyNoun, kind: TallyKind, name: &str) -> Option<Timestamp> {
        self.0.get(&(noun, kind, name.to_owned())).copied()
    }

    /// The latest tries of a connection or a forwarder.
    pub fn tries(&self, noun: TallyNoun, name: &str) -> LatestTries {
        LatestTries {
            delivered_at: self.of(noun, TallyKind::Delivered, name),
            failed_at: self.of(noun, TallyKind::FailedTry, name),
        }
    }
}

/// That a destination takes something again, while its incident lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovering {
    /// When it last did.
    pub worked_at: Timestamp,
    /// When the incident is over, if nothing fails until then.
    pub over_at: Timestamp,
}

/// How an incident that lasts stands today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IncidentStanding {
    /// That it seems to be over, where it does.
    pub recovering: Option<Recovering>,
    /// Whose pause keeps its destination from being called, so that it cannot end by itself.
    pub paused_by: Option<PausedBy>,
}

impl Hub {
    /// When each thing that is counted happened last.
    pub async fn last_times(&self, project: &str) -> Result<LastTimes, StoreError> {
        let last = self.store().last_times(project).await?.into_iter();
        Ok(LastTimes(
            last.map(|LastTime { noun, kind, name, at }| ((noun, kind, name), at)).collect(),
        ))
    }

    /// How an incident stands; one that is over, or about a source, stands nohow.
    pub fn incident_standing(
        &self,
        routing: &ProjectRouting,
        incident: &Incident,
    ) -> IncidentStanding {
        let found = routing.connection_of(incident);
        let Some(connection) = found.filter(|_| incident.recovered_at.is_none()) else {
            return IncidentStanding::default();
        };
        let over_at = incident.last_seen_at() + connection.incident.window;
        IncidentStanding {
            recovering: incident
                .recovering_at()
                .map(|worked_at| Recovering { worked_at, over_at: over_at.max(worked_at) }),
            paused_by: self.paused_by(routing, connection),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(delivered_at: Option<i64>, failed_at: Option<i64>, expected: bool) {
        let at = |seconds: i64| Timestamp(seconds * 1_000_000);
        let tries =
            LatestTries { delivered_at: delivered_at.map(at), failed_at: failed_at.map(at) };
        assert_eq!(tries.are_failing(at(100_000)), expected, "{tries:?}");
    }

    #[test]
    fn tries_fail_where_the_last_did_and_nothing_has_arrived_for_a_while() {
        check(None, None, false);
        check(Some(99_000), None, false);
        check(None, Some(99_000), true);
        check(Some(98_990), Some(99_000), true);
        check(Some(98_991), Some(99_000), false);
        check(Some(99_001), Some(99_000), false);
        check(None, Some(100_000 - 86_400), false);
        check(None, Some(100_001 - 86_400), true);
    }
}
