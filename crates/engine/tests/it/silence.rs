//! Sources that fall silent, and who is told: by the clock of the store, with a real relay.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_model::incident::IncidentState;
use fieldpost_store::Store;
use rstest::rstest;

use crate::clinic::{Clinic, Wish, until};
use crate::world::Engine;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn silence_is_noticed_also_after_a_restart_and_ends_with_a_message() {
    let wish = Wish {
        source: r#", "expect_every": "1h""#,
        more: r#", "notify": ["lead@example.org"]"#,
        ..Wish::default()
    };
    let mut clinic = Clinic::start(Engine::Sqlite, &wish).await;
    clinic.expects_something().await;
    clinic.post("1").await;
    clinic.set_forward(Duration::from_mins(50));
    // A restart forgets nothing, and begins nothing anew.
    clinic.go().await;
    let relay = Arc::clone(&clinic.relay);
    clinic.come_back(&relay).await;
    clinic.set_forward(Duration::from_mins(11));
    let mail = clinic.mails(1).await.remove(0);
    assert_eq!(mail.subject(), "[Fieldpost] clinic: nothing comes in from inbox");
    assert_eq!(mail.to, ["lead@example.org"]);
    assert!(mail.plain().contains("Expected: at least every 1 hour"), "{}", mail.plain());
    clinic.post("2").await;
    let mail = clinic.mails(2).await.remove(1);
    assert_eq!(mail.subject(), "[Fieldpost] clinic: inbox sends again");
    assert_eq!(clinic.incidents().await[0].state, IncidentState::Recovered);
    assert!(clinic.folder.path().exists());
}

/// The clock that counts is the store's, which on PostgreSQL nobody can set forward: here what is
/// expected began in the past.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn silence_is_noticed_and_ends_by_the_clock_of_the_store(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let wish = Wish { source: r#", "expect_every": "1h""#, ..Wish::default() };
    let mut clinic = Clinic::start(engine, &wish).await;
    clinic.expects_something().await;
    let relay = Arc::clone(&clinic.relay);
    clinic.go().await;
    {
        let store = Store::open(clinic.settings.clone()).await.unwrap();
        let present = store.present().await.unwrap();
        let since = present - Duration::from_mins(61);
        store.expect_since("clinic", "inbox", since).await.unwrap();
    }
    clinic.come_back(&relay).await;
    let silent = clinic.mails(1).await.remove(0);
    assert_eq!(silent.subject(), "[Fieldpost] clinic: nothing comes in from inbox");
    clinic.post("1").await;
    let sends = clinic.mails(2).await.remove(1);
    assert_eq!(sends.subject(), "[Fieldpost] clinic: inbox sends again");
    assert_eq!(clinic.incidents().await[0].state, IncidentState::Recovered);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_time_without_a_hub_makes_no_source_silent() {
    let wish = Wish { source: r#", "expect_every": "1h""#, ..Wish::default() };
    let mut clinic = Clinic::start(Engine::Sqlite, &wish).await;
    clinic.expects_something().await;
    clinic.post("1").await;
    clinic.go().await;
    let relay = Arc::clone(&clinic.relay);
    // A night without power.
    clinic.set_forward(Duration::from_hours(10));
    clinic.come_back(&relay).await;
    clinic.set_forward(Duration::from_mins(50));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(clinic.incidents().await.is_empty(), "fifty minutes with a hub are no hour");
    clinic.set_forward(Duration::from_mins(11));
    assert!(clinic.mails(1).await[0].subject().contains("nothing comes in from inbox"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_never_got_anything_is_silent_from_when_it_was_made() {
    let wish = Wish { source: r#", "expect_every": "1h""#, ..Wish::default() };
    let clinic = Clinic::start(Engine::Sqlite, &wish).await;
    clinic.expects_something().await;
    clinic.set_forward(Duration::from_mins(61));
    let mail = clinic.mails(1).await.remove(0);
    assert!(mail.plain().contains("Last message: never"), "{}", mail.plain());
    assert_eq!(mail.to, ["ops@example.org"], "who looks after the connection is told");
    // What is expected no more is no trouble either, and no news.
    clinic.apply(&Wish::default()).await;
    until("it is over", async || {
        (clinic.incidents().await[0].state == IncidentState::Recovered).then_some(())
    })
    .await;
    assert_eq!(clinic.relay.subjects().len(), 1);
}
