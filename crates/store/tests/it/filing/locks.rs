//! The locks of forms, submissions and cases on PostgreSQL: whoever changes or erases some takes their locks
//! before any row, and looks at them only then.

use std::time::{Duration, Instant};

use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Accepted, CaseHistory, Criterion, FiledCase, Filing, Released, Replay, Replayed, RetentionKind,
    Traces,
};
use tokio_postgres::Client;
use uuid::Uuid;

use super::erased::{keep, retain, two_versions};
use super::{case, change, filed, revision, submission};
use crate::support::{Change, Engine, PROJECT, TestStore, connect, message, now, released};

/// Somebody else who holds locks in a transaction, and a view of who waits for one.
pub(super) struct Holder {
    pub(super) client: Client,
    watcher: Client,
}

impl Holder {
    async fn new(store: &TestStore) -> Self {
        let url = store.settings().database.clone().unwrap();
        let (client, watcher) = (connect(&url).await, connect(&url).await);
        client.batch_execute("BEGIN").await.unwrap();
        Self { client, watcher }
    }

    /// Holds the lock of one case.
    pub(super) async fn of_case(store: &TestStore, case_id: &str) -> Self {
        Self::of(store, &format!("{PROJECT}/case/{case_id}")).await
    }

    /// Holds the lock of the places in the feed of changes.
    pub(super) async fn of_changes(store: &TestStore) -> Self {
        Self::of(store, &format!("{PROJECT}/changes")).await
    }

    async fn of(store: &TestStore, key: &str) -> Self {
        let holder = Self::new(store).await;
        let sql = "SELECT pg_advisory_xact_lock(
                       5073697969740448768 + (hashtextextended($1, 0) & 1023))";
        holder.client.execute(sql, &[&key]).await.unwrap();
        holder
    }

    /// Holds the locks of everything.
    async fn of_all(store: &TestStore) -> Self {
        let holder = Self::new(store).await;
        let sql = "SELECT pg_advisory_xact_lock(5073697969740448768 + number)
                   FROM generate_series(0, 1023) number";
        holder.client.execute(sql, &[]).await.unwrap();
        holder
    }

    /// Holds the rows that a query locks.
    pub(super) async fn of_rows(store: &TestStore, sql: &str) -> Self {
        let holder = Self::new(store).await;
        assert!(holder.client.execute(sql, &[]).await.unwrap() > 0, "{sql}");
        holder
    }

    /// Until somebody waits for exactly this holder's lock.
    pub(super) async fn is_waited_for(&self) {
        self.blocks("locktype = 'advisory'").await;
    }

    /// Until somebody waits for what this holder has, whatever it is.
    pub(super) async fn blocks_somebody(&self) {
        self.blocks("true").await;
    }

    async fn blocks(&self, condition: &str) {
        let id: i32 = self.client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        let waits = &*format!(
            "SELECT count(*) FROM pg_locks
             WHERE {condition} AND NOT granted AND $1 = ANY (pg_blocking_pids(pid))"
        );
        let begun = Instant::now();
        while self.watcher.query_one(waits, &[&id]).await.unwrap().get::<_, i64>(0) == 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "nobody waits for the lock");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// That nobody holds a row of this table.
    pub(super) async fn assert_free(&self, table: &str) {
        let rows = format!("SELECT 1 FROM {table} FOR UPDATE NOWAIT");
        let found = self.client.query(&rows, &[]).await;
        assert!(!found.unwrap().is_empty(), "{table}");
    }

    /// What another form does to the case: its change, its version, and the state's next revision.
    async fn change_case(&self, case_id: &str, submission: Uuid, is_new_form: bool) {
        let change = format!(
            "INSERT INTO case_changes (project, case_id, position, form_id, submission, user_id,
                 client_at, server_at, kinds, blocks)
             SELECT project, '{case_id}', 9, 'uuid:meanwhile', '{submission}', user_id, client_at,
                 server_at, kinds, blocks FROM case_changes WHERE case_id = 'a';
             UPDATE cases SET revision = revision + 1 WHERE id = '{case_id}';
             UPDATE case_states SET state = state WHERE case_id = '{case_id}';"
        );
        self.client.batch_execute(&change).await.unwrap();
        if is_new_form {
            let version = format!(
                "INSERT INTO submission_versions (project, submission, version, message, at,
                     content_hash)
                 SELECT project, '{submission}', 1, '{submission}', at, content_hash
                 FROM submission_versions WHERE version = 1"
            );
            self.client.batch_execute(&version).await.unwrap();
        }
    }

    pub(super) async fn end(self) {
        self.client.batch_execute("COMMIT").await.unwrap();
    }
}

/// A case that a form changes while another form of it is erased is there afterwards, whole.
#[tokio::test]
async fn erasing_waits_for_who_changes_a_case_of_it() {
    for by_age in [false, true] {
        let store = TestStore::new(Engine::Postgres).await;
        let (_, messages) = two_versions(&store).await;
        let holder = Holder::of_case(&store, "b").await;
        holder.change_case("b", Uuid::now_v7(), true).await;
        let erasing = async {
            if by_age {
                retain(&store, RetentionKind::Messages).await;
            } else {
                store.erase_messages(PROJECT, &messages, now()).await.unwrap();
            }
        };
        let changing = async {
            holder.is_waited_for().await;
            holder.assert_free("messages").await;
            holder.end().await;
        };
        tokio::join!(erasing, changing);
        assert_eq!((revision(&store, "a").await, revision(&store, "b").await), (0, 2));
        let next = submission("uuid:next");
        let filing =
            Filing { cases: vec![case("b", 2, "uuid:next", next.id)], ..Filing::default() };
        let accepted = store.accept(filed("next", filing)).await;
        assert_eq!(accepted, Ok(Accepted::Kept { version: 1 }), "no plan is stale for ever");
    }
}

/// A case that the erased form itself comes to touch at the last moment is locked as well.
#[tokio::test]
async fn erasing_looks_again_where_another_case_was_touched() {
    let store = TestStore::new(Engine::Postgres).await;
    let (one, messages) = two_versions(&store).await;
    let other = submission("uuid:other");
    let filing = Filing {
        cases: vec![case("z", 0, "uuid:other", other.id)],
        submissions: vec![other],
        ..Filing::default()
    };
    keep(&store, filed("other", filing)).await;
    let first = Holder::of_case(&store, "a").await;
    let second = Holder::of_case(&store, "z").await;
    let changing = async {
        first.is_waited_for().await;
        first.change_case("z", one.id, false).await;
        first.end().await;
        second.is_waited_for().await;
        second.assert_free("messages").await;
        second.end().await;
    };
    let (erased, ()) = tokio::join!(store.erase_messages(PROJECT, &messages, now()), changing);
    assert_eq!(erased.unwrap().messages, 2);
    assert_eq!((revision(&store, "a").await, revision(&store, "z").await), (0, 2));
}

/// A message that is released takes the locks of what it makes before any other row, as one that arrives.
#[tokio::test]
async fn a_release_takes_its_locks_before_any_row() {
    let store = TestStore::new(Engine::Postgres).await;
    let accept = message("<broken").unreadable("not XML");
    let id = accept.message.id;
    store.accept(accept).await.unwrap();
    let filing = Filing { cases: vec![case("p", 0, "p", id)], ..Filing::default() };
    let replay = Replay {
        project: PROJECT.into(),
        configuration_version: 1,
        message: id,
        released: Some(Released { filing: Some(Box::new(filing)), ..released("p", None) }),
        still_quarantined: None,
        deliveries: Vec::new(),
        runs: Vec::new(),
        payloads: Vec::new(),
    };
    let holder = Holder::of_all(&store).await;
    let looking = async {
        holder.is_waited_for().await;
        for table in ["messages", "quarantine_counts", "identities"] {
            holder.assert_free(table).await;
        }
        holder.end().await;
    };
    let (replayed, ()) = tokio::join!(store.replay(&replay), looking);
    assert_eq!(replayed, Ok(Replayed::Done));
    assert_eq!(revision(&store, "p").await, 1);
}

/// So does a case that is made anew, which an erasure may note once more meanwhile.
#[tokio::test]
async fn a_case_made_anew_is_locked_before_the_note() {
    let store = TestStore::new(Engine::Postgres).await;
    let (one, _) = two_versions(&store).await;
    let pushed = Uuid::now_v7();
    let filing = Filing { cases: vec![case("b", 1, "p", pushed)], ..Filing::default() };
    let message = keep(&store, filed("p", filing)).await;
    let traces = Traces {
        submissions: vec![pushed],
        ..store.find_traces(PROJECT, &Criterion::Message(message)).await.unwrap()
    };
    store.erase_cases(PROJECT, &traces, now()).await.unwrap();
    assert_eq!(store.cases_to_rebuild(PROJECT, 9).await.unwrap(), ["b"]);
    let rebuilt = FiledCase {
        history: CaseHistory::Replace(vec![change("b", "uuid:one", one.id)]),
        ..case("b", revision(&store, "b").await, "uuid:one", one.id)
    };
    let holder = Holder::of_case(&store, "b").await;
    let looking = async {
        holder.is_waited_for().await;
        holder.assert_free("case_rebuilds").await;
        holder.end().await;
    };
    let project = PROJECT.into();
    let rebuilding = store.put_rebuilt_case(&project, rebuilt, Timestamp(9));
    let (put, ()) = tokio::join!(rebuilding, looking);
    put.unwrap();
    assert_eq!(store.cases_to_rebuild(PROJECT, 9).await.unwrap(), [""; 0]);
}
