//! Sessions: who holds the secret in the cookie.
//!
//! Here lies the digest of the secret alone. A session ends when nobody has used it for a while,
//! at the latest at `ends_at`, with its user, and when somebody ends it.

use std::time::Duration;

use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Batch, Parameter, Row, as_integer};
use crate::users::{CHANGED_CREDENTIALS, COLUMN_COUNT, User, read_user};

/// How exactly it is kept when a session or a token was used last.
pub const SEEN_EVERY: Duration = Duration::from_mins(1);
/// Sessions that a user has at once, and so the administrator; with another one the oldest ends.
pub const MOST_SESSIONS: usize = 20;
/// The longest name of a browser that is kept, in characters.
const LONGEST_AGENT: usize = 200;

/// A session that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The digest of its secret.
    pub digest: [u8; 32],
    /// What it is called by.
    pub id: Uuid,
    /// Whose it is; none is the administrator.
    pub account: Option<Uuid>,
    /// Of which generation the user's credentials were that began it; 0 for the administrator.
    pub generation: i64,
    /// For the administrator's: what shows that it belongs to the present token.
    pub proof: Option<[u8; 32]>,
    /// How long it lasts at the most.
    pub lasts: Duration,
    /// Where it was begun from.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

/// A session, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What it is called by.
    pub id: Uuid,
    /// Whose it is; none is the administrator.
    pub account: Option<Uuid>,
    /// For the administrator's: what shows that it belongs to the present token.
    pub proof: Option<Vec<u8>>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    pub ends_at: Timestamp,
    /// Where it was begun from.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub agent: Option<String>,
}

const COLUMNS: &str =
    "s.id, s.account, s.proof, s.created_at, s.seen_at, s.ends_at, s.address, s.agent";

fn read_session(row: &Row<'_>, first: usize) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.id(first)?,
        account: row.optional_id(first + 1)?,
        proof: row.optional_bytes(first + 2)?,
        created_at: row.time(first + 3)?,
        seen_at: row.time(first + 4)?,
        ends_at: row.time(first + 5)?,
        address: row.optional_text(first + 6)?,
        agent: row.optional_text(first + 7)?,
    })
}

impl Store {
    /// The session of this digest with its user, while it lasts; noting that it was used.
    pub async fn session(
        &self,
        digest: [u8; 32],
        idle: Duration,
    ) -> Result<Option<(Session, Option<User>)>, StoreError> {
        let found = self.find_session(digest, idle).await?;
        let Some((session, user, stale)) = found else { return Ok(None) };
        if stale {
            self.touch_session(digest).await?;
        }
        Ok(Some((session, user)))
    }

    /// The same, without noting anything: to look after somebody is no use of theirs.
    pub async fn unused_session(
        &self,
        digest: [u8; 32],
        idle: Duration,
    ) -> Result<Option<(Session, Option<User>)>, StoreError> {
        let found = self.find_session(digest, idle).await?;
        Ok(found.map(|(session, user, _)| (session, user)))
    }

    /// The session, its user, and whether it is time to note that it was used.
    async fn find_session(
        &self,
        digest: [u8; 32],
        idle: Duration,
    ) -> Result<Option<(Session, Option<User>, bool)>, StoreError> {
        let now = self.now_sql();
        let sql = format!(
            "SELECT {}, {COLUMNS}, CAST(CASE WHEN s.seen_at <= {now} - $3 THEN 1 ELSE 0 END AS BIGINT)
             FROM sessions s JOIN users u ON u.id = s.account
             WHERE s.digest = $1 AND s.seen_at > {now} - $2 AND s.ends_at > {now}
               AND u.disabled = 0",
            self.user_columns()
        );
        let parameters = || -> Vec<Parameter> {
            vec![
                Parameter::Bytes(digest.to_vec()),
                as_integer(idle.as_micros()).into(),
                as_integer(SEEN_EVERY.as_micros()).into(),
            ]
        };
        let found = self.query(sql, parameters(), |row| {
            let stale = row.integer(COLUMN_COUNT + 8)? != 0;
            Ok((read_session(row, COLUMN_COUNT)?, Some(read_user(row)?), stale))
        });
        let mut found = found.await?;
        if found.is_empty() {
            let sql = format!(
                "SELECT {COLUMNS}, CAST(CASE WHEN s.seen_at <= {now} - $3 THEN 1 ELSE 0 END AS BIGINT)
                 FROM sessions s WHERE s.digest = $1 AND s.account IS NULL
                   AND s.seen_at > {now} - $2 AND s.ends_at > {now}"
            );
            let of_administrator = self.query(sql, parameters(), |row| {
                Ok((read_session(row, 0)?, None, row.integer(8)? != 0))
            });
            found = of_administrator.await?;
        }
        Ok(found.into_iter().next())
    }

    async fn touch_session(&self, digest: [u8; 32]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.any(
            format!("UPDATE sessions SET seen_at = {} WHERE digest = $1", self.now_sql()),
            vec![Parameter::Bytes(digest.to_vec())],
        );
        self.change(batch).await.map(drop)
    }

    /// Begins a session; those that have ended by themselves are forgotten meanwhile.
    /// [`CHANGED_CREDENTIALS`] is the conflict where the user's credentials are not those any more
    /// that began it, or the user may not come in any more.
    pub async fn begin_session(
        &self,
        session: &NewSession,
        idle: Duration,
    ) -> Result<(), StoreError> {
        let now = self.now_sql();
        let mut batch = Batch::default();
        if let Some(account) = session.account {
            // First of all, as with all that changes what a user has: who comes second waits here.
            batch.one(
                CHANGED_CREDENTIALS,
                format!(
                    "UPDATE users SET last_sign_in_at = {now}
                     WHERE id = $1 AND generation = $2 AND disabled = 0"
                ),
                vec![account.into(), session.generation.into()],
            );
            batch.any(
                format!("DELETE FROM sessions WHERE account = $1 AND seen_at <= {now} - $2"),
                vec![account.into(), as_integer(idle.as_micros()).into()],
            );
        }
        batch.any(
            format!(
                "DELETE FROM sessions WHERE digest IN (
                     SELECT digest FROM sessions WHERE ends_at <= {now} {})",
                self.engine.left_to_others()
            ),
            Vec::new(),
        );
        add_session(&mut batch, session, &now);
        self.change(batch).await.map(drop)
    }

    /// The sessions of a user, or of the administrator, that last; the newest first.
    pub async fn sessions(
        &self,
        account: Option<Uuid>,
        idle: Duration,
    ) -> Result<Vec<Session>, StoreError> {
        let now = self.now_sql();
        let (whose, mut parameters) = whose(account);
        parameters.push(as_integer(idle.as_micros()).into());
        let sql = format!(
            "SELECT {COLUMNS} FROM sessions s WHERE {whose} AND s.seen_at > {now} - ${}
             AND s.ends_at > {now} ORDER BY s.created_at DESC, s.id DESC",
            parameters.len()
        );
        self.query(sql, parameters, |row| read_session(row, 0)).await
    }

    /// Ends the session of this digest.
    pub async fn end_session(&self, digest: [u8; 32]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch
            .any("DELETE FROM sessions WHERE digest = $1", vec![Parameter::Bytes(digest.to_vec())]);
        self.change(batch).await.map(drop)
    }

    /// Ends one session of a user, or of the administrator; whether there was one.
    pub async fn end_session_called(
        &self,
        account: Option<Uuid>,
        id: Uuid,
    ) -> Result<bool, StoreError> {
        let (whose, mut parameters) = whose(account);
        parameters.push(id.into());
        let mut batch = Batch::default();
        batch.any(
            format!("DELETE FROM sessions AS s WHERE {whose} AND s.id = ${}", parameters.len()),
            parameters,
        );
        Ok(self.change(batch).await? == [1])
    }

    /// Ends all sessions of a user, or of the administrator; how many there were.
    pub async fn end_sessions(&self, account: Option<Uuid>) -> Result<u64, StoreError> {
        let (whose, parameters) = whose(account);
        let mut batch = Batch::default();
        batch.any(format!("DELETE FROM sessions AS s WHERE {whose}"), parameters);
        Ok(self.change(batch).await?.into_iter().sum())
    }
}

/// The condition that a session is somebody's, with its parameters.
fn whose(account: Option<Uuid>) -> (&'static str, Vec<Parameter>) {
    match account {
        Some(id) => ("s.account = $1", vec![id.into()]),
        None => ("s.account IS NULL", Vec::new()),
    }
}

/// Adds the beginning of a session. Where there are too many, the oldest ends.
pub(crate) fn add_session(batch: &mut Batch, session: &NewSession, now: &str) {
    let agent: Option<String> =
        session.agent.as_ref().map(|agent| agent.chars().take(LONGEST_AGENT).collect());
    let mut parameters: Vec<Parameter> = vec![
        Parameter::Bytes(session.digest.to_vec()),
        session.id.into(),
        session.account.into(),
        as_integer(session.lasts.as_micros()).into(),
        session.address.clone().into(),
        agent.into(),
    ];
    let proof = match session.proof {
        Some(proof) => {
            parameters.push(Parameter::Bytes(proof.to_vec()));
            "$7"
        }
        None => "NULL",
    };
    batch.any(
        format!(
            "INSERT INTO sessions (digest, id, account, created_at, seen_at, ends_at, address,
                 agent, proof)
             VALUES ($1, $2, $3, {now}, {now}, {now} + $4, $5, $6, {proof})"
        ),
        parameters,
    );
    let (whose, parameters) = whose(session.account);
    batch.any(
        format!(
            "DELETE FROM sessions AS s WHERE {whose} AND s.digest NOT IN (
                 SELECT s.digest FROM sessions s WHERE {whose}
                 ORDER BY s.created_at DESC, s.id DESC LIMIT {MOST_SESSIONS})"
        ),
        parameters,
    );
}
