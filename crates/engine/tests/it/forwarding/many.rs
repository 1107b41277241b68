//! What many cases and several versions ask of replays and of what waits.

use fieldpost_engine::{Asked, ReplayQuery};
use fieldpost_store::BulkState;

use super::*;

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_keeps_to_its_rate_however_much_a_message_tells(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    for form in 0..2 {
        let one = |case| block(&format!("c{form}-{case}"), 0, &create("Amina"));
        world.take(&xml(&format!("f{form}"), &(0..20).map(one).collect::<String>())).await;
    }
    world.forwarding(&[("cases", r#""on": "case""#)]).await;
    let begun = std::time::Instant::now();
    let query = ReplayQuery::default();
    let action = world.hub.replay_all("clinic", "cases", &query, 20, Asked::default()).await;
    let ended = world.hub.wait_for_action("clinic", action.unwrap().id, SOON).await.unwrap();
    assert_eq!(ended.state, BulkState::Done);
    // The second message waits until the twenty of the first have had their second.
    assert!(begun.elapsed() >= Duration::from_millis(950), "{:?}", begun.elapsed());
    world.settled(40, DeliveryState::Succeeded).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_waits_goes_out_with_its_own_files(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[("json", r#""on": "form", "format": "form_json""#)]).await;
    let photo = |name: &str, content: u8| ArrivedFile {
        name: name.to_owned(),
        content_type: Some("image/jpeg".to_owned()),
        sha256: [content; 32],
        bytes: 7,
    };
    world.destination.answer("/", Answer::status(503));
    world.post_files(None, &two_cases(), &[photo("1.jpg", 1)]).await;
    world.sent(1).await;
    let edited = two_cases().replace("Kibera", "Mathare");
    let edit = world.post_files(None, &edited, &[photo("2.jpg", 2)]).await;
    assert_eq!(edit.outcome, FormOutcome::Decided(Decision::Edit));
    let before = world.destination.received().len();
    world.destination.answer("/", Answer::status(200));
    world.settled(2, DeliveryState::Succeeded).await;
    let mut versions = Vec::new();
    for request in world.destination.received().iter().skip(before) {
        let json = request.json();
        let files = json["attachments"].as_object().unwrap();
        let village = json["form"]["village"].as_str().unwrap().to_owned();
        versions.push((village, files.contains_key("1.jpg"), files.contains_key("2.jpg")));
    }
    versions.sort_unstable();
    versions.dedup();
    assert!(versions.contains(&("Kibera".to_owned(), true, false)), "{versions:?}");
    assert!(!versions.contains(&("Kibera".to_owned(), true, true)), "{versions:?}");
    assert!(versions.iter().any(|(village, _, new)| village == "Mathare" && *new), "{versions:?}");
}
