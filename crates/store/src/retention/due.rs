//! Counting what a retention would erase at once, before somebody asks for it.
//!
//! It walks where the walk of retention would walk, from its cursor to what has just come of age,
//! and decides by the same facts; but it only counts, and only so far that nobody waits for it.

use std::collections::HashSet;

use fieldpost_model::project::Retention;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::{Fate, RetentionKind};
use crate::Store;
use crate::error::StoreError;
use crate::messages::first_id_at;
use crate::statement::as_integer;

/// Of each kind so many are counted where people are to be told; beyond that it is only told that
/// there are more.
pub const MOST_DUE_COUNTED: usize = 10_000;

/// How many messages are decided on with one question.
const AT_ONCE: usize = 500;

/// What a retention would erase at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Messages of which nothing but a tombstone would stay.
    pub messages: u64,
    /// Other messages that would lose their bytes.
    pub bodies: u64,
    /// Attempts that would be deleted because of their own age.
    pub attempts: u64,
    /// Whether there are more of a kind than were to be counted. Its number is that bound then, and
    /// what waits is not taken off it.
    pub more: bool,
}

impl Due {
    /// Whether nothing would be erased.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.messages == 0 && self.bodies == 0 && self.attempts == 0
    }
}

/// The messages that one kind of retention would erase; `None` where they are too many to count.
type Found = Option<HashSet<Uuid>>;

impl Store {
    /// Counts what would be erased at once if a project kept things for so long from now on, up to
    /// `most` of each kind. A kind that is `None` counts nothing.
    pub async fn due_for_erasure(
        &self,
        project: &str,
        retention: Retention,
        now: Timestamp,
        most: usize,
    ) -> Result<Due, StoreError> {
        let mut due = Due::default();
        // What is left of a message as a tombstone is not counted once more for its bytes.
        let mut from = Uuid::nil();
        if let Some(age) = retention.messages {
            let cutoff = now - age;
            let found = self.due(project, RetentionKind::Messages, from, cutoff, most).await?;
            due.messages = due.counted(found.as_ref().map(HashSet::len), most);
            from = first_id_at(cutoff);
        }
        let mut bodies = Some(HashSet::new());
        for (kind, age) in [
            (RetentionKind::Bodies, retention.bodies),
            (RetentionKind::AfterSuccess, retention.after_success),
        ] {
            if let (Some(age), Some(known)) = (age, &mut bodies) {
                match self.due(project, kind, from, now - age, most).await? {
                    Some(found) => known.extend(found),
                    None => bodies = None,
                }
            }
        }
        due.bodies = due.counted(bodies.as_ref().map(HashSet::len), most);
        if let Some(age) = retention.attempts {
            let attempts = self.due_attempts(project, now - age, most + 1).await?;
            due.attempts = due.counted((attempts <= most).then_some(attempts), most);
        }
        Ok(due)
    }

    async fn due(
        &self,
        project: &str,
        kind: RetentionKind,
        from: Uuid,
        cutoff: Timestamp,
        most: usize,
    ) -> Result<Found, StoreError> {
        let from = self.retention_cursor(project, kind).await?.max(from);
        let ids = self
            .query(
                "SELECT id FROM messages WHERE project = $1 AND id > $2 AND id < $3
                 ORDER BY id LIMIT $4"
                    .to_owned(),
                vec![
                    project.into(),
                    from.into(),
                    first_id_at(cutoff).into(),
                    as_integer(most + 1).into(),
                ],
                |row| row.id(0),
            )
            .await?;
        if ids.len() > most {
            return Ok(None);
        }
        let mut found = HashSet::new();
        for ids in ids.chunks(AT_ONCE) {
            let facts = self.retention_facts(project, ids).await?;
            let erased = facts.iter().filter(|facts| facts.fate(kind, cutoff) == Fate::Erase);
            found.extend(erased.map(|facts| facts.id));
        }
        Ok(Some(found))
    }

    async fn due_attempts(
        &self,
        project: &str,
        cutoff: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError> {
        let counts = self
            .query(
                "SELECT count(*) FROM (
                     SELECT 1 AS one FROM attempts
                     WHERE project = $1 AND delivery < $2 AND started_at < $3 LIMIT $4) AS due"
                    .to_owned(),
                vec![
                    project.into(),
                    first_id_at(cutoff).into(),
                    cutoff.into(),
                    as_integer(limit).into(),
                ],
                |row| row.integer(0),
            )
            .await?;
        let count = counts.first().copied().unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }
}

impl Due {
    /// A number to tell; where it is not known, there are more than the bound.
    fn counted(&mut self, count: Option<usize>, most: usize) -> u64 {
        self.more |= count.is_none();
        count.unwrap_or(most) as u64
    }
}
