//! What an erasure has cancelled, told again: others were to hear of a case that a person's form had
//! touched. What waited for them held what that form had said, so it could not be sent; once the case is
//! made anew without it, they are told of the case as it is then.
//!
//! Each of them is told with the state that its own form has left, as the event would have told it had the
//! person's form never come. Only the last that a forwarder or a workflow is told has the newest state: what came
//! in between may have been told to it already, and nobody must be left with an older state than he had.

use std::collections::HashSet;

use fieldpost_model::ProjectName;
use fieldpost_model::case::Case;
use fieldpost_model::event::Event;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::cases::Occasion;
use fieldpost_store::{CaseChange, Listener, Replayed, StoreError, Telling, ToldAgain};

use super::again::{Kept, LeftBy, as_left};
use super::{Occurrence, Work};
use crate::filing::{Told, Touched, Wanted};
use crate::hub::Hub;
use crate::routing::ProjectRouting;
use crate::{matching, receive};

/// Cases that are asked for at once, and tellings of one case.
const STEP: usize = 100;
/// How often one thing is planned before whatever changes all the time is left to go on, until the next time.
const MOST_TRIES: usize = 5;
/// Each is told by its own event again, whichever that was.
const CASE_EVENTS: [Event; 3] = [Event::Case, Event::CaseCreated, Event::CaseUpdated];

impl Hub {
    /// Tells again what erasures have cancelled until then, of the cases that are made anew.
    pub(crate) async fn tell_anew(
        &self,
        project: &ProjectName,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        loop {
            let cases = self.store().cases_to_tell(project, until, STEP).await?;
            let mut is_done = true;
            for case_id in &cases {
                is_done &= self.tell_of_case(project, case_id).await?;
            }
            if cases.len() < STEP || !is_done {
                return Ok(());
            }
        }
    }

    /// Whether all that was noted of a case is told.
    async fn tell_of_case(&self, project: &ProjectName, case_id: &str) -> Result<bool, StoreError> {
        let mut tries = 0;
        while tries < MOST_TRIES {
            let tellings = self.store().tellings(project, case_id, STEP).await?;
            // The notes stay for a time when it can be read.
            let Some(routing) = self.routing().project(project).cloned() else { return Ok(false) };
            let Some(told) = self.plan_telling(&routing, case_id, &tellings).await? else {
                self.store().forget_notes(project, case_id).await?;
                return Ok(true);
            };
            match self.store().tell_again(&told).await {
                Ok(Replayed::Done) => tries = 0,
                Ok(_) | Err(StoreError::Conflict(_)) => {
                    tries += 1;
                    self.refresh_beyond(project, Some(routing.version)).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Plans what is told of the first submission that something was noted of; `None` where nothing is noted,
    /// or the case is gone.
    async fn plan_telling(
        &self,
        routing: &ProjectRouting,
        case_id: &str,
        tellings: &[Telling],
    ) -> Result<Option<ToldAgain>, StoreError> {
        let project = &routing.project;
        let Some(first) = tellings.first() else { return Ok(None) };
        // The revision first: what comes in between is noticed.
        let Some(present) = self.store().cases(project, &[case_id]).await?.remove(case_id) else {
            return Ok(None);
        };
        let history = match self.store().case_changes(project, case_id).await {
            Ok(history) => history,
            // Too long to be made again: it is told as it is now.
            Err(StoreError::Refused(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let (of_first, is_last) = told_alike(tellings);
        let listeners = of_first.iter().map(|telling| &telling.listener).collect();
        let touched = state_to_tell(present.value, history, first, is_last);
        let Work { deliveries, payloads, runs } =
            self.work_anew(routing, first, &touched, &listeners).await?;
        Ok(Some(ToldAgain {
            project: project.clone(),
            configuration_version: routing.version,
            case: case_id.to_owned(),
            revision: present.revision,
            message: first.message,
            instead_of: of_first.iter().map(|telling| telling.cancelled).collect(),
            deliveries,
            runs,
            payloads,
        }))
    }

    /// What it calls for that these are told of a case, as far as they want to hear of it as it is
    /// now; nothing where its message is gone.
    async fn work_anew(
        &self,
        routing: &ProjectRouting,
        telling: &Telling,
        touched: &Touched,
        listeners: &HashSet<&Listener>,
    ) -> Result<Work, StoreError> {
        let project = &routing.project;
        let Some(message) = self.store().message(project, telling.message).await? else {
            return Ok(Work::default());
        };
        let Some((request, body)) = self.store().message_content(project, message.id).await? else {
            return Ok(Work::default());
        };
        let Some(hops) = matching::hops(&request.headers) else { return Ok(Work::default()) };
        let kept = Kept { message: &message, request: &request, body: &body };
        let told = self.forms_of(routing, kept).await?;
        let occurrence = Occurrence {
            routing,
            source: &message.source,
            headers: &request.headers,
            query: &request.query,
            origin: telling.origin,
            hops,
            now: self.now(),
        };
        let mut work = Work::default();
        occurrence.plan_case_for(&told, touched, &CASE_EVENTS, &mut work);
        work.keep(listeners);
        Ok(work)
    }

    /// The forms of a message, for filters that ask for them; none where it cannot be read any more.
    async fn forms_of(&self, routing: &ProjectRouting, kept: Kept<'_>) -> Result<Told, StoreError> {
        let Some(source) = routing.source(&kept.message.source) else { return Ok(Told::default()) };
        let content_type = kept.message.content_type.as_deref();
        match receive::read(source, content_type, kept.body) {
            Ok(decoded) => {
                let wanted = Wanted { forms: true, cases: false };
                self.told_again(routing, kept, &decoded, wanted).await
            }
            Err(_) => Ok(Told::default()),
        }
    }
}

/// Those that are told the same as the first, and whether that is the last that they are told.
fn told_alike(tellings: &[Telling]) -> (Vec<&Telling>, bool) {
    let Some(first) = tellings.first() else { return (Vec::new(), true) };
    let is_of_first =
        |other: &&Telling| (other.message, other.submission) == (first.message, first.submission);
    let of_first = tellings.iter().take_while(is_of_first).count();
    let (of_first, later) = tellings.split_at(of_first);
    let later: HashSet<&Listener> = later.iter().map(|telling| &telling.listener).collect();
    let is_last = |telling: &Telling| !later.contains(&telling.listener);
    let last = is_last(first);
    (of_first.iter().filter(|telling| is_last(telling) == last).collect(), last)
}

/// The state that is told in the place of a cancelled one.
fn state_to_tell(
    present: Case,
    history: Vec<CaseChange>,
    telling: &Telling,
    is_last: bool,
) -> Touched {
    let submission = telling.submission;
    let forms: Vec<String> =
        history.iter().map(|change| change.transaction.form_id.clone()).collect();
    let left_by = LeftBy { submission, edited_at: None };
    let as_left = if is_last { None } else { as_left(&present.id, history, left_by) };
    as_left.unwrap_or_else(|| Touched {
        form_id: forms.last().cloned().unwrap_or_else(|| submission.to_string()),
        occasion: if forms.is_empty() { Occasion::Rebuild } else { Occasion::Submission },
        case: Case { forms, ..present },
        submission,
    })
}

#[cfg(test)]
mod tests {
    use fieldpost_model::delivery::DeliveryOrigin;
    use uuid::Uuid;

    use super::*;

    /// Tellings of these messages to these forwarders, in this order.
    fn tellings(told: &[(u128, &str)]) -> Vec<Telling> {
        let telling = |(number, (message, forwarder)): (u128, &(u128, &str))| Telling {
            cancelled: Uuid::from_u128(number),
            message: Uuid::from_u128(*message),
            submission: Uuid::from_u128(*message),
            listener: Listener::Forwarder((*forwarder).to_owned()),
            origin: DeliveryOrigin::Event,
        };
        (0..).zip(told).map(telling).collect()
    }

    #[track_caller]
    fn check(told: &[(u128, &str)], expected: &[u128], is_last: bool) {
        let tellings = tellings(told);
        let (alike, last) = told_alike(&tellings);
        let alike: Vec<u128> = alike.iter().map(|telling| telling.cancelled.as_u128()).collect();
        assert_eq!((&*alike, last), (expected, is_last), "{told:?}");
    }

    #[test]
    fn the_last_that_a_forwarder_is_told_has_the_newest_state() {
        check(&[], &[], true);
        check(&[(1, "a"), (1, "b")], &[0, 1], true);
        check(&[(1, "a"), (1, "b"), (2, "a"), (2, "b")], &[0, 1], false);
        // What `b` is told later says nothing to `a`.
        check(&[(1, "a"), (2, "b")], &[0], true);
        check(&[(1, "a"), (1, "b"), (1, "c"), (2, "b")], &[0, 2], true);
        check(&[(1, "b"), (1, "a"), (2, "b")], &[0], false);
        // Twice of one message, as after a replay.
        check(&[(1, "a"), (1, "a")], &[0, 1], true);
    }
}
