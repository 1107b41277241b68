use fieldpost_testkit::FakeDestination;
use serde_json::{Value, json};

use super::{asked, json_answer, parameter, run};

fn credential(server: &FakeDestination) -> Value {
    json!({ "baseUrl": server.url(""), "username": "u", "password": "p", "apiVersion": "v2" })
}

/// A server with so many submissions and so many forms, of which it gives a thousand at most for one
/// request. Submissions begin at `start`, forms at `offset`; neither list knows the word of the other.
async fn server(count: usize) -> FakeDestination {
    let server = FakeDestination::start().await;
    server.answer_with("*", move |request| {
        let number = |name: &str, otherwise: usize| {
            parameter(request, name).map_or(otherwise, |text| text.parse().unwrap())
        };
        let is_data = request.path.ends_with("/data/");
        let start = number(if is_data { "start" } else { "offset" }, 0);
        let end = (start + number("limit", 100).min(1_000)).min(count);
        let results: Vec<_> = (start..end).map(|id| json!({ "_id": id })).collect();
        let next = (end < count).then(|| format!("https://kobo/?start={end}"));
        json_answer(200, &json!({ "count": count, "next": next, "results": results }))
    });
    server
}

#[tokio::test]
async fn submissions_come_page_by_page() {
    for (options, count, requests, last) in [
        ("{}", 2_500, 3, 2_499),
        ("{ limit: 12, pageSize: 5, start: 2 }", 12, 3, 13),
        ("{ limit: 1 }", 1, 1, 0),
        ("{ limit: Infinity, start: 2499 }", 1, 1, 2_499),
        ("{ pageSize: 5000 }", 2_500, 3, 2_499),
    ] {
        let server = server(2_500).await;
        let source = format!("getSubmissions($.data.form, {options})");
        let state = json!({ "data": { "form": "aX" } });
        let state = run("kobotoolbox", &source, &credential(&server), &state).await.unwrap();
        let rows = state["data"].as_array().unwrap();
        assert_eq!((rows.len(), server.received().len()), (count, requests), "{options}");
        assert_eq!(rows[rows.len() - 1]["_id"], last, "{options}");
        assert_eq!(asked(&server.received())[0], "GET /api/v2/assets/aX/data/");
        assert_eq!(server.received()[0].header("authorization"), Some("Basic dTpw"));
    }
}

#[tokio::test]
async fn a_query_and_an_order_are_sent_as_json() {
    let server = server(1).await;
    let source =
        "getSubmissions('aX', { query: { _id: { $gt: 5 } }, sort: { _submission_time: -1 } })";
    run("kobotoolbox", source, &credential(&server), &json!({})).await.unwrap();
    let request = &server.received()[0];
    assert_eq!(parameter(request, "query").as_deref(), Some(r#"{"_id":{"$gt":5}}"#));
    assert_eq!(parameter(request, "sort").as_deref(), Some(r#"{"_submission_time":-1}"#));
    assert_eq!(parameter(request, "format").as_deref(), Some("json"));
}

#[tokio::test]
async fn requests_go_where_they_say() {
    for (source, wanted) in [
        ("getForms()", "GET /api/v2/assets/"),
        ("getDeploymentInfo('aX')", "GET /api/v2/assets/aX/deployment/"),
        ("http.get('assets')", "GET /api/v2/assets/"),
        ("http.post('/assets/', { name: $.data.name })", "POST /api/v2/assets/"),
        ("http.put('assets/aX/deployment/', {})", "PUT /api/v2/assets/aX/deployment/"),
        (
            "http.request('PATCH', 'assets/aX/data/bulk', { body: { a: 1 } })",
            "PATCH /api/v2/assets/aX/data/bulk/",
        ),
    ] {
        let server = server(1).await;
        let credential = json!({ "baseUrl": server.url(""), "token": "t" });
        let state = json!({ "data": { "name": "Visits" } });
        let state = run("kobotoolbox", source, &credential, &state).await.unwrap();
        let received = server.received();
        assert_eq!(asked(&received), [wanted], "{source}");
        assert_eq!(received[0].header("authorization"), Some("Token t"), "{source}");
        assert_eq!(state["data"]["results"], json!([{ "_id": 0 }]), "{source}");
        match received[0].method.as_str() {
            "POST" => assert_eq!(received[0].json(), json!({ "name": "Visits" })),
            "PATCH" => assert_eq!(received[0].json(), json!({ "a": 1 })),
            _ => {}
        }
    }
}

#[tokio::test]
async fn all_forms_are_fetched() {
    let server = server(1_200).await;
    let state = run("kobotoolbox", "getForms()", &credential(&server), &json!({})).await.unwrap();
    let forms = state["data"]["results"].as_array().unwrap();
    assert_eq!((forms.len(), forms[1_199]["_id"].as_u64()), (1_200, Some(1_199)));
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(parameter(&received[1], "asset_type").as_deref(), Some("survey"));
    assert_eq!(parameter(&received[1], "offset").as_deref(), Some("1000"));
}

#[tokio::test]
async fn a_page_that_comes_again_ends_the_list() {
    for (source, rows) in [("getForms()", "/data/results"), ("getSubmissions('aX')", "/data")] {
        let server = FakeDestination::start().await;
        let page =
            json!({ "next": "https://kobo/?page=2", "results": [{ "_id": 1 }, { "_id": 2 }] });
        server.answer_with("*", move |_| json_answer(200, &page));
        let state = run("kobotoolbox", source, &credential(&server), &json!({})).await.unwrap();
        assert_eq!(state.pointer(rows), Some(&json!([{ "_id": 1 }, { "_id": 2 }])), "{source}");
        assert_eq!(server.received().len(), 2, "{source}");
    }
}
