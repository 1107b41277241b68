//! Mail: is there a relay, does it let the hub in, and does anybody still want to be told.

use fieldpost_model::connection::Connection;
use fieldpost_model::json::Value;
use fieldpost_rules::definition::read_connection;
use fieldpost_store::{DefinitionKind, Inspection};

use super::Check;
use super::surroundings::InForce;
use crate::config::Settings;

const NAME: &str = "mail relay";

pub(super) async fn examine(
    settings: &Settings,
    in_force: &InForce,
    found: Option<&Inspection>,
) -> Vec<Check> {
    let connections = found.map(connections).unwrap_or_default();
    let mut checks = vec![relay(settings, in_force, &connections).await];
    checks.extend(found.and_then(|found| tired(found, &connections)));
    checks.extend(found.and_then(|found| refused(found, &connections)));
    checks
}

/// The connections of all projects.
fn connections(found: &Inspection) -> Vec<(String, Connection)> {
    let definitions = found.definitions.iter();
    definitions
        .filter(|definition| definition.kind == DefinitionKind::Connection)
        .filter_map(|definition| {
            let value = Value::parse(definition.definition.as_bytes()).ok()?;
            let connection = read_connection(&definition.name, &value).ok()?;
            Some((definition.project.clone(), connection))
        })
        .collect()
}

fn no_relay(in_force: &InForce, connections: &[(String, Connection)]) -> Check {
    let wants_mail = connections
        .iter()
        .any(|(_, it)| it.notify.iter().any(|recipient| recipient.mail_address().is_some()));
    if !wants_mail {
        return Check::fine(NAME, in_force.told("none is set, and nobody waits for a mail"));
    }
    Check::noteworthy(
        NAME,
        in_force.told("none is set: nobody gets a mail when a connection is in trouble"),
        "set --smtp-url and --smtp-from",
    )
}

async fn relay(
    settings: &Settings,
    in_force: &InForce,
    connections: &[(String, Connection)],
) -> Check {
    let (mailer, own_relay) = match (settings.mail.mailer(), settings.mail.relay_name()) {
        (Ok(mailer), Ok(relay)) => (mailer, relay),
        (Err(failure), _) | (_, Err(failure)) => {
            return Check::wrong(NAME, failure.to_string(), "mend the settings of mail");
        }
    };
    let Some(relay) = &in_force.mail_relay else { return no_relay(in_force, connections) };
    // Only the hub knows the password of a relay that is not this command's own.
    let Some(mailer) = mailer.filter(|_| own_relay.as_ref() == Some(relay)) else {
        let finding = format!("the hub has {relay}; give its settings of mail to have it greeted");
        return Check::fine(NAME, finding);
    };
    match mailer.greet().await {
        Err(error) => Check::wrong(
            NAME,
            error.to_string(),
            "are host, port, user and password right, and may this machine reach it?",
        ),
        Ok(()) if in_force.public_url.is_none() => Check::noteworthy(
            NAME,
            "it lets the hub in; mails have no link to unsubscribe",
            "set --public-url to the address by which the world reaches the hub",
        ),
        Ok(()) => Check::fine(NAME, "it lets the hub in"),
    }
}

/// Addresses that are to be told of trouble, and get no mail.
fn refused(found: &Inspection, connections: &[(String, Connection)]) -> Option<Check> {
    let is_named = |project: &str, address: &str| {
        let mut own = connections.iter().filter(|(of, _)| of == project);
        own.any(|(_, it)| it.notify.iter().any(|named| named.mail_address() == Some(address)))
    };
    let refused = found.refused.iter().filter(|(project, it)| is_named(project, &it.address));
    let told: Vec<String> =
        refused.map(|(project, it)| format!("{project}: {}: {}", it.address, it.error)).collect();
    if told.is_empty() {
        return None;
    }
    Some(Check::noteworthy(
        "refused addresses",
        format!("the last mails to these were given up: {}", told.join("; ")),
        "name addresses that take mail in `notify` of their connections",
    ))
}

/// Connections in whose trouble nobody is interested any more.
fn tired(found: &Inspection, connections: &[(String, Connection)]) -> Option<Check> {
    let is_tired = |project: &str, name: &str, address: &str| {
        let topic = format!("connection:{name}");
        found.unsubscribed.iter().any(|it| it.0 == project && it.1 == topic && it.2 == address)
    };
    let alone: Vec<String> = connections
        .iter()
        .filter(|(project, connection)| {
            let mut notify = connection.notify.iter();
            !connection.notify.is_empty()
                && notify.all(|recipient| {
                    let address = recipient.mail_address();
                    address.is_some_and(|it| is_tired(project, &connection.name, it))
                })
        })
        .map(|(project, connection)| format!("{project}/{}", connection.name))
        .collect();
    if alone.is_empty() {
        return None;
    }
    Some(Check::noteworthy(
        "unsubscribed",
        format!("everybody who was told of trouble has unsubscribed: {}", alone.join(", ")),
        "name somebody else in `notify` of these connections",
    ))
}
