//! Trying connections: each way in which one can be wrong is told by the step in which it shows.

use fieldpost_testkit::authority::TokenAuthority;
use fieldpost_testkit::{Answer, FakeDestination, TlsDestination, Validity};
use serde_json::{Value, json};

use crate::hub::{TestHub, json_of, problem, text};

const TEST: &str = "projects/clinic/connections/there/test";
/// Stands in every definition, and must stand in no answer.
const PASSWORD: &str = "open-sesame-5c1e";

/// What comes of a test, which must have been made. No answer holds the password.
async fn tested(hub: &TestHub, request: &Value) -> Value {
    let answer = hub.post(TEST, request).await;
    let status = answer.status();
    let told = json_of(answer).await;
    assert_eq!(status, 200, "{told}");
    assert!(!told.to_string().contains(PASSWORD), "{told}");
    told
}

/// Saves a definition, and tries it.
async fn saved_and_tested(hub: &TestHub, definition: &Value) -> Value {
    let answer = hub.put("projects/clinic/connections/there", definition).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    tested(hub, &json!({})).await
}

/// The step that failed, which must be the last one and of this name.
#[track_caller]
fn failed<'t>(told: &'t Value, name: &str) -> &'t Value {
    let steps = told["steps"].as_array().unwrap();
    let (last, before) = steps.split_last().unwrap();
    assert!(before.iter().all(|step| step["ok"] == true && step["error"].is_null()), "{told}");
    assert_eq!((&last["step"], &last["ok"]), (&json!(name), &json!(false)), "{told}");
    assert_eq!(told["ok"], false);
    assert_eq!(told["verdict"], format!("It does not work: the step `{name}` failed."));
    last
}

/// The names of the steps.
fn names(told: &Value) -> Vec<&str> {
    told["steps"].as_array().unwrap().iter().map(|step| text(&step["step"])).collect()
}

/// The value of a fact of a step.
#[track_caller]
fn fact<'t>(told: &'t Value, step: &str, name: &str) -> &'t str {
    let steps = told["steps"].as_array().unwrap();
    let step = steps.iter().find(|found| found["step"] == step);
    let facts = step.and_then(|step| step["facts"].as_array()).unwrap();
    let fact = facts.iter().find(|fact| fact["name"] == name);
    text(&fact.unwrap_or_else(|| panic!("no fact {name}: {told}"))["value"])
}

fn basic(url: &str) -> Value {
    json!({
        "url": url,
        "auth": { "basic": { "username": "ann", "password": PASSWORD } },
        "notify": ["ops@example.org"],
    })
}

#[tokio::test]
async fn a_connection_that_works_is_told_step_by_step() {
    let hub = TestHub::start().await;
    let told = saved_and_tested(&hub, &basic(&hub.destination.url("/hook?key=hidden"))).await;
    assert_eq!(names(&told), ["url", "dns", "tcp", "authentication", "request"]);
    assert_eq!((&told["ok"], &told["method"]), (&json!(true), &json!("GET")));
    assert_eq!(text(&told["url"]), hub.destination.url("/hook?key=•••••••"));
    assert!(text(&told["verdict"]).contains("a sample payload would show"), "{told}");
    assert_eq!(told["verdict_code"], "reached");
    assert!(!told.to_string().contains("hidden"), "{told}");
    assert_eq!(fact(&told, "authentication", "kind"), "basic");
    assert_eq!(fact(&told, "request", "status"), "200");
    for step in told["steps"].as_array().unwrap() {
        assert!(step["duration_ms"].as_f64().unwrap() >= 0.0, "{step}");
    }
    // The stored password was used, and the destination knows that nothing is meant by it.
    let received = hub.destination.received();
    let request = received.last().unwrap();
    assert_eq!((request.method.as_str(), request.query.as_str()), ("GET", "key=hidden"));
    assert!(request.header("authorization").unwrap().starts_with("Basic "));
    assert_eq!(request.header("fieldpost-test"), Some("true"));
    // No body at all is no wish at all.
    let answer = hub.request(reqwest::Method::POST, TEST).send().await.unwrap();
    assert_eq!(json_of(answer).await["ok"], true);
    assert_eq!(hub.items("projects/clinic/deliveries").await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_name_that_nobody_knows_fails_at_dns() {
    let hub = TestHub::start().await;
    let told = saved_and_tested(&hub, &basic("https://nobody.invalid/hook")).await;
    let step = failed(&told, "dns");
    assert_eq!(step["error"]["kind"], "dns");
    assert!(text(&step["error"]["message"]).contains("nobody.invalid"), "{step}");
    assert!(text(&step["hint"]).contains("spelling"), "{step}");
}

#[tokio::test]
async fn a_refused_address_names_the_setting_that_allows_it() {
    let hub = TestHub::start().await;
    let told = saved_and_tested(&hub, &basic("http://10.1.2.3/hook")).await;
    let step = failed(&told, "url");
    assert_eq!(step["error"]["kind"], "refused");
    assert!(text(&step["error"]["message"]).contains("--allow-network 10.1.2.3/32"), "{step}");
    let told = saved_and_tested(&hub, &basic("http://169.254.169.254/latest/meta-data")).await;
    assert!(text(&failed(&told, "url")["error"]["message"]).contains("No setting allows it"));
}

#[tokio::test]
async fn nobody_listening_fails_at_tcp() {
    let hub = TestHub::start().await;
    let mut gone = FakeDestination::start().await;
    gone.go_down().await;
    let told = saved_and_tested(&hub, &basic(&gone.url("/"))).await;
    assert_eq!(failed(&told, "tcp")["error"]["kind"], "connect");
}

#[tokio::test]
async fn certificates_are_looked_at() {
    let hub = TestHub::start().await;
    let own = TlsDestination::start(Validity::Good).await;
    let told = saved_and_tested(&hub, &basic(&own.url("/"))).await;
    let step = failed(&told, "tls");
    assert_eq!(step["error"]["kind"], "tls");
    assert!(text(&step["error"]["message"]).contains("signed by itself"), "{step}");

    let trusted = |server: &TlsDestination| {
        let mut definition = basic(&server.url("/"));
        definition["tls"] = json!({ "ca": server.authority() });
        definition
    };
    let told = saved_and_tested(&hub, &trusted(&own)).await;
    assert_eq!(told["ok"], true, "{told}");
    assert_eq!(names(&told), ["url", "dns", "tcp", "tls", "authentication", "request"]);
    assert!(fact(&told, "tls", "version").starts_with("TLS"), "{told}");

    let expired = TlsDestination::start(Validity::Expired).await;
    let told = saved_and_tested(&hub, &trusted(&expired)).await;
    assert!(text(&failed(&told, "tls")["error"]["message"]).contains("has expired"), "{told}");
}

#[tokio::test]
async fn a_401_and_a_405_say_what_to_try() {
    let hub = TestHub::start().await;
    hub.destination.answer("/hook", Answer::status(401).body(format!("not {PASSWORD}")));
    let told = saved_and_tested(&hub, &basic(&hub.destination.url("/hook"))).await;
    let step = failed(&told, "request");
    assert_eq!(fact(&told, "request", "status"), "401");
    assert_eq!(told["verdict_code"], "failed");
    let steps = told["steps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["hint_code"], "check-credentials", "{told}");
    assert!(text(&step["hint"]).contains("does not know these credentials"), "{step}");

    hub.destination.answer_with("/hook", |request| match request.method.as_str() {
        "POST" => Answer::status(202),
        _ => Answer::status(405).header("allow", "POST"),
    });
    let told = tested(&hub, &json!({})).await;
    assert!(text(&failed(&told, "request")["hint"]).contains("try it with POST"), "{told}");
    assert_eq!(fact(&told, "request", "allowed methods"), "POST");
    let told = tested(&hub, &json!({ "method": "POST" })).await;
    assert_eq!((&told["ok"], fact(&told, "request", "status")), (&json!(true), "202"), "{told}");
}

#[tokio::test]
async fn a_token_is_a_step_of_its_own() {
    let hub = TestHub::start().await;
    let authority = TokenAuthority::start().await;
    let mut definition = json!({
        "url": authority.destination().url("/hook"),
        "auth": { "oauth2_client": {
            "token_url": authority.token_url(), "client_id": "hub", "client_secret": PASSWORD,
        } },
        "notify": ["ops@example.org"],
    });
    let told = saved_and_tested(&hub, &definition).await;
    assert_eq!(told["ok"], true, "{told}");
    assert_eq!(fact(&told, "authentication", "token"), "obtained");
    authority.check(|_| Err("no such client".to_owned()));
    let told = tested(&hub, &json!({})).await;
    let step = failed(&told, "authentication");
    assert!(text(&step["error"]["message"]).contains("no such client"), "{step}");
    assert!(text(&step["hint"]).contains("token"), "{step}");
    definition["auth"]["oauth2_client"]["token_url"] = json!("http://192.168.7.7/token");
    let told = saved_and_tested(&hub, &definition).await;
    let step = failed(&told, "authentication");
    assert!(text(&step["error"]["message"]).contains("--allow-network 192.168.7.7/32"), "{step}");
}

#[tokio::test]
async fn a_sample_goes_the_way_of_a_delivery() {
    let hub = TestHub::start().await;
    let forwarder = json!({
        "from": "inbox", "to": "there", "format": "json", "method": "PUT",
        "headers": { "x-form": "births" }, "query": { "v": "2" },
    });
    assert_eq!(hub.put("projects/clinic/forwarders/all", &forwarder).await.status(), 200);
    let delivered = hub.deliver(r#"{ "form":  "births", "n": 1.10 }"#).await;
    let sample = json!({ "message": delivered["payload_id"], "forwarder": "all" });
    let told = tested(&hub, &json!({ "sample": sample })).await;
    assert_eq!((&told["ok"], &told["method"]), (&json!(true), &json!("PUT")), "{told}");
    assert_eq!(told["verdict"], "It works: the destination took the sample.");
    let received = hub.destination.received();
    let [real, test] = &received[..] else { panic!("{received:?}") };
    assert_eq!((&real.method, &real.path, &real.query), (&test.method, &test.path, &test.query));
    assert_eq!(real.body, test.body);
    for name in ["x-form", "content-type", "user-agent"] {
        assert_eq!(real.header(name), test.header(name), "{name}");
        assert!(test.header(name).is_some(), "{name}");
    }
    assert_eq!(
        (real.header("fieldpost-test"), test.header("fieldpost-test")),
        (None, Some("true"))
    );
    // Nothing was stored.
    assert_eq!(hub.items("projects/clinic/deliveries").await.len(), 1);
    assert_eq!(hub.items("projects/clinic/messages").await.len(), 1);

    let body = json!({ "sample": { "body": "<a/>", "content_type": "text/xml" } });
    assert_eq!(tested(&hub, &body).await["method"], "POST");
    let received = hub.destination.received();
    assert_eq!(received[2].text(), "<a/>");
    assert_eq!(received[2].header("content-type"), Some("text/xml"));
}

#[tokio::test]
async fn what_cannot_be_a_sample_is_refused() {
    let hub = TestHub::start().await;
    let message = hub.keep("{}").await;
    let with =
        |forwarder: &str| json!({ "sample": { "message": message["id"], "forwarder": forwarder } });
    problem(hub.post(TEST, &with("nobody")).await, 404, "not-found").await;
    let nowhere = json!({ "sample": {
        "message": "0192f0c8-7b9e-7cc0-8000-000000000000", "forwarder": "all",
    } });
    problem(hub.post(TEST, &nowhere).await, 404, "not-found").await;
    problem(hub.post(TEST, &json!({ "sample": {} })).await, 400, "bad-body").await;
    problem(hub.post(TEST, &json!({ "method": "TRACE" })).await, 400, "bad-body").await;
    problem(hub.post(TEST, &json!({ "metod": "GET" })).await, 400, "bad-body").await;
    let other = "projects/clinic/connections/other/test";
    problem(hub.post(other, &json!({})).await, 404, "not-found").await;

    // A forwarder may have secrets for its own connection; they go to no other.
    assert_eq!(
        hub.put("projects/clinic/connections/other", &basic("http://h/")).await.status(),
        201
    );
    problem(hub.post(other, &with("all")).await, 409, "unusable-sample").await;
}

#[tokio::test]
async fn a_definition_that_is_not_saved_can_be_tried() {
    let hub = TestHub::start().await;
    let elsewhere = FakeDestination::start().await;
    hub.put("projects/clinic/connections/there", &basic(&hub.destination.url("/hook"))).await;
    let before = hub.json("projects/clinic/connections/there").await;
    let mut draft = before["definition"].clone();
    assert_eq!(draft["auth"]["basic"]["password"], "•••••••");

    // The stored password goes to the same place, by another path.
    draft["url"] = json!(hub.destination.url("/other"));
    let told = tested(&hub, &json!({ "definition": draft })).await;
    assert_eq!(told["ok"], true, "{told}");
    let received = hub.destination.received();
    assert_eq!(received[0].path, "/other");
    let saved = tested(&hub, &json!({})).await;
    assert_eq!(saved["ok"], true);
    let again = &hub.destination.received()[1];
    assert_eq!(received[0].header("authorization"), again.header("authorization"));
    assert_eq!(again.path, "/hook");

    // It goes nowhere else, and neither does what a forwarder has for this connection.
    draft["url"] = json!(elsewhere.url("/hook"));
    let refused =
        problem(hub.post(TEST, &json!({ "definition": draft })).await, 422, "invalid-definition");
    assert_eq!(refused.await["problems"][0]["code"], "secret-must-be-given-again");
    draft["auth"]["basic"]["password"] = json!("another");
    let told = tested(&hub, &json!({ "definition": draft })).await;
    assert_eq!((told["ok"].as_bool(), elsewhere.received().len()), (Some(true), 1));
    let forwarder = json!({ "to": "there", "headers": { "x-api-key": PASSWORD } });
    assert_eq!(hub.put("projects/clinic/forwarders/all", &forwarder).await.status(), 200);
    let message = hub.keep("{}").await;
    let sample = json!({ "message": message["id"], "forwarder": "all" });
    let request = json!({ "definition": draft, "sample": sample });
    let refused = problem(hub.post(TEST, &request).await, 422, "invalid-definition").await;
    assert_eq!(refused["problems"][0]["code"], "secret-must-be-given-again");
    assert_eq!(elsewhere.received().len(), 1);

    // What is wrong with it is told as when it is saved; one that is not there yet can be tried.
    let wrong = json!({ "definition": { "url": "x" } });
    problem(hub.post(TEST, &wrong).await, 422, "invalid-definition").await;
    let new = json!({ "definition": basic(&elsewhere.url("/new")) });
    let answer = hub.post("projects/clinic/connections/new/test", &new).await;
    assert_eq!(json_of(answer).await["ok"], true);
    problem(hub.get("projects/clinic/connections/new").await, 404, "not-found").await;
    let after = hub.json("projects/clinic/connections/there").await;
    assert_eq!(after["definition"], before["definition"]);
}
