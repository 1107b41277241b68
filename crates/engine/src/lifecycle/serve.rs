//! The loop that takes lifecycles along: what they were not told, what the time has come for, and the ends of
//! calls that nobody told them of. Each is there in the store; whoever finds it goes on with it, and of several
//! hubs the one whose step is kept.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::ProjectName;
use fieldpost_model::delivery::DeliveryState;
use fieldpost_rules::lifecycle::{Caller, Happening};
use fieldpost_store::{EndedCall, ProgressKey, Signal, StoreError, WaitingUntold};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::adopting::Adopting;
use super::happen::{LifecycleError, Subject};
use super::record::RecordKey;
use super::step::Next;
use crate::hub::Hub;
use crate::routing::ProjectRouting;

/// Submissions that are looked at together.
const PAGE: usize = 200;
/// How long a submission that is due and cannot be taken along is left alone.
const AGAIN: Duration = Duration::from_hours(1);
/// Steps that are made at once.
const AT_ONCE: usize = 4;

/// Takes lifecycles along, for as long as the hub serves.
pub(crate) async fn serve(hub: Hub) {
    let mut signals = hub.store().listen();
    let mut adopting = Adopting::default();
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let is_poll = tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = poll.tick() => true,
            signal = signals.recv() => match signal {
                Ok(Signal::Submission { .. }) => false,
                Ok(_) => continue,
                Err(broadcast::error::RecvError::Lagged(_)) => true,
                Err(broadcast::error::RecvError::Closed) => return,
            },
        };
        let mut looked = look(&hub, is_poll).await;
        if is_poll && looked.is_ok() {
            looked = adopting.go_on(&hub).await;
        }
        if let Err(error) = looked {
            tracing::warn!(%error, "lifecycles could not be taken along; trying again");
        }
    }
}

async fn look(hub: &Hub, is_poll: bool) -> Result<(), StoreError> {
    tell_untold(hub).await?;
    if is_poll {
        let now = hub.now();
        let due = hub.store().due_progress(now, PAGE).await?;
        let works = due.into_iter().map(|(project, submission)| {
            let hub = hub.clone();
            async move { hub.time_came(&project, submission).await }.boxed()
        });
        do_all(hub, works.collect()).await;
        tell_ended_calls(hub).await?;
    }
    Ok(())
}

/// Tells lifecycles what they have not been told.
async fn tell_untold(hub: &Hub) -> Result<(), StoreError> {
    let mut after: Option<WaitingUntold> = None;
    while !hub.stopping().is_cancelled() {
        let page = hub.store().untold(after.as_ref(), PAGE).await?;
        let is_last = page.len() < PAGE;
        after = page.last().cloned();
        let mut seen: Vec<Vec<WaitingUntold>> = Vec::new();
        for untold in page {
            let is_of = |other: &WaitingUntold| {
                other.project == untold.project && other.submission == untold.submission
            };
            match seen.iter_mut().find(|of_one| of_one.first().is_some_and(is_of)) {
                Some(of_one) => of_one.push(untold),
                None => seen.push(vec![untold]),
            }
        }
        let works = seen.into_iter().map(|untold| {
            let hub = hub.clone();
            async move { hub.catch_up(untold).await }.boxed()
        });
        do_all(hub, works.collect()).await;
        if is_last {
            return Ok(());
        }
    }
    Ok(())
}

/// Tells lifecycles of calls that have ended, where whoever recorded the end did not.
async fn tell_ended_calls(hub: &Hub) -> Result<(), StoreError> {
    let mut after = None;
    while !hub.stopping().is_cancelled() {
        let page = hub.store().ended_calls(after, PAGE).await?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|call| call.delivery);
        let works = page.into_iter().map(|call| {
            let hub = hub.clone();
            async move { hub.call_ended(call).await }.boxed()
        });
        do_all(hub, works.collect()).await;
        if is_last {
            return Ok(());
        }
    }
    Ok(())
}

/// Does several things at once; what fails is told of, and found again the next time.
async fn do_all(hub: &Hub, all: Vec<BoxFuture<'static, Result<(), LifecycleError>>>) {
    let done = stream::iter(all).for_each_concurrent(AT_ONCE, |work| async move {
        if hub.stopping().is_cancelled() {
            return;
        }
        match work.await {
            Ok(()) | Err(LifecycleError::NotFound) => {}
            Err(error) => tracing::warn!(%error, "a lifecycle could not be taken along"),
        }
    });
    done.await;
}

impl Hub {
    /// The submission that something is to happen to, where its form still has a lifecycle.
    async fn subject(
        &self,
        project: &ProjectName,
        submission: Uuid,
    ) -> Result<Option<Subject<'static>>, StoreError> {
        let Some(routing) = self.routing().project(project).cloned() else { return Ok(None) };
        let Some(found) = self.store().submission(project, submission).await? else {
            return Ok(None);
        };
        let Some(form) = self.tracked_form(&routing, &found.form).await? else { return Ok(None) };
        Ok(Some(Subject { routing, form, key: RecordKey::Submission(submission) }))
    }

    async fn tracked_form(
        &self,
        routing: &Arc<ProjectRouting>,
        name: &str,
    ) -> Result<Option<super::FollowedForm>, StoreError> {
        let form = self.followed_form(routing, name).await?;
        Ok(form.filter(|form| form.is_tracked))
    }

    /// Tells the lifecycle of one submission what it has not been told. Where its form has none any more, that is
    /// forgotten, or every look would go through it again.
    async fn catch_up(&self, untold: Vec<WaitingUntold>) -> Result<(), LifecycleError> {
        let Some(first) = untold.first() else { return Ok(()) };
        if let Some(mut subject) = self.subject(&first.project, first.submission).await? {
            self.caught_up(&mut subject).await?;
            return Ok(());
        }
        let Some(routing) = self.routing().project(&first.project).cloned() else { return Ok(()) };
        for told in untold.iter().filter(|told| routing.form_definition(&told.form).is_none()) {
            // By newer definitions the form may have one: then the next look finds it here as well.
            if !self.store().forget_untold(told, routing.version).await? {
                break;
            }
        }
        Ok(())
    }

    async fn time_came(&self, project: &ProjectName, id: Uuid) -> Result<(), LifecycleError> {
        let Some(subject) = self.subject(project, id).await? else {
            return self.put_off(project, id).await;
        };
        let next = Next::Happening(Happening::TimeCame);
        match self.make_happen(subject, &Caller::nobody(), &next, None).await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.put_off(project, id).await?;
                Err(error)
            }
        }
    }

    /// Looks again later at a submission that is due and cannot be taken along: its form has no lifecycle any
    /// more, say. It must not stand in the way of others.
    async fn put_off(&self, project: &ProjectName, id: Uuid) -> Result<(), LifecycleError> {
        let key = ProgressKey::Submission(id);
        if let Some(found) = self.store().progress(project, key).await? {
            let until = self.now() + AGAIN;
            self.store().put_off(project, (id, found.revision), until).await?;
        }
        Ok(())
    }

    /// Tells a lifecycle that a call has ended.
    pub(super) async fn call_ended(&self, call: EndedCall) -> Result<(), LifecycleError> {
        let EndedCall { project, submission, number, delivery, state } = call;
        let Some(mut subject) = self.subject(&project, submission).await? else { return Ok(()) };
        let Some(followed) = self.caught_up(&mut subject).await? else { return Ok(()) };
        let call = (&followed, number);
        let outcome = self.outcome_of_call(&subject.routing, call, (delivery, state)).await?;
        let happening = Happening::CallEnded { number, outcome: Box::new(outcome) };
        let next = Next::Happening(happening);
        self.make_happen(subject, &Caller::nobody(), &next, Some(delivery)).await?;
        Ok(())
    }

    /// Tells the lifecycle whose call has just come to its final state. Should that fail, the loop finds it.
    pub(crate) async fn settle_call(
        &self,
        project: ProjectName,
        delivery: Uuid,
        state: DeliveryState,
    ) {
        let told = async {
            match self.store().call_of(&project, delivery).await? {
                Some((submission, number)) => {
                    let project = project.clone();
                    let call = EndedCall { project, submission, number, delivery, state };
                    self.call_ended(call).await
                }
                None => Ok(()),
            }
        };
        match told.await {
            Ok(()) | Err(LifecycleError::NotFound) => {}
            Err(error) => {
                tracing::warn!(%error, %delivery, "the end of a call could not be told yet");
            }
        }
    }
}
