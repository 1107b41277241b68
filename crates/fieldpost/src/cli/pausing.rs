//! Pausing and resuming, which forwarders, connections and projects have in common.

use fieldpost_model::json::Value;

use super::Ending;
use super::show::{is, json_list, short_time, text};
use crate::client::{HubClient, Json};
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

/// Since when something is paused, by whom and why: `since 2026-01-31 12:00:00 by amina: they move`.
/// Empty where nothing is kept of a pause.
pub(super) fn pause(object: &Json) -> String {
    let Some(pause @ Value::Object(_)) = object.get("pause") else { return String::new() };
    let (since, by) = (short_time(&text(pause, "since")), text(pause, "by"));
    let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
    let reason = text(pause, "reason");
    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("since {since}{by}{why}")
}

/// How what is sent to stands, in a word or two: a pause goes before trouble, which it hides.
pub(super) fn standing(object: &Json, well: &'static str) -> &'static str {
    let has_incident = matches!(object.get("incident"), Some(Value::String(_)));
    match (is(object, "paused"), has_incident, is(object, "failing")) {
        (true, true, _) => "paused, in trouble",
        (true, false, _) => "paused",
        (false, true, _) => "in trouble",
        (false, false, true) => "failing",
        (false, false, false) => well,
    }
}

/// The action that lets deliveries wait.
pub(super) const PAUSE: &str = "pause";

/// The action that sends what waited.
pub(super) const RESUME: &str = "resume";

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Value::parse(text.as_bytes()).unwrap().into_owned()
    }

    #[track_caller]
    fn check_pause(object: &str, expected: &str) {
        assert_eq!(pause(&json(object)), expected, "{object}");
    }

    #[test]
    fn a_pause_says_what_is_known_of_it() {
        check_pause("{}", "");
        check_pause(r#"{"pause": null}"#, "");
        let since = r#""since": "2026-01-31T12:00:00.000000Z""#;
        let told = "since 2026-01-31 12:00:00";
        check_pause(&format!(r#"{{"pause": {{{since}, "by": "", "reason": null}}}}"#), told);
        check_pause(
            &format!(r#"{{"pause": {{{since}, "by": "amina", "reason": "they move"}}}}"#),
            &format!("{told} by amina: they move"),
        );
    }

    #[test]
    fn what_is_wrong_is_not_called_well() {
        for (object, expected) in [
            (r#"{"paused": false, "failing": false, "incident": null}"#, "ok"),
            (r#"{"paused": false}"#, "ok"),
            (r#"{"paused": false, "failing": true, "incident": null}"#, "failing"),
            (r#"{"paused": false, "failing": true, "incident": "1"}"#, "in trouble"),
            (r#"{"paused": true, "failing": true}"#, "paused"),
            (r#"{"paused": true, "failing": true, "incident": "1"}"#, "paused, in trouble"),
        ] {
            assert_eq!(standing(&json(object), "ok"), expected, "{object}");
        }
    }
}
