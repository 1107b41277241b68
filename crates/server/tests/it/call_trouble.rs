//! The calls of lifecycles that fail where nobody would be told: an incident for each action, from the first failure
//! to the next call that goes well.

use fieldpost_testkit::Answer;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, eventually, text};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, definition, good, submit};

const INCIDENTS: &str = "projects/clinic/incidents";

/// A form whose submissions make one call, `send`, when they come in, and go on.
fn form(title: &str, on_error: &Value) -> Value {
    json!({
        "title": title,
        "fields": [{ "name": "name", "label": "Name", "type": "string" }],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "call": { "connection": "there", "path": "/register", "name": "c",
                                "label": "Send to the works", "on_error": on_error },
                      "id": "send" },
                    { "jump": "after" } ] },
                "after": { "name": "After", "actions": [{ "comment": true, "by": ["_receiver"] }] },
                "error": { "name": "Error", "actions": [{ "comment": true, "by": ["_receiver"] }] },
            },
        },
    })
}

/// A hub with two such forms: one lets every error pass, the other leads elsewhere after a refusal.
async fn hub(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut definition = definition(&hub);
    definition["connections"]["there"]["notify"] = json!(["ops@example.org"]);
    definition["forms"] = json!({
        "works": form("Works", &json!({ "4xx": "ignore" })),
        "planned": form("Planned", &json!({ "4xx": { "jump": "error" }, "app": { "jump": "error" } })),
    });
    hub.apply(definition).await;
    hub
}

fn answer(status: u16, body: &str) -> Answer {
    Answer::status(status).header("content-type", "application/json").body(body.to_owned())
}

/// Submits a form, and waits until its lifecycle has come to a status.
async fn submit_to(hub: &TestHub, form: &str, status: &str) -> String {
    let sent = submit(hub, form, &json!({ "data": { "name": "Ada" } })).await;
    let number = text(&sent["id"]).to_owned();
    let path = format!("/p/clinic/api/forms/{form}/{number}/");
    eventually("the lifecycle has gone on", async || {
        let document = good(BY_CLERKS.get(hub, &path).await).await;
        (document["workflow"]["status"]["id"] == status).then_some(())
    })
    .await;
    number
}

/// The only incident, once so much has failed.
async fn incident(hub: &TestHub, failures: u64) -> Value {
    let found = eventually("an incident counts the failure", async || {
        let found = hub.items(INCIDENTS).await;
        found.first().is_some_and(|it| it["failures"] == failures).then_some(found)
    })
    .await;
    assert_eq!(found.len(), 1, "{found:?}");
    hub.json(&format!("{INCIDENTS}/{}", text(&found[0]["id"]))).await
}

async fn submission(hub: &TestHub, form: &str, number: &str) -> Value {
    let found = hub.items(&format!("projects/clinic/submissions?form={form}")).await;
    let number: usize = number.parse().unwrap();
    // The newest stands first.
    found[found.len() - number]["id"].clone()
}

#[tokio::test]
async fn calls_that_fail_are_an_incident_until_one_goes_well() {
    for engine in BOTH {
        let hub = hub(engine).await;
        hub.destination.answer("/register", answer(422, r#"{"err_desc":"no such street"}"#));
        // A refusal that the lifecycle has a status for is nobody's trouble.
        submit_to(&hub, "planned", "error").await;
        let first = submit_to(&hub, "works", "after").await;
        let opened = incident(&hub, 1).await;
        assert_eq!(
            (text(&opened["kind"]), text(&opened["subject"]), text(&opened["state"])),
            ("call", "works/new/send", "open")
        );
        let last = &opened["last"];
        assert_eq!((&last["status"], &last["key"]), (&json!(422), &json!("works/1")));
        assert_eq!(text(&last["error"]), "422 Unprocessable Entity (err_desc: no such street)");
        assert!(text(&last["url"]).ends_with("/register"), "{last}");
        assert_eq!(last["submission"], submission(&hub, "works", &first).await);
        let delivery = format!("projects/clinic/deliveries/{}", text(&last["delivery"]));
        assert_eq!(hub.json(&delivery).await["state"], "rejected");
        // The mail about what will not be tried again tells of it, and no second one.
        assert_eq!(opened["notices"], json!([]));

        // What the program takes and calls wrong counts as well; it is one stretch of trouble.
        hub.destination.answer("/register", answer(200, r#"{"err":1,"err_desc":"closed"}"#));
        let second = submit_to(&hub, "works", "after").await;
        let lasting = incident(&hub, 2).await;
        assert_eq!((&lasting["id"], &lasting["last"]["status"]), (&opened["id"], &json!(200)));
        assert_eq!(text(&lasting["last"]["error"]), "err: 1, err_desc: closed");
        assert_eq!(lasting["last"]["submission"], submission(&hub, "works", &second).await);

        hub.destination.answer("/register", answer(200, "{}"));
        // That the other form's call goes well says nothing of this one's.
        submit_to(&hub, "planned", "after").await;
        assert_eq!(incident(&hub, 2).await["state"], "open");
        submit_to(&hub, "works", "after").await;
        let path = format!("{INCIDENTS}/{}", text(&opened["id"]));
        let over = eventually("the incident is over", async || {
            let now = hub.json(&path).await;
            (now["state"] == "recovered").then_some(now)
        })
        .await;
        let told = over["notices"].as_array().unwrap();
        let told: Vec<_> =
            told.iter().map(|it| (text(&it["kind"]), text(&it["subject"]))).collect();
        let subject = "[Fieldpost] clinic: the call Send to the works goes well again";
        assert_eq!(told, [("recovered", subject)]);
        assert_eq!(hub.items(INCIDENTS).await.len(), 1);
    }
}

#[tokio::test]
async fn what_arrived_and_was_called_wrong_is_told_of_at_once() {
    let hub = hub(Engine::Sqlite).await;
    hub.destination.answer("/register", answer(200, r#"{"err":"bug"}"#));
    submit_to(&hub, "works", "after").await;
    let opened = incident(&hub, 1).await;
    let notices = opened["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 1, "{notices:?}");
    let letter = text(&notices[0]["text"]);
    assert_eq!(
        text(&notices[0]["subject"]),
        "[Fieldpost] clinic: the call Send to the works fails"
    );
    for part in [
        "err: bug",
        "Call: works/new/send",
        "Form: Works",
        "Connection: there",
        "Failed calls: 1",
        "Form or case: works/1",
        text(&opened["last"]["delivery"]),
    ] {
        assert!(letter.contains(part), "{part} is missing in\n{letter}");
    }
}

#[tokio::test]
async fn an_incident_about_a_call_that_is_gone_is_over() {
    for engine in BOTH {
        let hub = hub(engine).await;
        hub.destination.answer("/register", answer(404, "{}"));
        submit_to(&hub, "works", "after").await;
        let opened = incident(&hub, 1).await;
        let mut definition = definition(&hub);
        definition["forms"] = json!({ "planned": form("Planned", &json!({})) });
        hub.apply(definition).await;
        let path = format!("{INCIDENTS}/{}", text(&opened["id"]));
        eventually("the incident is over", async || {
            (hub.json(&path).await["state"] == "recovered").then_some(())
        })
        .await;
    }
}

/// The token that the first call brings.
const TOKEN: &str = "t0ken/of those";

#[tokio::test]
async fn what_is_secret_in_the_address_of_a_call_is_not_recorded() {
    let hub = TestHub::start_on(Engine::Sqlite).await;
    let mut definition = definition(&hub);
    let call = |more: &Value| {
        let mut call = json!({ "connection": "there", "on_error": { "4xx": "ignore" } });
        for (name, value) in more.as_object().unwrap() {
            call[name] = value.clone();
        }
        json!({ "call": call })
    };
    definition["forms"] = json!({ "works": {
        "title": "Works", "tracking_codes": true,
        "fields": [{ "name": "name", "label": "Name", "type": "string" }],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "statuses": {
                "new": { "name": "New", "actions": [
                    call(&json!({ "path": "/login", "name": "login" })),
                    call(&json!({
                        "path": "/register/{{ form_tracking_code }}?seen={{ form_tracking_code }}",
                        "query": { "t": "{{ form_workflow_data_login_response_token }}", "page": "2" },
                        "name": "register",
                    })),
                    { "jump": "after" } ] },
                "after": { "name": "After", "actions": [{ "comment": true, "by": ["_receiver"] }] },
            },
        },
    } });
    hub.apply(definition).await;
    hub.destination.answer("/login", answer(200, &json!({ "token": TOKEN }).to_string()));
    let data = json!({ "data": {} });
    let sent = BY_PARTNER.post(&hub, "/p/clinic/api/formdefs/works/submit", &data).await;
    let sent = good(sent).await;
    let code = text(&sent["tracking_code"]).to_owned();
    hub.destination.answer(&format!("/register/{code}"), answer(422, "{}"));
    let opened = incident(&hub, 1).await;
    // The program was told all of it.
    let received = hub.destination.received();
    let asked = received.last().unwrap();
    assert!(asked.path.ends_with(&format!("/register/{code}")), "{}", asked.path);
    assert_eq!(asked.query, format!("seen={code}&t=t0ken%2Fof+those&page=2"));
    let hidden = "/register/•••••••?seen=•••••••&t=•••••••&page=2";
    assert!(text(&opened["last"]["url"]).ends_with(hidden), "{opened}");
    let delivery = format!("projects/clinic/deliveries/{}", text(&opened["last"]["delivery"]));
    let attempts = hub.json(&format!("{delivery}/attempts")).await.to_string();
    assert!(attempts.contains(hidden), "{attempts}");
    for path in [delivery.clone(), format!("{delivery}/attempts"), INCIDENTS.to_owned()] {
        let told = hub.json(&path).await.to_string();
        for secret in [code.as_str(), TOKEN, "t0ken%2Fof+those"] {
            assert!(!told.contains(secret), "{path} tells {secret}: {told}");
        }
    }
}

#[tokio::test]
async fn a_call_that_a_person_has_ended_is_no_trouble() {
    let hub = TestHub::start_on(Engine::Sqlite).await;
    let mut definition = definition(&hub);
    definition["forms"] = json!({
        "works": form("Works", &json!({ "5xx": "ignore", "network": "ignore", "app": "ignore" })),
    });
    hub.apply(definition).await;
    hub.destination.answer("/register", answer(503, "{}"));
    let sent = submit(&hub, "works", &json!({ "data": { "name": "Ada" } })).await;
    let waiting = eventually("the call waits to be tried again", async || {
        let found = hub.items("projects/clinic/deliveries").await;
        found.into_iter().find(|it| it["state"] == "failed")
    })
    .await;
    let path = format!("projects/clinic/deliveries/{}/cancel", text(&waiting["id"]));
    let response = hub.post(&path, &json!({})).await;
    assert!(response.status().is_success(), "{}", response.status());
    let document = format!("/p/clinic/api/forms/works/{}/", text(&sent["id"]));
    eventually("the lifecycle has gone on", async || {
        let document = good(BY_CLERKS.get(&hub, &document).await).await;
        (document["workflow"]["status"]["id"] == "after").then_some(())
    })
    .await;
    // The next one is: what was noted of the first has been looked at before.
    hub.destination.answer("/register", answer(200, r#"{"err":"bug"}"#));
    submit_to(&hub, "works", "after").await;
    let opened = incident(&hub, 1).await;
    assert_eq!((&opened["last"]["status"], &opened["failures"]), (&json!(200), &json!(1)));
    let notices = opened["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 1, "who is named is told of this one: {opened}");
    assert_eq!(notices[0]["kind"], "opened");
}

/// A call of an action whose path has the token that the first one brought.
fn with_token(path: &str, more: &Value) -> Value {
    let mut call = json!({ "connection": "there", "path": path, "on_error": { "4xx": "ignore" } });
    for (name, value) in more.as_object().unwrap() {
        call[name] = value.clone();
    }
    json!({ "call": call })
}

#[tokio::test]
async fn a_token_is_hidden_as_templates_write_it_and_after_another_took_its_place() {
    let hub = TestHub::start_on(Engine::Sqlite).await;
    let mut definition = definition(&hub);
    let token = "{{ form_workflow_data_login_response_token|urlencode }}";
    definition["forms"] = json!({ "works": {
        "title": "Works",
        "fields": [{ "name": "name", "label": "Name", "type": "string" }],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "statuses": {
                "new": { "name": "New", "actions": [
                    with_token("/login", &json!({ "name": "login" })),
                    with_token(&format!("/register/{token}"), &json!({})),
                    { "jump": "after" } ] },
                "after": { "name": "After", "actions": [{ "comment": true, "by": ["_receiver"] }] },
            },
        },
    } });
    hub.apply(definition).await;
    let brought = json!({ "token": "t0+ken/of==" }).to_string();
    hub.destination.answer("/login", answer(200, &brought));
    submit(&hub, "works", &json!({ "data": { "name": "Ada" } })).await;
    let asked = eventually("the second call was made", async || {
        hub.destination.received().into_iter().find(|it| it.path.contains("/register/"))
    })
    .await;
    assert!(asked.path.ends_with("/register/t0%2Bken/of%3D%3D"), "{}", asked.path);
    let found = hub.items("projects/clinic/deliveries").await;
    for delivery in &found {
        let path = format!("projects/clinic/deliveries/{}/attempts", text(&delivery["id"]));
        let attempts = hub.json(&path).await.to_string();
        assert!(!attempts.contains("t0%2Bken"), "{attempts}");
    }
}
