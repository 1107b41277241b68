//! What the steps of one run share while it goes on.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fieldpost_model::time::Timestamp;
use fieldpost_outbound::sql::SqlPool;
use fieldpost_rules::order;
use fieldpost_script::host::http::{HttpLimits, HttpService};
use fieldpost_script::host::mail::MailService;
use fieldpost_script::host::sql::SqlService;
use fieldpost_script::host::{Asker, StepHost};
use fieldpost_script::npm::NodePools;
use fieldpost_script::protocol::StepError;
use fieldpost_script::runtime::graph::Edge;
use fieldpost_script::sandbox::Pool;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::collections::CollectionService;
use super::credential::{self, connection_of};
use super::journal::Journal;
use super::prepared::{Prepared, Shelf};
use super::recorder::Recorder;
use super::settings::JobSettings;
use super::suspects::Suspects;
use crate::hub::Hub;
use crate::routing::ProjectRouting;

/// Kilobytes of the states that the runs under way begin with, all together: 64 MiB. Each is held
/// several times on its way through a step.
pub(super) const ROOM_KILOBYTES: usize = 64 * 1_024;

/// What all runs of a hub share.
pub(super) struct Runner {
    pub(super) hub: Hub,
    /// The room for states, in kilobytes.
    pub(super) room: Arc<Semaphore>,
    pub(super) pool: Pool,
    pub(super) recorder: Recorder,
    /// How many runs are under way.
    pub(super) under_way: Arc<AtomicUsize>,
    /// Connections to the databases that jobs speak to.
    pub(super) databases: SqlPool,
    /// Processes for steps with packages of npm.
    pub(super) node: NodePools,
    pub(super) shelf: Shelf,
    pub(super) suspects: Suspects,
    pub(super) settings: JobSettings,
}

/// A run that goes on.
pub(super) struct Going {
    pub(super) run: Uuid,
    pub(super) runner: Arc<Runner>,
    pub(super) prepared: Arc<Prepared>,
    /// The definitions as they were when the run was claimed: whom connections lead to.
    pub(super) routing: Arc<ProjectRouting>,
    pub(super) journal: Mutex<Journal>,
    /// How many hubs the message of the run has passed through. Its requests tell: a workflow that
    /// sends to its own source would else go on without end.
    pub(super) hops: u32,
}

impl Going {
    pub(super) fn now(&self) -> Timestamp {
        self.runner.hub.now()
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The edges that leave a step.
    pub(super) fn graph_edges(&self, step: &str) -> &[Edge] {
        self.prepared.edges(step)
    }

    /// What the step may ask of the hub, and where its log goes.
    pub(super) fn host(self: &Arc<Self>, step: &str, number: u32) -> StepHost<'static> {
        let going = Arc::clone(self);
        let log = move |line| {
            let now = going.now();
            going.journal().log(number, now, line);
        };
        let connection = connection_of(&self.routing, self.prepared.step(step));
        let http = HttpService::new(self.runner.hub.outbound().clone(), HttpLimits::default())
            .of_connection(connection)
            .with_header(order::HOPS_HEADER, self.hops.saturating_add(1).to_string());
        let hub = &self.runner.hub;
        let (store, project) = (Arc::clone(hub.store()), self.routing.project.clone());
        let rehearsal = self.runner.settings.rehearsal.as_ref();
        let asker = Asker {
            workflow: self.prepared.workflow.name.clone(),
            run: self.run,
            step: step.to_owned(),
            number,
        };
        StepHost::new(log)
            .answered_by(rehearsal.map(|it| Arc::clone(&it.stand_in)), asker)
            .with(http)
            .with(self.sql())
            .with(MailService::new(hub.settings().mailer.clone()))
            .with(CollectionService::new(store, project))
    }

    /// Statements, whose answers are bounded as those of all calls are.
    fn sql(&self) -> SqlService {
        let sql = SqlService::new(self.runner.databases.clone());
        sql.with_most_bytes(self.runner.settings.limits.call_bytes)
    }

    /// What becomes `state.configuration` of a step.
    pub(super) async fn configuration(
        &self,
        step: &str,
    ) -> Result<Option<Box<RawValue>>, StepError> {
        let Some(step) = self.prepared.step(step) else { return Ok(None) };
        credential::of_step(&self.runner.hub, &self.routing, step).await
    }
}
