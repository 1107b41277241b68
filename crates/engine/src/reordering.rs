//! Reordering: what is told to whoever has a forwarder keep another order while deliveries wait.
//!
//! What waits keeps the key that it was kept with. Between that key and another one there is no order:
//! of a case that stands under both, either may arrive first, and an older state may come after a newer
//! one. That is allowed, and told when it is saved.

use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::forwarder::Forwarder;
use fieldpost_rules::definition::{Problem, ProjectDefinition};
use fieldpost_rules::order::changes_order;

use crate::error::HubError;
use crate::hub::Hub;

impl Hub {
    /// Warns of forwarders that are to keep another order than what waits for them was kept in.
    pub async fn reordering_warnings(
        &self,
        current: &ProjectDefinition,
        drafts: &[Forwarder],
    ) -> Result<Vec<Problem>, HubError> {
        let changed: Vec<&Forwarder> = drafts
            .iter()
            .filter(|draft| {
                let before = current.forwarders.iter().find(|before| before.name == draft.name);
                before.is_some_and(|before| changes_order(before, draft))
            })
            .collect();
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        let open = self.store().open_counts(&current.name).await?;
        let are_more = !open.more_in_lanes.is_empty();
        let warn = |forwarder: &Forwarder| {
            let waiting = open.counts.iter().filter(|count| count.forwarder == forwarder.name);
            let waiting: u64 = waiting
                .filter(|count| {
                    matches!(count.state, DeliveryState::Pending | DeliveryState::Failed)
                })
                .map(|count| count.count)
                .sum();
            (waiting > 0).then(|| warning(&forwarder.name, waiting, are_more))
        };
        Ok(changed.into_iter().filter_map(warn).collect())
    }
}

fn warning(forwarder: &str, waiting: u64, are_more: bool) -> Problem {
    let at_least = if are_more { "at least " } else { "" };
    let wait = if waiting == 1 { "delivery waits" } else { "deliveries wait" };
    Problem {
        path: format!("forwarders.{forwarder}.order_by"),
        code: "waits-in-another-order",
        message: format!(
            "{at_least}{waiting} {wait} for `{forwarder}` in the order of before, and what comes is \
             kept in another: about the same case, the older may arrive after the newer"
        ),
        hint: Some("where that matters, change it when nothing waits for it".to_owned()),
    }
}
