//! Being told what happened, here and at the other hubs.

use std::time::Duration;

use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::message::MessageState;
use fieldpost_store::{Lane, Signal};
use rstest::rstest;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use crate::support::{
    CONNECTION, Change, Engine, FORWARDER, PROJECT, TestStore, lane, message, release, succeeded,
};

/// Listens until all of these have been told, in whatever order.
async fn expect(listener: &mut Receiver<Signal>, mut expected: Vec<Signal>) {
    let listening = async {
        while !expected.is_empty() {
            let signal = listener.recv().await.unwrap();
            expected.retain(|one| *one != signal);
        }
    };
    let ended = timeout(Duration::from_secs(5), listening).await;
    assert!(ended.is_ok(), "never told: {expected:?}");
}

/// Does a bit of everything; the answer is what is told about it.
async fn live(store: &TestStore) -> Vec<Signal> {
    let accept = message("x").to(CONNECTION).known_as("a");
    let (id, delivery) = (accept.message.id, accept.deliveries[0].id);
    let again = message("x").known_as("a");
    let bad = message("<").unreadable("not XML");
    let (duplicate, unreadable) = (again.message.id, bad.message.id);
    for accept in [accept, again, bad] {
        store.accept(accept).await.unwrap();
    }
    let claimed = store.claim_one().await;
    store.release(vec![release(&claimed)]).await.unwrap();
    let claimed = store.claim_one().await;
    store.record(succeeded(&claimed)).await.unwrap();
    let done = store.find(delivery).await;
    store.requeue(PROJECT, &done, CONNECTION, false).await.unwrap();
    store.cancel(PROJECT, &done, "by hand").await.unwrap();
    store.change_configuration(PROJECT, 1, Vec::new()).await.unwrap();
    let project = || PROJECT.into();
    let of_message = |id, state| Signal::Message { project: project(), id, state };
    let of_delivery = |state| Signal::Delivery { project: project(), id: delivery, state };
    vec![
        of_message(id, MessageState::Kept),
        of_message(duplicate, MessageState::Duplicate),
        of_message(unreadable, MessageState::Quarantined),
        of_delivery(DeliveryState::Pending),
        of_delivery(DeliveryState::Succeeded),
        of_delivery(DeliveryState::Cancelled),
        Signal::Due(lane(CONNECTION)),
        Signal::Configuration(project()),
    ]
}

#[rstest]
#[tokio::test]
async fn what_happens_is_told(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let store = TestStore::new(engine).await;
    let mut listener = store.listen();
    let expected = live(&store).await;
    expect(&mut listener, expected).await;
}

#[tokio::test]
async fn what_happens_is_told_to_other_hubs() {
    let one = TestStore::new(Engine::Postgres).await;
    let other = one.another_hub().await;
    let (mut here, mut there) = (one.listen(), other.listen());
    // The other hub's ears may still be on their way.
    for attempt in 0.. {
        assert!(attempt < 50, "the other hub never listened");
        one.create_project(&format!("p{attempt}"), "P", crate::support::now()).await.unwrap();
        let heard = timeout(Duration::from_millis(100), there.recv()).await;
        if heard.is_ok() {
            break;
        }
    }
    let expected = live(&one).await;
    expect(&mut there, expected.clone()).await;
    expect(&mut here, expected).await;
    // And the other way round. The definitions are of version 2 by now.
    let parking = Lane::parking(FORWARDER);
    let accept = message("y").to(CONNECTION).change(|accept| accept.configuration_version = 2);
    other.accept(accept).await.unwrap();
    other.move_lane(CONNECTION, &parking, CONNECTION, false).await.unwrap();
    expect(&mut here, vec![Signal::Due(lane(&parking))]).await;
}
