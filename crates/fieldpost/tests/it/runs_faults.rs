//! What is below a hub breaks while it runs workflows.
//!
//! The disk fills and is cleared, the database goes away and comes back; the hub itself is never touched. Meanwhile it says
//! that it is not ready, tells of no run as done that is not, and goes on by itself afterwards: every message that
//! got a yes has its run, and each of its steps is done and recorded.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use fieldpost_testkit::TemporaryPostgres;

use crate::faults::RECOVERY;
use crate::load::Load;
use crate::runs_killed::{Field, PATHS};
use crate::small_disk::SmallDisk;
use crate::world::{Hub, LOOK_AGAIN, http_client};

/// Messages that have to get a yes before something breaks, and after it was mended.
const SOME: usize = 30;
/// Few, so that what waits at the end is soon done.
const SENDERS: usize = 2;
/// How often the disk fills.
const ROUNDS: usize = 2;

/// Waits until the hub says of itself whether it is ready, as given; answers by what it says.
async fn wait_for_readiness(hub: &Hub, ready: bool) -> String {
    let (client, since) = (http_client(), Instant::now());
    loop {
        let answer = client.get(format!("{}/readyz", hub.url)).send().await.unwrap();
        let status = answer.status().as_u16();
        let said = answer.text().await.unwrap();
        if status == if ready { 200 } else { 503 } {
            return said;
        }
        assert!(since.elapsed() < RECOVERY, "{status} {said}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Of each run that is told of as done, its last step was done: the destination has its name.
async fn check_what_is_done(hub: &Hub, field: &Field) {
    let api = hub.api();
    let done = api.all("projects/p/runs?state=success").await;
    let told = field.names(PATHS[1]);
    assert!(done.len() <= told.len(), "{} are done of {}", done.len(), told.len());
    let ended: HashSet<&str> = done.iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert_eq!(ended.len(), done.len(), "each once");
    let spoilt = "projects/p/runs?state=failed,crashed,cancelled,killed,exception,lost";
    assert_eq!(api.all(spoilt).await, [] as [serde_json::Value; 0], "none ends by the fault");
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_the_disk_is_full_and_cleared_while_runs_go_on() {
    let field = Field::new(None).await;
    field.answer_slowly();
    let disk = SmallDisk::new();
    let hub = disk.start(&field.arguments());
    let load = Load::start(&Field::inbox(&hub), SENDERS);
    for _ in 0..ROUNDS {
        load.wait_for_more(SOME, RECOVERY).await;
        let (refused, since) = (load.refused().len(), Instant::now());
        // The log is overwritten in place for a while before it has to grow.
        while load.refused().len() < refused + SOME {
            disk.fill(&hub);
            assert!(since.elapsed() < RECOVERY * 2, "a full disk was never noticed");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let said = wait_for_readiness(&hub, false).await;
        assert!(said.contains("the store cannot be written"), "{said}");
        check_what_is_done(&hub, &field).await;
        disk.clear(&hub);
        wait_for_readiness(&hub, true).await;
        load.wait_for_more(SOME, RECOVERY).await;
    }
    let acknowledged = load.end().await;
    field.check_books(&hub, &acknowledged).await;
    for path in PATHS {
        // Its process lives on, so what it has done and could not write yet is not forgotten either.
        let twice: Vec<_> = field.names(path).into_iter().filter(|(_, times)| *times > 1).collect();
        assert_eq!(twice, [], "done once at {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fault_postgres_goes_away_and_comes_back_while_runs_go_on() {
    let mut postgres = TemporaryPostgres::start_private().await;
    let field = Field::new(Some(postgres.database().await)).await;
    field.answer_slowly();
    let hub = field.start();
    let load = Load::start(&Field::inbox(&hub), SENDERS);
    load.wait_for_more(SOME, RECOVERY).await;
    // As by an operator, with time to notice.
    postgres.stop();
    wait_for_readiness(&hub, false).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    postgres.start();
    wait_for_readiness(&hub, true).await;
    load.wait_for_more(SOME, RECOVERY).await;
    // As by a crash.
    postgres.restart_immediate();
    load.wait_for_more(SOME, RECOVERY).await;
    check_what_is_done(&hub, &field).await;
    let acknowledged = load.end().await;
    field.check_books(&hub, &acknowledged).await;
}
