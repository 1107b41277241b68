//! Wrong tracking codes: a portal that asks with its key, and people who type codes at the hub's own page, do not
//! shut each other out.

use reqwest::StatusCode;
use serde_json::json;

use crate::hub::{Engine, TestHub, text};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, definition, good};

/// A code that nobody has.
const NOBODYS: &str = "BBBBBBBB";
/// The wrong codes that one address may try.
const OF_ONE_ADDRESS: usize = 20;
/// The wrong codes that one key may try.
const OF_ONE_KEY: usize = 500;

async fn hub() -> TestHub {
    let hub = TestHub::start_on(Engine::Sqlite).await;
    hub.apply(definition(&hub)).await;
    hub
}

/// What the page says to somebody who types a code.
async fn typed(hub: &TestHub, code: &str) -> StatusCode {
    let request = hub.client.post(hub.url("/p/clinic/code/"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(format!("code={code}")).send().await.unwrap().status()
}

/// What the portal is told of a code.
async fn asked(hub: &TestHub, code: &str) -> StatusCode {
    BY_PARTNER.get(hub, &format!("/p/clinic/api/code/{code}")).await.status()
}

#[tokio::test]
async fn the_questions_of_a_portal_take_nothing_from_people() {
    let hub = hub().await;
    for number in 0..OF_ONE_KEY {
        assert_eq!(asked(&hub, NOBODYS).await, 404, "{number}");
    }
    let refused = BY_PARTNER.get(&hub, &format!("/p/clinic/api/code/{NOBODYS}")).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    // They all came from the address that somebody now types a code at.
    assert_eq!(typed(&hub, NOBODYS).await, 404);
    // Another key is somebody else.
    let path = format!("/p/clinic/api/code/{NOBODYS}");
    assert_eq!(BY_CLERKS.get(&hub, &path).await.status(), 404);
}

#[tokio::test]
async fn those_who_guess_codes_do_not_shut_a_portal() {
    let hub = hub().await;
    let answer = BY_PARTNER
        .post(&hub, "/p/clinic/api/formdefs/request/submit", &json!({ "data": { "name": "Ada" } }))
        .await;
    let answer = good(answer).await;
    let code = text(&answer["tracking_code"]);
    for number in 0..OF_ONE_ADDRESS {
        assert_eq!(typed(&hub, NOBODYS).await, 404, "{number}");
    }
    assert_eq!(typed(&hub, NOBODYS).await, 429);
    assert_eq!(
        (asked(&hub, NOBODYS).await, asked(&hub, code).await),
        (StatusCode::NOT_FOUND, StatusCode::OK)
    );
}
