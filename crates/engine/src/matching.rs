//! Match: whom a message concerns, and what that calls for.

use fieldpost_dialects::Decoded;
use fieldpost_model::delivery::DeliveryOrigin;
use fieldpost_model::event::Event;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::filter::{Candidate, Explanation, explain};
use fieldpost_rules::order::{self, order_of};
use fieldpost_store::NewDelivery;

use crate::ids::new_id;
use crate::routing::ProjectRouting;

/// The parts of a message that filters look at.
pub(crate) fn candidate<'m>(
    source: &'m str,
    decoded: &'m Decoded<'m>,
    headers: &'m [(String, String)],
    query: &'m [(String, String)],
) -> Candidate<'m> {
    Candidate { source, body: &decoded.view, headers, query }
}

/// The deliveries that a message calls for, one for each forwarder that wants it; none where it has
/// passed through too many hubs.
pub(crate) fn plan(
    routing: &ProjectRouting,
    candidate: &Candidate<'_>,
    decoded: &Decoded<'_>,
    origin: DeliveryOrigin,
    now: Timestamp,
) -> Vec<NewDelivery> {
    let hops = order::hops(candidate.headers);
    if order::too_many_hops(hops).is_some() {
        return Vec::new();
    }
    let key = decoded.key.as_deref();
    routing
        .index
        .matching(candidate)
        .into_iter()
        .filter_map(|position| routing.definition.forwarders.get(position))
        .filter(|forwarder| forwarder.on == Event::Message)
        .map(|forwarder| {
            let order = order_of(forwarder, key, decoded.identity.as_deref());
            NewDelivery {
                id: new_id(now),
                forwarder: forwarder.name.clone(),
                connection: forwarder.to.clone(),
                event: forwarder.on,
                key: key.map(str::to_owned),
                origin,
                parked: forwarder.paused,
                order_key: order.order_key,
                collapse_key: order.collapse_key,
                hops,
            }
        })
        .collect()
}

/// Why each forwarder of the project wants a message or does not, in the project's order.
pub(crate) fn explain_all(
    routing: &ProjectRouting,
    candidate: &Candidate<'_>,
) -> Vec<(String, Explanation)> {
    routing
        .definition
        .forwarders
        .iter()
        .map(|forwarder| (forwarder.name.clone(), explain(&forwarder.filter, candidate)))
        .collect()
}
