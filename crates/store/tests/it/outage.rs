//! A PostgreSQL server that goes away and comes back: errors pass, nothing that was answered is
//! lost, and nobody has to restart the hub.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fieldpost_store::{Accepted, Recorded, Store, StoreError};
use fieldpost_testkit::TemporaryPostgres;
use futures_util::future::join_all;
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{CONNECTION, Change, LONG, PROJECT, TestStore, message, now, succeeded};

/// Tries again until the store does it, as its callers do.
async fn until_done<T>(mut call: impl AsyncFnMut() -> Result<T, StoreError>) -> T {
    for _ in 0..300 {
        match call().await {
            Ok(done) => return done,
            Err(error) => assert!(error.is_temporary(), "{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the store did not recover");
}

/// Does something to the server on a thread that may wait for it, while everything else goes on.
async fn beside(
    mut server: TemporaryPostgres,
    order: fn(&mut TemporaryPostgres),
) -> TemporaryPostgres {
    let obeying = tokio::task::spawn_blocking(move || {
        order(&mut server);
        server
    });
    obeying.await.unwrap()
}

/// Sends until told to stop; the answer is what was acknowledged and how much was not.
async fn send(store: &Store, stop: &AtomicBool) -> (Vec<Uuid>, u32) {
    let (mut kept, mut failed) = (Vec::new(), 0);
    while !stop.load(Ordering::SeqCst) {
        let accept = message("x").to(CONNECTION);
        let id = accept.message.id;
        match store.accept(accept).await {
            Ok(answer) => {
                assert_eq!(answer, Accepted::Kept { version: 1 });
                kept.push(id);
            }
            Err(error) => {
                assert!(error.is_temporary(), "{error:?}");
                failed += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    (kept, failed)
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_a_crash_of_the_server_under_load_loses_nothing() {
    let server = TemporaryPostgres::start_private().await;
    let store = TestStore::at(Some(server.database().await), |_| {}).await;
    let stop = AtomicBool::new(false);
    let crashing = async {
        let mut server = server;
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            server = beside(server, TemporaryPostgres::restart_immediate).await;
            until_done(async || store.accept(message("after the crash")).await).await;
        }
        stop.store(true, Ordering::SeqCst);
        server
    };
    let (sent, server) = tokio::join!(join_all((0..32).map(|_| send(&store, &stop))), crashing);
    let failed: u32 = sent.iter().map(|(_, failed)| failed).sum();
    assert!(failed > 0, "the crash was felt");
    let kept: Vec<Uuid> = sent.into_iter().flat_map(|(kept, _)| kept).collect();
    assert!(kept.len() > 100, "{} were kept", kept.len());
    for id in &kept {
        let found = store.message_content(PROJECT, *id).await.unwrap();
        assert!(found.is_some(), "{id} was acknowledged and is gone");
    }

    // What was claimed before a crash can be recorded after it.
    let claimed = store.claim_some(64, LONG).await;
    let _server = beside(server, TemporaryPostgres::restart_immediate).await;
    for claimed in &claimed {
        let recorded = until_done(async || store.record(succeeded(claimed)).await).await;
        assert_eq!(recorded, Recorded::Written);
    }
    until_done(async || store.projects().await).await;
    until_done(async || store.set_fact("after", "the crash").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_without_its_server_the_store_says_so_quickly() {
    let mut server = TemporaryPostgres::start_private().await;
    let store = TestStore::at(Some(server.database().await), |_| {}).await;
    let other = store.another_hub().await;
    store.deliver_one().await;
    server = beside(server, TemporaryPostgres::stop).await;
    let start = std::time::Instant::now();
    let answers = tokio::join!(
        store.accept(message("x")),
        store.projects(),
        store.set_fact("a", "b"),
        store.check_writable(),
    );
    let ends = [answers.0.err(), answers.1.err(), answers.2.err(), answers.3.err()];
    for end in ends {
        assert!(matches!(end, Some(StoreError::Unavailable(_))), "{end:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(8), "it took {:?}", start.elapsed());
    let _server = beside(server, TemporaryPostgres::start).await;
    // Hints arrive again as well.
    let mut listener = other.listen();
    let hearing = async {
        loop {
            let name = Uuid::now_v7().to_string();
            until_done(async || store.create_project(&name, "P", now()).await).await;
            if timeout(Duration::from_millis(100), listener.recv()).await.is_ok() {
                break;
            }
        }
    };
    assert!(timeout(Duration::from_secs(10), hearing).await.is_ok(), "the other hub is deaf");
    let again = until_done(async || store.accept(message("x")).await).await;
    assert_eq!(again, Accepted::Kept { version: 1 });
    assert_eq!(store.claim_some(8, LONG).await.len(), 1);
    assert_eq!(store.engine_name(), "postgres");
}
