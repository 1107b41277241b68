//! Telling what happened: hints for whoever listens, here and at other hubs.
//!
//! What a message brought is noted before the message is handed over, and told when it is committed.

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::incident::IncidentState;
use fieldpost_model::message::MessageState;
use fieldpost_model::run::RunState;
use uuid::Uuid;

use crate::Store;
use crate::bulk::BulkState;
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::filing::Filing;
use crate::records::{Accept, Accepted, Lane, NewDelivery};
use crate::statement::Parameter;

/// Cases of one message that are told of, or submissions of one erasure. A form may touch thousands; whoever
/// watches looks at the list again after the first.
const MOST_CASES_TOLD: usize = 20;
/// Ids that one query looks for.
const AT_ONCE: usize = 200;

/// Something that happened in the store, told to whoever listens. A hint: it can be missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A message was kept, quarantined or found to be a duplicate.
    Message {
        /// The project.
        project: ProjectName,
        /// The message.
        id: Uuid,
        /// What became of it.
        state: MessageState,
    },
    /// A delivery was made or changed its state.
    Delivery {
        /// The project.
        project: ProjectName,
        /// The delivery.
        id: Uuid,
        /// Where it stands.
        state: DeliveryState,
    },
    /// An incident was opened, told of again, or is over.
    Incident {
        /// The project.
        project: ProjectName,
        /// The incident.
        id: Uuid,
        /// Whether it lasts.
        state: IncidentState,
    },
    /// An action over many was started, has come further, or is over.
    Action {
        /// The project.
        project: ProjectName,
        /// The action.
        id: Uuid,
        /// Where it stands.
        state: BulkState,
    },
    /// Something was written into the audit log of a project.
    Audit {
        /// The project.
        project: ProjectName,
        /// The entry.
        id: Uuid,
    },
    /// A submission was filed, or a new version of one, or something of it was erased.
    Submission {
        /// The project.
        project: ProjectName,
        /// The submission.
        id: Uuid,
        /// The name of its form.
        form: String,
    },
    /// A case was made or changed by a form, or something of it was erased.
    Case {
        /// The project.
        project: ProjectName,
        /// The case.
        id: String,
        /// Its type; empty while no form has created it.
        case_type: String,
    },
    /// A run of a workflow was made, taken, has come further, or has ended. So something of its workflow may
    /// be due.
    Run {
        /// The project.
        project: ProjectName,
        /// The run.
        id: Uuid,
        /// Its workflow.
        workflow: String,
        /// Where it stands.
        state: RunState,
    },
    /// Somebody wants a run ended that a hub has.
    CancelRun {
        /// The project.
        project: ProjectName,
        /// The run.
        id: Uuid,
    },
    /// A lane may have something due.
    Due(Lane),
    /// A person wants a lane tried now, however its destination was a moment ago.
    TryNow(Lane),
    /// A project's definitions changed.
    Configuration(ProjectName),
}

/// What there is to tell once a message is kept, noted before the message is handed over.
pub(crate) struct Told {
    pub(crate) project: ProjectName,
    id: Uuid,
    deliveries: Vec<(Uuid, Option<Lane>)>,
    runs: Vec<(Uuid, String)>,
    filed: Vec<Signal>,
}

impl From<&Accept> for Told {
    fn from(accept: &Accept) -> Self {
        let lane = |delivery: &NewDelivery| {
            let name = delivery.connection.clone();
            (!delivery.parked).then(|| Lane { project: accept.project.clone(), name })
        };
        let deliveries = accept.deliveries.iter();
        let filing = accept.filing.as_deref();
        Self {
            project: accept.project.clone(),
            id: accept.message.id,
            deliveries: deliveries.map(|delivery| (delivery.id, lane(delivery))).collect(),
            runs: accept.runs.iter().map(|run| (run.id, run.workflow.clone())).collect(),
            filed: filing.map(|filing| filed(&accept.project, filing)).unwrap_or_default(),
        }
    }
}

/// What is told of the submissions and cases of a message.
pub(crate) fn filed(project: &ProjectName, filing: &Filing) -> Vec<Signal> {
    let submissions = filing.submissions.iter().map(|filed| Signal::Submission {
        project: project.clone(),
        id: filed.id,
        form: filed.form.clone(),
    });
    let cases = filing.cases.iter().take(MOST_CASES_TOLD).map(|filed| Signal::Case {
        project: project.clone(),
        id: filed.case.id.clone(),
        case_type: filed.case.case_type.clone(),
    });
    submissions.chain(cases).collect()
}

impl Store {
    /// What is to be told once these submissions, or what they have said of cases, are erased. It is looked up
    /// before: then nothing says any more what they were.
    pub(crate) async fn erased_of(
        &self,
        project: &str,
        submissions: &[Uuid],
    ) -> Result<Vec<Signal>, StoreError> {
        let (mut told, mut cases) = (Vec::new(), Vec::new());
        for ids in submissions.chunks(AT_ONCE) {
            let listed = places(2, ids.len());
            let parameters = || with_ids(vec![project.into()], ids);
            let sql = format!(
                "SELECT id, form FROM submissions WHERE project = $1 AND id IN ({listed}) LIMIT {}",
                MOST_CASES_TOLD.saturating_sub(told.len())
            );
            let found = self.query(sql, parameters(), |row| Ok((row.id(0)?, row.text(1)?))).await?;
            let signal =
                |(id, form)| Signal::Submission { project: ProjectName::from(project), id, form };
            told.extend(found.into_iter().map(signal));
            let touched = format!(
                "IN (SELECT h.case_id FROM case_changes h
                     WHERE h.project = $1 AND h.submission IN ({listed}))"
            );
            cases.extend(self.cases_told(project, &touched, parameters(), cases.len()).await?);
            if told.len().min(cases.len()) == MOST_CASES_TOLD {
                break;
            }
        }
        told.append(&mut cases);
        Ok(told)
    }

    /// What is to be told of these cases, beside so many others.
    pub(crate) async fn cases_told(
        &self,
        project: &str,
        are_these: &str,
        parameters: Vec<Parameter>,
        others: usize,
    ) -> Result<Vec<Signal>, StoreError> {
        let sql = format!(
            "SELECT id, case_type FROM cases WHERE project = $1 AND id {are_these} LIMIT {}",
            MOST_CASES_TOLD.saturating_sub(others)
        );
        let found = self.query(sql, parameters, |row| Ok((row.text(0)?, row.text(1)?))).await?;
        let signal = |(id, case_type)| Signal::Case { project: project.into(), id, case_type };
        Ok(found.into_iter().map(signal).collect())
    }

    /// Tells what was noted before.
    pub(crate) fn tell_all(&self, signals: Vec<Signal>) {
        for signal in signals {
            self.signal(signal);
        }
    }

    /// Tells of a message what it was found to be, and what it brought where it was kept.
    pub(crate) fn tell(&self, told: Told, accepted: &Accepted) {
        let Told { project, id, deliveries, runs, filed } = told;
        let (id, state) = match accepted {
            Accepted::Stale | Accepted::QuarantineFull => return,
            Accepted::Kept { .. } => (id, MessageState::Kept),
            Accepted::Duplicate { .. } => (id, MessageState::Duplicate),
            Accepted::Quarantined { id, .. } => (*id, MessageState::Quarantined),
        };
        self.signal(Signal::Message { project: project.clone(), id, state });
        if state != MessageState::Kept {
            return;
        }
        // What work hangs on comes first: what comes last is what is missed where much is told.
        for (id, lane) in deliveries {
            let project = project.clone();
            self.signal(Signal::Delivery { project, id, state: DeliveryState::Pending });
            if let Some(lane) = lane {
                self.signal(Signal::Due(lane));
            }
        }
        for (id, workflow) in runs {
            self.told_run(&project, id, &workflow, RunState::Available);
        }
        self.tell_all(filed);
    }
}
