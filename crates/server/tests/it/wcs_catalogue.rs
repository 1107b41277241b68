//! What there is, as clients of w.c.s. are told: forms, categories, roles, people.

use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, text};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, BY_RESEARCH, DESK, Key, good, hub_on, refused};

const FORMS: &str = "/p/clinic/api/formdefs/";

fn slugs(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().unwrap().iter().map(|form| text(&form["slug"])).collect()
}

async fn open(hub: &TestHub, path: &str) -> Value {
    good(hub.client.get(hub.url(path)).send().await.unwrap()).await
}

#[tokio::test]
async fn forms_are_shown_to_those_who_may_fill_them_in() {
    let hub = hub_on(Engine::Sqlite).await;
    let others = Key("others", crate::wcs_project::CLERKS);
    assert_eq!(slugs(&open(&hub, FORMS).await), ["request"]);
    assert_eq!(slugs(&good(BY_PARTNER.get(&hub, FORMS).await).await), ["plain", "request"]);
    assert_eq!(slugs(&good(BY_PARTNER.get_for(&hub, FORMS, DESK).await).await), ["request"]);
    assert_eq!(slugs(&good(others.get(&hub, FORMS).await).await), ["plain", "request"]);
    // Somebody who was never here is shown what everybody is.
    let unknown = BY_PARTNER.get(&hub, &format!("{FORMS}?NameID=nobody")).await;
    assert_eq!(slugs(&good(unknown).await), ["request"]);
}

#[tokio::test]
async fn a_form_is_listed_with_what_wcs_tells_of_it() {
    let hub = hub_on(Engine::Sqlite).await;
    let forms = open(&hub, FORMS).await;
    assert_eq!(forms["err"], 0);
    let form = &forms["data"][0];
    for (key, expected) in [
        ("title", json!("Request")),
        ("slug", json!("request")),
        ("url", json!("/p/clinic/request/")),
        ("description", json!("Ask for something")),
        ("keywords", json!(["town", "ask"])),
        ("authentication_required", json!(false)),
        ("always_advertise", json!(false)),
        ("redirection", json!(false)),
        ("category", json!("Town hall")),
        ("category_slug", json!("town-hall")),
    ] {
        assert_eq!(form[key], expected, "{key}");
    }
    assert_eq!(form["functions"]["_receiver"]["role"]["name"], "Agents");
    assert_eq!(form["functions"]["_manager"]["label"], "Manager");
    assert!(form.get("count").is_none() && form.get("backoffice_submission_url").is_none());
    let counted = open(&hub, &format!("{FORMS}?include-count=on")).await;
    assert_eq!(counted["data"][0]["count"], 0);
}

#[tokio::test]
async fn the_list_of_forms_is_narrowed_down() {
    let hub = hub_on(Engine::Sqlite).await;
    for (query, expected) in [
        ("?q=ASK", vec!["request"]),
        ("?q=plain", vec!["plain"]),
        ("?q=nothing", vec![]),
        ("?category_slugs=town-hall,other", vec!["request"]),
        ("?category_slugs=other", vec![]),
        ("?include-disabled=on", vec!["plain", "request"]),
        ("?backoffice-submission=on", vec![]),
    ] {
        let answer = good(BY_PARTNER.get(&hub, &format!("{FORMS}{query}")).await).await;
        assert_eq!(slugs(&answer), expected, "{query}");
    }
    let path = format!("{FORMS}?backoffice-submission=on");
    let for_others = good(BY_PARTNER.get_for(&hub, &path, DESK).await).await;
    assert_eq!(slugs(&for_others), ["request"]);
    let address = text(&for_others["data"][0]["backoffice_submission_url"]);
    assert_eq!(address, "/p/clinic/backoffice/submission/request/");
    // Forms of other origins are listed for who asks.
    let birth = json!({ "_uuid": "b1", "_xform_id_string": "births", "name": "A" });
    hub.send("secret-of-the-kobo-1", birth.to_string()).await;
    let all = good(BY_PARTNER.get(&hub, &format!("{FORMS}?include-recorded=on")).await).await;
    assert_eq!(slugs(&all), ["plain", "request", "births"]);
    assert_eq!(slugs(&open(&hub, &format!("{FORMS}?include-recorded=on")).await), ["request"]);
}

#[tokio::test]
async fn categories_have_their_forms() {
    let hub = hub_on(Engine::Sqlite).await;
    let categories = open(&hub, "/p/clinic/api/categories/").await;
    assert_eq!(categories["data"][0]["title"], "Town hall");
    assert_eq!(categories["data"][0]["keywords"], json!(["ask", "town"]));
    assert!(categories["data"][0].get("forms").is_none());
    let full = open(&hub, "/p/clinic/api/categories/?full=on").await;
    assert_eq!(full["data"][0]["forms"][0]["slug"], "request");
    let forms = open(&hub, "/p/clinic/api/categories/town-hall/formdefs/").await;
    assert_eq!(slugs(&forms), ["request"]);
}

#[tokio::test]
async fn a_definition_is_read_by_who_signs() {
    let hub = hub_on(Engine::Sqlite).await;
    let path = "/p/clinic/api/formdefs/request/schema";
    let schema = good(BY_PARTNER.get(&hub, path).await).await;
    assert_eq!((&schema["name"], &schema["url_name"]), (&json!("Request"), &json!("request")));
    assert_eq!(schema["fields"][0]["varname"], "name");
    assert_eq!(schema["workflow"]["statuses"][3]["id"], "finished");
    assert!(schema["fields"][0].get("id").is_none());
    let with_ids = good(BY_PARTNER.get(&hub, &format!("{path}?include-id=on")).await).await;
    assert!(with_ids["fields"][0].get("id").is_some(), "{with_ids}");
    let nobody = hub.client.get(hub.url(path)).send().await.unwrap();
    refused(nobody, 403, "access-denied", "User not authenticated.").await;
    let password = crate::wcs_project::basic(&hub, reqwest::Method::GET, path, BY_CLERKS);
    refused(password.send().await.unwrap(), 403, "access-denied", "Unsufficient roles.").await;
}

#[tokio::test]
async fn people_and_roles_are_found_by_who_signs() {
    let hub = hub_on(Engine::Sqlite).await;
    let names = async |query: &str| {
        let path = format!("/p/clinic/api/users/{query}");
        let found = good(BY_PARTNER.get(&hub, &path).await).await;
        let all = found["data"].as_array().unwrap().clone();
        all.iter().map(|it| text(&it["user_display_name"]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["Front desk", "Jean Darmette"]);
    assert_eq!(names("?q=darmette").await, ["Jean Darmette"]);
    assert_eq!(names("?q=desk%40example.org").await, ["Front desk"]);
    assert_eq!(names("?roles=agents").await, ["Front desk"]);
    assert_eq!(names("?limit=1").await, ["Front desk"]);
    let users = BY_RESEARCH.get(&hub, "/p/clinic/api/users/").await;
    refused(users, 403, "access-denied", "Restricted API access.").await;
    let roles = good(BY_PARTNER.get(&hub, "/p/clinic/api/roles").await).await;
    let agents = &roles["data"][0];
    for (key, expected) in [
        ("name", json!("Agents")),
        ("text", json!("Agents")),
        ("slug", json!("agents")),
        ("id", json!("agents")),
        ("emails", json!(["agents@example.org"])),
        ("emails_to_members", json!(false)),
        ("allows_backoffice_access", json!(true)),
        ("details", json!("")),
    ] {
        assert_eq!(agents[key], expected, "{key}");
    }
}
