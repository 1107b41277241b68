//! The hub's surroundings: is it running, is its port free, whom may it reach.

use std::net::TcpListener;

use super::Check;
use crate::cli::show::{elements, text};
use crate::client::{HubClient, Json, Query};
use crate::config::{DataFolder, Settings};

/// Whether the hub of the data folder runs and works, or could be started.
pub(super) async fn hub(settings: &Settings) -> Check {
    const NAME: &str = "hub";
    let folder = DataFolder::at(&settings.storage.data);
    if let Some(running) = folder.running_hub()
        && let Some(check) = running_hub(&folder, &running.url, running.token).await
    {
        return check;
    }
    let address = settings.inbound.listen;
    match TcpListener::bind(address) {
        Ok(_) => Check::fine(NAME, format!("none runs here; {address} is free for one")),
        Err(error) => Check::wrong(
            NAME,
            format!("none runs here, and {address} cannot be listened on: {error}"),
            "stop the program that listens there, or choose another port with --listen",
        ),
    }
}

/// `None` where the notice is of a hub that does not run any more.
async fn running_hub(folder: &DataFolder, url: &str, token: Option<String>) -> Option<Check> {
    const NAME: &str = "hub";
    let given = token.and_then(|token| token.parse().ok());
    let token = match given {
        Some(token) => token,
        None => folder.token().ok()??,
    };
    let client = HubClient::new(url, token).ok()?;
    if !client.is_alive().await {
        return None;
    }
    Some(match client.get(&["status"], &Query::new()).await {
        Ok(status) if client.is_ready().await => serving(url, &status),
        Ok(_) => Check::wrong(
            NAME,
            format!("it serves at {url}, and cannot keep anything right now"),
            "its log says why; the checks of disk and database above may as well",
        ),
        Err(failure) => Check::wrong(
            NAME,
            format!("something answers at {url}: {failure}").replace('\n', " "),
            "is it a hub, and is it this folder's?",
        ),
    })
}

/// A hub that can keep messages: is there a project that it cannot send anything of?
fn serving(url: &str, status: &Json) -> Check {
    let unreadable = elements(status, "unreadable_projects");
    if unreadable.is_empty() {
        return Check::fine("hub", format!("it serves at {url}"));
    }
    let reasons =
        unreadable.iter().map(|it| format!("{}: {}", text(it, "project"), text(it, "reason")));
    let reasons = reasons.collect::<Vec<_>>().join("; ");
    Check::wrong(
        "hub",
        format!("it serves at {url}, and sends nothing of projects that it cannot read: {reasons}"),
        "give the hub the key that is missing, or apply the project's file again",
    )
}

pub(super) fn networks(settings: &Settings) -> Check {
    const NAME: &str = "allowed networks";
    let allowed = settings.allowed_networks().to_string();
    if allowed.is_empty() {
        Check::fine(NAME, "the public internet only; --allow-network opens others")
    } else {
        Check::fine(NAME, format!("the public internet, and {allowed}"))
    }
}

/// A hub that others reach should know by what address they do.
pub(super) fn links(settings: &Settings) -> Check {
    const NAME: &str = "links";
    match &settings.inbound.public_url {
        Some(base) => Check::fine(NAME, format!("they begin with {base}")),
        None if settings.inbound.listen.ip().is_loopback() => {
            Check::fine(NAME, "for this machine only")
        }
        None => Check::noteworthy(
            NAME,
            "the hub listens for others and does not know its own address",
            "set --public-url to the address that senders use",
        ),
    }
}
