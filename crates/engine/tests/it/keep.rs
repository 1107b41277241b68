//! The way to the yes.

use fieldpost_engine::{Asked, BodyError, ReceiptOutcome, ReceiveError};
use fieldpost_model::message::MessageState;
use rstest::rstest;

use crate::world::{Engine, World};

const KOBO: &str = include_str!("../../../../examples/payloads/kobo.json");

// MUST-2
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_exact_bytes(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let world = World::start(engine).await;
    let body = "{ \"n\": 12345678901234567890123, \"price\": 1.10,\r\n \"n\": 2 }";
    let id = world.keep(body).await;
    let (request, bytes) = world.hub.store().message_content("clinic", id).await.unwrap().unwrap();
    assert_eq!(bytes, body.as_bytes());
    assert_eq!(request.method, "POST");
    assert!(!request.path.contains("secret-inbox"), "the secret is masked: {}", request.path);
    let received = world.destination.wait_for(1, std::time::Duration::from_secs(5)).await;
    assert_eq!(received[0].body, body.as_bytes(), "forwarded byte for byte");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn knows_a_repetition_and_a_new_version(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let other = KOBO.replace("twenty", "twenty-one");
    let reordered = KOBO.replace('\n', "\n  ");
    let first = world.post("secret-inbox-2", KOBO).await.unwrap();
    assert_eq!(first.outcome, ReceiptOutcome::Kept);
    for body in [KOBO, &reordered] {
        let again = world.post("secret-inbox-2", body).await.unwrap();
        assert_eq!(again.outcome, ReceiptOutcome::Duplicate { of: first.message });
    }
    for (body, version) in [(other.as_str(), 2), (KOBO, 3)] {
        let receipt = world.post("secret-inbox-2", body).await.unwrap();
        assert_eq!(receipt.outcome, ReceiptOutcome::Kept);
        let message = world.hub.store().message("clinic", receipt.message).await.unwrap().unwrap();
        assert_eq!(message.version, version);
    }
}

// MUST-8
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_senders_own_key_is_the_identity(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let key = [("idempotency-key", "order-7")];
    let first = world.post_with("secret-inbox-1", &key, "{\"a\":1}").await.unwrap();
    let again = world.post_with("secret-inbox-1", &key, "{\"a\":1.0}").await.unwrap();
    assert_eq!(again.outcome, ReceiptOutcome::Duplicate { of: first.message });
    // Two equal readings without any identity are two events.
    let one = world.keep("{\"celsius\": 21}").await;
    let two = world.keep("{\"celsius\": 21}").await;
    assert_ne!(one, two);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn quarantines_what_cannot_be_read_and_releases_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let first = world.post("secret-inbox-1", "<data>1</data>").await.unwrap();
    let again = world.post("secret-inbox-1", "<data>1</data>").await.unwrap();
    assert!(matches!(first.outcome, ReceiptOutcome::Quarantined { code: "json-syntax", .. }));
    assert_eq!(again.message, first.message, "kept once per content");
    let store = world.hub.store();
    let message = store.message("clinic", first.message).await.unwrap().unwrap();
    assert_eq!((message.state, message.seen), (MessageState::Quarantined, 2));
    assert!(world.deliveries_of(first.message).await.is_empty());

    let replayed = world.hub.replay("clinic", first.message).await.unwrap();
    assert!(replayed.unreadable.is_some() && replayed.deliveries.is_empty());
    let fixed = fieldpost_rules::definition::SourceDraft {
        dialect: fieldpost_model::source::Dialect::Xml,
        ..draft_of_inbox(&world).await
    };
    world.hub.put("clinic", fieldpost_engine::Draft::Source(fixed)).await.unwrap();
    let replayed = world.hub.replay("clinic", first.message).await.unwrap();
    assert_eq!(replayed.deliveries.len(), 1);
    let message = store.message("clinic", first.message).await.unwrap().unwrap();
    assert_eq!(message.state, MessageState::Kept);
    world.wait_for(first.message, fieldpost_model::delivery::DeliveryState::Succeeded).await;
}

async fn draft_of_inbox(world: &World) -> fieldpost_rules::definition::SourceDraft {
    let (_, definition) = world.hub.definition("clinic").await.unwrap();
    let source = definition.sources.into_iter().find(|source| source.name == "inbox").unwrap();
    let value = fieldpost_rules::definition::write_source(
        &source,
        fieldpost_rules::definition::Secrets::Shown,
    );
    fieldpost_rules::definition::read_source("inbox", &value).unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn refuses_what_is_too_large(#[values(Engine::Sqlite)] engine: Engine) {
    let world = World::start(engine).await;
    let limit = world.hub.settings().max_body;
    let fits = format!("\"{}\"", "x".repeat(limit - 2));
    world.keep(&fits).await;
    let error = world.post("secret-inbox-1", &format!("{fits} ")).await.unwrap_err();
    assert!(matches!(error, ReceiveError::Body(BodyError::TooLarge { .. })), "{error}");
}

/// A message that is released from quarantine is known by its identity from then on.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_is_deduplicated(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    // The source is told to read XML at first, so that Kobo's JSON is quarantined.
    let wrong = fieldpost_rules::definition::SourceDraft {
        dialect: fieldpost_model::source::Dialect::Xml,
        ..draft_of_inbox(&world).await
    };
    world.hub.put("clinic", fieldpost_engine::Draft::Source(wrong)).await.unwrap();
    let first = world.post("secret-inbox-1", KOBO).await.unwrap();
    let spaced = world.post("secret-inbox-1", &format!("{KOBO} ")).await.unwrap();
    let fixed = fieldpost_rules::definition::SourceDraft {
        dialect: fieldpost_model::source::Dialect::Kobo,
        ..draft_of_inbox(&world).await
    };
    world.hub.put("clinic", fieldpost_engine::Draft::Source(fixed)).await.unwrap();
    assert_eq!(world.hub.replay("clinic", first.message).await.unwrap().deliveries.len(), 1);
    let again = world.post("secret-inbox-1", KOBO).await.unwrap();
    assert_eq!(again.outcome, ReceiptOutcome::Duplicate { of: first.message });
    let repeated = world.hub.replay("clinic", spaced.message).await.unwrap();
    assert_eq!(repeated.duplicate_of, Some(first.message));
    assert!(repeated.deliveries.is_empty());
    let other = world.post("secret-inbox-1", &KOBO.replace("twenty", "30")).await.unwrap();
    let message = world.hub.store().message("clinic", other.message).await.unwrap().unwrap();
    assert_eq!(message.version, 2);
}

// MUST-12
/// A forwarder that is saved while messages stream in misses none that came after.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_forwarder_saved_meanwhile_misses_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = std::sync::Arc::new(World::start_with(engine, "").await);
    let saved = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let posts = (0..8).map(|client| {
        let (world, saved) = (world.clone(), saved.clone());
        tokio::spawn(async move {
            let mut after = Vec::new();
            for number in 0..60 {
                let was_saved = saved.load(std::sync::atomic::Ordering::SeqCst);
                let id = world.keep(&format!("{{\"client\":{client},\"number\":{number}}}")).await;
                if was_saved {
                    after.push(id);
                }
            }
            after
        })
    });
    let posts: Vec<_> = posts.collect();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    world
        .apply(r#""all": {"on": "message", "from": "inbox", "to": "there", "paused": true}"#)
        .await;
    saved.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut after = Vec::new();
    for post in posts {
        after.extend(post.await.unwrap());
    }
    assert!(!after.is_empty(), "the test needs messages after the change");
    for id in after {
        assert_eq!(world.deliveries_of(id).await.len(), 1);
    }
}

/// The URLs of sources are shared by all projects.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_belongs_to_one_source(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let text = r#"{"project": "other", "sources": {"mine": {"dialect": "json", "secret": "secret-inbox-1"}}}"#;
    let value = fieldpost_model::json::Value::parse(text.as_bytes()).unwrap();
    let draft = fieldpost_rules::definition::read_project(&value).unwrap();
    match world.hub.apply(&draft, false, false, &Asked::default()).await {
        Err(fieldpost_engine::HubError::Invalid(problems)) => {
            assert_eq!((&*problems[0].path, problems[0].code), ("sources.mine", "duplicate-value"));
            assert!(!problems[0].to_string().contains("secret-inbox-1"), "a secret is not shown");
        }
        other => panic!("another project's secret was taken: {other:?}"),
    }
}

/// Within a project as well, however the second one comes.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_sources_of_a_project_cannot_share_a_secret(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = World::start(engine).await;
    let twin = fieldpost_rules::definition::SourceDraft {
        name: "twin".to_owned(),
        id: None,
        ..draft_of_inbox(&world).await
    };
    let refused = world.hub.put("clinic", fieldpost_engine::Draft::Source(twin)).await;
    assert_eq!(refused.unwrap_err().code(), "invalid-definition");
    world.keep("{\"a\":1}").await;
}
