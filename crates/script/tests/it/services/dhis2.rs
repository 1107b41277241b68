use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::{Value, json};

use super::{asked, json_answer, parameter, run};

fn credential(server: &FakeDestination) -> Value {
    json!({ "hostUrl": server.url("/dhis"), "username": "admin", "password": "district" })
}

/// A server that says of every import that all went well.
async fn server() -> FakeDestination {
    let server = FakeDestination::start().await;
    let report = json!({ "status": "OK", "stats": { "created": 1 }, "validationReport": { "errorReports": [] } });
    server.answer("*", json_answer(200, &report));
    server
}

#[track_caller]
fn check_import(server: &FakeDestination, strategy: &str, body: &Value) {
    let [request] = &server.received()[..] else { panic!("{:?}", server.received()) };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/dhis/api/tracker"));
    assert_eq!(parameter(request, "importStrategy").as_deref(), Some(strategy));
    assert_eq!(parameter(request, "async").as_deref(), Some("false"));
    assert_eq!(request.json(), *body);
}

#[tokio::test]
async fn objects_of_the_tracker_are_sent_to_it() {
    for (source, strategy, body) in [
        (
            "create('events', { orgUnit: $.data.unit })",
            "CREATE",
            json!({"events":[{"orgUnit":"U"}]}),
        ),
        (
            "create('trackedEntities', [{ a: 1 }, { a: 2 }])",
            "CREATE",
            json!({"trackedEntities":[{"a":1},{"a":2}]}),
        ),
        ("update('events', 'E', { a: 1 })", "UPDATE", json!({"events":[{"event":"E","a":1}]})),
        (
            "upsert('enrollments', {}, { a: 1 })",
            "CREATE_AND_UPDATE",
            json!({"enrollments":[{"a":1}]}),
        ),
        (
            "destroy('trackedEntities', 'T')",
            "DELETE",
            json!({"trackedEntities":[{"trackedEntity":"T"}]}),
        ),
        ("tracker.import('UPDATE', { events: [] })", "UPDATE", json!({"events":[]})),
    ] {
        let server = server().await;
        let state =
            run("dhis2", source, &credential(&server), &json!({ "data": { "unit": "U" } })).await;
        let state = state.unwrap();
        check_import(&server, strategy, &body);
        assert_eq!(state["data"]["status"], "OK", "{source}");
        assert_eq!(state["references"], json!([{ "unit": "U" }]), "{source}");
        assert_eq!(state["response"]["statusCode"], 200, "{source}");
        assert_eq!(
            server.received()[0].header("authorization"),
            Some("Basic YWRtaW46ZGlzdHJpY3Q=")
        );
    }
}

#[tokio::test]
async fn options_are_understood_as_all_versions_had_them() {
    for (source, path, query) in [
        (
            "get('programs', { filter: ['a:eq:1', 'b:eq:2'] })",
            "/dhis/api/programs",
            "filter=a%3Aeq%3A1&filter=b%3Aeq%3A2",
        ),
        (
            "get('programs', { a: 1 }, { params: { b: 2 }, apiVersion: 36 })",
            "/dhis/api/36/programs",
            "b=2&a=1",
        ),
        ("get('programs', {}, { query: { c: 3 }, headers: {} })", "/dhis/api/programs", "c=3"),
        ("create('programs', {}, { atomicMode: 'ALL' })", "/dhis/api/programs", "atomicMode=ALL"),
        (
            "create('programs', {}, { params: { a: 1 }, operationName: 'x' })",
            "/dhis/api/programs",
            "a=1",
        ),
        ("update('programs', 'P', {}, { query: { a: 1 } })", "/dhis/api/programs/P", "a=1"),
        ("http.get('me', { query: { fields: 'id' } })", "/dhis/api/me", "fields=id"),
        ("http.request('PUT', '/users/U', { data: { a: 1 } })", "/dhis/api/users/U", ""),
        ("tracker.export('events/E', { fields: '*' })", "/dhis/api/tracker/events/E", "fields=*"),
        ("patch('programs', 'P', [{ op: 'add' }])", "/dhis/api/programs/P", ""),
        ("generateDhis2UID({ limit: 3 })", "/dhis/api/system/id", "limit=3"),
        ("getMetadata(['dataSets'])", "/dhis/api/metadata", "dataSets=true"),
        ("del('programs', 'P')", "/dhis/api/programs/P", ""),
    ] {
        let server = server().await;
        run("dhis2", source, &credential(&server), &json!({})).await.unwrap();
        let received = server.received();
        let parameters = |query: &str| {
            let mut all: Vec<_> = query.split('&').map(str::to_owned).collect();
            all.sort();
            all
        };
        assert_eq!(received[0].path, path, "{source}");
        assert_eq!(parameters(&received[0].query), parameters(query), "{source}");
    }
}

#[tokio::test]
async fn lists_of_changes_are_json_patches() {
    let server = server().await;
    run("dhis2", "http.patch('programs', 'P', [{ op: 'add' }])", &credential(&server), &json!({}))
        .await
        .unwrap();
    let received = server.received();
    assert_eq!(received[0].method, "PATCH");
    assert_eq!(received[0].header("content-type"), Some("application/json-patch+json"));
}

#[tokio::test]
async fn a_personal_access_token_is_sent_as_dhis2_wants_it() {
    let server = server().await;
    let credential = json!({ "hostUrl": server.url(""), "pat": "d2pat_x" });
    run("dhis2", "get('me')", &credential, &json!({})).await.unwrap();
    assert_eq!(server.received()[0].header("authorization"), Some("ApiToken d2pat_x"));
}

#[tokio::test]
async fn an_upsert_looks_first() {
    let source =
        "upsert('organisationUnits', { filter: `code:eq:${$.data.code}` }, { name: 'Kimara' })";
    for (found, after) in [
        (json!([]), "POST /dhis/api/organisationUnits"),
        (json!([{ "id": "U1" }]), "PUT /dhis/api/organisationUnits/U1"),
    ] {
        let server = server().await;
        server.answer_in_turn(
            "/dhis/api/organisationUnits",
            [json_answer(200, &json!({ "organisationUnits": found }))],
            json_answer(201, &json!({ "status": "OK" })),
        );
        let state = json!({ "data": { "code": "HC-1" } });
        let state = run("dhis2", source, &credential(&server), &state).await.unwrap();
        assert_eq!(asked(&server.received()), ["GET /dhis/api/organisationUnits", after]);
        assert_eq!(parameter(&server.received()[0], "filter").as_deref(), Some("code:eq:HC-1"));
        assert_eq!(server.received()[1].json(), json!({ "name": "Kimara" }));
        assert_eq!(state["data"]["status"], "OK");
    }
    let server = server().await;
    let several = json!({ "organisationUnits": [{ "id": "U1" }, { "id": "U2" }] });
    server.answer("*", json_answer(200, &several));
    let error =
        run("dhis2", source, &credential(&server), &json!({ "data": {} })).await.unwrap_err();
    assert_eq!(
        error["message"],
        "409: Upsert failed: Multiple records found for a non-unique attribute."
    );
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn what_an_import_refuses_is_an_error() {
    let refused = json!({ "status": "ERROR", "validationReport": { "errorReports": [
        { "message": "Event E1 is not valid", "errorCode": "E1023", "uid": "E1" },
        { "message": "Program is not there", "errorCode": "E1010" },
    ] } });
    let ignored = json!({ "httpStatus": "OK", "response": { "status": "WARNING", "importCount": { "ignored": 1 },
        "conflicts": [{ "object": "de1", "value": "Data element not found", "errorCode": "E7610" }] } });
    let summaries = json!({ "response": { "status": "SUCCESS", "importSummaries": [
        { "status": "SUCCESS" }, { "status": "ERROR", "description": "Program has another type" },
    ] } });
    for (source, status, report, message) in [
        (
            "create('events', {})",
            409,
            &refused,
            "returned 409: Conflict: E1023 Event E1 is not valid (and 1 more)",
        ),
        ("create('dataValueSets', {})", 200, &ignored, "E7610 de1: Data element not found"),
        ("create('trackedEntityInstances', {})", 200, &summaries, "Program has another type"),
    ] {
        let server = FakeDestination::start().await;
        server.answer("*", json_answer(status, report));
        let error = run("dhis2", source, &credential(&server), &json!({})).await.unwrap_err();
        let told = error["message"].as_str().unwrap();
        assert!(told.ends_with(message), "{told}");
        assert_eq!(error["name"], "AdaptorError");
        assert!(!error["details"]["conflicts"].as_array().unwrap().is_empty());
        assert_eq!(error["details"]["body"], *report);
    }
    let server = FakeDestination::start().await;
    server.answer("*", json_answer(200, &ignored));
    let source = "create('dataValueSets', {}, { errors: false })";
    let state = run("dhis2", source, &credential(&server), &json!({})).await.unwrap();
    assert_eq!(state["data"], ignored);
}

#[tokio::test]
async fn jobs_of_old_reach_old_servers_and_new_ones() {
    let source = "event({ program: 'P', orgUnit: dataValue('unit'), eventDate: '2026-01-01',
        coordinate: { latitude: 1, longitude: 2 }, dataValues: [dataElement('D', 5)] });";
    let state = json!({ "data": { "unit": "U" } });
    let server_of_old = server().await;
    run("dhis2", source, &credential(&server_of_old), &state).await.unwrap();
    let received = server_of_old.received();
    assert_eq!(asked(&received), ["POST /dhis/api/events"]);
    assert_eq!(received[0].json()["eventDate"], "2026-01-01");
    assert_eq!(received[0].json()["orgUnit"], "U");

    let server = server().await;
    let mut credential = credential(&server);
    credential["apiVersion"] = json!("42");
    run("dhis2", source, &credential, &state).await.unwrap();
    let received = server.received();
    assert_eq!(asked(&received), ["POST /dhis/api/42/tracker"]);
    let event = &received[0].json()["events"][0];
    assert_eq!(event["occurredAt"], "2026-01-01");
    assert_eq!(event["geometry"], json!({ "type": "Point", "coordinates": [2, 1] }));
    assert_eq!(event["dataValues"], json!([{ "dataElement": "D", "value": 5 }]));
}

#[tokio::test]
async fn an_instance_is_upserted_by_an_attribute() {
    let source = "upsertTEI('A', { orgUnit: 'U', attributes: [attr('A', $.data.code)] });";
    for (found, after) in [
        (json!([]), "POST /dhis/api/trackedEntityInstances"),
        (json!([{ "trackedEntityInstance": "T" }]), "PUT /dhis/api/trackedEntityInstances/T"),
    ] {
        let server = server().await;
        server.answer_in_turn(
            "/dhis/api/trackedEntityInstances",
            [json_answer(200, &json!({ "trackedEntityInstances": found }))],
            json_answer(200, &json!({})),
        );
        run("dhis2", source, &credential(&server), &json!({ "data": { "code": 7 } }))
            .await
            .unwrap();
        assert_eq!(asked(&server.received())[1], after);
        assert_eq!(parameter(&server.received()[0], "filter").as_deref(), Some("A:EQ:7"));
    }
    let server = server().await;
    let error =
        run("dhis2", source, &credential(&server), &json!({ "data": {} })).await.unwrap_err();
    assert_eq!(error["details"]["code"], 422);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn an_endpoint_tells_its_parameters() {
    let server = FakeDestination::start().await;
    let described = json!({ "paths": { "/api/programs/": { "get": { "parameters": [{ "name": "paging" }] } } } });
    server.answer("/dhis/api/programs/openapi.json", json_answer(200, &described));
    let state = run("dhis2", "discover('get', '/programs')", &credential(&server), &json!({}))
        .await
        .unwrap();
    assert_eq!(state["data"]["parameters"][0]["name"], "paging");
}

#[tokio::test]
async fn the_tools_reckon() {
    let source = "fn(state => ({ ...state, data: [
        util.deriveUid('event:DiszpKrYNg8:202601'), util.deriveUid('é'), dv('D', 1),
        util.findAttributeValue({ attributes: [{ displayName: 'First name', value: 'A' }] }, 'first NAME'),
        util.findAttributeValueById({ attributes: [{ attribute: 'x', value: 'B' }] }, 'x'),
    ] }))";
    let state =
        run("dhis2", source, &json!({ "hostUrl": "https://x.org" }), &json!({})).await.unwrap();
    let expected =
        json!(["kNsEQOUOCUL", "B62k8hUyQ7G", { "dataElement": "D", "value": 1 }, "A", "B"]);
    assert_eq!(state["data"], expected);
}

#[tokio::test]
async fn without_credentials_nothing_is_asked() {
    let server = server().await;
    let error = run("dhis2", "get('me')", &json!({ "hostUrl": server.url("") }), &json!({}))
        .await
        .unwrap_err();
    assert_eq!(error["details"]["code"], "NO_CREDENTIAL");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_refusal_keeps_its_words() {
    let server = FakeDestination::start().await;
    server.answer("*", Answer::status(503).body("down"));
    let error =
        run("dhis2", "create('programs', {})", &credential(&server), &json!({})).await.unwrap_err();
    let url = server.url("/dhis/api/programs");
    assert_eq!(error["message"], format!("POST to {url} returned 503: Service Unavailable"));
}
