//! How a delivery stands: whom it waits for, who waits for it, and when it will be tried.

use fieldpost_model::delivery::Delivery;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::retry::planned_tries;
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;

/// Tries that are planned ahead, for people to see.
const PLANNED: usize = 5;

/// How a delivery stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryOutlook {
    /// The delivery that is sent before it; `None` where it waits for nobody.
    pub waits_for: Option<Uuid>,
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
        let forwarder = routing.forwarder(&delivery.forwarder).filter(|found| !found.paused);
        let connection = routing.connections.get(&delivery.connection);
        let is_paused = routing.definition.settings.paused
            || connection.is_some_and(|found| found.connection.paused);
        let planned_attempts = match (forwarder, delivery.next_attempt_at) {
            (Some(forwarder), Some(next)) if standing.waits_for.is_none() && !is_paused => {
                let next = next.max(self.now());
                let (tries, since) = (standing.tries, delivery.registered_at);
                planned_tries(&forwarder.retry, tries, since, next, PLANNED)
            }
            _ => Vec::new(),
        };
        let (waits_for, followers) = (standing.waits_for, standing.followers);
        Ok(DeliveryOutlook { waits_for, followers, planned_attempts })
    }
}
