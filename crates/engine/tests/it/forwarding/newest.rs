//! What an edit tells when it is replayed, and what takes the place of what waits without having arrived by
//! itself.

use super::*;

/// Each request by its case and weight.
fn weights(requests: &[ReceivedRequest]) -> Vec<(String, Option<String>)> {
    let told = |request: &ReceivedRequest| {
        let json = request.json();
        let weight = json["properties"]["weight"].as_str().map(str::to_owned);
        (json["case_id"].as_str().unwrap().to_owned(), weight)
    };
    let mut told: Vec<_> = requests.iter().map(told).collect();
    told.sort();
    told
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_edit_tells_what_the_edit_has_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let cases = [("cases", r#""on": "case", "format": "case_json""#)];
    let world = world(engine, &[]).await;
    world.take(&two_cases()).await;
    world.take(&xml("f2", &block("c1", 5, &update("weight", "4")))).await;
    world.take(&xml("f3", &block("c2", 6, &update("weight", "7")))).await;
    world.forwarding(&cases).await;
    // It drops the case `c1`, and touches `c2` before a form that came earlier.
    let edit = xml("f2", &block("c2", 5, &update("colour", "blue")));
    let edit = world.post_files(None, &edit, &[]).await;
    assert_eq!(edit.outcome, FormOutcome::Decided(Decision::Edit));
    let sent = world.sent(2).await;
    let told = weights(&sent["cases"]);
    let expected = [("c1".to_owned(), None), ("c2".to_owned(), Some("7".to_owned()))];
    assert_eq!(told, expected);
    world.take(&xml("f4", &block("c1", 9, &update("weight", "9")))).await;
    world.sent(3).await;
    world.hub.replay("clinic", edit.message).await.unwrap();
    let all = world.settled(5, DeliveryState::Succeeded).await;
    assert_eq!(all.iter().filter(|it| it.origin == DeliveryOrigin::Replay).count(), 2);
    let sent = world.sent(5).await;
    let replayed: Vec<_> = sent["cases"]
        .iter()
        .filter(|request| request.header("fieldpost-replay").is_some())
        .cloned()
        .collect();
    assert_eq!(weights(&replayed), told, "as the edit left them");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_newest_upload_takes_the_place_of_those_that_wait(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let latest = r#""on": "app-schema", "payload": "latest""#;
    let paused = format!(r#"{latest}, "paused": true"#);
    let world = world(engine, &[("ids", &paused)]).await;
    for build in ["b1", "b2", "b3"] {
        let definition = r#"<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
             <h:head><h:title>Births</h:title><model>
               <instance><data id="births"><name/></data></instance>
               <bind nodeset="/data/name" type="string"/></model></h:head>
             <h:body><input ref="/data/name"><label>Name</label></input></h:body></h:html>"#;
        let upload = FormUpload {
            definition: definition.as_bytes().to_vec(),
            application: None,
            build: Some(build.to_owned()),
        };
        world.hub.upload_form("clinic", upload).await.unwrap();
    }
    let all = world.all_deliveries().await;
    let state = |place: usize| (all[place].state, all[place].superseded_by);
    assert_eq!(state(0), (DeliveryState::Pending, None));
    assert_eq!(state(1), (DeliveryState::Superseded, Some(all[0].id)));
    assert_eq!(state(2), (DeliveryState::Superseded, Some(all[1].id)));
    let resumed = format!(r#"{latest}, "paused": false"#);
    world.forwarding(&[("ids", &resumed)]).await;
    assert_eq!(world.sent(1).await["ids"][0].text(), "b3");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_takes_the_place_of_an_older_state(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let latest = r#""on": "case", "format": "case_json", "payload": "latest""#;
    let paused = format!(r#"{latest}, "paused": true"#);
    let world = world(engine, &[("cases", &paused)]).await;
    let tie = r#"<index><parent case_type="household">h1</parent></index>"#;
    world.take(&xml("f1", &block("c1", 0, &create("Amina")))).await;
    let child = xml("f2", &block("c1", 5, &(update("weight", "4") + tie)));
    let refused = world.post_files(None, &child, &[]).await;
    assert!(matches!(refused.outcome, FormOutcome::NotProcessable { .. }), "{refused:?}");
    world.take(&xml("f0", &block("h1", 6, &create("Household")))).await;
    world.hub.replay("clinic", refused.message).await.unwrap();
    let resumed = format!(r#"{latest}, "paused": false"#);
    world.forwarding(&[("cases", &resumed)]).await;
    let sent = world.sent(2).await;
    assert_eq!(
        weights(&sent["cases"]),
        [("c1".to_owned(), Some("4".to_owned())), ("h1".to_owned(), None)]
    );
}
