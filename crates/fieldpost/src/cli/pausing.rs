//! Pausing and resuming, which forwarders, connections and projects have in common.

use super::Ending;
use super::show::json_list;
use crate::client::HubClient;
use crate::failure::Failure;
use crate::output;

/// Pauses or resumes each of the things named within a place of the API, and says so.
pub(super) async fn act_on_each(
    client: &HubClient,
    within: &[&str],
    names: &[String],
    action: &str,
    reason: Option<&str>,
    json: bool,
) -> Result<Ending, Failure> {
    let done = if action == PAUSE { "is paused" } else { "sends" };
    let mut answers = Vec::new();
    for name in names {
        let path = [within, &[name, action]].concat();
        answers.push(client.act_because(&path, reason).await?);
        if !json {
            output::line(format!("{name} {done}"))?;
        }
    }
    if json {
        json_list(answers)?;
    }
    Ok(Ending::Well)
}

/// The action that lets deliveries wait.
pub(super) const PAUSE: &str = "pause";

/// The action that sends what waited.
pub(super) const RESUME: &str = "resume";
