//! What community tools post for ODK Central, from the inbox to what is filed and forwarded.

use fieldpost_engine::ReceiptOutcome;
use fieldpost_model::json::Value;
use fieldpost_testkit::ReceivedRequest;
use rstest::rstest;

use crate::clinic::PATIENCE;
use crate::world::{Engine, World};

/// Blanks, quotes and letters that a document written anew would have otherwise.
const DOCUMENT: &str = "<?xml version='1.0' ?>\n<data id=\"trees\"  version='3'>\t<place>Forêt &amp; \
                        \u{1f333}</place>\n<girth>7</girth><meta><instanceID>uuid:1</instanceID></meta></data>\n";

fn event(kind: &str, data: &str) -> String {
    format!(r#"{{"type": "{kind}", "id": "uuid:1", "data": {data}}}"#)
}

fn created(document: &str) -> String {
    event("submission.create", &format!(r#"{{"xml": {}}}"#, Value::string(document).to_json()))
}

async fn world(engine: Engine) -> World {
    let world = World::start(engine).await;
    let url = world.destination.url("/");
    world
        .apply_text(&format!(
            r#"{{"project": "clinic",
                 "sources": {{"central": {{"dialect": "odk-central", "secret": "secret-inbox-4"}}}},
                 "connections": {{"there": {{"url": "{url}"}}}},
                 "forwarders": {{
                     "xml": {{"on": "form", "format": "form_xml", "to": "there"}},
                     "event": {{"on": "message", "to": "there"}}}}}}"#
        ))
        .await;
    world
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_submission_of_central_is_filed_and_leaves_to_the_letter(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    let first = created(DOCUMENT);
    let receipt = world.post("secret-inbox-4", &first).await.unwrap();
    assert_eq!(receipt.outcome, ReceiptOutcome::Kept);
    let again = world.post("secret-inbox-4", &first).await.unwrap();
    assert_eq!(again.outcome, ReceiptOutcome::Duplicate { of: receipt.message });
    let store = world.hub.store();
    let instance = store.instance("clinic", "1").await.unwrap().unwrap();
    assert_eq!((instance.form.as_str(), instance.revision), ("trees", 1));
    let wanted = fieldpost_store::WantedVersion::Newest;
    let content = store.submission_content("clinic", instance.submission, wanted).await.unwrap();
    assert!(content.unwrap().values.contains(r#""girth":"7""#));
    let sent = world.destination.wait_for(2, PATIENCE).await;
    let sent_as = |kind: &str| -> &ReceivedRequest {
        let is_so = |request: &&ReceivedRequest| request.header("content-type") == Some(kind);
        sent.iter().find(is_so).unwrap_or_else(|| panic!("nothing was sent as {kind}: {sent:?}"))
    };
    assert_eq!(sent_as("text/xml").text(), DOCUMENT);
    assert_eq!(sent_as("application/json").text(), first);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn reviews_and_entities_are_messages_and_file_nothing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let world = world(engine).await;
    for body in [
        event("submission.update", r#"{"reviewState": "hasIssues"}"#),
        event("entity.update.version", r#"{"label": "Oak"}"#),
    ] {
        let receipt = world.post("secret-inbox-4", &body).await.unwrap();
        assert_eq!(receipt.outcome, ReceiptOutcome::Kept, "{body}");
    }
    assert_eq!(world.hub.store().instance("clinic", "1").await.unwrap(), None);
    let broken = world.post("secret-inbox-4", &created("<data id='trees'>")).await.unwrap();
    assert!(
        matches!(broken.outcome, ReceiptOutcome::Quarantined { code: "xml-syntax", .. }),
        "{broken:?}"
    );
    // An edit has the id of the submission and another content.
    world.post("secret-inbox-4", &created(DOCUMENT)).await.unwrap();
    world.post("secret-inbox-4", &created(&DOCUMENT.replace('7', "8"))).await.unwrap();
    let instance = world.hub.store().instance("clinic", "1").await.unwrap().unwrap();
    assert_eq!(instance.revision, 2);
}
