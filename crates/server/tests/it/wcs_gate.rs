//! Who calls the API of w.c.s., and what is answered to whom it does not let in.

use std::time::Duration;

use fieldpost_model::connection::SigningAlgorithm;
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::signature::Signer;
use reqwest::Method;
use serde_json::Value;

use crate::data_forms::BOTH;
use crate::hub::{Engine, TOKEN, TestHub, text};
use crate::wcs_project::{
    BY_CLERKS, BY_PARTNER, BY_RESEARCH, DESK, Key, OLD, basic, good, hub_on, refused,
};

const ROLES: &str = "/p/clinic/api/roles";
const LIST: &str = "/p/clinic/api/forms/request/list";
const ME: &str = "/p/clinic/api/user/";
const DENIED: &str = "access-denied";

async fn plain(hub: &TestHub, address: &str) -> reqwest::Response {
    hub.client.get(address).send().await.unwrap()
}

#[tokio::test]
async fn a_signed_query_is_let_in_once_at_all_hubs_together() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let address = BY_PARTNER.sign(&hub, ROLES, None);
        let roles = good(plain(&hub, &address).await).await;
        assert_eq!(roles["data"][0]["id"], "agents");
        refused(plain(&hub, &address).await, 403, DENIED, "Nonce already used.").await;
        // Another one is good, also with a query of its own before the signature.
        good(BY_PARTNER.get(&hub, "/p/clinic/api/roles?format=json").await).await;
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_signature_is_said_as_wcs_does() {
    let hub = hub_on(Engine::Sqlite).await;
    let good_one = || BY_PARTNER.sign(&hub, ROLES, None);
    let now = hub.hub.now();
    let late = BY_PARTNER.sign_at(&hub, ROLES, None, now - Duration::from_mins(1));
    let early = BY_PARTNER.sign_at(&hub, ROLES, None, now + Duration::from_hours(1));
    let base = hub.url(ROLES);
    for (address, description) in [
        (format!("{base}?signature=x"), "Missing/multiple orig field."),
        (format!("{base}?orig=a&orig=b&signature=x"), "Missing/multiple orig field."),
        (format!("{base}?orig=nobody&algo=sha256&signature=x"), "Invalid orig."),
        (format!("{base}?orig=partner&signature=x"), "Missing/multiple algo field."),
        (format!("{base}?orig=partner&algo=md5&signature=x"), "Invalid algo."),
        // SHA-1 is for keys that say so.
        (format!("{base}?orig=partner&algo=sha1&signature=x"), "Invalid algo."),
        (format!("{base}?orig=partner&algo=sha256&signature=eA%3D%3D"), "Invalid signature."),
        (good_one().replace("roles?", "roles?full=on&"), "Invalid signature."),
        (format!("{}&full=on", good_one()), "Invalid signature."),
        (Key("partner", "another secret").sign(&hub, ROLES, None), "Invalid signature."),
    ] {
        refused(plain(&hub, &address).await, 403, DENIED, description).await;
    }
    let told = |answer: Value| answer["err_desc"].as_str().unwrap().to_owned();
    let answer = plain(&hub, &late).await.text().await.unwrap();
    let late = told(serde_json::from_str(&answer).unwrap());
    assert!(late.starts_with("timestamp is more than 30 seconds in the past: 0:01:0"), "{late}");
    let answer = plain(&hub, &early).await.text().await.unwrap();
    let early = told(serde_json::from_str(&answer).unwrap());
    let begin = "timestamp is more than 30 seconds in the future: ";
    assert!(early.starts_with(begin), "{early}");
}

/// A query as clients of old sign it: with SHA-1, and no nonce where none is wanted.
fn old_query(at: Timestamp, nonce: Option<&str>) -> String {
    let signer = Signer::new(Some("old"), &Secret::new(OLD), SigningAlgorithm::Sha1, None).unwrap();
    let mut url = reqwest::Url::parse("http://hub/").unwrap();
    signer.sign(&mut url, at, nonce.unwrap_or_default());
    url.query().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_can_allow_what_old_clients_do() {
    let hub = hub_on(Engine::Sqlite).await;
    let query = old_query(hub.hub.now(), Some("f00d"));
    let address = format!("{}?{query}", hub.url(ROLES));
    good(plain(&hub, &address).await).await;
    refused(plain(&hub, &address).await, 403, DENIED, "Nonce already used.").await;
}

#[tokio::test]
async fn a_key_is_also_a_password_and_then_has_its_roles_alone() {
    let hub = hub_on(Engine::Sqlite).await;
    let get = |path: &str, key| basic(&hub, Method::GET, path, key).send();
    assert_eq!(good(get(LIST, BY_CLERKS).await.unwrap()).await, Value::Array(Vec::new()));
    // A key without roles reads nothing by password, while its signature does.
    refused(get(LIST, BY_PARTNER).await.unwrap(), 403, DENIED, "Unsufficient roles.").await;
    good(BY_PARTNER.get(&hub, LIST).await).await;
    refused(get(ROLES, BY_CLERKS).await.unwrap(), 403, DENIED, "Unsufficient roles.").await;
    for wrong in [Key("clerks", "wrong"), Key("nobody", "wrong"), Key("clerks", "")] {
        let answer = get(LIST, wrong).await.unwrap();
        assert!(text_of(&answer, "www-authenticate").starts_with("Basic realm="));
        let told = "The name and the password open nothing here.";
        refused(answer, 401, "access-unauthorized", told).await;
    }
}

fn text_of(answer: &reqwest::Response, header: &str) -> String {
    answer.headers()[header].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_call_acts_for_whom_its_query_names() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let me = good(BY_PARTNER.get_for(&hub, ME, DESK).await).await;
        assert_eq!((text(&me["user_display_name"]), text(&me["user_email"])), ("Front desk", DESK));
        assert_eq!(me["user_roles"][0]["slug"], "agents");
        assert!(me["id"].as_u64().unwrap() > 0, "{me}");
        let by_id = good(BY_PARTNER.get(&hub, &format!("{ME}?NameID=0123456789")).await).await;
        assert_eq!(by_id, me);
        for (query, status, code, description) in [
            ("?email=nobody%40example.org", 403, DENIED, "Unknown email."),
            ("?email=a&email=b", 403, DENIED, "Multiple email field."),
            ("?NameID=nobody", 403, "unknown-name-id", "Unknown NameID."),
            ("?NameID=a&NameID=b", 403, DENIED, "Multiple NameID field."),
            ("?email=", 200, "missing-user", "No user specified."),
            ("", 200, "missing-user", "No user specified."),
        ] {
            let answer = BY_PARTNER.get(&hub, &format!("{ME}{query}")).await;
            refused(answer, status, code, description).await;
        }
        // Where a page shows somebody their own, who was never here is no outage.
        let answer = BY_PARTNER.get(&hub, "/p/clinic/api/user/forms?NameID=nobody").await;
        refused(answer, 200, "unknown-name-id", "Unknown NameID.").await;
        refused(plain(&hub, &hub.url(ME)).await, 403, DENIED, "User not authenticated.").await;
        // A key with roles acts for itself, whomever the query names.
        let answer = BY_CLERKS.get_for(&hub, ME, DESK).await;
        refused(answer, 403, DENIED, "Restricted API access.").await;
        let answer = BY_RESEARCH.get_for(&hub, ME, DESK).await;
        refused(answer, 403, DENIED, "Restricted API access.").await;
    }
}

#[tokio::test]
async fn who_may_read_a_list_is_decided_by_roles() {
    let hub = hub_on(Engine::Sqlite).await;
    let url = hub.url(LIST);
    refused(plain(&hub, &url).await, 403, DENIED, "User not authenticated.").await;
    good(BY_PARTNER.get_for(&hub, LIST, DESK).await).await;
    let answer = BY_PARTNER.get_for(&hub, LIST, "jean@example.org").await;
    refused(answer, 403, DENIED, "Unsufficient roles.").await;
    let others = Key("others", crate::wcs_project::CLERKS);
    refused(others.get(&hub, LIST).await, 403, DENIED, "Unsufficient roles.").await;
    good(others.get(&hub, &format!("{LIST}?anonymise")).await).await;
    good(BY_RESEARCH.get(&hub, LIST).await).await;
    // Who runs the hub needs no key.
    good(hub.client.get(&url).bearer_auth(TOKEN).send().await.unwrap()).await;
    let wrong = hub.client.get(&url).bearer_auth("wrong").send().await.unwrap();
    let told = "The name and the password open nothing here.";
    refused(wrong, 401, "access-unauthorized", told).await;
}

#[tokio::test]
async fn the_default_project_has_the_same_addresses_without_its_name() {
    let hub = hub_on(Engine::Sqlite).await;
    let roles = good(BY_PARTNER.get(&hub, "/api/roles").await).await;
    assert_eq!(roles, good(BY_PARTNER.get(&hub, ROLES).await).await);
    // Which project is meant is not clear with two of them.
    let other = serde_json::json!({ "project": "other" });
    assert_eq!(hub.post("projects/other/apply", &other).await.status(), 200);
    let missing = "There is nothing at this address.";
    refused(BY_PARTNER.get(&hub, "/api/roles").await, 404, "not-found", missing).await;
    // The hub's own API is where it was.
    assert_eq!(plain(&hub, &hub.url("/api/docs")).await.status(), 200);
    assert_eq!(hub.get("projects").await.status(), 200);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_json() {
    let hub = hub_on(Engine::Sqlite).await;
    let missing = "There is nothing at this address.";
    for path in [
        "/p/clinic/api/else",
        "/p/nobody/api/roles",
        "/p/clinic/api/forms/nothing/list",
        "/p/clinic/api/forms/request/77/",
        "/p/clinic/api/categories/nothing/formdefs/",
    ] {
        refused(BY_PARTNER.get_for(&hub, path, DESK).await, 404, "not-found", missing).await;
    }
    let view = BY_PARTNER.get_for(&hub, "/p/clinic/api/forms/request/list/a-view", DESK).await;
    let told = "There are no custom views here: ask without one, and filter by the query.";
    refused(view, 404, "not-found", told).await;
    let address = BY_PARTNER.sign(&hub, ROLES, None);
    let answer = hub.client.delete(address).send().await.unwrap();
    assert_eq!(text_of(&answer, "allow"), "GET");
    let told = "This address does not take this method.";
    refused(answer, 405, "method-not-allowed", told).await;
}

#[tokio::test]
async fn who_guesses_too_often_has_to_wait() {
    let hub = hub_on(Engine::Sqlite).await;
    let wrong = format!("{}?orig=partner&algo=sha256&signature=eA%3D%3D", hub.url(ROLES));
    for _ in 0..500 {
        assert_eq!(plain(&hub, &wrong).await.status(), 403);
    }
    let answer = plain(&hub, &wrong).await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    // The right key is not even looked at now, and another one is.
    assert_eq!(BY_PARTNER.get(&hub, ROLES).await.status(), 429);
    assert_eq!(BY_CLERKS.get(&hub, LIST).await.status(), 200);
    let noted = hub.items("projects/clinic/audit?limit=50").await;
    let noted: Vec<_> = noted.iter().filter(|it| it["action"] == "tokens.refused").collect();
    assert_eq!(noted.len(), 1, "{noted:?}");
}

#[tokio::test]
async fn a_page_of_another_site_cannot_use_a_password_that_a_browser_knows() {
    let hub = hub_on(Engine::Sqlite).await;
    let request = basic(&hub, Method::POST, LIST, BY_CLERKS);
    let answer = request.header("origin", "https://elsewhere.example").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let told: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(told["err_code"], "cross-site");
    let answer = basic(&hub, Method::POST, LIST, BY_CLERKS).send().await.unwrap();
    good(answer).await;
}
