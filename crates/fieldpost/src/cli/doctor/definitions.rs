//! What the projects define, and what waits: nothing that is wrong, but what one should know.

use std::time::Duration;

use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_store::{DefinitionKind, Inspection, clock};

use super::Check;
use crate::cli::show::counted;

/// A delivery that waits longer than this is in trouble, not merely unlucky.
const LONG_WAIT: Duration = Duration::from_hours(1);

pub(super) fn examine(found: &Inspection) -> Vec<Check> {
    vec![notify(found), paused(found), waiting(found)]
}

/// The names of the definitions of one kind for which something holds.
fn those(
    found: &Inspection,
    kind: DefinitionKind,
    holds: impl Fn(&Value<'_>) -> bool,
) -> Vec<String> {
    found
        .definitions
        .iter()
        .filter(|definition| definition.kind == kind)
        .filter(|definition| {
            Value::parse(definition.definition.as_bytes()).is_ok_and(|value| holds(&value))
        })
        .map(|definition| format!("{}/{}", definition.project, definition.name))
        .collect()
}

fn notify(found: &Inspection) -> Check {
    const NAME: &str = "notify addresses";
    let silent = those(found, DefinitionKind::Connection, |connection| {
        connection.get("notify").and_then(Value::as_array).is_none_or(<[_]>::is_empty)
    });
    if silent.is_empty() {
        return Check::fine(NAME, "every connection names somebody");
    }
    Check::noteworthy(
        NAME,
        format!("nobody is told when these are in trouble: {}", silent.join(", ")),
        "write `notify: [ops@example.org]` into these connections",
    )
}

fn paused(found: &Inspection) -> Check {
    const NAME: &str = "paused forwarders";
    let paused = those(found, DefinitionKind::Forwarder, |forwarder| {
        forwarder.get("paused").and_then(Value::as_bool) == Some(true)
    });
    if paused.is_empty() {
        return Check::fine(NAME, "none");
    }
    Check::noteworthy(
        NAME,
        format!("their deliveries wait: {}", paused.join(", ")),
        "`fieldpost forwarders resume NAME` sends them",
    )
}

fn waiting(found: &Inspection) -> Check {
    const NAME: &str = "waiting deliveries";
    let Some(oldest) = found.oldest_waiting else { return Check::fine(NAME, "none") };
    let age = (clock::system())().since(oldest);
    let many = counted(found.waiting, "delivery waits", "deliveries wait");
    let finding = format!("{many}, the oldest since {oldest} ({})", rounded(age));
    if age > LONG_WAIT {
        let hint = "`fieldpost deliveries list --state failed` shows why";
        Check::noteworthy(NAME, finding, hint)
    } else {
        Check::fine(NAME, finding)
    }
}

/// A duration without the parts that nobody asks for: whole seconds, minutes, hours or days.
fn rounded(age: Duration) -> String {
    let seconds = age.as_secs();
    let unit = [86_400, 3_600, 60, 1].into_iter().find(|unit| seconds >= *unit).unwrap_or(1);
    duration::format(Duration::from_secs(seconds / unit * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_one_unit() {
        for (seconds, told) in [(0, "0ms"), (59, "59s"), (119, "1m"), (90_000, "1d"), (7_300, "2h")]
        {
            assert_eq!(rounded(Duration::from_secs(seconds)), told);
        }
    }
}
