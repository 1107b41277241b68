//! What stands beside the forwarding of forms and cases: applications, previews, explanations, erasures.

use fieldpost_store::IncidentQuery;
use fieldpost_store::Listener;

use super::*;
use crate::clinic::{ALL as FIRST, until};

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_applications_is_told_of_uploads(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(
        engine,
        &[
            ("ids", r#""on": "app-schema""#),
            ("questions", r#""on": "app-schema", "format": "schema_json""#),
        ],
    )
    .await;
    let form = |version: &str| {
        format!(
            r#"<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
                 <h:head><h:title>Births</h:title><model>
                   <instance><data id="births" version="{version}"><name/></data></instance>
                   <bind nodeset="/data/name" type="string"/></model></h:head>
                 <h:body><input ref="/data/name"><label>Name</label></input></h:body></h:html>"#
        )
        .into_bytes()
    };
    let text = |text: &str| Some(text.to_owned());
    for (version, application, build, told) in
        [("1", None, None, "births"), ("2", text("a1"), None, "a1"), ("3", None, text("b3"), "b3")]
    {
        let before = world.destination.received().len();
        let upload = FormUpload { definition: form(version), application, build };
        world.hub.upload_form("clinic", upload.clone()).await.unwrap();
        let sent = world.sent(before + 2).await;
        assert_eq!(sent["ids"].last().unwrap().text(), told);
        let questions = sent["questions"].last().unwrap().json();
        assert_eq!(questions["id"], told);
        assert_eq!(questions["forms"][0]["questions"][0]["path"], "name");
        // The same bytes once more change nothing, and tell nothing.
        let same = FormUpload { build: None, ..upload };
        world.hub.upload_form("clinic", same).await.unwrap();
    }
    // A build is told of whether or not it brings other bytes, and so is another application.
    for (application, build, told) in [(None, text("b4"), "b4"), (text("a2"), None, "a2")] {
        let before = world.destination.received().len();
        let upload = FormUpload { definition: form("3"), application, build };
        let head = world.hub.upload_form("clinic", upload).await.unwrap().head;
        assert_eq!(head.definition, 3, "the definition stays");
        assert_eq!(head.application.as_deref(), Some(if told == "a2" { "a2" } else { "a1" }));
        let sent = world.sent(before + 2).await;
        assert_eq!(sent["ids"].last().unwrap().text(), told);
        assert_eq!(sent["questions"].last().unwrap().json()["id"], told);
    }
    let all = world.settled(10, DeliveryState::Succeeded).await;
    assert!(all.iter().all(|delivery| delivery.message.is_none()));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_what_would_be_sent_and_sends_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    let read = |text: &str| {
        let value = fieldpost_model::json::Value::parse(text.as_bytes()).unwrap();
        fieldpost_rules::definition::read_forwarder("draft", &value).unwrap()
    };
    let forms = read(
        r#"{"on": "form", "to": "there", "query": {"token": "t"}, "headers": {"x-api-key": "key"},
            "format": "normalised", "withhold": {"village": "drop"}}"#,
    );
    let nothing = world.hub.preview("clinic", &forms, PreviewOf::Newest).await.unwrap_err();
    assert_eq!(nothing.code(), "nothing-to-preview");
    let message = world.post_files(Some("a1"), &two_cases(), &[]).await.message;
    let shown = world.hub.preview("clinic", &forms, PreviewOf::Newest).await.unwrap();
    assert!(shown.explanation.matched);
    assert_eq!(shown.message, Some(message));
    let request = shown.request.unwrap();
    assert_eq!(request.request.method, "POST");
    assert!(request.request.url.ends_with("app_id=a1"), "{}", request.request.url);
    let told = format!("{:?}", request.request);
    assert!(!told.contains("\"key\"") && !told.contains("token=t"), "{told}");
    assert!(told.contains("received-on"), "{told}");
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    assert!(body.contains("f1") && !body.contains("Kibera"), "{body}");

    let cases = read(r#"{"on": "case-updated", "to": "there", "case_types": ["mother"]}"#);
    let shown =
        world.hub.preview("clinic", &cases, PreviewOf::Case("c2".to_owned())).await.unwrap();
    assert!(!shown.explanation.matched, "it is shown all the same");
    let body = shown.request.unwrap().body;
    assert!(String::from_utf8(body.to_vec()).unwrap().contains("Juma"));
    let other = world.hub.preview("clinic", &cases, PreviewOf::Submission(message)).await;
    assert_eq!(other.unwrap_err().code(), "not-previewable");

    let broken =
        read(r#"{"on": "form", "to": "there", "format": "template", "template": "{{ 1 / 0 }}"}"#);
    let shown = world.hub.preview("clinic", &broken, PreviewOf::Message(message)).await.unwrap();
    assert!(shown.request.is_err());
    assert!(world.all_deliveries().await.is_empty());
    assert!(world.destination.received().is_empty());
}

/// The name of a listener, all of which are forwarders here.
fn forwarder(listener: &Listener) -> &str {
    match listener {
        Listener::Forwarder(name) | Listener::Workflow(name) => name,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn each_form_and_case_of_a_message_is_explained(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(
        engine,
        &[
            ("forms", r#""on": "form-stub", "users": ["doctor"]"#),
            ("created", r#""on": "case-created""#),
            ("updated", r#""on": "case-updated""#),
            ("all", r#""on": "message""#),
            ("schema", r#""on": "app-schema""#),
        ],
    )
    .await;
    let message = world.post_files(None, &two_cases(), &[]).await.message;
    let explained = world.hub.explain("clinic", message).await.unwrap();
    let told: Vec<(&str, bool, bool)> = explained
        .iter()
        .map(|it| (forwarder(&it.listener), it.explanation.matched, it.remark.is_some()))
        .collect();
    let mut told = told;
    told.sort_unstable();
    let expected = [
        ("all", true, false),
        ("created", true, false),
        ("created", true, false),
        ("forms", false, false),
        ("schema", false, true),
        ("updated", false, true),
        ("updated", false, true),
    ];
    assert_eq!(told, expected);
    let form = explained.iter().find(|it| forwarder(&it.listener) == "forms").unwrap();
    assert!(form.explanation.conditions.iter().any(|condition| !condition.holds));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_an_erasure_makes_anew_tells_nobody(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[]).await;
    world.take(&two_cases()).await;
    let weighed = xml("f2", &block("c1", 5, &update("weight", "4")));
    let message = world.post_files(None, &weighed, &[]).await.message;
    world.forwarding(&[("cases", r#""on": "case""#), ("forms", r#""on": "form""#)]).await;
    let criterion = Criterion::Message(message);
    world.hub.erase("clinic", &criterion, "test").await.unwrap();
    assert_eq!(world.all_cases(&["c1"]).await["c1"].properties.get("weight"), None);
    assert!(world.all_deliveries().await.is_empty());
}

/// What tells of a form that was saved came of no message: nobody is led to one.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_what_no_message_set_off_names_no_message(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine, &[("ids", r#""on": "app-schema""#)]).await;
    world.destination.answer("/", Answer::status(503));
    let definition = br#"<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml">
         <h:head><h:title>Births</h:title><model><instance><data id="births"><name/></data></instance>
         <bind nodeset="/data/name" type="string"/></model></h:head>
         <h:body><input ref="/data/name"><label>Name</label></input></h:body></h:html>"#;
    let upload = FormUpload { definition: definition.to_vec(), application: None, build: None };
    world.hub.upload_form("clinic", upload).await.unwrap();
    let incident = until("trouble is noticed", async || {
        let found = world.hub.store().incidents("clinic", &IncidentQuery::default(), FIRST).await;
        found.unwrap().into_iter().next()
    })
    .await;
    let sample = incident.last.unwrap().sample.unwrap();
    assert_eq!((sample.delivery, sample.message), (world.all_deliveries().await[0].id, None));
}
