//! Forms, cases and applications on their way out: who is told of what, and what is sent.

mod beside;
mod erased;
mod many;
mod newest;

use std::collections::BTreeMap;
use std::time::Duration;

use fieldpost_engine::{ArrivedFile, ChangedCases, FormOutcome, FormUpload, Incoming, PreviewOf};
use fieldpost_model::case::{BlockScope, CaseAction, CaseBlock};
use fieldpost_model::delivery::{Delivery, DeliveryOrigin, DeliveryState};
use fieldpost_rules::delivery::Action;
use fieldpost_rules::openrosa::{Decision, Flavour};
use fieldpost_store::{Criterion, DeliveryQuery, Page};
use fieldpost_testkit::{Answer, ReceivedRequest};
use rstest::rstest;

use crate::filing::{block, create, update, xml};
use crate::world::{Engine, World};

/// How long what is sent may take, on a machine that has much else to do.
const SOON: Duration = Duration::from_mins(1);
/// The secret of the phones' source.
const PHONES: &str = "secret-inbox-o";

/// A project with these forwarders, each of which says its name in `x-name`.
async fn world(engine: Engine, forwarders: &[(&str, &str)]) -> World {
    let world = World::start(engine).await;
    world.forwarding(forwarders).await;
    world
}

impl World {
    /// Makes these the project's forwarders.
    async fn forwarding(&self, forwarders: &[(&str, &str)]) {
        let url = self.destination.url("/");
        let forwarder = |(name, rest): &(&str, &str)| {
            let rest = if rest.is_empty() { String::new() } else { format!(", {rest}") };
            format!(
                r#""{name}": {{"to": "there", "headers": {{"x-name": "{name}"}},
                    "retry": {{"first": "10ms"}}{rest}}}"#
            )
        };
        let forwarders: Vec<String> = forwarders.iter().map(forwarder).collect();
        self.apply_text(&format!(
            r#"{{"project": "clinic",
                "sources": {{
                    "hq": {{"dialect": "commcare", "secret": "secret-inbox-c"}},
                    "phones": {{"dialect": "openrosa", "access": "anonymous", "secret": "{PHONES}"}},
                    "kobo": {{"dialect": "kobo", "secret": "secret-inbox-2"}}}},
                "connections": {{"there": {{"url": "{url}"}}}},
                "forwarders": {{{}}}}}"#,
            forwarders.join(", ")
        ))
        .await;
    }

    /// Posts a form to the receiver of an application.
    async fn post_to(&self, application: Option<&str>, xml: &str) -> FormOutcome {
        self.post_files(application, xml, &[]).await.outcome
    }

    async fn post_files(
        &self,
        application: Option<&str>,
        xml: &str,
        files: &[ArrivedFile],
    ) -> fieldpost_engine::FormReceipt {
        let route = self.hub.find_inbox(PHONES).await.unwrap().unwrap();
        let incoming = Incoming {
            method: "POST".to_owned(),
            path: "/p/clinic/submission".to_owned(),
            query: Vec::new(),
            headers: vec![("content-type".to_owned(), "text/xml".to_owned())],
            body: xml.to_owned().into(),
        };
        let post = fieldpost_engine::FormPost { flavour: Flavour::Commcare, application, files };
        self.hub.receive_form(&route, incoming, post).await.unwrap()
    }

    async fn take(&self, xml: &str) {
        let outcome = self.post_to(None, xml).await;
        assert!(
            matches!(outcome, FormOutcome::Decided(Decision::Store | Decision::Edit)),
            "{outcome:?}"
        );
    }

    /// All requests so far once there are so many, by the name of their forwarder.
    async fn sent(&self, count: usize) -> BTreeMap<String, Vec<ReceivedRequest>> {
        let mut sent: BTreeMap<String, Vec<ReceivedRequest>> = BTreeMap::new();
        for request in self.destination.wait_for(count, SOON).await {
            let name = request.header("x-name").unwrap().to_owned();
            sent.entry(name).or_default().push(request);
        }
        sent
    }

    async fn all_deliveries(&self) -> Vec<Delivery> {
        let page = Page { before: None, limit: 500 };
        self.hub.store().deliveries("clinic", &DeliveryQuery::default(), page).await.unwrap()
    }

    /// Waits until all deliveries have this state, and there are so many.
    async fn settled(&self, count: usize, state: DeliveryState) -> Vec<Delivery> {
        for _ in 0..400 {
            let all = self.all_deliveries().await;
            assert!(all.len() <= count, "{all:#?}");
            if all.len() == count && all.iter().all(|delivery| delivery.state == state) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("not {count} in {state}: {:#?}", self.all_deliveries().await);
    }
}

fn counts(sent: &BTreeMap<String, Vec<ReceivedRequest>>) -> Vec<(&str, usize)> {
    sent.iter().map(|(name, requests)| (name.as_str(), requests.len())).collect()
}

/// One that two cases are made by.
fn two_cases() -> String {
    xml("f1", &(block("c1", 0, &create("Amina")) + &block("c2", 0, &create("Juma"))))
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_form_and_its_cases_leave_as_commcare_sends_them(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(
        engine,
        &[
            ("forms", r#""on": "form""#),
            ("json", r#""on": "form", "format": "form_json", "app_id": false"#),
            ("submissions", r#""on": "submission""#),
            ("stubs", r#""on": "form-stub""#),
            ("cases", r#""on": "case""#),
            ("created", r#""on": "case-created", "format": "case_json""#),
            ("updated", r#""on": "case-updated""#),
            ("schema", r#""on": "app-schema""#),
        ],
    )
    .await;
    let form = two_cases();
    assert_eq!(world.post_to(Some("a1"), &form).await, FormOutcome::Decided(Decision::Store));
    let sent = world.sent(9).await;
    let expected = [
        ("cases", 2),
        ("created", 2),
        ("forms", 1),
        ("json", 1),
        ("schema", 1),
        ("stubs", 1),
        ("submissions", 1),
    ];
    assert_eq!(counts(&sent), expected);
    let [exact] = sent["forms"].as_slice() else { panic!() };
    assert_eq!(exact.text(), form, "byte for byte");
    assert_eq!(
        (exact.query.as_str(), exact.header("content-type")),
        ("app_id=a1", Some("text/xml"))
    );
    let received_on = exact.header("received-on").unwrap();
    assert!(received_on.ends_with('Z') && received_on.len() == 27, "{received_on}");
    assert_eq!(sent["json"][0].query, "");
    let json = sent["json"][0].json();
    assert_eq!(json["id"], "f1");
    assert_eq!(json["app_id"], "a1");
    assert_eq!(json["received_on"], received_on);
    assert_eq!(json["form"]["village"], "Kibera");
    let stub = sent["stubs"][0].json();
    assert_eq!(stub["form_id"], "f1");
    assert_eq!(stub["case_ids"], serde_json::json!(["c1", "c2"]));
    assert_eq!(sent["stubs"][0].query, "");
    assert_eq!(sent["submissions"][0].json()["values"]["village"], "Kibera");
    assert_eq!(sent["schema"][0].text(), "a1");
    assert_eq!(sent["schema"][0].header("content-type"), Some("text/xml"));
    let mut names: Vec<_> = sent["cases"].iter().map(ReceivedRequest::text).collect();
    names.sort_unstable();
    assert!(
        names[0].contains(r#"case_id="c1""#) && names[0].contains("<case_name>Amina</case_name>")
    );
    assert!(
        names[1].contains(r#"case_id="c2""#) && names[1].contains("<case_name>Juma</case_name>")
    );
    assert!(sent["cases"][0].header("server-modified-on").is_some());
    let made = sent["created"].iter().find(|it| it.json()["case_id"] == "c1").unwrap().json();
    assert_eq!(made["xform_ids"], serde_json::json!(["f1"]));
    assert_eq!(made["properties"]["case_type"], "child");

    // A second form about one of them updates it; the same form again says nothing.
    world.take(&xml("f2", &block("c1", 5, &update("weight", "4.1")))).await;
    assert_eq!(world.post_to(Some("a1"), &form).await, FormOutcome::Decided(Decision::Duplicate));
    let sent = world.sent(15).await;
    let expected = [
        ("cases", 3),
        ("created", 2),
        ("forms", 2),
        ("json", 2),
        ("schema", 1),
        ("stubs", 2),
        ("submissions", 2),
        ("updated", 1),
    ];
    assert_eq!(counts(&sent), expected);
    assert!(sent["updated"][0].text().contains("<weight>4.1</weight>"));
    world.settled(15, DeliveryState::Succeeded).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_tells_of_the_form_once_more_and_of_every_case_of_both_texts(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[("forms", r#""on": "form""#), ("cases", r#""on": "case""#)]).await;
    world.take(&two_cases()).await;
    world.take(&xml("f2", &block("c1", 5, &update("weight", "4")))).await;
    world.take(&xml("f2", &block("c2", 6, &update("weight", "5")))).await;
    let sent = world.sent(8).await;
    assert_eq!(counts(&sent), [("cases", 5), ("forms", 3)]);
    let edited: Vec<&str> = sent["cases"].iter().map(ReceivedRequest::text).collect();
    let weighs = |case: &str, kilos: &str| {
        let wanted = [format!(r#"case_id="{case}""#), format!("<weight>{kilos}</weight>")];
        edited.iter().any(|text| wanted.iter().all(|part| text.contains(part)))
    };
    assert!(weighs("c1", "4") && weighs("c2", "5") && !weighs("c2", "4"), "{edited:?}");
    world.settled(8, DeliveryState::Succeeded).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn filters_look_at_forms_cases_users_applications_and_values(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let form = r#""on": "form-stub""#;
    let case = r#""on": "case", "format": "case_json""#;
    let with = |first: &str, rest: &str| format!("{first}, {rest}");
    let forwarders = [
        ("slug", with(form, r#""forms": ["registration"]"#)),
        ("xmlns", with(form, r#""forms": "http://openrosa.org/formdesigner/F1""#)),
        ("other", with(form, r#""forms": ["other"]"#)),
        ("user", with(form, r#""users": ["nurse"]"#)),
        ("not-user", with(form, r#""without_users": ["u1"]"#)),
        ("app", with(form, r#""applications": ["a1"]"#)),
        ("value", with(form, r#""match": {"values": {"village": "Kibera"}}"#)),
        ("not-value", with(form, r#""unless": {"values": {"village": "Kibera"}}"#)),
        ("source", with(form, r#""from": "kobo""#)),
        ("type", with(case, r#""case_types": ["child"]"#)),
        ("other-type", with(case, r#""case_types": ["mother"]"#)),
        ("case-user", with(case, r#""users": ["nurse"]"#)),
        ("not-case-user", with(case, r#""without_users": ["u1"]"#)),
        ("property", with(case, r#""match": {"properties": {"weight": "4.1"}}"#)),
        ("no-property", with(case, r#""match": {"properties": {"weight": "5"}}"#)),
        ("case-form", with(case, r#""forms": ["registration"]"#)),
    ];
    let forwarders: Vec<(&str, &str)> =
        forwarders.iter().map(|(name, rest)| (*name, rest.as_str())).collect();
    let world = world(engine, &forwarders).await;
    let form = xml("f1", &block("c1", 0, &(create("Amina") + &update("weight", "4.1"))));
    world.post_to(Some("a1"), &form).await;
    let sent = world.sent(9).await;
    let mut wanted = [
        ("app", 1),
        ("case-form", 1),
        ("case-user", 1),
        ("property", 1),
        ("slug", 1),
        ("type", 1),
        ("user", 1),
        ("value", 1),
        ("xmlns", 1),
    ];
    wanted.sort_unstable();
    assert_eq!(counts(&sent), wanted);
    world.settled(9, DeliveryState::Succeeded).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_retry_sends_the_state_of_the_event_and_latest_the_newest(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let format = r#""on": "case", "format": "case_json""#;
    let latest = format!(r#"{format}, "payload": "latest", "case_types": ["child"]"#);
    let world = world(engine, &[("snapshot", format), ("latest", &latest)]).await;
    world.destination.answer("/", Answer::status(503));
    world.take(&xml("f1", &block("c1", 0, &create("Amina")))).await;
    world.sent(2).await;
    world.take(&xml("f2", &block("c1", 5, &update("case_name", "Amina B.")))).await;
    world.destination.answer("/", Answer::status(200));
    let arrived = |sent: &BTreeMap<String, Vec<ReceivedRequest>>, name: &str| {
        let names = sent[name].iter().map(|request| request.json());
        names.map(|json| json["properties"]["case_name"].as_str().unwrap().to_owned()).collect()
    };
    for _ in 0..400 {
        let waiting = world.all_deliveries().await;
        if waiting.iter().all(|delivery| !delivery.state.is_waiting()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let sent = world.sent(4).await;
    let snapshots: Vec<String> = arrived(&sent, "snapshot");
    assert_eq!(snapshots.first().map(String::as_str), Some("Amina"));
    assert!(snapshots.iter().skip(1).any(|name| name == "Amina"), "tried again: {snapshots:?}");
    assert!(snapshots.contains(&"Amina B.".to_owned()));
    let latest: Vec<String> = arrived(&sent, "latest");
    assert_eq!(latest.last().map(String::as_str), Some("Amina B."));
    let json = sent["snapshot"].iter().map(|request| request.json());
    for json in json {
        let is_first = json["properties"]["case_name"] == "Amina";
        let forms = if is_first { vec!["f1"] } else { vec!["f1", "f2"] };
        assert_eq!(json["xform_ids"], serde_json::json!(forms));
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_withheld_leaves_in_no_format(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let withhold = r#""withhold": {"village": "drop", "case_name": "drop", "mother": "hash", "user": "drop", "username": "drop"}"#;
    let of = |on: &str, format: &str| {
        let template = match (format, on) {
            ("template", "form") => r#", "template": "{{ values }}""#,
            ("template", _) => r#", "template": "{{ properties }}""#,
            _ => "",
        };
        format!(r#""on": "{on}", "format": "{format}"{template}, {withhold}"#)
    };
    let mut forwarders = Vec::new();
    forwarders.push(("message-json".to_owned(), of("message", "json")));
    for format in
        ["json", "form_xml", "form_json", "normalised", "kobo", "wcs", "geojson", "template"]
    {
        forwarders.push((format!("form-{format}"), of("form", format)));
    }
    for format in ["case_xml", "case_json", "normalised", "geojson", "template"] {
        forwarders.push((format!("case-{format}"), of("case", format)));
    }
    // What is sent byte for byte withholds nothing, and is refused where it is written down.
    let refused = r#"{"on": "message", "to": "there", "withhold": {"a": "drop"}}"#;
    let refused = fieldpost_model::json::Value::parse(refused.as_bytes()).unwrap();
    let refused = fieldpost_rules::definition::read_forwarder("x", &refused).unwrap_err();
    assert_eq!(refused[0].code, "withhold-needs-model");

    let forwarders: Vec<(&str, &str)> =
        forwarders.iter().map(|(name, rest)| (name.as_str(), rest.as_str())).collect();
    let world = world(engine, &forwarders).await;
    let properties = update("village", "Kibera") + &update("mother", "Halima");
    let form = xml("f1", &block("c1", 0, &(create("Amina") + &properties)))
        .replace("</village>", "</village><mother>Halima</mother>");
    world.take(&form).await;
    let sent = world.sent(forwarders.len()).await;
    assert_eq!(sent.len(), forwarders.len());
    for (name, requests) in &sent {
        for secret in ["Kibera", "Halima", "Amina"] {
            let is_in_case_block = name.starts_with("form-") && secret == "Amina";
            if !is_in_case_block {
                assert!(!requests[0].text().contains(secret), "{name}: {}", requests[0].text());
            }
        }
    }
    world.settled(forwarders.len(), DeliveryState::Succeeded).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_mended_counts_for_what_waits(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let with =
        |template: &str| format!(r#""on": "form", "format": "template", "template": "{template}""#);
    let world = world(engine, &[("text", &with("{{ 1 / 0 }}"))]).await;
    world.take(&two_cases()).await;
    let [broken] = <[_; 1]>::try_from(world.settled(1, DeliveryState::Broken).await).unwrap();
    assert!(broken.last_error.is_some());
    world.forwarding(&[("text", &with("village={{ values.village }}"))]).await;
    world.hub.act("clinic", Action::Requeue, broken.id).await.unwrap();
    let sent = world.sent(1).await;
    assert_eq!(sent["text"][0].text(), "village=Kibera");
    world.settled(1, DeliveryState::Succeeded).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn cases_that_are_forwarded_to_another_hub_are_the_same_there(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values("case_xml", "case_json")] format: &str,
) {
    let forwarder = format!(r#""on": "case", "format": "{format}""#);
    let here = world(engine, &[("cases", &forwarder)]).await;
    let there = world(engine, &[]).await;
    let index = r#"<index><parent case_type="child">c1</parent></index>"#;
    here.take(&two_cases()).await;
    here.take(&xml(
        "f2",
        &(block("c1", 5, &update("weight", "4.1")) + &block("v1", 5, &(create("Visit") + index))),
    ))
    .await;
    here.take(&xml("f3", &block("c2", 9, "<close/>"))).await;
    for request in here.sent(5).await.remove("cases").unwrap() {
        there.post("secret-inbox-c", request.text()).await.unwrap();
    }
    let ids = ["c1", "c2", "v1"];
    let (here, there) = (here.all_cases(&ids).await, there.all_cases(&ids).await);
    for id in ids {
        let (mut here, mut there) = (here[id].clone(), there[id].clone());
        assert_eq!(here.is_closed(), there.is_closed());
        for case in [&mut here, &mut there] {
            // What a server knows of its own, and what the wire has no place for.
            (case.forms, case.server_modified_at) =
                (Vec::new(), fieldpost_model::time::Timestamp(0));
            (case.opened_at, case.opened_by, case.closing) = (None, String::new(), None);
        }
        assert_eq!(here, there, "{id}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_tells_of_forms_and_cases_as_they_were(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    let first = world.post_files(None, &two_cases(), &[]).await.message;
    world.take(&xml("f2", &block("c1", 5, &update("case_name", "Amina B.")))).await;
    let state = block("c9", 9, &create("Forwarded"));
    let state = world.post("secret-inbox-c", &state).await.unwrap().message;
    world
        .forwarding(&[
            ("forms", r#""on": "form""#),
            ("created", r#""on": "case-created", "format": "case_json""#),
            ("updated", r#""on": "case-updated""#),
        ])
        .await;
    let replayed = world.hub.replay("clinic", first).await.unwrap();
    assert_eq!(replayed.deliveries.len(), 3);
    world.hub.replay("clinic", state).await.unwrap();
    let sent = world.sent(4).await;
    assert_eq!(counts(&sent), [("created", 3), ("forms", 1)]);
    assert_eq!(sent["forms"][0].text(), two_cases());
    assert_eq!(sent["forms"][0].header("fieldpost-replay"), Some("true"));
    let mut names: Vec<String> = sent["created"]
        .iter()
        .map(|request| request.json()["properties"]["case_name"].as_str().unwrap().to_owned())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["Amina", "Forwarded", "Juma"], "as the first form left them");
    let all = world.settled(4, DeliveryState::Succeeded).await;
    assert!(all.iter().all(|delivery| delivery.origin == DeliveryOrigin::Replay));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_tells_nothing_until_it_is_released_with_its_files(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(
        engine,
        &[("json", r#""on": "form", "format": "form_json""#), ("cases", r#""on": "case""#)],
    )
    .await;
    let tie = r#"<index><parent case_type="household">h1</parent></index>"#;
    let photo = ArrivedFile {
        name: "1.jpg".to_owned(),
        content_type: Some("image/jpeg".to_owned()),
        sha256: [1; 32],
        bytes: 7,
    };
    let child = xml("f1", &block("c1", 0, &(create("Amina") + tie)));
    let refused = world.post_files(None, &child, &[photo]).await;
    assert!(matches!(refused.outcome, FormOutcome::NotProcessable { .. }), "{refused:?}");
    assert!(world.all_deliveries().await.is_empty());
    world.take(&xml("f0", &block("h1", 0, &create("Household")))).await;
    world.sent(2).await;
    world.hub.replay("clinic", refused.message).await.unwrap();
    let sent = world.sent(4).await;
    assert_eq!(counts(&sent), [("cases", 2), ("json", 2)]);
    let json = sent["json"].iter().map(|request| request.json()).find(|json| json["id"] == "f1");
    let files = &json.unwrap()["attachments"]["1.jpg"];
    assert_eq!((files["length"].as_u64(), &files["content_type"]), (Some(7), &"image/jpeg".into()));
    world.settled(4, DeliveryState::Succeeded).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn forms_that_the_hub_writes_are_told_of_like_others(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[("forms", r#""on": "form""#), ("cases", r#""on": "case""#)]).await;
    let host = r#"<index><host case_type="child" relationship="extension">c1</host></index>"#;
    let made = block("c1", 0, &create("Amina")) + &block("e1", 0, &(create("Visit") + host));
    world.take(&xml("f1", &made)).await;
    world.take(&xml("f2", &block("c1", 5, "<close/>"))).await;
    let sent = world.sent(7).await;
    assert_eq!(counts(&sent), [("cases", 4), ("forms", 3)]);
    let system = sent["forms"].iter().map(ReceivedRequest::text).find(|it| it.contains("<system"));
    let system = system.unwrap();
    assert!(system.contains(r#"case_id="e1""#) && system.contains("<close"), "{system}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn cases_are_changed_in_a_form_of_the_hub(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[("forms", r#""on": "form""#), ("cases", r#""on": "case""#)]).await;
    let change = |case_id: &str, actions| CaseBlock {
        case_id: case_id.to_owned(),
        user_id: "clerk".to_owned(),
        modified_at: None,
        scope: BlockScope::Change,
        actions,
    };
    let values = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let made = CaseAction::Create(values(&[
        ("case_type", "child"),
        ("case_name", "Amina"),
        ("owner_id", "o1"),
    ]));
    let blocks = [change("c1", vec![made, CaseAction::Update(values(&[("weight", "4")]))])];
    let changed = world.hub.change_cases("clinic", None, &blocks, "clerk").await.unwrap();
    let ChangedCases { form_id, receipt } = changed;
    assert_eq!(receipt.outcome, FormOutcome::Decided(Decision::Store));
    let case = world.all_cases(&["c1"]).await.remove("c1").unwrap();
    assert_eq!((case.name.as_str(), case.modified_by.as_str()), ("Amina", "clerk"));
    assert_eq!(case.properties["weight"], "4");
    let sent = world.sent(2).await;
    assert!(sent["forms"][0].text().contains(&format!("<instanceID>{form_id}</instanceID>")));
    assert!(sent["cases"][0].text().contains("<weight>4</weight>"));

    let tie = fieldpost_model::case::CaseIndex {
        case_id: "nobody".to_owned(),
        case_type: "household".to_owned(),
        relationship: fieldpost_model::case::CaseRelationship::Child,
    };
    let ties = [("parent".to_owned(), Some(tie))].into();
    let refused = [change("c1", vec![CaseAction::Index(ties)])];
    let refused = world.hub.change_cases("clinic", Some("hq"), &refused, "clerk").await.unwrap();
    let FormOutcome::NotProcessable { code, .. } = refused.receipt.outcome else {
        panic!("{refused:?}")
    };
    assert_eq!(code, "invalid-case-index");
    let unknown = world.hub.change_cases("clinic", Some("kobo"), &[], "clerk").await.unwrap_err();
    assert!(unknown.to_string().contains("kobo"), "{unknown}");
    world.settled(2, DeliveryState::Succeeded).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_devices_report_of_themselves_is_forwarded_to_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world =
        world(engine, &[("forms", r#""on": "form""#), ("stubs", r#""on": "form-stub""#)]).await;
    let report = r#"<device_report xmlns="http://code.javarosa.org/devicereport"><device_id>d</device_id>
        <meta><instanceID>r1</instanceID></meta></device_report>"#;
    world.take(report).await;
    assert!(world.hub.store().instance("clinic", "r1").await.unwrap().is_some());
    assert!(world.all_deliveries().await.is_empty());
}
