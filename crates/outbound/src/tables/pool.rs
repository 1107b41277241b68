//! Sessions that wait for the next delivery, and what is known of the tables.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::fault::Fault;
use super::plan::Found;
use super::session::{Door, Session};

/// How long a session waits for the next delivery, as long as a connection over HTTP does.
const IDLE_SESSION_LIFE: Duration = Duration::from_secs(30);

/// Of how many tables the columns are remembered. Who writes to more has them read again.
const TABLES_REMEMBERED: usize = 1_000;

/// A database that rows are written to. A connection that is changed has a new one.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) door: Door,
    /// The longest that one delivery may take.
    pub(super) timeout: Duration,
    /// How many sessions may wait: as many as there can be deliveries at once.
    most_idle: usize,
    idle: Mutex<Idle>,
    known: Mutex<HashMap<String, Arc<Found>>>,
}

#[derive(Debug, Default)]
struct Idle {
    /// The one that has waited longest first.
    sessions: Vec<(Session, Instant)>,
    /// Whether somebody looks after them.
    is_watched: bool,
}

impl Database {
    pub(crate) fn new(door: Door, timeout: Duration, concurrency: u32) -> Self {
        let most_idle = usize::try_from(concurrency).unwrap_or(usize::MAX);
        let (idle, known) = Default::default();
        Self { door, timeout, most_idle, idle, known }
    }

    /// A session that has waited, or a new one; and which of both it is.
    pub(super) async fn session(&self) -> Result<(Session, bool), Fault> {
        let waiting = {
            let mut idle = self.idle();
            idle.sessions.retain(|(session, _)| !session.is_closed());
            idle.sessions.pop()
        };
        match waiting {
            Some((session, _)) => {
                session.renew();
                Ok((session, true))
            }
            None => Ok((self.door.open().await?, false)),
        }
    }

    /// Lets a session wait for the next delivery.
    pub(super) fn park(self: &Arc<Self>, session: Session) {
        let mut idle = self.idle();
        if idle.sessions.len() >= self.most_idle || session.is_closed() {
            return;
        }
        idle.sessions.push((session, Instant::now()));
        if !std::mem::replace(&mut idle.is_watched, true) {
            tokio::spawn(watch(Arc::downgrade(self)));
        }
    }

    /// What is known of a table.
    pub(super) fn known(&self, table: &str) -> Option<Arc<Found>> {
        self.remembered().get(table).cloned()
    }

    /// Remembers what a table has.
    pub(super) fn remember(&self, table: String, found: Arc<Found>) {
        let mut known = self.remembered();
        if known.len() >= TABLES_REMEMBERED {
            known.clear();
        }
        known.insert(table, found);
    }

    /// Forgets what is known of a table.
    pub(super) fn forget(&self, table: &str) {
        self.remembered().remove(table);
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<String, Arc<Found>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends sessions that have waited for long enough, until none waits.
async fn watch(database: Weak<Database>) {
    loop {
        tokio::time::sleep(IDLE_SESSION_LIFE).await;
        let Some(database) = database.upgrade() else { return };
        let mut idle = database.idle();
        idle.sessions.retain(|(_, since)| since.elapsed() < IDLE_SESSION_LIFE);
        if idle.sessions.is_empty() {
            idle.is_watched = false;
            return;
        }
    }
}
