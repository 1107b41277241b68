//! What the projects define, and what waits: nothing that is wrong, but what one should know.

use std::time::Duration;

use fieldpost_engine::refused_network;
use fieldpost_model::duration;
use fieldpost_model::json::Value;
use fieldpost_outbound::Client;
use fieldpost_rules::definition::{connection_warnings, read_connection};
use fieldpost_store::{DefinitionKind, FoundDefinition, Inspection, clock};

use super::Check;
use crate::cli::show::counted;

/// What a lifecycle is not told for longer than this waits for something that does not come.
const LONG_UNTOLD: Duration = Duration::from_mins(5);
/// A delivery that waits longer than this is in trouble, not merely unlucky.
const LONG_WAIT: Duration = Duration::from_hours(1);

/// A warning about connections, as the doctor tells it.
struct Regret {
    name: &'static str,
    /// The code of the warning.
    code: &'static str,
    /// What is found where no connection has it.
    fine: &'static str,
    /// What is found of those that are then listed.
    finding: &'static str,
    hint: &'static str,
}

const REGRETS: [Regret; 5] = [
    Regret {
        name: "notify addresses",
        code: "no-notify",
        fine: "every connection names somebody",
        finding: "nobody is told when these are in trouble",
        hint: "write `notify: [ops@example.org]` into these connections",
    },
    Regret {
        name: "certificates",
        code: "unverified-tls",
        fine: "those of all connections are verified",
        finding: "ANYBODY on the way can read and change what is sent to these, credentials included",
        hint: "write `tls: { ca: … }` in the place of `skip_verification`",
    },
    Regret {
        name: "plain HTTP",
        code: "credentials-in-the-clear",
        fine: "no credentials are sent over it, but within the house",
        finding: "credentials are sent in the clear to these",
        hint: "write `https://` into these connections",
    },
    Regret {
        name: "signing secrets",
        code: "short-signing-secret",
        fine: "none is too short",
        finding: "those of these can be guessed",
        hint: "make others with `openssl rand -base64 32`",
    },
    Regret {
        name: "closed networks",
        code: "refused-network",
        fine: "no connection names an address in one",
        finding: "nothing is sent to these, whose addresses are in networks that are not open",
        hint: "open them with --allow-network",
    },
];

/// `client` dials what may be dialled.
pub(super) fn examine(found: &Inspection, client: Option<&Client>) -> Vec<Check> {
    let mut checks = regrets(found, client);
    checks.extend([
        paused(found, DefinitionKind::Project, "paused projects", "projects"),
        paused(found, DefinitionKind::Connection, "paused connections", "connections"),
        paused(found, DefinitionKind::Forwarder, "paused forwarders", "forwarders"),
        waiting(found),
        untold(found),
        lifecycles(found),
        calls(found),
    ]);
    checks.extend(found.users.map(users));
    checks
}

/// The definitions of one kind, as they are named here and as JSON.
fn of_kind(
    found: &Inspection,
    kind: DefinitionKind,
) -> impl Iterator<Item = (&FoundDefinition, Value<'_>)> {
    found.definitions.iter().filter(move |definition| definition.kind == kind).filter_map(
        |definition| Some((definition, Value::parse(definition.definition.as_bytes()).ok()?)),
    )
}

fn shown(definition: &FoundDefinition) -> String {
    match definition.kind {
        DefinitionKind::Project => definition.project.clone(),
        _ => format!("{}/{}", definition.project, definition.name),
    }
}

/// The sources whose forms phones fetch from a list, by links.
pub(super) fn form_lists(found: &Inspection) -> Vec<String> {
    let lists = of_kind(found, DefinitionKind::Source).filter(|(_, value)| {
        let is_openrosa = value.get("dialect").and_then(Value::as_str) == Some("openrosa");
        is_openrosa && value.get("access").is_some()
    });
    lists.map(|(definition, _)| shown(definition)).collect()
}

/// What is allowed in connections, and likely to be regretted.
fn regrets(found: &Inspection, client: Option<&Client>) -> Vec<Check> {
    let connections: Vec<_> = of_kind(found, DefinitionKind::Connection)
        .filter_map(|(definition, value)| {
            let connection = read_connection(&definition.name, &value).ok()?;
            let mut warnings = connection_warnings(&connection);
            let project = &definition.project;
            warnings.extend(client.and_then(|it| refused_network(it, project, &connection)));
            Some((shown(definition), warnings))
        })
        .collect();
    let check = |regret: &Regret| {
        let names: Vec<&str> = connections
            .iter()
            .filter(|(_, warnings)| warnings.iter().any(|warning| warning.code == regret.code))
            .map(|(name, _)| name.as_str())
            .collect();
        if names.is_empty() {
            return Check::fine(regret.name, regret.fine);
        }
        let finding = format!("{}: {}", regret.finding, names.join(", "));
        Check::noteworthy(regret.name, finding, regret.hint)
    };
    REGRETS.iter().map(check).collect()
}

fn paused(
    found: &Inspection,
    kind: DefinitionKind,
    name: &'static str,
    command: &'static str,
) -> Check {
    let paused: Vec<String> = of_kind(found, kind)
        .filter(|(_, value)| value.get("paused").and_then(Value::as_bool) == Some(true))
        .map(|(definition, _)| shown(definition))
        .collect();
    if paused.is_empty() {
        return Check::fine(name, "none");
    }
    Check::noteworthy(
        name,
        format!("their deliveries wait: {}", paused.join(", ")),
        format!("`fieldpost {command} resume NAME` sends them"),
    )
}

fn users(users: u64) -> Check {
    const NAME: &str = "users";
    if users > 0 {
        return Check::fine(NAME, counted(users, "may come in", "may come in"));
    }
    let finding = "nobody has an account: the page can be used with the admin token alone";
    Check::noteworthy(NAME, finding, "open the link that `fieldpost serve` prints at its start")
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

/// What came in and is still to be told to the lifecycles of its forms.
fn untold(found: &Inspection) -> Check {
    const NAME: &str = "lifecycles to go on";
    let Some(oldest) = found.oldest_untold else { return Check::fine(NAME, "none waits") };
    let age = (clock::system())().since(oldest);
    let many = counted(found.untold, "version waits", "versions wait");
    let finding = format!("{many} to be told, the oldest since {oldest} ({})", rounded(age));
    if age > LONG_UNTOLD {
        let hint = "is a hub running? Its log says what it cannot take along, and why";
        Check::noteworthy(NAME, finding, hint)
    } else {
        Check::fine(NAME, finding)
    }
}

/// What went wrong in lifecycles, for those who wrote them.
fn lifecycles(found: &Inspection) -> Check {
    const NAME: &str = "lifecycles";
    if found.lifecycle_problems.is_empty() {
        return Check::fine(NAME, "none met a problem in the last week");
    }
    let told = found.lifecycle_problems.iter().map(|problem| {
        let times = counted(problem.count, "time", "times");
        let (project, form, code) = (&problem.project, &problem.form, &problem.code);
        format!("{project}/{form}: {code}, {times}, last at {}", problem.newest)
    });
    let finding = format!("problems were met: {}", told.collect::<Vec<_>>().join("; "));
    let hint = "the page of such a submission says where in its lifecycle each was met";
    Check::noteworthy(NAME, finding, hint)
}

/// The calls of lifecycles that fail.
fn calls(found: &Inspection) -> Check {
    const NAME: &str = "calls of lifecycles";
    if found.failing_calls.is_empty() {
        return Check::fine(NAME, "none fails");
    }
    let told = found.failing_calls.iter().map(|call| {
        let times = counted(call.failures, "time", "times");
        let (project, subject, since) = (&call.project, &call.subject, call.since);
        let error = call.error.as_deref().and_then(|error| error.lines().next());
        let error = error.map(|error| format!(": {error}")).unwrap_or_default();
        format!("{project}/{subject}, {times} since {since}{error}")
    });
    let finding = format!("these fail: {}", told.collect::<Vec<_>>().join("; "));
    let hint = "`fieldpost incidents list --kind call` has them, each with the delivery and the submission \
                that failed last";
    Check::noteworthy(NAME, finding, hint)
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
