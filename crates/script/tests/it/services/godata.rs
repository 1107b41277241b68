use std::sync::{Arc, Mutex};

use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::{Value, json};

use super::{asked, json_answer, parameter, run};

fn credential(server: &FakeDestination) -> Value {
    json!({ "apiUrl": server.url("/api"), "email": "hub@example.org", "password": "p" })
}

/// A server with one outbreak, whose tokens are `t1`, `t2` and so on. The first `expired` of them it
/// no longer takes. It finds those of the objects that have what the filter says.
async fn server(objects: Value, expired: usize) -> FakeDestination {
    let server = FakeDestination::start().await;
    let logins = Arc::new(Mutex::new(0));
    let last = logins.clone();
    server.answer_with("/api/users/login", move |request| {
        assert_eq!(request.json(), json!({ "email": "hub@example.org", "password": "p" }));
        let mut logins = logins.lock().unwrap();
        *logins += 1;
        json_answer(200, &json!({ "id": format!("t{logins}"), "ttl": 600 }))
    });
    server.answer_with("*", move |request| {
        let logins = *last.lock().unwrap();
        let token = request.header("authorization").unwrap_or_default();
        if token != format!("Bearer t{logins}") || logins <= expired {
            return json_answer(401, &json!({ "error": { "code": "AUTHORIZATION_REQUIRED" } }));
        }
        if request.method != "GET" {
            return json_answer(200, &json!({ "done": request.method }));
        }
        let filter: Value = parameter(request, "filter")
            .map_or(json!({}), |text| serde_json::from_str(&text).unwrap());
        let wanted = filter["where"].as_object().cloned().unwrap_or_default();
        let all = objects.as_array().unwrap().iter();
        let found: Vec<_> =
            all.filter(|it| wanted.iter().all(|(key, value)| it[key] == *value)).collect();
        json_answer(200, &json!(found))
    });
    server
}

fn cases() -> Value {
    json!([
        { "id": "1", "visualId": "C-1", "firstName": "Luca" },
        { "id": "2", "visualId": "C-2", "firstName": "Ada" },
        { "id": "3", "visualId": "C-3", "firstName": "Ada" },
    ])
}

#[tokio::test]
async fn a_step_signs_in_once() {
    let server = server(cases(), 0).await;
    let source = "listCases('o1'); getCase('o1', { where: { visualId: $.data[0].visualId } });
        getContact('o1', { where: { firstName: 'Ada' } }, state => ({ ...state, token: state.configuration.access_token }));";
    let state = run("godata", source, &credential(&server), &json!({})).await.unwrap();
    let path = "GET /api/outbreaks/o1/";
    assert_eq!(
        asked(&server.received()),
        [
            "POST /api/users/login".to_owned(),
            format!("{path}cases"),
            format!("{path}cases"),
            format!("{path}contacts")
        ]
    );
    assert_eq!(state["references"][1].as_array().unwrap().len(), 3);
    assert_eq!(state["references"][2].as_array().unwrap().len(), 1);
    assert_eq!(state["data"].as_array().unwrap().len(), 2);
    assert_eq!(state["token"], "t1");
}

#[tokio::test]
async fn a_token_that_is_taken_no_longer_is_asked_for_anew_once() {
    let ended = server(cases(), 1).await;
    let state = run("godata", "listOutbreaks()", &credential(&ended), &json!({})).await.unwrap();
    assert_eq!(state["data"].as_array().unwrap().len(), 3);
    let login = "POST /api/users/login";
    let list = "GET /api/outbreaks";
    assert_eq!(asked(&ended.received()), [login, list, login, list]);

    let refused = server(cases(), 9).await;
    let error =
        run("godata", "listOutbreaks()", &credential(&refused), &json!({})).await.unwrap_err();
    assert_eq!(error["details"]["statusCode"], 401);
    assert_eq!(asked(&refused.received()), [login, list, login, list]);
}

#[tokio::test]
async fn an_upsert_updates_what_it_finds() {
    for (source, wanted, body) in [
        (
            "upsertCase('o1', 'visualId', { visualId: 'C-1', firstName: $.data.name })",
            "PUT /api/outbreaks/o1/cases/1",
            json!({ "firstName": "Lea" }),
        ),
        (
            "upsertCase('o1', 'visualId', { visualId: 'C-9', firstName: $.data.name })",
            "POST /api/outbreaks/o1/cases",
            json!({ "visualId": "C-9", "firstName": "Lea" }),
        ),
        (
            "upsertContact('o1', 'firstName', { visualId: 'C-8', firstName: 'Luca' })",
            "PUT /api/outbreaks/o1/contacts/1",
            json!({ "visualId": "C-8", "firstName": "Luca" }),
        ),
        (
            "upsertOutbreak({ externalId: '2', data: { name: 'x' } })",
            "PUT /api/outbreaks/2",
            json!({ "name": "x" }),
        ),
        ("upsertLocation('id', { id: '3' })", "PUT /api/locations/3", json!({ "id": "3" })),
        (
            "upsertReferenceData('id', { id: '7' })",
            "POST /api/reference-data",
            json!({ "id": "7" }),
        ),
    ] {
        let server = server(cases(), 0).await;
        let state = json!({ "data": { "name": "Lea" } });
        let state = run("godata", source, &credential(&server), &state).await.unwrap();
        let received = server.received();
        assert_eq!(asked(&received)[2], wanted, "{source}");
        assert_eq!(received[2].json(), body, "{source}");
        assert_eq!(state["data"]["done"], received[2].method, "{source}");
    }
}

#[tokio::test]
async fn an_upsert_that_cannot_know_what_to_do_fails() {
    for (source, code, message) in [
        (
            "upsertCase('o1', 'firstName', { firstName: 'Ada' })",
            "SEVERAL_FOUND",
            "2 of outbreaks/o1/cases have the firstName Ada: nobody can tell which is to be updated",
        ),
        (
            "upsertCase('o1', 'visualId', { firstName: 'Ada' })",
            "NO_KEY",
            "What is to be upserted has no visualId, by which it could be found",
        ),
    ] {
        let server = server(cases(), 0).await;
        let error = run("godata", source, &credential(&server), &json!({})).await.unwrap_err();
        assert_eq!((&error["details"]["code"], &error["message"]), (&json!(code), &json!(message)));
        assert!(
            server.received().iter().all(|it| it.method == "GET" || it.path.ends_with("login"))
        );
    }
}

#[tokio::test]
async fn what_the_server_refuses_fails_the_step() {
    let server = FakeDestination::start().await;
    server.answer("/api/users/login", json_answer(200, &json!({ "id": "t" })));
    server.answer("*", json_answer(422, &json!({ "error": { "message": "bad mask" } })));
    let source = "upsertCase('o1', 'visualId', { visualId: 'C-1' })";
    let error = run("godata", source, &credential(&server), &json!({})).await.unwrap_err();
    assert_eq!(error["details"]["statusCode"], 422);
    assert_eq!(error["details"]["body"]["error"]["message"], "bad mask");

    let server = FakeDestination::start().await;
    server.answer("*", Answer::status(401));
    let error =
        run("godata", "listCases('o1')", &credential(&server), &json!({})).await.unwrap_err();
    assert_eq!(error["details"]["statusCode"], 401);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn anything_else_is_asked_by_its_path() {
    let server = server(cases(), 0).await;
    let source = "http.put('outbreaks/o1/cases/1', { a: $.data.a }); http.get('/follow-ups', { query: { limit: 1 } });";
    run("godata", source, &credential(&server), &json!({ "data": { "a": 5 } })).await.unwrap();
    let received = server.received();
    assert_eq!(asked(&received)[1..], ["PUT /api/outbreaks/o1/cases/1", "GET /api/follow-ups"]);
    assert_eq!(received[1].json(), json!({ "a": 5 }));
}
