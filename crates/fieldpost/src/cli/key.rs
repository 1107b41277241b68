//! `fieldpost key`: the key that seals the secrets in the database.

use std::time::Duration;

use clap::{Args, Subcommand};
use fieldpost_model::json::Value;
use fieldpost_store::SealingKey;

use super::Ending;
use super::show::{counted, elements, is, json, number, text};
use crate::client::{HubAddress, HubClient, Json, Query};
use crate::failure::Failure;
use crate::output;

/// How often it is looked how far a rotation has come.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Look at and change the key that seals secrets: generate, status, rotate
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    Generate(Generate),
    Status(Status),
    Rotate(Rotate),
}

/// Make a key and print it
///
/// Nothing else happens: put it into the key file, or into the environment variable `FIELDPOST_KEY`,
/// of every hub that shares the database. Keep a copy apart from the backups.
#[derive(Args, Debug)]
pub(crate) struct Generate {}

/// Show by name which keys there are, and what is sealed with each
#[derive(Args, Debug)]
pub(crate) struct Status {
    #[command(flatten)]
    hub: HubAddress,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,
}

/// Change the key: everything is sealed anew, while the hub goes on
///
/// With SQLite the hub makes the new key and forgets the old one when nothing is sealed with it any
/// more. With PostgreSQL, or keys in `FIELDPOST_KEY`, put the new key first for every hub before, and
/// take the old one away after. It can be interrupted at any moment: the next start, or the next
/// rotation, goes on.
#[derive(Args, Debug)]
pub(crate) struct Rotate {
    #[command(flatten)]
    hub: HubAddress,

    /// Write JSON, for machines.
    #[arg(long)]
    json: bool,
}

impl Key {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        match self {
            Self::Generate(Generate {}) => generate(),
            Self::Status(Status { hub, json }) => status(&hub.client()?, json).await,
            Self::Rotate(Rotate { hub, json }) => rotate(&hub.client()?, json).await,
        }
    }
}

fn generate() -> Result<Ending, Failure> {
    let key = SealingKey::generate().map_err(|error| Failure::new(error.to_string()))?;
    output::line(key.expose())?;
    output::note(format!("This is the key {}: keep it where only its owner reads it.", key.id()));
    Ok(Ending::Well)
}

async fn status(client: &HubClient, as_json: bool) -> Result<Ending, Failure> {
    let keys = look(client).await?;
    if as_json {
        json(&keys)?;
    } else {
        let mut table = output::table(["key", "", "records"]);
        for key in elements(&keys, "keys") {
            table.add_row([text(key, "id"), state(&keys, key).into(), text(key, "records")]);
        }
        output::print_table(&table)?;
        let unsealed = number(&keys, "unsealed");
        if unsealed > 0 {
            output::note(format!(
                "{} not sealed yet",
                counted(unsealed, "record is", "records are")
            ));
        }
    }
    Ok(if is_well(&keys) { Ending::Well } else { Ending::NotWell })
}

/// What a key is to the hub.
fn state(keys: &Json, key: &Json) -> &'static str {
    if !is(key, "present") {
        "this hub does not have it"
    } else if text(key, "id") == text(keys, "active") {
        "seals"
    } else {
        "opens"
    }
}

async fn rotate(client: &HubClient, as_json: bool) -> Result<Ending, Failure> {
    let before = look(client).await?;
    let mut keys = client.act(&["keys", "rotate"]).await?;
    let spinner = output::spinner("sealing anew");
    while rotation(&keys).is_some_and(|rotation| is(rotation, "running")) {
        tokio::time::sleep(LOOK_AGAIN).await;
        keys = look(client).await?;
    }
    spinner.finish_and_clear();
    if let Some(error) = rotation(&keys).map(|rotation| text(rotation, "error"))
        && !error.is_empty()
    {
        return Err(Failure::new(format!("the rotation ended early: {error}"))
            .hint("mend the cause and call `fieldpost key rotate` again: it goes on"));
    }
    if as_json {
        json(&keys)?;
    } else {
        tell(&before, &keys)?;
    }
    Ok(if is_well(&keys) { Ending::Well } else { Ending::NotWell })
}

/// Says what became of the keys, and what is left for the operator.
fn tell(before: &Json, keys: &Json) -> Result<(), Failure> {
    let active = text(keys, "active");
    let resealed = rotation(keys).map_or(0, |rotation| number(rotation, "resealed"));
    let sealed = counted(resealed, "record was", "records were");
    if text(before, "active") == active {
        output::line(format!("The key is {active} as before; {sealed} sealed anew"))?;
    } else {
        let old = text(before, "active");
        output::line(format!("The key is {active} now, in place of {old}; {sealed} sealed anew"))?;
    }
    for key in elements(keys, "keys").iter().filter(|key| text(key, "id") != active) {
        let (id, records) = (text(key, "id"), number(key, "records"));
        output::line(if records > 0 {
            let records = counted(records, "record is", "records are");
            format!("{records} still sealed with {id}; the hub's log says why")
        } else {
            format!(
                "Nothing is sealed with {id} any more: once every hub has {active} first, take \
                 {id} away"
            )
        })?;
    }
    if text(keys, "kept_by") == "hub" {
        output::line("Keep a copy of the key file apart from the backups")?;
    } else if elements(keys, "keys").len() == 1 && text(before, "active") == active {
        output::line(
            "To change the key, put one that `fieldpost key generate` prints first, before the \
             present one, for every hub; then call this again",
        )?;
    }
    Ok(())
}

/// Whether the hub has every key that is needed, and everything is sealed.
fn is_well(keys: &Json) -> bool {
    let has_all = elements(keys, "keys").iter().all(|key| is(key, "present"));
    let failed = rotation(keys).map_or(0, |rotation| number(rotation, "failed"));
    has_all && failed == 0 && number(keys, "unsealed") == 0
}

fn rotation(keys: &Json) -> Option<&Json> {
    keys.get("rotation").filter(|rotation| matches!(rotation, Value::Object(_)))
}

async fn look(client: &HubClient) -> Result<Json, Failure> {
    client.get(&["keys"], &Query::new()).await
}
