//! How a project's lanes stand, and what a person can do about one: the dispatcher's view of the
//! moment beside what the store says of the backlog.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::connection::{Connection, Rate};
use fieldpost_model::time::Timestamp;
use fieldpost_store::{DefinitionKind, Lane, LaneBacklog, Pause};

use crate::error::HubError;
use crate::hub::Hub;
use crate::lanes::Standing;
use crate::lanes::breaker::Cause;
use crate::routing::ProjectRouting;

fieldpost_model::names! {
    /// How a lane stands.
    pub enum LaneState {
        /// What is due is sent.
        Open = "open",
        /// Its connection or its project is paused.
        Paused = "paused",
        /// It is left alone until a time: its calls failed, or its destination asked for it.
        LeftAlone = "left-alone",
        /// One call is let through, to see how the destination is.
        Probing = "probing",
    }
}

fieldpost_model::names! {
    /// Whose pause holds a lane back.
    pub enum PausedBy {
        /// The project's.
        Project = "project",
        /// The connection's own.
        Connection = "connection",
        /// The hub's: it holds back all that leaves it.
        Hub = "hub",
    }
}

/// A lane, as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneShown {
    /// The connection whose lane it is.
    pub connection: String,
    /// How it stands.
    pub state: LaneState,
    /// Why it is left alone or probed.
    pub cause: Option<Cause>,
    /// When it is tried again.
    pub again_at: Option<Timestamp>,
    /// Calls under way from this hub.
    pub under_way: usize,
    /// What waits in it.
    pub backlog: LaneBacklog,
    /// Whose pause holds it back.
    pub paused_by: Option<PausedBy>,
    /// Since when that lasts, who began it and why, as far as it was kept.
    pub pause: Option<Pause>,
    /// How many deliveries wait beside it, since the forwarders that send them to it are paused.
    /// Each forwarder's are counted as far as those of a lane.
    pub parked: u64,
    /// How often its destination is called at most.
    pub rate: Option<Rate>,
}

impl Hub {
    /// How the lanes of a project stand at this hub, in the order of its connections.
    pub async fn lanes(&self, project: &str) -> Result<Vec<LaneShown>, HubError> {
        let routing = self.project(project).await?;
        let standings = self.standings();
        let backlogs = self.store().lane_backlogs(&routing.project).await?;
        let mut shown = Vec::new();
        for connection in &routing.definition.connections {
            let lane = Lane { project: routing.project.clone(), name: connection.name.clone() };
            let mut standing = standings.get(&lane).copied().unwrap_or_default();
            // The definitions are newer than what the dispatcher last showed.
            standing.paused = self.holds_back(&routing, connection);
            let backlog = backlogs.get(&lane.name).copied().unwrap_or_default();
            let lane = self.lane_shown(lane, &standing, backlog);
            shown.push(LaneShown {
                paused_by: self.paused_by(&routing, connection),
                pause: self.pause_of(&routing, connection).cloned(),
                parked: parked(&routing, connection, &backlogs),
                rate: connection.rate,
                ..lane
            });
        }
        Ok(shown)
    }

    fn lane_shown(&self, lane: Lane, standing: &Standing, backlog: LaneBacklog) -> LaneShown {
        let again_in = standing.open.and_then(|(_, again_in)| again_in);
        let state = match (standing.paused, standing.open) {
            (true, _) => LaneState::Paused,
            (false, None) => LaneState::Open,
            (false, Some((_, Some(again_in)))) if again_in > Duration::ZERO => LaneState::LeftAlone,
            (false, Some(_)) => LaneState::Probing,
        };
        LaneShown {
            connection: lane.name,
            state,
            cause: standing.open.map(|(cause, _)| cause),
            again_at: again_in
                .filter(|_| state == LaneState::LeftAlone)
                .map(|again_in| self.now() + again_in),
            under_way: standing.under_way,
            backlog,
            paused_by: None,
            pause: None,
            parked: 0,
            rate: None,
        }
    }

    /// Whether nothing is sent to a connection at present: somebody paused it, its project, or
    /// everything that leaves this hub, or nobody can read how its project is defined today.
    pub(crate) fn holds_back(&self, project: &ProjectRouting, connection: &Connection) -> bool {
        self.is_unreadable(&project.project) || self.paused_by(project, connection).is_some()
    }

    /// Whose pause holds a connection back.
    pub fn paused_by(&self, project: &ProjectRouting, connection: &Connection) -> Option<PausedBy> {
        [
            (project.definition.settings.paused, PausedBy::Project),
            (connection.paused, PausedBy::Connection),
            (self.settings().hold_deliveries, PausedBy::Hub),
        ]
        .into_iter()
        .find_map(|(is_paused, by)| is_paused.then_some(by))
    }

    /// What is kept of the pause that holds a connection back.
    pub(crate) fn pause_of<'r>(
        &self,
        routing: &'r ProjectRouting,
        connection: &Connection,
    ) -> Option<&'r Pause> {
        match self.paused_by(routing, connection)? {
            PausedBy::Project => routing.pause(DefinitionKind::Project, &routing.project),
            PausedBy::Connection => routing.pause(DefinitionKind::Connection, &connection.name),
            PausedBy::Hub => None,
        }
    }

    /// Has a lane tried now, whatever its breaker says.
    pub async fn try_now(&self, project: &str, connection: &str) -> Result<(), HubError> {
        let routing = self.project(project).await?;
        if !routing.definition.connections.iter().any(|other| other.name == connection) {
            return Err(HubError::not_found("connection", &connection));
        }
        let lane = Lane { project: routing.project.clone(), name: connection.to_owned() };
        Ok(self.store().try_now(&lane).await?)
    }

    /// Makes everything due that waits for the connections named: they were resumed.
    pub(crate) async fn send_waiting(
        &self,
        project: &str,
        connections: impl IntoIterator<Item = &str>,
    ) -> Result<(), HubError> {
        for connection in connections {
            let lane = Lane { project: project.into(), name: connection.to_owned() };
            while self.store().make_due(&lane).await? > 0 {
                if self.stopping().is_cancelled() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// How many deliveries wait for paused forwarders that send to a connection.
fn parked(
    routing: &ProjectRouting,
    connection: &Connection,
    backlogs: &HashMap<String, LaneBacklog>,
) -> u64 {
    let forwarders = routing.definition.forwarders.iter();
    forwarders
        .filter(|one| one.paused && one.to == connection.name)
        .filter_map(|one| backlogs.get(&Lane::parking(&one.name)))
        .map(|backlog| backlog.waiting)
        .sum()
}
