//! Nothing of the API is open without the token, and nobody learns what there is.

use reqwest::Method;

use crate::hub::{TOKEN, TestHub, problem};

/// The ways by which people come in; whoever uses them has nothing to prove yet.
const OPEN: [(&str, &str); 3] = [
    ("POST", "/api/v1/session"),
    ("GET", "/api/v1/invitations/current"),
    ("POST", "/api/v1/invitations/accept"),
];

/// Operations that are tried with wrong tokens at one hub.
const AT_ONE_HUB: usize = 100;

/// Every operation of the API, as its description lists them, with parameters filled in.
fn operations() -> Vec<(Method, String)> {
    let document = serde_json::to_value(fieldpost_server::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path =
            path.replace("{project}", "clinic").replace("{number}", "1").replace(['{', '}'], "");
        for method in methods.as_object().unwrap().keys() {
            operations.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn every_operation_asks_for_the_token() {
    let operations = operations();
    assert!(operations.len() > 35, "{operations:?}");
    let mut hub = TestHub::start().await;
    for (place, (method, path)) in operations.into_iter().enumerate() {
        if OPEN.contains(&(method.as_str(), path.as_str())) {
            continue;
        }
        // Whoever has tried so many wrong ones is not even looked at.
        if place % AT_ONE_HUB == AT_ONE_HUB - 1 {
            hub = TestHub::start().await;
        }
        let url = hub.url(&path);
        for authorization in [None, Some("Bearer wrong"), Some("Basic dGhlOnRva2Vu"), Some(TOKEN)] {
            let mut request = hub.client.request(method.clone(), &url).body("{}");
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.headers()["www-authenticate"], "Bearer realm=\"fieldpost\"");
            let told = problem(answer, 401, "unauthorized").await;
            assert!(!told.to_string().contains(TOKEN), "{method} {path}");
        }
        // A token in the address would stand in the logs of every proxy on the way.
        let query = format!("{url}?token={TOKEN}");
        let answer = hub.client.request(method.clone(), query).send().await.unwrap();
        problem(answer, 401, "unauthorized").await;
    }
}

#[tokio::test]
async fn every_operation_is_there_with_the_token() {
    let hub = TestHub::start().await;
    for (method, path) in operations() {
        if path.ends_with("/events") {
            continue;
        }
        let answer = hub
            .client
            .request(method.clone(), hub.url(&path))
            .bearer_auth(TOKEN)
            .body("{}")
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert!(!status.is_server_error(), "{method} {path}: {status} {body}");
        assert!(!body.contains("no-such-page"), "{method} {path}: {status} {body}");
        assert_ne!(status.as_u16(), 405, "{method} {path}");
    }
}

#[tokio::test]
async fn what_there_is_not_is_closed_as_well() {
    let hub = TestHub::start().await;
    for path in ["/api", "/api/", "/api/v1", "/api/v2/projects", "/api/v1/nothing"] {
        let answer = hub.client.get(hub.url(path)).send().await.unwrap();
        problem(answer, 401, "unauthorized").await;
        let answer = hub.client.get(hub.url(path)).bearer_auth(TOKEN).send().await.unwrap();
        problem(answer, 404, "no-such-page").await;
    }
    let answer = hub.request(Method::DELETE, "status").send().await.unwrap();
    assert_eq!(answer.headers()["allow"], "GET,HEAD");
    problem(answer, 405, "method-not-allowed").await;
}

#[tokio::test]
async fn an_address_that_is_no_text_is_a_problem_as_well() {
    let hub = TestHub::start().await;
    let document = serde_json::to_value(fieldpost_server::openapi()).unwrap();
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        // What stands between braces becomes a byte that no text begins with.
        let parts = path.split('/').map(|part| if part.starts_with('{') { "%FF" } else { part });
        let wrong = parts.collect::<Vec<_>>().join("/");
        for method in methods.as_object().unwrap().keys().filter(|_| wrong != *path) {
            let method: Method = method.to_uppercase().parse().unwrap();
            let request = hub.client.request(method, hub.url(&wrong)).bearer_auth(TOKEN);
            let told = problem(request.body("{}").send().await.unwrap(), 400, "bad-address").await;
            assert!(told["hint"].as_str().unwrap().contains("UTF-8"), "{wrong}: {told}");
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
}
