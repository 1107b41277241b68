//! What others were to be told of a case, when a person is erased whose form has touched it as well.

use fieldpost_store::{CaseHistory, FiledCase, MOST_CASE_CHANGES, Revised};

use super::*;

/// A forwarder of cases that waits.
const WAITING: &str = r#""on": "case", "format": "case_json", "paused": true"#;
/// The same, with whatever waits sent.
const SENT: &str = r#""on": "case", "format": "case_json", "paused": false"#;

impl World {
    /// Takes a form in; the answer is its message.
    async fn message_of(&self, xml: &str) -> uuid::Uuid {
        self.post_files(None, xml, &[]).await.message
    }

    /// Erases what a message has said. Nothing is being sent.
    async fn erase_message(&self, message: uuid::Uuid) {
        let outcome = self.hub.erase("clinic", &Criterion::Message(message), "test").await.unwrap();
        assert!(outcome.id.is_some() && outcome.being_sent == 0, "{outcome:?}");
    }

    /// What is noted of cases and was not told yet.
    async fn is_all_told(&self) -> bool {
        let end = fieldpost_model::time::Timestamp(i64::MAX);
        self.hub.store().cases_to_tell("clinic", end, 9).await.unwrap().is_empty()
    }
}

/// What is known of a case in a request, beside its name and type.
fn properties(request: &ReceivedRequest) -> BTreeMap<String, String> {
    let json = request.json();
    let all = json["properties"].as_object().unwrap().iter();
    let told = all.filter(|(name, _)| ["weight", "height", "colour"].contains(&name.as_str()));
    told.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn known(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn others_are_told_again_of_the_case_without_the_person(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    world.take(&two_cases()).await;
    let updated = r#""on": "case-updated", "order_by": "case""#;
    let paused = format!(r#"{updated}, "paused": true"#);
    world.forwarding(&[("cases", WAITING), ("updated", &paused)]).await;
    let weighed = xml("f2", &block("c1", 5, &update("weight", "4")));
    let erased = world.message_of(&weighed).await;
    world.take(&xml("f3", &block("c1", 6, &update("height", "90")))).await;
    world.take(&xml("f4", &block("c1", 7, &update("colour", "blue")))).await;
    world.erase_message(erased).await;
    assert!(world.is_all_told().await);

    let resumed = format!(r#"{updated}, "paused": false"#);
    world.forwarding(&[("cases", SENT), ("updated", &resumed)]).await;
    let sent = world.sent(4).await;
    assert_eq!(counts(&sent), [("cases", 2), ("updated", 2)]);
    let mut states: Vec<_> = sent["cases"].iter().map(properties).collect();
    states.sort_by_key(BTreeMap::len);
    let (first, both) =
        (known(&[("height", "90")]), known(&[("colour", "blue"), ("height", "90")]));
    assert_eq!(states, [first, both]);
    let in_order: Vec<bool> =
        sent["updated"].iter().map(|it| it.text().contains("colour")).collect();
    assert_eq!(in_order, [false, true]);
    assert!(sent["updated"].iter().all(|it| !it.text().contains("weight")));
    let all = world.all_deliveries().await;
    let of = |state| all.iter().filter(|delivery| delivery.state == state).count();
    assert_eq!((of(DeliveryState::Cancelled), all.len()), (6, 10));
    assert!(all.iter().all(|delivery| delivery.origin == DeliveryOrigin::Event));
}

/// The person's state had taken the place of what somebody else had told before.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_state_of_a_person_had_replaced_is_told_after_all(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    world.take(&two_cases()).await;
    let latest = |rest: &str| format!(r#"{rest}, "payload": "latest""#);
    world.forwarding(&[("cases", &latest(WAITING))]).await;
    world.take(&xml("f3", &block("c1", 5, &update("height", "90")))).await;
    let weighed = xml("f2", &block("c1", 6, &update("weight", "4")));
    let erased = world.message_of(&weighed).await;
    world.erase_message(erased).await;
    assert!(world.is_all_told().await);
    world.forwarding(&[("cases", &latest(SENT))]).await;
    let sent = world.sent(1).await;
    assert_eq!(properties(&sent["cases"][0]), known(&[("height", "90")]));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_no_longer_wants_the_case_is_not_told(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    world.take(&two_cases()).await;
    let heavy = format!(r#"{WAITING}, "match": {{"properties": {{"weight": "4"}}}}"#);
    world.forwarding(&[("heavy", &heavy), ("gone", WAITING)]).await;
    let weighed = xml("f2", &block("c1", 5, &update("weight", "4")));
    let erased = world.message_of(&weighed).await;
    world.take(&xml("f3", &block("c1", 6, &update("height", "90")))).await;
    assert_eq!(world.all_deliveries().await.len(), 4);
    world.forwarding(&[("heavy", &heavy)]).await;
    world.erase_message(erased).await;
    assert!(world.is_all_told().await);
    let all = world.all_deliveries().await;
    assert_eq!(all.len(), 4, "nothing new: {all:#?}");
    assert!(all.iter().all(|delivery| delivery.state == DeliveryState::Cancelled));
}

/// Others keep telling of the case all the while: what they tell is cancelled once more, and told again.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn others_may_tell_of_the_case_while_a_person_is_erased(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    world.take(&two_cases()).await;
    world.forwarding(&[("cases", WAITING)]).await;
    let weighed = xml("f2", &block("c1", 5, &update("weight", "4")));
    let erased = world.message_of(&weighed).await;
    world.take(&xml("before", &block("c1", 6, &update("height", "1")))).await;
    let ended = std::sync::atomic::AtomicBool::new(false);
    let telling = async {
        let mut told = 1;
        while !ended.load(std::sync::atomic::Ordering::Relaxed) {
            let height = update("height", &told.to_string());
            world.take(&xml(&format!("o{told}"), &block("c1", 6, &height))).await;
            told += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        told
    };
    let erasing = async {
        let criterion = Criterion::Message(erased);
        let outcome = world.hub.erase("clinic", &criterion, "test").await.unwrap();
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        outcome
    };
    let (told, outcome) = tokio::join!(telling, erasing);
    assert!(outcome.id.is_some() && outcome.being_sent == 0, "{told}: {outcome:?}");
    // The person's own at each case, and at least that of whoever came before.
    assert!(outcome.cancelled > 1, "nothing of others was cancelled: {outcome:?}");
    // A case that others told of at every try is left to whoever tells again next: another erasure does.
    let nothing = Criterion::Message(uuid::Uuid::from_u128(1));
    world.hub.erase("clinic", &nothing, "test").await.unwrap();
    assert!(world.is_all_told().await);
    world.forwarding(&[("cases", SENT)]).await;
    let sent = world.sent(told).await;
    let states: Vec<_> = sent["cases"].iter().map(properties).collect();
    assert_eq!(states.len(), told, "each of them is told of once");
    let newest = known(&[("height", &(told - 1).to_string())]);
    assert!(states.contains(&newest), "{states:?}");
    assert!(states.iter().all(|state| !state.contains_key("weight")), "{states:?}");
}

/// What another forwarder is told later is no reason to leave this one with an older state.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_forwarder_is_told_the_newest_state_at_last(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    world.take(&two_cases()).await;
    world.forwarding(&[("early", WAITING)]).await;
    let weighed = xml("f2", &block("c1", 5, &update("weight", "4")));
    let erased = world.message_of(&weighed).await;
    world.take(&xml("f3", &block("c1", 6, &update("height", "90")))).await;
    let off = format!(r#"{WAITING}, "match": {{"properties": {{"nothing": "1"}}}}"#);
    world.forwarding(&[("early", &off), ("late", WAITING)]).await;
    world.take(&xml("f4", &block("c1", 7, &update("colour", "blue")))).await;
    world.forwarding(&[("early", WAITING), ("late", WAITING)]).await;
    world.erase_message(erased).await;
    assert!(world.is_all_told().await);

    world.forwarding(&[("early", SENT), ("late", SENT)]).await;
    let sent = world.sent(2).await;
    let newest = known(&[("colour", "blue"), ("height", "90")]);
    for forwarder in ["early", "late"] {
        let states: Vec<_> = sent[forwarder].iter().map(properties).collect();
        assert_eq!(states, std::slice::from_ref(&newest), "{forwarder}");
    }
}

/// Others have said more of the case than a form from outside may make anew.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_from_a_long_case_as_well(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    world.take(&two_cases()).await;
    world.take(&xml("f3", &block("c1", 5, &update("height", "90")))).await;
    let store = world.hub.store();
    let present = async || store.cases("clinic", &["c1"]).await.unwrap().remove("c1").unwrap();
    let mut history = store.case_changes("clinic", "c1").await.unwrap();
    let visit = history.last().unwrap().clone();
    for number in 0..MOST_CASE_CHANGES {
        let mut change = visit.clone();
        change.submission = uuid::Uuid::from_u128(number as u128 + 1);
        change.transaction.form_id = format!("visit-{number}");
        history.push(change);
    }
    let length = history.len();
    let Revised { value: case, revision: expected } = present().await;
    let long = FiledCase { case, expected, history: CaseHistory::Replace(history) };
    store.put_rebuilt_case(&"clinic".into(), long, world.hub.now()).await.unwrap();
    let weighed = xml("f2", &block("c1", 6, &update("weight", "4")));
    let erased = world.message_of(&weighed).await;
    assert!(present().await.value.properties.contains_key("weight"));
    world.erase_message(erased).await;
    let case = present().await.value;
    assert!(!case.properties.contains_key("weight") && case.properties["height"] == "90");
    assert_eq!(store.cases_to_rebuild("clinic", 9).await.unwrap(), [""; 0]);
    assert_eq!(store.every_case_change("clinic", "c1").await.unwrap().len(), length);
}
