//! Everybody, at every operation that the API's description lists: let in or refused as the table
//! says. The operations come from the description, so that a new one cannot be forgotten.

use std::collections::BTreeSet;

use fieldpost_engine::digest;
use fieldpost_model::access::Access;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::access::{Need, OPERATIONS, operation};
use fieldpost_store::ApiToken;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::hub::{TOKEN, TestHub, json_of, text};
use crate::people::Person;

/// Operations after which a session has ended.
const ENDING: [(&str, &str); 2] = [("DELETE", "/session"), ("DELETE", "/sessions")];

/// Somebody, and what they are to the project of the tests.
enum Who {
    Nobody,
    Session(Person),
    Bearer(String),
}

/// What somebody may do: nothing; or what is anybody's, and this level in the project; or all.
#[derive(Clone, Copy, Debug)]
enum May {
    Nothing,
    In(Option<Access>),
    Everything,
}

/// How a request comes out, as far as access goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    LetIn,
    Unauthorized,
    TooLow,
    /// As if there were no such project.
    NotThere,
}

fn expected(need: Need, may: May) -> Outcome {
    match (need, may) {
        (Need::Installation, May::In(_)) => Outcome::TooLow,
        (Need::Project(_), May::In(None)) => Outcome::NotThere,
        (Need::Project(needed), May::In(Some(has))) if has < needed => Outcome::TooLow,
        (Need::Anybody | Need::Installation | Need::Project(_), May::Nothing) => {
            Outcome::Unauthorized
        }
        _ => Outcome::LetIn,
    }
}

async fn outcome(answer: Response) -> Outcome {
    let status = answer.status().as_u16();
    let is_problem = answer
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes() == b"application/problem+json");
    if !is_problem {
        return Outcome::LetIn;
    }
    let told = json_of(answer).await;
    assert!(status < 500 && status != 405, "{told}");
    assert!(told["code"] != "access-not-settled" && told["code"] != "cross-site", "{told}");
    match (status, text(&told["code"])) {
        (401, "unauthorized") => Outcome::Unauthorized,
        (403, "access-too-low") => Outcome::TooLow,
        (404, "not-found") if told["detail"] == "there is no project \"clinic\" here" => {
            Outcome::NotThere
        }
        _ => Outcome::LetIn,
    }
}

/// Every operation that the description lists: method and template below the base.
fn operations() -> Vec<(String, String)> {
    let document = serde_json::to_value(fieldpost_server::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let template = path.strip_prefix("/api/v1").unwrap();
        for method in methods.as_object().unwrap().keys() {
            operations.push((method.to_uppercase(), template.to_owned()));
        }
    }
    operations
}

#[test]
fn the_table_and_the_description_list_the_same() {
    let described: BTreeSet<(String, String)> = operations().into_iter().collect();
    let listed: BTreeSet<(String, String)> =
        OPERATIONS.iter().map(|one| (one.method.to_owned(), one.template.to_owned())).collect();
    let missing: Vec<_> = described.difference(&listed).collect();
    assert!(missing.is_empty(), "say in rules/src/access.rs who may do this: {missing:?}");
    let left: Vec<_> = listed.difference(&described).collect();
    assert!(left.is_empty(), "rules/src/access.rs lists what there is not: {left:?}");
}

/// Sends one operation as somebody.
async fn ask(hub: &TestHub, who: &Who, method: &str, template: &str) -> Response {
    let path = template.replace("{project}", "clinic").replace("{number}", "1");
    let path = path.replace(['{', '}'], "");
    let url = hub.url(&format!("/api/v1{path}"));
    let request = hub.client.request(method.parse::<Method>().unwrap(), url).body("{}");
    let request = match who {
        Who::Nobody => request,
        Who::Bearer(token) => request.bearer_auth(token),
        Who::Session(person) => {
            request.header("cookie", &person.cookie).header("sec-fetch-site", "same-origin")
        }
    };
    request.send().await.unwrap()
}

/// Sends every operation as somebody, and looks how each comes out.
async fn check(hub: &TestHub, name: &str, mut who: Who, may: May) {
    let mut counts = [0; 4];
    for (method, template) in operations() {
        let Some(found) = operation(&method, &template) else {
            panic!("{method} {template} is not in the table");
        };
        let wanted = expected(found.need, may);
        let got = outcome(ask(hub, &who, &method, &template).await).await;
        assert_eq!(got, wanted, "{name}: {method} {template}");
        counts[wanted as usize] += 1;
        if let Who::Session(person) = &who
            && ENDING.contains(&(&*method, &*template))
            && !matches!(may, May::Nothing)
        {
            who = Who::Session(hub.again(person).await);
        }
    }
    assert!(counts[Outcome::LetIn as usize] > 2, "{name}: {counts:?}");
}

async fn token(hub: &TestHub, path: &str, access: &str) -> String {
    let answer = hub.post(path, &json!({ "name": "a program", "access": access })).await;
    assert_eq!(answer.status(), 201);
    text(&json_of(answer).await["token"]).to_owned()
}

/// A token that opened something once.
async fn expired_token(hub: &TestHub) -> String {
    let text = "fpt_it-was-good-once".to_owned();
    let token = ApiToken {
        id: Uuid::now_v7(),
        project: Some("clinic".into()),
        name: "old".to_owned(),
        access: Access::Admin,
        maker: None,
        created_by: "somebody".to_owned(),
        created_at: Timestamp(1),
        expires_at: Some(Timestamp(2)),
        used_at: None,
    };
    hub.hub.store().create_api_token(&token, digest(&text)).await.unwrap();
    text
}

async fn hub_of_two_projects() -> TestHub {
    let hub = TestHub::start().await;
    assert_eq!(hub.post("projects", &json!({ "name": "north" })).await.status(), 201);
    hub
}

#[tokio::test]
async fn who_is_nobody_comes_in_nowhere() {
    let hub = hub_of_two_projects().await;
    check(&hub, "nobody", Who::Nobody, May::Nothing).await;
    check(&hub, "an expired token", Who::Bearer(expired_token(&hub).await), May::Nothing).await;
    check(&hub, "an unknown token", Who::Bearer("fpt_nothing".to_owned()), May::Nothing).await;
    let disabled = hub.member("disabled", &[("clinic", "owner")]).await;
    let body = json!({ "disabled": true }).to_string();
    let path = format!("users/{}", disabled.id);
    let answer = hub.request(Method::PATCH, &path).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    check(&hub, "a disabled user", Who::Session(disabled), May::Nothing).await;
}

#[tokio::test]
async fn a_viewer_and_an_editor_do_what_is_theirs() {
    let hub = hub_of_two_projects().await;
    for access in [Access::Viewer, Access::Editor] {
        let person = hub.member(access.name(), &[("clinic", access.name())]).await;
        check(&hub, access.name(), Who::Session(person), May::In(Some(access))).await;
    }
}

#[tokio::test]
async fn an_admin_and_an_owner_do_what_is_theirs() {
    let hub = hub_of_two_projects().await;
    for access in [Access::Admin, Access::Owner] {
        let person = hub.member(access.name(), &[("clinic", access.name())]).await;
        check(&hub, access.name(), Who::Session(person), May::In(Some(access))).await;
    }
}

#[tokio::test]
async fn an_owner_elsewhere_does_not_learn_that_the_project_is_there() {
    let hub = hub_of_two_projects().await;
    let elsewhere = hub.member("elsewhere", &[("north", "owner")]).await;
    check(&hub, "an owner elsewhere", Who::Session(elsewhere.clone()), May::In(None)).await;
    // A project that is there, and one that is not, are told alike.
    let person = hub.again(&elsewhere).await;
    let [there, not_there] = ["clinic", "nowhere"].map(|project| {
        let (hub, person) = (&hub, &person);
        async move {
            let answer = hub.get_by(person, &format!("projects/{project}/messages")).await;
            let status = answer.status();
            (status, answer.text().await.unwrap().replace(project, "…"))
        }
    });
    assert_eq!(there.await, not_there.await);
}

#[tokio::test]
async fn who_runs_the_installation_does_everything() {
    let hub = hub_of_two_projects().await;
    let admin = hub.first_owner().await;
    check(&hub, "installation admin", Who::Session(admin), May::Everything).await;
    check(&hub, "administrator", Who::Bearer(TOKEN.to_owned()), May::Everything).await;
}

#[tokio::test]
async fn tokens_do_what_was_settled_when_they_were_made() {
    let hub = hub_of_two_projects().await;
    for (name, path, access, may) in [
        ("of the project", "projects/clinic/tokens", "viewer", Some(Access::Viewer)),
        ("of another one", "projects/north/tokens", "admin", None),
        ("of all projects", "tokens", "editor", Some(Access::Editor)),
    ] {
        let token = token(&hub, path, access).await;
        check(&hub, name, Who::Bearer(token), May::In(may)).await;
    }
}

#[tokio::test]
async fn lists_hold_what_is_ones_own_to_see() {
    let hub = hub_of_two_projects().await;
    let person = hub.member("amina", &[("north", "viewer")]).await;
    let names = |found: &Value| -> Vec<String> {
        let items = found["items"].as_array().unwrap();
        items.iter().map(|item| text(&item["name"]).to_owned()).collect()
    };
    let found = json_of(hub.get_by(&person, "projects").await).await;
    assert_eq!(names(&found), ["north"]);
    let session = json_of(hub.get_by(&person, "session").await).await;
    assert_eq!(session["projects"], json!([{ "project": "north", "access": "viewer" }]));
    assert_eq!(names(&hub.json("projects").await), ["clinic", "north"]);
}

#[tokio::test]
async fn a_refusal_says_what_is_needed_and_who_gives_it() {
    let hub = hub_of_two_projects().await;
    hub.member("owner", &[("clinic", "owner")]).await;
    let viewer = hub.member("viewer", &[("clinic", "viewer")]).await;
    let answer = hub.send_by(&viewer, Method::POST, "projects/clinic/pause", &json!({})).await;
    let told = crate::hub::problem(answer, 403, "access-too-low").await;
    assert_eq!(
        told["detail"],
        "this needs the level `editor` in the project `clinic`; viewer has `viewer`"
    );
    assert_eq!(told["hint"], "owner can give you the level editor");
}
