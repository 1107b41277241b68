//! What a person may do with a delivery, and in which of its states.
//!
//! | action | on what waits (`pending`, `failed`) | on what is final |
//! |---|---|---|
//! | retry | due now, same budget | not allowed: requeue or resend it |
//! | cancel | ends as `cancelled` | not allowed: it has ended; but where it holds those that follow it in order, it ends as `cancelled` and lets them go |
//! | requeue | not allowed: retry it | waits again under the same id, with a fresh budget |
//! | resend | a new delivery of the same bytes | a new delivery of the same bytes |
//!
//! A delivery that ended without success can hold those that follow it in order (`on_rejected: hold`).
//! They go on when it succeeds after a requeue, ahead of them at its old place, or when it is
//! cancelled. A resend goes to the end of the key, and they stay held.
//!
//! Requeue and resend differ in what the destination sees: a requeued delivery keeps its
//! `webhook-id`, so a destination that had taken it already knows it again; a resent one has a new
//! id and counts as new.

use fieldpost_model::delivery::{Delivery, DeliveryState};

fieldpost_model::names! {
    /// What a person may ask for.
    pub enum Action {
        /// Try now what would be tried later.
        Retry = "retry",
        /// End what waits.
        Cancel = "cancel",
        /// Let what is final wait again, as the same delivery.
        Requeue = "requeue",
        /// Send the same bytes again, as a new delivery.
        Resend = "resend",
    }
}

/// What is to be done to the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// Due now; state, tries and budget stay.
    DueNow,
    /// Ends as `cancelled`.
    End,
    /// `pending` and due now, with no tries counted and the budget beginning now.
    WaitAgain,
    /// Stays as it is; a new delivery of the same bytes is made.
    SendCopy,
}

/// An action that makes no sense in the delivery's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAllowed {
    /// `delivery-not-waiting` or `delivery-not-final`.
    pub code: &'static str,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do instead.
    pub hint: &'static str,
}

/// Whether the action is allowed on a delivery as it stands, and what it does.
pub fn apply_to(action: Action, delivery: &Delivery) -> Result<Transition, NotAllowed> {
    if action == Action::Cancel && delivery.holds {
        return Ok(Transition::End);
    }
    apply(action, delivery.state)
}

/// Whether the action is allowed in that state, and what it does to what holds nothing.
pub fn apply(action: Action, state: DeliveryState) -> Result<Transition, NotAllowed> {
    match (action, state.is_waiting()) {
        (Action::Resend, _) => Ok(Transition::SendCopy),
        (Action::Retry, true) => Ok(Transition::DueNow),
        (Action::Cancel, true) => Ok(Transition::End),
        (Action::Requeue, false) => Ok(Transition::WaitAgain),
        (Action::Retry, false) => Err(not_waiting(
            action,
            state,
            "`requeue` lets it wait again under the same id, `resend` sends a new delivery.",
        )),
        (Action::Cancel, false) => {
            Err(not_waiting(action, state, "It has ended already; there is nothing to cancel."))
        }
        (Action::Requeue, true) => Err(NotAllowed {
            code: "delivery-not-final",
            message: format!(
                "The delivery is `{state}`: it waits for a try, so it cannot be requeued."
            ),
            hint: "`retry` makes it due now.",
        }),
    }
}

/// The refusal of what only a waiting delivery can take.
fn not_waiting(action: Action, state: DeliveryState, hint: &'static str) -> NotAllowed {
    NotAllowed {
        code: "delivery-not-waiting",
        message: format!(
            "The delivery is `{state}`: it waits for nothing any more, so `{action}` has no effect."
        ),
        hint,
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::delivery::{DeliveryOrigin, PayloadKind};
    use fieldpost_model::event::Event;
    use fieldpost_model::time::Timestamp;
    use uuid::Uuid;

    use super::*;

    /// The code of a refusal, or what is done.
    fn told(action: Action, state: DeliveryState) -> Result<Transition, &'static str> {
        apply(action, state).map_err(|refusal| {
            assert!(refusal.message.contains(state.name()), "{refusal:?}");
            assert!(!refusal.hint.is_empty());
            refusal.code
        })
    }

    #[test]
    fn each_action_has_its_states() {
        for state in DeliveryState::ALL.iter().copied() {
            let waiting = matches!(state, DeliveryState::Pending | DeliveryState::Failed);
            let when_waiting =
                |transition| if waiting { Ok(transition) } else { Err("delivery-not-waiting") };
            assert_eq!(told(Action::Retry, state), when_waiting(Transition::DueNow));
            assert_eq!(told(Action::Cancel, state), when_waiting(Transition::End));
            let requeued =
                if waiting { Err("delivery-not-final") } else { Ok(Transition::WaitAgain) };
            assert_eq!(told(Action::Requeue, state), requeued);
            assert_eq!(told(Action::Resend, state), Ok(Transition::SendCopy));
        }
    }

    #[test]
    fn what_holds_others_can_be_cancelled_and_nothing_else_differs() {
        for state in [DeliveryState::Rejected, DeliveryState::Broken, DeliveryState::Cancelled] {
            let held = Delivery {
                id: Uuid::nil(),
                forwarder: "births".to_owned(),
                connection: "ministry".to_owned(),
                event: Event::Message,
                payload_kind: PayloadKind::Message,
                payload_id: Uuid::nil(),
                message: Some(Uuid::nil()),
                key: None,
                state,
                origin: DeliveryOrigin::Event,
                resend_of: None,
                attempts: 1,
                registered_at: Timestamp(0),
                next_attempt_at: None,
                last_status: None,
                last_error: None,
                superseded_by: None,
                holds: true,
            };
            let lone = Delivery { holds: false, ..held.clone() };
            for action in Action::ALL.iter().copied() {
                assert_eq!(apply_to(action, &lone), apply(action, state));
                if action != Action::Cancel {
                    assert_eq!(apply_to(action, &held), apply(action, state));
                }
            }
            assert_eq!(apply_to(Action::Cancel, &held), Ok(Transition::End));
        }
    }

    #[test]
    fn every_state_has_a_way_out() {
        for state in DeliveryState::ALL.iter().copied() {
            let ways = Action::ALL.iter().filter(|action| apply(**action, state).is_ok()).count();
            assert!(ways >= 2, "{state}");
        }
    }
}
