//! The disk fills while lifecycles move: MUST-4 and MUST-30 of docs/specs/submission.md for forms of the hub's own.
//!
//! While nothing can be kept, people and programs are told to come back; what got a yes before is there afterwards,
//! and goes on to its end by itself as soon as there is room.

use std::time::Duration;

use fieldpost_testkit::Answer;

use crate::faults::{RECOVERY, SOME};
use crate::lifecycle_killed::{LifecycleField, People, check_ends, submit_address, submitted};
use crate::load::Load;
use crate::small_disk::SmallDisk;
use crate::world::LOOK_AGAIN;

#[tokio::test(flavor = "multi_thread")]
async fn fault_the_disk_is_full_while_lifecycles_move() {
    let field = LifecycleField::new(None).await;
    let slow = Answer::status(200).delay(Duration::from_millis(50));
    field.destination.answer("/orders", slow);
    let disk = SmallDisk::new();
    let hub = disk.start(&field.arguments());
    let load = Load::start_with(&submit_address(&hub), 4, submitted);
    let people = People::start(&hub, 1);
    load.wait_for_more(SOME / 2, RECOVERY).await;
    let refused = load.refused().len();
    let full = async {
        // The log is overwritten in place for a while before it has to grow.
        while load.refused().len() < refused + SOME / 2 {
            disk.fill(&hub);
            tokio::time::sleep(LOOK_AGAIN * 5).await;
        }
    };
    let in_time = tokio::time::timeout(RECOVERY * 2, full).await;
    assert!(in_time.is_ok(), "a full disk was never noticed");
    disk.clear(&hub);
    let by_people = people.acknowledged();
    load.wait_for_more(SOME / 2, RECOVERY).await;
    let refused = load.refused();
    assert!(refused.iter().all(|refusal| refusal.status == 503), "{refused:?}");
    let in_time = tokio::time::timeout(RECOVERY, async {
        while people.acknowledged() <= by_people {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    });
    assert!(in_time.await.is_ok(), "pages are not taken again");
    let mut acknowledged = load.end().await;
    acknowledged.extend(people.end().await);
    check_ends(&hub, &acknowledged, &field.destination).await;
}
