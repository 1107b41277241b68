//! What belongs to the history of one message: the versions of its identity, and all tries of all its
//! deliveries.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::message::Message;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::attempts::status;
use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::statement::{Row, as_integer, unreadable};
use crate::text::storable_key;

/// A message as one of several with the same identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The message.
    pub id: Uuid,
    /// Its number, from 1.
    pub version: u32,
    /// When it came in.
    pub received_at: Timestamp,
}

/// A try of a delivery without what was sent and answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// The delivery.
    pub delivery: Uuid,
    /// 1 for the first.
    pub number: u32,
    /// When the hub began.
    pub started_at: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// The status that was answered.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: Option<AttemptError>,
}

impl Store {
    /// Why the last try of each of these deliveries failed; those whose last try did not are left
    /// out.
    pub async fn last_error_kinds(
        &self,
        project: &str,
        deliveries: &[Uuid],
    ) -> Result<HashMap<Uuid, ErrorKind>, StoreError> {
        let Some(last) = deliveries.last() else { return Ok(HashMap::new()) };
        // Few different numbers of places, so that few statements are kept prepared.
        let mut padded = deliveries.to_vec();
        padded.resize(deliveries.len().next_power_of_two(), *last);
        let sql = format!(
            "SELECT d.id, a.error_kind FROM deliveries d
             JOIN attempts a ON a.project = d.project AND a.delivery = d.id
                 AND a.number = d.attempts
             WHERE d.project = $1 AND a.error_kind IS NOT NULL AND d.id IN ({})",
            places(2, padded.len())
        );
        let parameters = with_ids(vec![project.into()], &padded);
        let read = |row: &Row<'_>| Ok((row.id(0)?, row.named(1, ErrorKind::from_name)?));
        Ok(self.query(sql, parameters, read).await?.into_iter().collect())
    }

    /// The versions of a message's identity, newest first, `most` at the most: each message that
    /// brought other content knows the one before it. A message without an identity, or the only
    /// one of it, is its own only version.
    pub async fn versions(
        &self,
        project: &str,
        message: &Message,
        most: usize,
    ) -> Result<Vec<Version>, StoreError> {
        let newest = match &message.identity {
            Some(identity) => self.newest_of(project, &message.source, identity).await?,
            None => None,
        };
        let sql = "WITH RECURSIVE chain (id, previous, version, received_at, place) AS (
                 SELECT id, previous, version, received_at, 1 FROM messages
                 WHERE project = $1 AND id = $2
                 UNION ALL
                 SELECT m.id, m.previous, m.version, m.received_at, chain.place + 1
                 FROM chain JOIN messages m ON m.project = $1 AND m.id = chain.previous
                 WHERE chain.place < CAST($3 AS BIGINT)
             )
             SELECT id, version, received_at FROM chain ORDER BY place";
        let first = newest.unwrap_or(message.id);
        let parameters = vec![project.into(), first.into(), as_integer(most).into()];
        self.query(sql.to_owned(), parameters, |row| {
            Ok(Version { id: row.id(0)?, version: row.count(1)?, received_at: row.time(2)? })
        })
        .await
    }

    /// The newest message of a source that is known by an identity, exactly as it was sent.
    pub async fn newest_of(
        &self,
        project: &str,
        source: &str,
        identity: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let sql = "SELECT message FROM identities
                   WHERE project = $1 AND source = $2 AND identity IN ($3, $4)
                   ORDER BY at DESC LIMIT 1";
        let key = |kind: &str| storable_key(format!("{kind}:{identity}")).into();
        let parameters = vec![project.into(), source.into(), key("id"), key("key")];
        let found = self.query(sql.to_owned(), parameters, |row| row.id(0)).await?;
        Ok(found.into_iter().next())
    }

    /// The tries of several deliveries, in order, `most` at the most.
    pub async fn tries(
        &self,
        project: &str,
        deliveries: &[Uuid],
        most: usize,
    ) -> Result<Vec<Try>, StoreError> {
        if deliveries.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT delivery, number, started_at, duration, status, error_kind, error_message
             FROM attempts WHERE project = $1 AND delivery IN ({})
             ORDER BY delivery, number LIMIT $2",
            places(3, deliveries.len())
        );
        let parameters = with_ids(vec![project.into(), as_integer(most).into()], deliveries);
        self.query(sql, parameters, read_try).await
    }
}

fn read_try(row: &Row<'_>) -> Result<Try, StoreError> {
    let error = match (row.optional_text(5)?, row.optional_text(6)?) {
        (Some(kind), Some(message)) => Some(AttemptError {
            kind: ErrorKind::from_name(&kind).ok_or_else(|| unreadable("error kind", &kind))?,
            message,
        }),
        _ => None,
    };
    Ok(Try {
        delivery: row.id(0)?,
        number: row.count(1)?,
        started_at: row.time(2)?,
        duration: Duration::from_micros(row.integer(3)?.cast_unsigned()),
        status: row.optional_integer(4)?.map(status).transpose()?,
        error,
    })
}
