//! Trouble sets workflows off: a delivery that ended without having arrived, an incident that was opened
//! or is over.
//!
//! Their runs are kept in the transaction that counts the ending or changes the incident, by whichever hub
//! does that: so there is one run for each workflow and each such thing, and none is lost. What a run
//! begins with is what a webhook would be told.
//!
//! Nothing goes round for ever by this. A run of a delivery that ended has passed through one hub more than
//! its message, and after [`MAX_HOPS`](fieldpost_rules::order::MAX_HOPS) of them nothing is set off any
//! more; an incident is opened once, whatever fails while it lasts.

use fieldpost_model::incident::{Incident, IncidentKind, NoticeKind, Sample, Sighting};
use fieldpost_model::json::Value;
use fieldpost_model::run::{RunInput, RunOrigin};
use fieldpost_model::workflow::{Trigger, Trouble, Workflow};
use fieldpost_rules::order::{order_of_run, too_many_hops};
use fieldpost_store::{EndedDelivery, NewRun, StoreError};
use uuid::Uuid;

use crate::hub::Hub;
use crate::ids::new_id;
use crate::routing::ProjectRouting;
use crate::watch::destinations::bounded;
use crate::watch::words::{EndedBy, optional};

/// The workflows that a kind of trouble sets off.
fn listeners(project: &ProjectRouting, trouble: Trouble) -> impl Iterator<Item = &Workflow> {
    let workflows = project.definition.workflows.iter();
    workflows.filter(move |workflow| workflow.trigger == Trigger::Trouble(trouble))
}

impl Hub {
    /// The runs that deliveries set off which ended without having arrived, each with the message that it
    /// tells of.
    pub(super) fn runs_of_endings(
        &self,
        project: &ProjectRouting,
        ended: &[EndedDelivery],
    ) -> Vec<(Option<Uuid>, NewRun)> {
        let mut runs = Vec::new();
        for workflow in listeners(project, Trouble::DeliveryEnded) {
            for ended in ended {
                let hops = ended.hops.saturating_add(1);
                if let Some(reason) = too_many_hops(hops) {
                    tracing::warn!(
                        project = &*project.project,
                        workflow = workflow.name,
                        delivery = %ended.delivery,
                        "a delivery that ended sets off no run: {reason}"
                    );
                    continue;
                }
                let told = delivery(ended);
                let state = project.envelope("delivery.ended", self.now(), ("delivery", told));
                let run = self.run_of_trouble(workflow, &state, ended.key.clone(), hops);
                // What it tells is about the message, and goes with it; where it is about a case, with that.
                runs.push((ended.message, NewRun { payload: ended.payload, ..run }));
            }
        }
        runs
    }

    /// The runs that a change of an incident sets off.
    pub(super) async fn runs_of_incident(
        &self,
        project: &ProjectRouting,
        incident: &Incident,
        kind: NoticeKind,
        ended_by: EndedBy,
    ) -> Result<Vec<NewRun>, StoreError> {
        let trouble = match kind {
            NoticeKind::Recovered => Trouble::IncidentClosed,
            _ => Trouble::IncidentOpened,
        };
        if listeners(project, trouble).next().is_none() {
            return Ok(Vec::new());
        }
        let told = told_to_runs(incident);
        let (_, telling) = self.telling(project, &told, kind, ended_by).await?;
        let subject = Some(incident.subject.clone());
        Ok(listeners(project, trouble)
            .map(|workflow| self.run_of_trouble(workflow, &telling.payload, subject.clone(), 0))
            .collect())
    }

    fn run_of_trouble(
        &self,
        workflow: &Workflow,
        data: &Value<'static>,
        key: Option<String>,
        hops: u32,
    ) -> NewRun {
        let state = Value::object([("data", data.clone())]).to_json();
        NewRun {
            state: Some(state.into()),
            key,
            order_key: order_of_run(workflow.order_by, None, None),
            hops,
            ..NewRun::new(new_id(self.now()), &workflow.name, RunOrigin::Event, RunInput::State)
        }
    }
}

/// An incident as runs are told of it. What a call said of a submission is kept with the incident alone, which loses
/// it with the submission; a run would keep it longer, and reads it there while it may.
fn told_to_runs(incident: &Incident) -> Incident {
    let mut told = incident.clone();
    if told.kind == IncidentKind::Call {
        told.last = told.last.map(|last| Sighting {
            error: None,
            url: None,
            sample: last.sample.map(|sample| Sample { key: None, ..sample }),
            ..last
        });
    }
    told
}

fn delivery(ended: &EndedDelivery) -> Value<'static> {
    Value::object([
        ("id", Value::from(ended.delivery.to_string())),
        ("state", ended.state.name().into()),
        ("connection", ended.connection.clone().into()),
        ("forwarder", optional(ended.forwarder.clone())),
        ("message", optional(ended.message)),
        ("key", optional(ended.key.clone())),
        ("error", optional(ended.error.as_deref().map(bounded))),
    ])
}
