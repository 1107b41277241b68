use std::sync::{Arc, Mutex};

use fieldpost_testkit::FakeDestination;
use serde_json::{Value, json};

use super::{asked, json_answer, parameter, run};

fn credential(server: &FakeDestination) -> Value {
    json!({ "baseUrl": server.url(""), "email": "a@example.org", "password": "p" })
}

const SUBMISSIONS: &str = "/v1/projects/22/forms/visits%20a.svc/Submissions";

/// A server whose first `expired` sessions have ended. It has five submissions, and gives two at once.
async fn server(expired: usize) -> FakeDestination {
    let server = FakeDestination::start().await;
    let sessions = Arc::new(Mutex::new(0));
    let last = sessions.clone();
    server.answer_with("/v1/sessions", move |_| {
        let mut sessions = sessions.lock().unwrap();
        *sessions += 1;
        json_answer(200, &json!({ "token": format!("t{sessions}") }))
    });
    server.answer_with("*", move |request| {
        let sessions = *last.lock().unwrap();
        let token = request.header("authorization").unwrap_or_default().to_owned();
        let given = token == "Bearer given" || token == format!("Bearer t{sessions}");
        if !given || sessions <= expired && sessions > 0 {
            return json_answer(401, &json!({ "code": 401.2 }));
        }
        if request.path != SUBMISSIONS {
            return json_answer(200, &json!([{ "method": request.method }]));
        }
        let start: usize = parameter(request, "$skiptoken").map_or(0, |text| text.parse().unwrap());
        let rows: Vec<_> = (start..(start + 2).min(5)).map(|id| json!({ "__id": id })).collect();
        let mut body = json!({ "@odata.context": "c", "value": rows });
        if start + 2 < 5 {
            let link = format!("https://inside/v1{SUBMISSIONS}?%24skiptoken={}", start + 2);
            body["@odata.nextLink"] = json!(link);
        }
        json_answer(200, &body)
    });
    server
}

#[tokio::test]
async fn all_submissions_are_fetched_unless_so_many_are_wanted() {
    for (query, count) in [("{ $filter: `a gt ${$.since}` }", 5), ("{ $top: 2 }", 2)] {
        let server = server(0).await;
        let source = format!("getSubmissions(22, 'visits a', {query})");
        let state = json!({ "since": "2026", "data": { "a": 1 } });
        let state = run("odk", &source, &credential(&server), &state).await.unwrap();
        assert_eq!(state["data"].as_array().unwrap().len(), count);
        assert_eq!(state["response"]["@odata.context"], "c");
        assert_eq!(state["references"], json!([{ "a": 1 }]));
        let received = server.received();
        assert_eq!(asked(&received)[0], "POST /v1/sessions");
        assert_eq!(received[0].json(), json!({ "email": "a@example.org", "password": "p" }));
        if count == 5 {
            assert_eq!(parameter(&received[3], "$filter").as_deref(), Some("a gt 2026"));
            assert_eq!(parameter(&received[3], "$skiptoken").as_deref(), Some("4"));
        }
    }
}

#[tokio::test]
async fn a_session_that_has_ended_is_begun_anew_once() {
    let ended = server(1).await;
    let state = run("odk", "getForms(22)", &credential(&ended), &json!({})).await.unwrap();
    assert_eq!(state["data"], json!([{ "method": "GET" }]));
    let (login, list) = ("POST /v1/sessions", "GET /v1/projects/22/forms");
    assert_eq!(asked(&ended.received()), [login, list, login, list]);

    let refused = server(9).await;
    let error = run("odk", "getForms(22)", &credential(&refused), &json!({})).await.unwrap_err();
    assert_eq!(error["details"]["statusCode"], 401);
    assert_eq!(refused.received().len(), 4);
}

#[tokio::test]
async fn a_token_that_is_given_is_used() {
    let server = server(0).await;
    let credential = json!({ "baseUrl": server.url(""), "access_token": "given" });
    let source = "post('v1/projects', { name: $.data.name }); get('/v1/projects', { query: { datasets: true } });
        request('PATCH', 'v1/projects/1', { archived: true });";
    let state = json!({ "data": { "name": "Clinics" } });
    let state = run("odk", source, &credential, &state).await.unwrap();
    let received = server.received();
    assert_eq!(asked(&received), ["POST /v1/projects", "GET /v1/projects", "PATCH /v1/projects/1"]);
    assert_eq!(received[0].json(), json!({ "name": "Clinics" }));
    assert_eq!(parameter(&received[1], "datasets").as_deref(), Some("true"));
    assert_eq!(state["data"], json!([{ "method": "PATCH" }]));
}

#[tokio::test]
async fn without_credentials_nothing_is_asked() {
    let server = server(0).await;
    let error = run("odk", "getForms(1)", &json!({ "baseUrl": server.url("") }), &json!({}))
        .await
        .unwrap_err();
    assert_eq!(error["details"]["code"], "NO_CREDENTIAL");
    assert!(server.received().is_empty());
}
