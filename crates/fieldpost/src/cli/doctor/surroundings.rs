//! The hub's surroundings: is it running, is its port free, whom may it reach.

use std::fmt::Display;
use std::net::TcpListener;

use fieldpost_model::json::Value;
use fieldpost_outbound::{Client, OutboundSettings};
use fieldpost_store::Inspection;

use super::{Check, definitions};
use crate::cli::show::{elements, text};
use crate::client::{HubClient, Json, Query};
use crate::config::{DataFolder, Settings};

/// What counts about the ways out and back: what the running hub was started with, or what one
/// would be that were started with the settings of this command.
pub(super) struct InForce {
    /// Whether a running hub has told them.
    is_running: bool,
    /// The networks that are open beside the public internet.
    allow_networks: String,
    /// `host:port`
    pub(super) mail_relay: Option<String>,
    /// What links begin with.
    pub(super) public_url: Option<String>,
    /// Who has sent `X-Forwarded-For` and is not trusted to.
    unbelieved_proxies: Vec<String>,
}

impl InForce {
    fn of_command(settings: &Settings) -> Self {
        Self {
            is_running: false,
            allow_networks: settings.allowed_networks().to_string(),
            // What is wrong with it is told where mail is looked at.
            mail_relay: settings.mail.relay_name().ok().flatten(),
            public_url: settings.inbound.public_url.as_ref().map(|url| url.as_str().to_owned()),
            unbelieved_proxies: Vec::new(),
        }
    }

    /// `None` where the hub is of a version that does not tell.
    fn of_hub(status: &Json) -> Option<Self> {
        let settings = status.get("settings")?;
        let text = |key: &str| settings.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            is_running: true,
            allow_networks: text("allow_networks")?,
            mail_relay: text("mail_relay"),
            public_url: text("public_url"),
            unbelieved_proxies: elements(status, "unbelieved_proxies")
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
        })
    }

    /// A client that dials what may be dialled; `None` where there can be none.
    pub(super) fn client(&self) -> Option<Client> {
        let allow_networks = self.allow_networks.parse().ok()?;
        Client::new(OutboundSettings { allow_networks, ..OutboundSettings::default() }).ok()
    }

    /// A finding, with a word about where it comes from unless a hub was asked.
    pub(super) fn told(&self, finding: impl Display) -> String {
        if self.is_running {
            finding.to_string()
        } else {
            format!("{finding} (by the settings of this command)")
        }
    }
}

/// Whether the hub of the data folder runs and works, or could be started; and the settings that
/// are in force.
pub(super) async fn hub(settings: &Settings) -> (Check, InForce) {
    let folder = DataFolder::at(&settings.storage.data);
    let of_command = InForce::of_command(settings);
    if let Some(running) = folder.running_hub()
        && let Some((check, status)) = running_hub(&folder, &running.url, running.token).await
    {
        let told = status.as_ref().and_then(InForce::of_hub);
        return (check, told.unwrap_or(of_command));
    }
    (startable(settings), of_command)
}

fn startable(settings: &Settings) -> Check {
    const NAME: &str = "hub";
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

/// How the running hub is, and what it says about itself. `None` where the notice is of a hub that
/// does not run any more.
async fn running_hub(
    folder: &DataFolder,
    url: &str,
    token: Option<String>,
) -> Option<(Check, Option<Json>)> {
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
    let status = client.get(&["status"], &Query::new()).await;
    let check = match &status {
        Ok(status) if client.is_ready().await => serving(url, status),
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
    };
    Some((check, status.ok()))
}

/// Whether somebody speaks for others whom the hub does not believe. `None` where no hub was asked, or
/// nobody does.
pub(super) fn proxies(in_force: &InForce) -> Option<Check> {
    if in_force.unbelieved_proxies.is_empty() {
        return None;
    }
    let addresses = in_force.unbelieved_proxies.join(", ");
    Some(Check::noteworthy(
        "proxies",
        format!("X-Forwarded-For comes from {addresses}, and the hub does not believe it"),
        "if that is a proxy of yours, name it with --trusted-proxy, or all who come through it share \
         one address and its tries to sign in",
    ))
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

pub(super) fn networks(in_force: &InForce) -> Check {
    let finding = match &*in_force.allow_networks {
        "" => "the public internet only; --allow-network opens others".to_owned(),
        allowed => format!("the public internet, and {allowed}"),
    };
    Check::fine("allowed networks", in_force.told(finding))
}

/// A hub that others reach should know by what address they do.
pub(super) fn links(settings: &Settings, in_force: &InForce, found: Option<&Inspection>) -> Check {
    const NAME: &str = "links";
    let lists = found.map(definitions::form_lists).unwrap_or_default();
    match &in_force.public_url {
        Some(base) => Check::fine(NAME, in_force.told(format!("they begin with {base}"))),
        None if !lists.is_empty() => Check::noteworthy(
            NAME,
            in_force.told(format!(
                "phones cannot use the links in the lists of forms of these: {}",
                lists.join(", ")
            )),
            "set --public-url to the address that the phones use",
        ),
        None if settings.inbound.listen.ip().is_loopback() => {
            Check::fine(NAME, in_force.told("for this machine only"))
        }
        None => Check::noteworthy(
            NAME,
            in_force.told("the hub listens for others and does not know its own address"),
            "set --public-url to the address that senders use",
        ),
    }
}
