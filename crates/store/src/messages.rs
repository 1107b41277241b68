//! Reading messages.

use std::collections::HashMap;
use std::time::Duration;

use fieldpost_model::message::{Message, MessageRequest, MessageState};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::erase::{places, with_ids};
use crate::error::StoreError;
use crate::queries::MessageQuery;
use crate::records::Page;
use crate::request::read_request;
use crate::statement::{Conditions, Row, as_integer, contains, length, like_anywhere};
use crate::{Engine, Store};

pub(crate) const COLUMNS: &str = "id, source, received_at, state, duplicate_of, reason, \
                                  content_type, bytes, identity, version, seen, erased_at";

/// By how much the time in a message's id may differ from the time of its receipt. The id only
/// ends the scan of the index; what is shown is decided by the time of receipt.
const ID_TOLERANCE: Duration = Duration::from_hours(1);

impl Store {
    /// Messages, newest first.
    pub async fn messages(
        &self,
        project: &str,
        query: &MessageQuery,
        page: Page,
    ) -> Result<Vec<Message>, StoreError> {
        let mut conditions = message_conditions(&self.engine, project, query);
        if let Some(before) = page.before {
            conditions.add("id < ?", before);
        }
        let limit = conditions.bind(as_integer(page.limit));
        let sql = format!(
            "SELECT {COLUMNS} FROM messages{} ORDER BY id DESC LIMIT {limit}",
            conditions.sql()
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

    /// The requests and the exact bytes of messages; those that were erased are left out. Whoever
    /// asks minds how much that is.
    pub async fn message_contents(
        &self,
        project: &str,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, (MessageRequest, Vec<u8>)>, StoreError> {
        let Some(last) = ids.last() else { return Ok(HashMap::new()) };
        // Few different numbers of places, so that few statements are kept prepared.
        let mut ids = ids.to_vec();
        ids.resize(ids.len().next_power_of_two(), *last);
        let list = places(2, ids.len());
        let sql = match &self.engine {
            Engine::Sqlite(_) => format!(
                "SELECT m.id, b.request, b.bytes
                 FROM messages m JOIN message_bodies b ON b.body = m.body
                 WHERE m.project = $1 AND m.id IN ({list})"
            ),
            Engine::Postgres(_) => format!(
                "SELECT b.message, b.request, b.bytes FROM message_bodies b
                 WHERE b.project = $1 AND b.message IN ({list})"
            ),
        };
        let found = self
            .query(sql, with_ids(vec![project.into()], &ids), |row| {
                Ok((row.id(0)?, (read_request(&row.text(1)?)?, row.bytes(2)?)))
            })
            .await?;
        Ok(found.into_iter().collect())
    }
}

/// The conditions of a list of messages.
pub(crate) fn message_conditions(
    engine: &Engine,
    project: &str,
    query: &MessageQuery,
) -> Conditions {
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
    if let Some(since) = query.since {
        conditions.add("received_at >= ?", since);
        conditions.add("id >= ?", first_id_at(since - ID_TOLERANCE));
    }
    if let Some(until) = query.until {
        conditions.add("received_at < ?", until);
        conditions.add("id < ?", first_id_at(until + ID_TOLERANCE));
    }
    if let Some(text) = &query.text {
        add_text_search(engine, &mut conditions, text, &["id", "duplicate_of"], &["identity"]);
    }
    conditions
}

/// The fewest hexadecimal digits that are taken for a part of an id.
const FEWEST_ID_DIGITS: usize = 4;

/// Adds the search of a list: the text is in one of the columns, or it is a part of an id in one of
/// those, with or without its dashes.
///
/// What looks like an id is searched for as text as well: the identities of forms and the keys of
/// cases are often UUIDs of their own.
pub(crate) fn add_text_search(
    engine: &Engine,
    conditions: &mut Conditions,
    text: &str,
    id_columns: &[&str],
    text_columns: &[&str],
) {
    let pattern = conditions.bind(like_anywhere(text));
    let mut alternatives: Vec<String> =
        text_columns.iter().map(|column| contains(column, &pattern)).collect();
    let digits = text.replace('-', "").to_ascii_lowercase();
    let is_part_of_id =
        digits.len() >= FEWEST_ID_DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_part_of_id {
        let digits = conditions.bind(like_anywhere(&digits));
        alternatives.extend(
            id_columns.iter().map(|column| format!("{} LIKE {digits}", engine.id_digits(column))),
        );
    }
    conditions.add_plain(&format!("({})", alternatives.join(" OR ")));
}

/// The smallest UUIDv7 of that time; of the next millisecond, where it lies within one.
pub(crate) fn first_id_at(time: Timestamp) -> Uuid {
    let milliseconds = time.0.saturating_add(999).div_euclid(1_000);
    let milliseconds = u64::try_from(milliseconds).unwrap_or(0);
    Uuid::from_u128(u128::from(milliseconds & 0xffff_ffff_ffff) << 80)
}

pub(crate) fn read_message(row: &Row<'_>) -> Result<Message, StoreError> {
    Ok(Message {
        id: row.id(0)?,
        source: row.text(1)?,
        received_at: row.time(2)?,
        state: row.named(3, MessageState::from_name)?,
        duplicate_of: row.optional_id(4)?,
        reason: row.optional_text(5)?,
        content_type: row.optional_text(6)?,
        bytes: length(row.integer(7)?)?,
        identity: row.optional_text(8)?,
        version: row.count(9)?,
        seen: row.count(10)?,
        erased_at: row.optional_integer(11)?.map(Timestamp),
    })
}
