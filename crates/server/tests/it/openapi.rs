//! The description of the API, as it lies in docs/api/openapi.json.

use crate::hub::{TestHub, json_of};

/// The checked-in document.
const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api/openapi.json");

#[test]
fn the_checked_in_description_is_the_present_one() {
    let present = fieldpost_server::openapi().to_pretty_json().unwrap() + "\n";
    #[expect(clippy::disallowed_methods, reason = "this is how a person asks to have it written")]
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(CHECKED_IN, &present).unwrap();
    }
    let checked_in = std::fs::read_to_string(CHECKED_IN).unwrap_or_default();
    assert!(
        checked_in == present,
        "docs/api/openapi.json is not the present description of the API; write it anew with \
         `UPDATE_OPENAPI=1 cargo test -p fieldpost-server --test it openapi`, and look at what \
         changed for those who wrote scripts"
    );
}

#[test]
fn every_operation_is_described() {
    let document = serde_json::to_value(fieldpost_server::openapi()).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{place} has no summary");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{place}: {id} is there twice");
            let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
            assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{place}");
            for response in operation["responses"].as_object().unwrap().values() {
                assert!(response["description"].is_string(), "{place}: {response}");
            }
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
                assert!(parameter["description"].is_string(), "{place}: {parameter}");
                assert_eq!(parameter["required"], false, "{place}: {parameter}");
            }
        }
    }
}

/// Types that only a parameter has must be named by hand; what reads the document stumbles over one
/// that is missing.
#[test]
fn every_type_that_is_pointed_at_is_there() {
    let document = fieldpost_server::openapi();
    let text = document.to_json().unwrap();
    let types = document.components.unwrap().schemas;
    let pointed_at =
        text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next());
    let missing: Vec<&str> = pointed_at.filter(|name| !types.contains_key(*name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[tokio::test]
async fn the_description_is_open_to_everybody() {
    let hub = TestHub::start().await;
    let answer = hub.client.get(hub.url("/api/v1/openapi.json")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let served = json_of(answer).await;
    assert_eq!(served, serde_json::to_value(fieldpost_server::openapi()).unwrap());
    let page = hub.client.get(hub.url("/api/docs")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("/projects/{project}/apply"));
    // A type that is another one and more shows both.
    assert!(page.contains("All of <a href=\"#type-Delivery\">Delivery</a>, and:"));
    assert!(page.contains("<code>planned_attempts</code>"));
}
