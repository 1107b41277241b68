//! Incidents over the API, and the page on which mails end.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_outbound::mail::{MailSettings, Mailer};
use fieldpost_testkit::Answer;
use fieldpost_testkit::smtp::{FakeSmtp, SmtpSecurity};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, eventually, json_of, problem, text};

/// Begins every link in a mail.
const PUBLIC_URL: &str = "https://hub.example.org";
const PATIENCE: Duration = Duration::from_secs(20);

/// A hub with a relay, whose destination has just failed often enough.
async fn in_trouble() -> (TestHub, Arc<FakeSmtp>) {
    let relay = Arc::new(FakeSmtp::start(SmtpSecurity::Tls, None).await);
    let mut settings = MailSettings::read(&relay.url(), "hub@example.org", None).unwrap();
    settings.authorities = Some(relay.authority().to_owned());
    let mailer = Mailer::new(&settings).unwrap();
    let hub = TestHub::start_flow(Engine::Sqlite, |flow| {
        flow.mailer = Some(mailer);
        flow.public_url = Some(PUBLIC_URL.to_owned());
    })
    .await;
    let mut definition = hub.definition();
    definition["connections"]["there"]["incident"] = json!({ "failures": 1 });
    definition["forwarders"]["all"]["retry"] = json!({ "first": "50ms", "max": "50ms" });
    hub.apply(definition).await;
    hub.destination.answer("/", Answer::status(503).body("closed for the day"));
    hub.keep("{}").await;
    relay.wait_for(1, PATIENCE).await;
    (hub, relay)
}

/// The path of the link in a mail by which its recipient unsubscribes.
fn unsubscribe_path(relay: &FakeSmtp) -> String {
    let link = relay.mails()[0].header("list-unsubscribe").unwrap();
    let link = link.trim_matches(['<', '>']);
    link.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_shown_with_what_people_were_told() {
    let (hub, relay) = in_trouble().await;
    let open = hub.items("projects/clinic/incidents?state=open&kind=connection").await;
    let id = text(&open[0]["id"]).to_owned();
    assert_eq!((&open[0]["subject"], open.len()), (&json!("there"), 1));
    let shown = eventually("the mail is noted as sent", async || {
        let shown = hub.json(&format!("projects/clinic/incidents/{id}")).await;
        (shown["notices"][0]["state"] == "sent").then_some(shown)
    })
    .await;
    assert!(text(&shown["last"]["error"]).contains("closed for the day"), "{shown}");
    assert_eq!(shown["last"]["status"], 503);
    assert!(shown["last"]["delivery"].is_string() && shown["last"]["payload_id"].is_string());
    let notice = &shown["notices"][0];
    assert_eq!((&notice["kind"], &notice["channel"]), (&json!("opened"), &json!("mail")));
    assert_eq!(
        (&notice["recipient"], &notice["incident"]),
        (&json!("ops@example.org"), &json!(id))
    );
    // Who may look here could otherwise end the mails of others.
    let path = unsubscribe_path(&relay);
    assert!(!shown.to_string().contains(&path), "{shown}");
    let notices = hub.items("projects/clinic/notices").await;
    assert_eq!(notices[0]["id"], notice["id"]);

    for (query, count) in [
        ("subject=there", 1),
        ("subject=elsewhere", 0),
        ("state=recovered", 0),
        ("kind=silence", 0),
    ] {
        let found = hub.items(&format!("projects/clinic/incidents?{query}")).await;
        assert_eq!(found.len(), count, "{query}");
    }
    problem(hub.get("projects/clinic/incidents?state=so-so").await, 400, "bad-parameter").await;
    problem(hub.get("projects/nowhere/incidents").await, 404, "not-found").await;
    let unknown = format!("projects/clinic/incidents/{}", uuid::Uuid::nil());
    problem(hub.get(&unknown).await, 404, "not-found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_has_a_chart_of_its_own() {
    let (hub, _relay) = in_trouble().await;
    // What goes elsewhere is not in it.
    let mut definition = hub.definition();
    definition["connections"]["elsewhere"] = json!({ "url": hub.destination.url("/elsewhere") });
    definition["forwarders"]["other"] = json!({ "from": "kobo", "to": "elsewhere" });
    definition["forwarders"]["all"]["retry"] = json!({ "first": "50ms", "max": "50ms" });
    hub.apply(definition).await;
    hub.send("secret-of-the-kobo-1", r#"{"_uuid": "1"}"#).await;
    hub.wait_for("projects/clinic/deliveries?forwarder=other", "succeeded").await;
    hub.destination.answer("/", Answer::status(200));
    hub.wait_for("projects/clinic/deliveries?forwarder=all", "succeeded").await;
    let open = hub.items("projects/clinic/incidents").await;
    let path = format!("projects/clinic/incidents/{}/traffic", text(&open[0]["id"]));
    let sums = |chart: &Value| -> Vec<(String, u64)> {
        let series = chart["series"].as_array().unwrap().iter();
        series
            .map(|line| {
                assert_eq!(line["name"], "there", "{line}");
                let points = line["points"].as_array().unwrap();
                assert!((30..=32).contains(&points.len()), "half an hour, and a moment: {line}");
                let sum = points.iter().map(|point| point[1].as_u64().unwrap()).sum();
                (text(&line["kind"]).to_owned(), sum)
            })
            .collect()
    };
    let chart = eventually("the delivery is counted", async || {
        let chart = hub.json(&path).await;
        (sums(&chart)[0].1 > 0).then_some(chart)
    })
    .await;
    assert_eq!(chart["step"], "1m");
    let [delivered, failed, given_up] = &sums(&chart)[..] else { panic!("{chart}") };
    assert_eq!(*delivered, ("delivered".to_owned(), 1));
    assert!(failed.0 == "failed_try" && failed.1 >= 1, "{failed:?}");
    assert_eq!(*given_up, ("given_up".to_owned(), 0));
    let unknown = format!("projects/clinic/incidents/{}/traffic", uuid::Uuid::nil());
    problem(hub.get(&unknown).await, 404, "not-found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_tells_that_its_destination_takes_something_again_and_that_it_is_paused() {
    let (hub, _relay) = in_trouble().await;
    let latest = async || hub.items("projects/clinic/incidents").await.remove(0);
    let connection = async || hub.json("projects/clinic/overview").await["connections"][0].clone();
    let first = latest().await;
    assert_eq!((&first["recovering"], &first["paused_by"]), (&Value::Null, &Value::Null));
    hub.destination.answer("/", Answer::status(200));
    eventually("the incident is over", async || {
        (latest().await["state"] == "recovered").then_some(())
    })
    .await;

    // One that begins again so soon is not over with the first success.
    hub.destination.answer_in_turn("/", [Answer::status(503)], Answer::status(200));
    hub.keep("{\"n\": 2}").await;
    let incident = eventually("the destination is seen to work", async || {
        let incident = latest().await;
        incident["recovering"].is_object().then_some(incident)
    })
    .await;
    assert_eq!(incident["state"], "open");
    let recovering = &incident["recovering"];
    assert!(text(&recovering["worked_at"]) > text(&incident["last"]["at"]), "{incident}");
    assert!(text(&recovering["over_at"]) > text(&recovering["worked_at"]), "{incident}");
    let shown = connection().await;
    assert_eq!((&shown["state"], &shown["recovering"]), (&json!("in_trouble"), recovering));
    assert_eq!(hub.json("projects/clinic/connections/there").await["incident"], incident["id"]);

    hub.post("projects/clinic/connections/there/pause", &json!({ "reason": "they move" })).await;
    assert_eq!(latest().await["paused_by"], "connection");
    let shown = connection().await;
    assert_eq!((&shown["state"], &shown["incident"]), (&json!("paused"), &incident["id"]));
    assert_eq!(
        (&shown["since"], &shown["pause"]["reason"]),
        (&incident["opened_at"], &json!("they move"))
    );
    assert_eq!(hub.items("projects/clinic/incidents").await[1]["paused_by"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_closes_what_does_not_end_by_itself() {
    let (hub, relay) = in_trouble().await;
    let open = hub.items("projects/clinic/incidents?state=open").await;
    let path = format!("projects/clinic/incidents/{}/close", text(&open[0]["id"]));
    hub.post("projects/clinic/connections/there/pause", &json!({})).await;
    for _ in 0..2 {
        let closed = json_of(hub.post(&path, &json!({})).await).await;
        assert_eq!((&closed["state"], &closed["id"]), (&json!("recovered"), &open[0]["id"]));
    }
    let mails = relay.wait_for(2, PATIENCE).await;
    let subject = "[Fieldpost] clinic: the trouble with there was closed";
    assert_eq!((mails[1].subject(), mails.len()), (subject.to_owned(), 2), "closed once");
    let unknown = format!("projects/clinic/incidents/{}/close", uuid::Uuid::nil());
    problem(hub.post(&unknown, &json!({})).await, 404, "not-found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_test_ends_the_trouble_of_a_connection_that_nothing_waits_for() {
    let (hub, _relay) = in_trouble().await;
    // Paused first: the next try must not end the trouble before the test does.
    hub.post("projects/clinic/connections/there/pause", &json!({})).await;
    hub.destination.answer("/", Answer::status(200));
    let test = "projects/clinic/connections/there/test";
    let state = async || hub.items("projects/clinic/incidents").await.remove(0)["state"].clone();
    assert_eq!(json_of(hub.post(test, &json!({})).await).await["ok"], true);
    assert_eq!(state().await, "open", "the next try says more");
    let delivery = hub.items("projects/clinic/deliveries").await.remove(0);
    let cancel = format!("projects/clinic/deliveries/{}/cancel", text(&delivery["id"]));
    assert_eq!(hub.post(&cancel, &json!({})).await.status(), StatusCode::OK);
    let written = json!({ "definition": hub.definition()["connections"]["there"] });
    assert_eq!(json_of(hub.post(test, &written).await).await["ok"], true);
    assert_eq!(state().await, "open", "what is only written down ends nothing");
    assert_eq!(json_of(hub.post(test, &json!({})).await).await["ok"], true);
    assert_eq!(state().await, "recovered");
}

async fn post_form(hub: &TestHub, path: &str, form: &'static str) -> (StatusCode, String) {
    let request = hub.client.post(hub.url(path));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn warnings(hub: &TestHub) -> Value {
    let connection = hub.json("projects/clinic/connections/there").await;
    connection["warnings"].as_array().unwrap().iter().map(|it| it["code"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing_and_a_button_does() {
    let (hub, relay) = in_trouble().await;
    let path = unsubscribe_path(&relay);
    let answer = hub.client.get(hub.url(&path)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"));
    let page = answer.text().await.unwrap();
    assert!(page.contains("ops@example.org gets mails about trouble with the connection there"));
    assert!(page.contains("value=\"unsubscribe\"") && !page.contains("<script"), "{page}");
    assert_eq!(warnings(&hub).await, json!([]), "looking changes nothing");

    let (status, page) = post_form(&hub, &path, "action=unsubscribe").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("gets no more mails") && page.contains("value=\"subscribe\""), "{page}");
    assert_eq!(warnings(&hub).await, json!(["all-unsubscribed"]));
    let there = hub.json("projects/clinic/connections/there").await;
    assert_eq!(there["unsubscribed"], json!(["ops@example.org"]));
    // Who opens the link once more sees how it stands.
    let page = hub.client.get(hub.url(&path)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("These mails have ended"), "{page}");
    assert!(page.contains("value=\"subscribe\"") && !page.contains("Stop these"), "{page}");
    hub.destination.answer("/", Answer::status(200));
    eventually("it is over", async || {
        hub.items("projects/clinic/incidents?state=recovered").await.pop()
    })
    .await;
    assert_eq!(relay.mails().len(), 1, "nobody is told of the end");

    post_form(&hub, &path, "action=subscribe").await;
    assert_eq!(warnings(&hub).await, json!([]));
    let there = hub.json("projects/clinic/connections/there").await;
    assert_eq!(there["unsubscribed"], json!([]));
    // What a mail program sends that has a button of its own.
    let (status, _) = post_form(&hub, &path, "List-Unsubscribe=One-Click").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(warnings(&hub).await, json!(["all-unsubscribed"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_none_leads_nowhere() {
    let (hub, relay) = in_trouble().await;
    let path = unsubscribe_path(&relay);
    let mut cut = path.clone();
    cut.truncate(path.len() - 2);
    for wrong in [&*cut, "/unsubscribe/abc", "/unsubscribe/%3Cscript%3E"] {
        let answer = hub.client.get(hub.url(wrong)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{wrong}");
        assert!(answer.text().await.unwrap().contains("leads nowhere"));
        let (status, _) = post_form(&hub, wrong, "action=unsubscribe").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{wrong}");
    }
    for form in ["", "action=delete", "hello"] {
        let (status, _) = post_form(&hub, &path, form).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{form}");
    }
    assert_eq!(warnings(&hub).await, json!([]));
    let styles = hub.client.get(hub.url("/assets/unsubscribe.css")).send().await.unwrap();
    assert_eq!(styles.headers()["content-type"], "text/css; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_can_be_tried() {
    let (hub, relay) = in_trouble().await;
    let send = async |order: Value| hub.post("projects/clinic/reports", &order).await;
    problem(send(json!({ "every": "day" })).await, 409, "no-recipients").await;
    problem(send(json!({ "every": "year" })).await, 400, "bad-parameter").await;
    let nobody = json!({ "every": "day", "to": "nobody" });
    problem(send(nobody).await, 422, "invalid-definition").await;
    let written = send(json!({ "every": "week", "to": "lead@example.org" })).await;
    assert_eq!(written.status(), StatusCode::OK);
    let written: Value = serde_json::from_slice(&written.bytes().await.unwrap()).unwrap();
    assert_eq!(written["items"][0]["recipient"], "lead@example.org");
    assert_eq!(written["items"][0]["state"], "pending");
    let mail = relay.wait_for(2, PATIENCE).await.remove(1);
    assert_eq!(mail.subject(), "[Fieldpost] clinic: preview of a report: the last 7 days");
    let text = mail.plain();
    assert!(text.contains("1 messages came in") && text.contains("is a preview"), "{text}");
    let notices = hub.items("projects/clinic/notices").await;
    assert_eq!(
        (&notices[0]["kind"], &notices[0]["id"]),
        (&json!("report"), &written["items"][0]["id"])
    );
}
