//! Reading messages.

use std::time::Duration;

use fieldpost_model::message::{Message, MessageRequest, MessageState};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::records::{MessageQuery, Page};
use crate::request::read_request;
use crate::statement::{Conditions, Row, like_anywhere, unreadable};
use crate::{Engine, Store};

const COLUMNS: &str = "id, source, received_at, state, duplicate_of, reason, content_type, bytes, \
                       identity, version, seen";

impl Store {
    /// Messages, newest first.
    pub async fn messages(
        &self,
        project: &str,
        query: &MessageQuery,
        page: Page,
    ) -> Result<Vec<Message>, StoreError> {
        let mut conditions = Conditions::default();
        conditions.add("project = ?", project);
        if let Some(source) = &query.source {
            conditions.add("source = ?", source.as_str());
        }
        if let Some(state) = query.state {
            conditions.add("state = ?", state.name());
            if state != MessageState::Kept {
                // Says what the partial index says, so that it is used.
                conditions.add_plain("state <> 'kept'");
            }
        }
        add_time_range(&mut conditions, "id", "received_at", query.since, query.until);
        if let Some(text) = &query.text {
            match Uuid::parse_str(text) {
                Ok(id) => conditions.add("(id = ? OR duplicate_of = ?)", id),
                Err(_) => conditions.add(r"identity LIKE ? ESCAPE '\'", like_anywhere(text)),
            }
        }
        if let Some(before) = page.before {
            conditions.add("id < ?", before);
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM messages{} ORDER BY id DESC LIMIT {}",
            conditions.sql(),
            page.limit
        );
        self.query(sql, conditions.parameters, read_message).await
    }

    /// One message.
    pub async fn message(&self, project: &str, id: Uuid) -> Result<Option<Message>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM messages WHERE project = $1 AND id = $2");
        let found = self.query(sql, vec![project.into(), id.into()], read_message).await?;
        Ok(found.into_iter().next())
    }

    /// The request and the exact bytes of a message.
    pub async fn message_content(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<Option<(MessageRequest, Vec<u8>)>, StoreError> {
        let sql = match &self.engine {
            Engine::Sqlite(_) => {
                "SELECT b.request, b.bytes FROM messages m JOIN message_bodies b ON b.body = m.body
                 WHERE m.project = $1 AND m.id = $2"
            }
            Engine::Postgres(_) => {
                "SELECT b.request, b.bytes FROM message_bodies b
                 WHERE b.project = $1 AND b.message = $2"
            }
        };
        let found = self
            .query(sql.to_owned(), vec![project.into(), id.into()], |row| {
                Ok((read_request(&row.text(0)?)?, row.bytes(1)?))
            })
            .await?;
        Ok(found.into_iter().next())
    }
}

/// Limits a list to a time range: exactly by the time's own column, and by the id, which begins
/// with the same time in milliseconds, so that the index ends the scan.
pub(crate) fn add_time_range(
    conditions: &mut Conditions,
    id_column: &str,
    time_column: &str,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) {
    if let Some(since) = since {
        conditions.add(&format!("{time_column} >= ?"), since);
        conditions.add(&format!("{id_column} >= ?"), first_id_at(since));
    }
    if let Some(until) = until {
        conditions.add(&format!("{time_column} < ?"), until);
        let above = first_id_at(until + Duration::from_millis(1));
        conditions.add(&format!("{id_column} < ?"), above);
    }
}

/// The smallest UUIDv7 of that millisecond.
fn first_id_at(time: Timestamp) -> Uuid {
    let milliseconds = u64::try_from(time.0.div_euclid(1_000)).unwrap_or(0);
    Uuid::from_u128(u128::from(milliseconds & 0xffff_ffff_ffff) << 80)
}

fn read_message(row: &Row<'_>) -> Result<Message, StoreError> {
    let bytes = row.integer(7)?;
    Ok(Message {
        id: row.id(0)?,
        source: row.text(1)?,
        received_at: row.time(2)?,
        state: row.named(3, MessageState::from_name)?,
        duplicate_of: row.optional_id(4)?,
        reason: row.optional_text(5)?,
        content_type: row.optional_text(6)?,
        bytes: u64::try_from(bytes).map_err(|_| unreadable("length", &bytes.to_string()))?,
        identity: row.optional_text(8)?,
        version: row.count(9)?,
        seen: row.count(10)?,
    })
}
