//! How a delivery stands: why it is not sent now, whom it waits for, who waits for it, and when it
//! will be tried.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::delivery::Delivery;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::retry::planned_tries;
use fieldpost_store::{InLine, Lane};
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;
use crate::routing::ProjectRouting;

/// Tries that are planned ahead, for people to see.
const PLANNED: usize = 5;

fieldpost_model::names! {
    /// Why a delivery waits for something other than the time of its next try.
    pub enum WaitReason {
        /// Another one goes before it in order.
        Order = "order",
        /// Its project is paused.
        PausedProject = "paused-project",
        /// Its connection is paused.
        PausedConnection = "paused-connection",
        /// Its forwarder is paused.
        PausedForwarder = "paused-forwarder",
        /// The hub holds back all that leaves it.
        PausedHub = "paused-hub",
        /// Its destination is left alone, or is being tried with another delivery.
        LeftAlone = "left-alone",
        /// It is due, and goes as soon as the rate of its connection lets it.
        Rate = "rate",
    }
}

impl WaitReason {
    /// Whether the end of the waiting is for a person or another delivery to bring, not for time.
    const fn is_without_end(self) -> bool {
        !matches!(self, Self::LeftAlone | Self::Rate)
    }
}

/// What holds a delivery up, and what it holds up itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryPlace {
    /// Why it is not sent when its time comes; `None` where nothing is in its way.
    pub because: Option<WaitReason>,
    /// The delivery that is sent before it; `None` where it waits for nobody.
    pub waits_for: Option<Uuid>,
    /// When its destination is tried again, where that is left alone.
    pub until: Option<Timestamp>,
    /// How many wait until it is requeued or cancelled, as far as they are counted.
    pub holds: u32,
    /// Why its last try failed; `None` where it did not.
    pub failed_by: Option<ErrorKind>,
}

/// How a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryOutlook {
    /// What holds it up.
    pub place: DeliveryPlace,
    /// How many wait behind it in order, as far as they are counted.
    pub followers: u32,
    /// When it would be tried, should every try fail at once. Empty where that is not for time to
    /// say: it waits for another one, is paused, or has ended.
    pub planned_attempts: Vec<Timestamp>,
}

impl Hub {
    /// How a delivery stands at this moment.
    pub async fn delivery_outlook(
        &self,
        project: &str,
        delivery: &Delivery,
    ) -> Result<DeliveryOutlook, HubError> {
        let standing = self.store().standing(project, delivery.id).await?;
        let routing = self.project(project).await?;
        let holds = if delivery.holds { standing.followers } else { 0 };
        let in_line = InLine { waits_for: standing.waits_for, holds };
        let failed_by = self.failed_by(project, std::slice::from_ref(delivery)).await?;
        let failed_by = failed_by.get(&delivery.id).copied();
        let place = DeliveryPlace { failed_by, ..self.place(&routing, delivery, in_line) };
        let forwarder = routing.forwarder(&delivery.forwarder);
        let is_for_time = !place.because.is_some_and(WaitReason::is_without_end);
        let planned_attempts = match (forwarder, delivery.next_attempt_at) {
            (Some(forwarder), Some(next)) if is_for_time => {
                let next = next.max(self.now());
                let (tries, since) = (standing.tries, delivery.registered_at);
                planned_tries(&forwarder.retry, tries, since, next, PLANNED)
            }
            _ => Vec::new(),
        };
        Ok(DeliveryOutlook { place, followers: standing.followers, planned_attempts })
    }

    /// What holds each of these deliveries up, and why its last try failed, in their order; the store is asked once for all.
    pub async fn delivery_places(
        &self,
        project: &str,
        deliveries: &[Delivery],
    ) -> Result<Vec<DeliveryPlace>, HubError> {
        let in_question = |delivery: &&Delivery| delivery.state.is_waiting() || delivery.holds;
        let ids: Vec<Uuid> =
            deliveries.iter().filter(in_question).map(|delivery| delivery.id).collect();
        let in_line = self.store().in_line(project, &ids).await?;
        let failed_by = self.failed_by(project, deliveries).await?;
        let routing = self.project(project).await?;
        let place = |delivery: &Delivery| {
            let in_line = in_line.get(&delivery.id).copied().unwrap_or_default();
            let failed_by = failed_by.get(&delivery.id).copied();
            DeliveryPlace { failed_by, ..self.place(&routing, delivery, in_line) }
        };
        Ok(deliveries.iter().map(place).collect())
    }

    /// Why the last try of each of these deliveries failed, of those that have something to say.
    async fn failed_by(
        &self,
        project: &str,
        deliveries: &[Delivery],
    ) -> Result<HashMap<Uuid, ErrorKind>, HubError> {
        let failed = deliveries.iter().filter(|one| one.attempts > 0 && one.last_error.is_some());
        let ids: Vec<Uuid> = failed.map(|delivery| delivery.id).collect();
        Ok(self.store().last_error_kinds(project, &ids).await?)
    }

    fn place(
        &self,
        routing: &ProjectRouting,
        delivery: &Delivery,
        in_line: InLine,
    ) -> DeliveryPlace {
        let InLine { waits_for, holds } = in_line;
        let place = DeliveryPlace { waits_for, holds, ..DeliveryPlace::default() };
        let Some(next) = delivery.next_attempt_at.filter(|_| delivery.state.is_waiting()) else {
            return place;
        };
        if waits_for.is_some() {
            return DeliveryPlace { because: Some(WaitReason::Order), ..place };
        }
        if let Some(pause) = self.paused_because(routing, delivery) {
            return DeliveryPlace { because: Some(pause), ..place };
        }
        let lane = Lane { project: routing.project.clone(), name: delivery.connection.clone() };
        let open = self.standings().get(&lane).and_then(|standing| standing.open);
        if let Some((_, again_in)) = open {
            let now = self.now();
            let until = again_in.filter(|again_in| *again_in > Duration::ZERO).map(|in_| now + in_);
            // What is due later than the lane is tried again waits for its own time.
            if next <= until.unwrap_or(now) {
                return DeliveryPlace { because: Some(WaitReason::LeftAlone), until, ..place };
            }
        }
        let connection = routing.connections.get(&delivery.connection);
        let has_rate = connection.is_some_and(|found| found.connection.rate.is_some());
        let because = (has_rate && next <= self.now()).then_some(WaitReason::Rate);
        DeliveryPlace { because, ..place }
    }

    /// The pause that holds a delivery back, if any does.
    fn paused_because(&self, routing: &ProjectRouting, delivery: &Delivery) -> Option<WaitReason> {
        let connection = routing.connections.get(&delivery.connection);
        let forwarder = routing.forwarder(&delivery.forwarder);
        [
            (routing.definition.settings.paused, WaitReason::PausedProject),
            (connection.is_some_and(|found| found.connection.paused), WaitReason::PausedConnection),
            (forwarder.is_some_and(|found| found.paused), WaitReason::PausedForwarder),
            (self.settings().hold_deliveries, WaitReason::PausedHub),
        ]
        .into_iter()
        .find_map(|(is_paused, reason)| is_paused.then_some(reason))
    }
}
