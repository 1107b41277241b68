//! Many at once: 64 that claim, several hubs, failures, keys. In the end every run has ended once, and each
//! key in its order.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fieldpost_model::run::RunState;
use fieldpost_store::{NewRun, RunKept, RunThen, Store};
use futures_util::future::join_all;
use rstest::rstest;
use uuid::Uuid;

use super::{demand, end, hold, ordered, record, run_of};
use crate::support::{Engine, LONG, TestStore};

const RUNS: usize = 600;
const CLAIMERS: usize = 64;
const KEYS: usize = 9;

#[derive(Default)]
struct Log {
    ended: Mutex<HashSet<Uuid>>,
    by_key: Mutex<HashMap<String, Vec<Uuid>>>,
    going_on: Mutex<HashSet<String>>,
    claims: AtomicUsize,
}

async fn claim_on(store: &Store, log: &Log) {
    while log.ended.lock().unwrap().len() < RUNS {
        let claims = store.claim_runs(vec![demand(3, LONG)]).await.unwrap();
        for claimed in &claims.claimed {
            let number = log.claims.fetch_add(1, Ordering::Relaxed);
            if let Some(key) = &claimed.order_key {
                assert!(log.going_on.lock().unwrap().insert(key.clone()), "two of {key} at once");
            }
            tokio::task::yield_now().await;
            let let_go = || {
                if let Some(key) = &claimed.order_key {
                    log.going_on.lock().unwrap().remove(key);
                }
            };
            match number % 7 {
                0 => {
                    let_go();
                    store.give_back_runs(&[hold(claimed)]).await.unwrap();
                }
                1 => {
                    let_go();
                    let again = record(claimed, RunThen::AgainIn(Duration::ZERO));
                    let kept = store.record_runs(vec![again]).await.unwrap();
                    assert_eq!(kept, [RunKept::Written { cancel_asked: false }]);
                }
                _ => {
                    assert!(log.ended.lock().unwrap().insert(claimed.run.id), "ended twice");
                    if let Some(key) = &claimed.order_key {
                        let mut by_key = log.by_key.lock().unwrap();
                        by_key.entry(key.clone()).or_default().push(claimed.run.id);
                    }
                    let_go();
                    let ended = record(claimed, end(RunState::Success));
                    let kept = store.record_runs(vec![ended]).await.unwrap();
                    assert_eq!(kept, [RunKept::Written { cancel_asked: false }]);
                }
            }
        }
        if claims.claimed.is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_run_ends_once_and_in_order(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let store = TestStore::new(engine).await;
    let runs: Vec<NewRun> = (0..RUNS)
        .map(|number| match number % 3 {
            0 => run_of(super::WORKFLOW),
            _ => ordered(&format!("key-{}", number % KEYS)),
        })
        .collect();
    let mut expected: HashMap<String, Vec<Uuid>> = HashMap::new();
    for run in &runs {
        if let Some(key) = &run.order_key {
            expected.entry(key.clone()).or_default().push(run.id);
        }
    }
    let log = Log::default();
    let there = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(store.another_hub().await),
    };
    let keeping = async {
        for some in runs.chunks(20) {
            store.set_off(some.to_vec()).await;
        }
    };
    let claiming = (0..CLAIMERS).map(|number| {
        let hub: &Store = match &there {
            Some(there) if number % 2 == 0 => there,
            _ => &store,
        };
        claim_on(hub, &log)
    });
    tokio::join!(keeping, join_all(claiming));
    assert_eq!(*log.by_key.lock().unwrap(), expected);
    assert!(store.workflows_in_queue().await.unwrap().is_empty());
}
