//! The hub tells the others, and people, that it is there.

use std::net::IpAddr;
use std::time::Duration;

use fieldpost_store::HubNews;

use crate::hub::Hub;

/// How often a hub tells of itself.
pub const TELL_EVERY: Duration = Duration::from_secs(10);
/// Where Linux says what the machine is called.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// Tells that this hub is there, for as long as it runs.
pub(crate) async fn serve(hub: Hub) {
    let host = tokio::fs::read_to_string(HOST_NAME).await.ok().and_then(|text| as_name(&text));
    let mut turn = tokio::time::interval(TELL_EVERY);
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => break,
            _ = turn.tick() => {}
        }
        let standings = hub.standings();
        let busy = standings.values().filter(|standing| standing.under_way > 0);
        let news = HubNews {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: host.clone(),
            lanes: busy.clone().count() as u64,
            calls: busy.map(|standing| standing.under_way as u64).sum(),
        };
        if let Err(error) = hub.store().tell_of_hub(&news).await {
            tracing::debug!(%error, "this hub could not tell that it is there; it tries again");
        }
    }
    if let Err(error) = hub.store().forget_this_hub().await {
        tracing::debug!(%error, "this hub could not tell that it stops");
    }
}

/// The name of a machine, where it is a name: some are called by their address, which is nobody's
/// business.
fn as_name(text: &str) -> Option<String> {
    let name = text.trim();
    (!name.is_empty() && name.parse::<IpAddr>().is_err()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_no_name() {
        for (text, expected) in
            [("relay-2\n", Some("relay-2")), ("10.0.0.5\n", None), ("fe80::1", None), ("\n", None)]
        {
            assert_eq!(as_name(text).as_deref(), expected, "{text:?}");
        }
    }
}
