//! Sessions that wait for the next step that wants the same database as the same user.
//!
//! A session is given back as it was when it was new: what a step had begun is undone, what it had set is
//! forgotten. One of which that cannot be said is closed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fieldpost_model::secret::Secret;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{SqlFailure, SqlSession, SqlTarget};
use crate::client::Client;

/// How long a session waits, as long as a connection over HTTP does.
const IDLE_LIFE: Duration = Duration::from_secs(30);
/// Sessions that wait for one database and user.
const MOST_IDLE_EACH: usize = 8;
/// Databases and users that sessions wait for.
const MOST_TARGETS: usize = 100;
/// How long it may take to make a session as it was.
const CLEANING: Duration = Duration::from_secs(5);
/// Ends what was begun, and forgets what was set: what `DISCARD ALL` does, but for the statements that were
/// prepared. The client has some of its own, by which it looks up types, and knows them by name.
const CLEAN: [&str; 2] = [
    "ROLLBACK",
    "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
     SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES; \
     DO $$ DECLARE prepared text; BEGIN \
     FOR prepared IN SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql LOOP \
     EXECUTE pg_catalog.format('DEALLOCATE %I', prepared); END LOOP; END $$",
];

type Key = [u8; 32];
/// The sessions that wait, by database and user, each with since when.
type Idle = HashMap<Key, Vec<(SqlSession, Instant)>>;

/// The sessions that wait, for all steps of this hub.
#[derive(Clone, Debug)]
pub struct SqlPool {
    client: Client,
    idle: Arc<Mutex<Idle>>,
}

/// A session that is given back when it is dropped.
#[derive(Debug)]
pub struct SqlLoan {
    pool: SqlPool,
    key: Key,
    session: Option<SqlSession>,
}

impl SqlPool {
    /// A pool without sessions, which opens them with that client.
    pub fn new(client: Client) -> Self {
        Self { client, idle: Arc::default() }
    }

    /// A session that has waited, or a new one.
    pub async fn session(&self, target: &SqlTarget) -> Result<SqlLoan, SqlFailure> {
        let key = key(target);
        let waiting = self.take(&key);
        let session = match waiting {
            Some(session) => session,
            None => self.client.open_sql(target).await?,
        };
        Ok(SqlLoan { pool: self.clone(), key, session: Some(session) })
    }

    fn take(&self, key: &Key) -> Option<SqlSession> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let sessions = idle.get_mut(key)?;
        sessions.retain(|(session, since)| since.elapsed() < IDLE_LIFE && !session.is_closed());
        let (session, _) = sessions.pop()?;
        Some(session)
    }

    fn park(&self, key: Key, session: SqlSession) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        for sessions in idle.values_mut() {
            sessions.retain(|(session, since)| since.elapsed() < IDLE_LIFE && !session.is_closed());
        }
        idle.retain(|_, sessions| !sessions.is_empty());
        if idle.len() >= MOST_TARGETS && !idle.contains_key(&key) {
            return;
        }
        let sessions = idle.entry(key).or_default();
        if sessions.len() < MOST_IDLE_EACH {
            sessions.push((session, Instant::now()));
        }
    }
}

impl SqlLoan {
    /// The session.
    pub fn session(&self) -> Option<&SqlSession> {
        self.session.as_ref()
    }
}

impl Drop for SqlLoan {
    fn drop(&mut self) {
        let (Some(session), Ok(runtime)) =
            (self.session.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        if session.is_closed() {
            return;
        }
        let (pool, key) = (self.pool.clone(), self.key);
        runtime.spawn(async move {
            for statement in CLEAN {
                if session.run_text(statement, CLEANING).await.is_err() {
                    return;
                }
            }
            pool.park(key, session);
        });
    }
}

/// What tells one database and user from another. Whoever does not know the password has another key.
fn key(target: &SqlTarget) -> Key {
    let SqlTarget { host, port, database, user, password, tls } = target;
    let password = password.as_ref().map(Secret::expose);
    let mut digest = Sha256::new();
    let tls = tls.as_ref().map(|tls| {
        let key = tls.client_key.as_ref().map(Secret::expose);
        let passphrase = tls.client_key_passphrase.as_ref().map(Secret::expose);
        let (authorities, certificate) = (&tls.authorities, &tls.client_certificate);
        format!("{:?}", (authorities, certificate, key, passphrase, tls.skip_verification))
    });
    digest.update(format!("{:?}", (host, port, database, user, password, tls)));
    digest.finalize().into()
}
