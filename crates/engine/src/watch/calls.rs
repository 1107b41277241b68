//! Calls: from how the calls of lifecycles ended to incidents.
//!
//! A destination that answers is well, whatever it says of one payload; and a delivery that arrived has done its
//! work. For a lifecycle that is not enough: where the program at the far end refuses what it is told, or takes it and
//! says that it is wrong, the submission goes on without having been registered anywhere, and nobody can send it
//! again. So an action whose call fails is in trouble from the first failure on, until one goes well, unless its
//! lifecycle leads elsewhere after such an error: then its author has thought of it. The steps note how calls
//! ended; here the notes become incidents, one for each action, with the submission that failed last.

use std::collections::BTreeMap;
use std::sync::Arc;

use fieldpost_model::ProjectName;
use fieldpost_model::connection::{Connection, IncidentPolicy};
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::incident::{Incident, IncidentKind, IncidentState, Sighting, call_subject};
use fieldpost_model::lifecycle::{ActionKind, Call};
use fieldpost_model::progress::{ActionList, Place};
use fieldpost_store::{CallChange, NotedCallEnd, StoreError};

use crate::actions;
use crate::hub::Hub;
use crate::ids::new_id;
use crate::routing::ProjectRouting;
use crate::watch::destinations::bounded;
use crate::watch::words::EndedBy;

/// Ends of calls that are looked at together.
const AT_ONCE: usize = 200;

/// A call that a lifecycle makes, where an incident is about it.
pub(super) struct KnownCall<'p> {
    /// The form whose lifecycle it is.
    pub(super) form: &'p FormDefinition,
    /// The name of the status, or of the global action, that it stands in.
    pub(super) stands_in: &'p str,
    /// The call.
    pub(super) call: &'p Call,
}

impl ProjectRouting {
    /// The call that an incident is about; `None` where the lifecycle has it no more.
    pub(super) fn call_in_trouble(&self, subject: &str) -> Option<KnownCall<'_>> {
        let (form, _) = subject.split_once('/')?;
        let form = &**self.form_definition(form)?;
        let lifecycle = &form.lifecycle;
        let statuses = lifecycle.statuses.iter().map(|status| {
            (ActionList::Status(status.id.clone()), status.name.as_str(), &status.actions)
        });
        let global = lifecycle.global_actions.iter().map(|action| {
            (ActionList::Global(action.id.clone()), action.name.as_str(), &action.actions)
        });
        statuses.chain(global).find_map(|(list, stands_in, actions)| {
            actions.iter().find_map(|action| match &action.kind {
                ActionKind::Call(call) => {
                    let place = Place { list: list.clone(), action: action.id.clone() };
                    (call_subject(&form.name, &place) == subject).then_some(KnownCall {
                        form,
                        stands_in,
                        call,
                    })
                }
                _ => None,
            })
        })
    }

    /// The connection that an incident is about, or that what it is about goes by; `None` for a source, and for what
    /// is gone.
    pub(crate) fn connection_of(&self, incident: &Incident) -> Option<&Connection> {
        let name = match incident.kind {
            IncidentKind::Connection => &incident.subject,
            IncidentKind::Call => &self.call_in_trouble(&incident.subject)?.call.connection,
            IncidentKind::Silence => return None,
        };
        self.connections.get(name).map(|lane| &lane.connection)
    }

    /// How trouble with a call is counted and told of: as with its connection.
    pub(super) fn policy_of_call(&self, subject: &str) -> Option<IncidentPolicy> {
        let known = self.call_in_trouble(subject)?;
        let lane = self.connections.get(&known.call.connection);
        Some(lane.map_or_else(IncidentPolicy::default, |lane| lane.connection.incident))
    }
}

/// What failed calls of an action, one after the other, are to people.
#[derive(Default)]
struct Failures<'e> {
    /// How many of them are trouble.
    count: u64,
    /// The last of these.
    last: Option<&'e Sighting>,
    /// Whether one of these is told of by nothing else: the mail about deliveries that will not be tried again tells
    /// only of those that were refused.
    is_untold: bool,
}

impl Hub {
    /// Makes incidents of how calls ended.
    pub(super) async fn settle_calls(&self) -> Result<(), StoreError> {
        loop {
            let ends = self.store().call_ends(AT_ONCE).await?;
            let is_last = ends.len() < AT_ONCE;
            let mut by_action: BTreeMap<(&ProjectName, &str), Vec<&NotedCallEnd>> = BTreeMap::new();
            for noted in &ends {
                by_action.entry((&noted.project, &noted.end.subject)).or_default().push(noted);
            }
            let (mut is_moving, mut settled) = (false, Ok(()));
            for ((project, subject), ends) in by_action {
                // Those that failed one after the other are one change, as are those that went well.
                let is_alike = |one: &&NotedCallEnd, other: &&NotedCallEnd| {
                    one.end.trouble.is_some() == other.end.trouble.is_some()
                };
                for ends in ends.chunk_by(is_alike) {
                    match self.settle_alike(project, subject, ends).await {
                        Ok(true) => is_moving = true,
                        // What follows is read again behind it.
                        Ok(false) => break,
                        // The others are settled all the same.
                        Err(error) => {
                            tracing::warn!(%error, %project, call = subject, "ends of calls wait");
                            settled = settled.and(Err(error));
                            break;
                        }
                    }
                }
            }
            // Where somebody else was quicker each time, the next look goes on.
            if is_last || !is_moving {
                return settled;
            }
        }
    }

    /// Makes the change that ends of one action's calls call for, which all failed or all went well. The answer is
    /// whether it was this hub that did.
    async fn settle_alike(
        &self,
        project: &ProjectName,
        subject: &str,
        ends: &[&NotedCallEnd],
    ) -> Result<bool, StoreError> {
        let Some((routing, policy)) = self.policy_now(project, subject).await? else {
            // The action is gone, and its trouble with it.
            return self.store().settle_call_ends(project, ends, &CallChange::Nothing).await;
        };
        let open = self.store().open_incidents_of(project).await?;
        let open =
            open.into_iter().find(|it| it.kind == IncidentKind::Call && it.subject == subject);
        let went_well = ends.iter().all(|noted| noted.end.trouble.is_none());
        let failures = self.failures(project, ends).await?;
        let Some(seen) = failures.last else {
            if let Some(incident) = open.filter(|_| went_well) {
                self.call_went_well(&routing, &incident).await?;
            }
            return self.store().settle_call_ends(project, ends, &CallChange::Nothing).await;
        };
        let last = Sighting { error: seen.error.as_deref().map(bounded), ..seen.clone() };
        let Failures { count: failures, is_untold, .. } = failures;
        if let Some(incident) = open {
            let change = CallChange::Lasts { incident: incident.id, failures, last: Some(&last) };
            return self.store().settle_call_ends(project, ends, &change).await;
        }
        let incident = Incident {
            id: new_id(self.now()),
            kind: IncidentKind::Call,
            subject: subject.to_owned(),
            state: IncidentState::Open,
            opened_at: self.now(),
            recovered_at: None,
            failures,
            given_up: 0,
            last: Some(last.clone()),
            reminded_at: None,
            unsteady: false,
            success_at: None,
        };
        let (new, mut notices, runs) = self.opening(&routing, &incident, policy.window).await?;
        if !is_untold {
            notices.clear();
        }
        let change = CallChange::Opens { new: &new, notices: &notices, runs: &runs };
        let is_ours = self.store().settle_call_ends(project, ends, &change).await?;
        if is_ours {
            self.watch().told(!notices.is_empty());
            tracing::warn!(%project, call = subject, failures, "calls of a lifecycle fail: `{subject}`");
        }
        Ok(is_ours)
    }

    /// What these ends are to people. A call that a person has ended is no trouble: he knows of it.
    async fn failures<'e>(
        &self,
        project: &ProjectName,
        ends: &[&'e NotedCallEnd],
    ) -> Result<Failures<'e>, StoreError> {
        let mut failures = Failures::default();
        for noted in ends {
            let Some(seen) = &noted.end.trouble else { continue };
            let delivery = match &seen.sample {
                Some(sample) => self.store().delivery(project, sample.delivery).await?,
                None => None,
            };
            if delivery.as_ref().is_some_and(actions::was_cancelled) {
                continue;
            }
            let is_refused = delivery.is_some_and(|delivery| {
                matches!(delivery.state, DeliveryState::Rejected | DeliveryState::Broken)
            });
            failures.count += 1;
            failures.last = Some(seen);
            failures.is_untold |= !is_refused;
        }
        Ok(failures)
    }

    async fn call_went_well(
        &self,
        routing: &ProjectRouting,
        incident: &Incident,
    ) -> Result<(), StoreError> {
        if incident.unsteady {
            return self.store().note_success(&routing.project, incident.id).await;
        }
        self.recover(routing, incident, EndedBy::Itself).await.map(drop)
    }

    /// The project and the policy of a call, as the newest definitions have them; `None` where it is gone.
    async fn policy_now(
        &self,
        project: &ProjectName,
        subject: &str,
    ) -> Result<Option<(Arc<ProjectRouting>, IncidentPolicy)>, StoreError> {
        let look = |hub: &Self| {
            let routing = hub.routing().project(project).cloned()?;
            let policy = routing.policy_of_call(subject)?;
            Some((routing, policy))
        };
        if let Some(found) = look(self) {
            return Ok(Some(found));
        }
        // Another hub may have saved it a moment ago.
        self.refresh().await?;
        Ok(look(self))
    }
}
