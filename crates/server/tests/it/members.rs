//! The people and tokens of a project, and the log of who did what.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use fieldpost_rules::account::totp;
use fieldpost_store::clock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::hub::{Engine, TOKEN, TestHub, json_of, problem, text};
use crate::people::{PASSWORD, Person, secret_of};

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let hub = TestHub::start().await;
    let owner = hub.member("owner", &[("clinic", "owner")]).await;
    let admin = hub.member("admin", &[("clinic", "admin")]).await;
    let viewer = hub.member("viewer", &[("clinic", "viewer")]).await;
    let path = |person: &Person| format!("projects/clinic/members/{}", person.id);
    let put = async |by: &Person, whom: &Person, access: &str| {
        hub.send_by(by, Method::PUT, &path(whom), &json!({ "access": access })).await
    };
    problem(put(&admin, &viewer, "owner").await, 403, "access-too-low").await;
    problem(put(&admin, &owner, "viewer").await, 403, "access-too-low").await;
    problem(put(&admin, &viewer, "boss").await, 400, "bad-parameter").await;
    assert_eq!(json_of(put(&admin, &viewer, "admin").await).await["access"], "admin");
    assert_eq!(put(&owner, &viewer, "owner").await.status(), 200);
    let answer = hub.send_by(&admin, Method::DELETE, &path(&viewer), &json!({})).await;
    problem(answer, 403, "access-too-low").await;
    let answer = hub.send_by(&owner, Method::DELETE, &path(&viewer), &json!({})).await;
    assert_eq!(answer.status(), 204);
    let answer = hub.send_by(&owner, Method::DELETE, &path(&viewer), &json!({})).await;
    problem(answer, 404, "not-found").await;
    let listed = json_of(hub.get_by(&admin, "projects/clinic/members").await).await;
    let members: Vec<(&str, &str)> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (text(&member["user"]["name"]), text(&member["access"])))
        .collect();
    assert_eq!(members, [("admin", "admin"), ("owner", "owner")]);
}

#[tokio::test]
async fn whoever_is_unknown_is_invited_and_whoever_is_known_is_added() {
    let hub = TestHub::start().await;
    assert_eq!(hub.post("projects", &json!({ "name": "north" })).await.status(), 201);
    let admin = hub.member("admin", &[("clinic", "admin")]).await;
    let add = async |email: &str, access: &str| {
        let body = json!({ "email": email, "name": "New Person", "access": access });
        hub.send_by(&admin, Method::POST, "projects/clinic/members", &body).await
    };
    problem(add("new@example.org", "owner").await, 403, "access-too-low").await;
    let added = json_of(add("new@example.org", "editor").await).await;
    assert_eq!(added["member"]["user"]["invited"], true);
    assert_eq!(added["mailed"], false);
    let person = hub.accept(text(&added["invitation_url"]), &json!({})).await;
    let session = json_of(hub.get_by(&person, "session").await).await;
    assert_eq!(session["projects"], json!([{ "project": "clinic", "access": "editor" }]));
    hub.member("known", &[("north", "viewer")]).await;
    let added = json_of(add("Known@example.org", "viewer").await).await;
    assert_eq!(added["invitation_url"], Value::Null);
    assert_eq!(added["member"]["user"]["name"], "known", "their name is their own");
    let nowhere = json!({ "email": "a@example.org", "name": "A", "projects": [{ "project": "nowhere", "access": "viewer" }] });
    problem(hub.post("users", &nowhere).await, 404, "not-found").await;
}

#[tokio::test]
async fn what_is_taken_away_is_gone_at_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let person = hub.member("amina", &[("clinic", "viewer")]).await;
        let mut events = hub.get_by(&person, "projects/clinic/events").await;
        assert_eq!(events.status(), 200);
        let path = format!("projects/clinic/members/{}", person.id);
        assert_eq!(hub.delete(&path).await.status(), 204);
        problem(hub.get_by(&person, "projects/clinic").await, 404, "not-found").await;
        assert_eq!(hub.get_by(&person, "session").await.status(), 200, "they may be elsewhere");
        // What is open ends by itself, soon.
        while let Ok(Some(_)) = events.chunk().await {}
    }
}

#[tokio::test]
async fn nobody_shuts_themself_out() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let path = format!("users/{}", owner.id);
    for body in [json!({ "disabled": true }), json!({ "installation_admin": false })] {
        problem(hub.send_by(&owner, Method::PATCH, &path, &body).await, 409, "own-account").await;
    }
    let answer = hub.send_by(&owner, Method::DELETE, &path, &json!({})).await;
    problem(answer, 409, "own-account").await;
    let other = hub.member("other", &[("clinic", "owner")]).await;
    let path = format!("users/{}", other.id);
    assert_eq!(hub.send_by(&owner, Method::DELETE, &path, &json!({})).await.status(), 204);
    assert_eq!(hub.get_by(&other, "session").await.status(), 401);
    problem(hub.get_by(&owner, &path).await, 404, "not-found").await;
    assert!(hub.items("projects/clinic/members").await.is_empty());
}

#[tokio::test]
async fn tokens_open_what_they_were_made_for_until_they_are_revoked() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let admin = hub.member("admin", &[("clinic", "admin")]).await;
        let path = "projects/clinic/tokens";
        let make = async |body: Value| hub.send_by(&admin, Method::POST, path, &body).await;
        let owner = json!({ "name": "CI", "access": "owner" });
        problem(make(owner).await, 403, "access-too-low").await;
        let never = json!({ "name": "CI", "access": "editor", "expires_in": "soon" });
        problem(make(never).await, 400, "bad-parameter").await;
        let body = json!({ "name": "CI", "access": "editor", "expires_in": "90d" });
        let made = json_of(make(body).await).await;
        let token = text(&made["token"]);
        assert!(token.starts_with("fpt_") && token.len() == 47, "{token}");
        let ask = async |method: Method, path: &str| {
            let url = hub.url(&format!("/api/v1/{path}"));
            hub.client.request(method, url).bearer_auth(token).send().await.unwrap()
        };
        assert_eq!(ask(Method::GET, "projects/clinic").await.status(), 200);
        assert_eq!(ask(Method::POST, "projects/clinic/pause").await.status(), 200);
        let answer = ask(Method::DELETE, "projects/clinic/connections/there").await;
        problem(answer, 403, "access-too-low").await;
        let session = json_of(ask(Method::GET, "session").await).await;
        assert_eq!(session["principal"], json!({ "kind": "token", "name": "CI" }));
        assert_eq!(session["user"], Value::Null);
        let listed = json_of(hub.get_by(&admin, path).await).await;
        let listed = &listed["items"][0];
        assert!(listed["last_used_at"].is_string() && listed.get("token").is_none(), "{listed}");
        assert_eq!(listed["created_by"], "admin");
        let path = format!("{path}/{}", text(&made["id"]));
        assert_eq!(hub.send_by(&admin, Method::DELETE, &path, &json!({})).await.status(), 204);
        problem(ask(Method::GET, "projects/clinic").await, 401, "unauthorized").await;
    }
}

#[tokio::test]
async fn a_token_of_all_projects_makes_no_other_one() {
    let hub = TestHub::start().await;
    let made = json_of(hub.post("tokens", &json!({ "name": "CI", "access": "admin" })).await).await;
    let token = text(&made["token"]);
    let apply = async |project: &str| {
        let mut definition = hub.definition();
        definition["project"] = json!(project);
        let url = hub.url(&format!("/api/v1/projects/{project}/apply"));
        hub.client.post(url).bearer_auth(token).body(definition.to_string()).send().await.unwrap()
    };
    assert_eq!(apply("clinic").await.status(), 200);
    problem(apply("elsewhere").await, 404, "not-found").await;
    let url = hub.url("/api/v1/projects");
    let answer = hub.client.post(url).bearer_auth(token).body("{\"name\":\"x\"}").send().await;
    problem(answer.unwrap(), 403, "access-too-low").await;
}

#[tokio::test]
async fn a_token_leaves_nobody_behind_that_outlives_it() {
    let hub = TestHub::start().await;
    let body = json!({ "name": "CI", "access": "admin", "expires_in": "1h" });
    let made = json_of(hub.post("projects/clinic/tokens", &body).await).await;
    assert!(made["expires_at"].is_string());
    for (path, body) in [
        ("tokens", json!({ "name": "heir", "access": "viewer" })),
        ("members", json!({ "email": "heir@example.org", "access": "viewer" })),
    ] {
        let request = hub.client.post(hub.url(&format!("/api/v1/projects/clinic/{path}")));
        let request = request.bearer_auth(text(&made["token"])).body(body.to_string());
        problem(request.send().await.unwrap(), 403, "not-for-tokens").await;
    }
}

/// Whoever invited somebody to one project may hold the link, and must not come by it to another.
#[tokio::test]
async fn a_link_does_not_grow_with_what_its_holder_may_do() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    hub.post("projects", &json!({ "name": "north", "title": "North" })).await;
    let admin = hub.member("admin", &[("clinic", "admin")]).await;
    let new = json!({ "email": "ceo@example.org", "access": "viewer" });
    let invited = json_of(hub.send_by(&admin, Method::POST, "projects/clinic/members", &new).await);
    let link = text(&invited.await["invitation_url"]).to_owned();
    let higher = json!({ "email": "ceo@example.org", "access": "owner" });
    let added = hub.send_by(&owner, Method::POST, "projects/north/members", &higher).await;
    let fresh = text(&json_of(added).await["invitation_url"]).to_owned();
    let again = json_of(hub.send_by(&admin, Method::POST, "projects/clinic/members", &new).await);
    assert_eq!(again.await["invitation_url"], json!(null), "it would open the other project");
    let accept = async |link: &str| {
        let secret = link.split('#').nth(1).unwrap().to_owned();
        let body = json!({ "secret": secret, "name": "Ceo", "password": "a long sentence" });
        hub.as_nobody(Method::POST, "invitations/accept", &body).await
    };
    problem(accept(&link).await, 410, "used-invitation").await;
    assert!(accept(&fresh).await.status().is_success());
}

#[tokio::test]
async fn every_change_is_noted_with_who_and_from_where() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let editor = hub.member("editor", &[("clinic", "editor")]).await;
    let answer = hub
        .send_by(&editor, Method::POST, "projects/clinic/forwarders/all/pause", &json!({}))
        .await;
    assert_eq!(answer.status(), 200);
    let answer =
        hub.send_by(&editor, Method::DELETE, "projects/clinic/connections/there", &json!({})).await;
    problem(answer, 403, "access-too-low").await;
    problem(hub.sign_in(&editor.email, "not the password").await, 401, "wrong-credentials").await;
    problem(hub.sign_in("my-password-by-mistake", "x").await, 401, "wrong-credentials").await;
    let listed = json_of(hub.get_by(&owner, "projects/clinic/audit").await).await;
    let refused = &listed["items"][0];
    assert_eq!(refused["action"], "change.refused");
    let why = json!({ "reason": "access-too-low", "change": "connection.deleted" });
    assert_eq!((&refused["detail"], &refused["project"]), (&why, &json!("clinic")));
    let newest = &listed["items"][1];
    assert_eq!(newest["action"], "forwarder.paused");
    assert_eq!((&newest["project"], &newest["target"]), (&json!("clinic"), &json!("all")));
    assert_eq!(newest["who"], json!({ "kind": "user", "name": "editor", "id": editor.id }));
    assert_eq!(newest["address"], "127.0.0.1");
    let items = listed["items"].as_array().unwrap();
    assert!(items.iter().all(|one| one["project"] == "clinic"), "{listed}");
    assert!(items.iter().any(|one| one["action"] == "project.applied"), "{listed}");
    let actions = async |query: &str| -> Vec<String> {
        let found = json_of(hub.get_by(&owner, &format!("audit?{query}")).await).await;
        let items = found["items"].as_array().unwrap();
        items.iter().map(|one| text(&one["action"]).to_owned()).collect()
    };
    assert_eq!(actions("action=session").await, ["session.refused", "session.refused"]);
    assert_eq!(
        actions(&format!("who={}", editor.id)).await,
        ["session.refused", "change.refused", "forwarder.paused", "invitation.accepted"]
    );
    assert_eq!(actions("who=EDIT&action=forwarder").await, ["forwarder.paused"]);
    assert_eq!(actions("to=2020-01-01T00:00:00Z").await, [""; 0]);
    let all = json_of(hub.get_by(&owner, "audit?limit=2").await).await;
    let next = text(&all["next"]).to_owned();
    let second = json_of(hub.get_by(&owner, &format!("audit?limit=2&cursor={next}")).await).await;
    assert_ne!(all["items"][1]["id"], second["items"][0]["id"]);
    let everything = hub.json("audit?limit=500").await.to_string();
    assert!(!everything.contains("my-password-by-mistake"), "{everything}");
}

#[tokio::test]
async fn books_name_who_acted() {
    let hub = TestHub::start().await;
    let editor = hub.member("Amina", &[("clinic", "editor")]).await;
    let body = json!({ "action": "retry", "filter": {} });
    let path = "projects/clinic/deliveries/actions";
    let answer = hub.send_by(&editor, Method::POST, path, &body).await;
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    let listed = hub.json(path).await;
    assert_eq!(listed["items"][0]["started_by"], "Amina", "{listed}");
}

#[tokio::test]
async fn no_secret_lies_in_the_database_or_the_log() {
    let folder: Arc<Mutex<PathBuf>> = Arc::default();
    let noted = Arc::clone(&folder);
    let hub = TestHub::start_with(Engine::Sqlite, move |store, _| {
        store.data.clone_into(&mut noted.lock().unwrap());
    })
    .await;
    let owner = hub.first_owner().await;
    let path = "account/second-factor";
    let password = json!({ "password": PASSWORD });
    let begun = json_of(hub.send_by(&owner, Method::POST, path, &password).await).await;
    let totp_secret = text(&begun["secret"]).to_owned();
    let bytes = totp::from_base32(&totp_secret).unwrap();
    let code = totp::code(&bytes, totp::step(clock::system()())).unwrap();
    let confirmed =
        json_of(hub.send_by(&owner, Method::PUT, path, &json!({ "code": code })).await).await;
    let made =
        json_of(hub.post("tokens", &json!({ "name": "CI", "access": "viewer" })).await).await;
    let new = json!({ "email": "amina@example.org", "name": "Amina" });
    let invited = json_of(hub.post("users", &new).await).await;
    let answer = hub.as_nobody(Method::POST, "session", &json!({ "token": TOKEN })).await;
    let administrator = crate::people::cookie_of(&answer);
    let secrets = [
        PASSWORD.to_owned(),
        TOKEN.to_owned(),
        owner.cookie.trim_start_matches("fieldpost_session=").to_owned(),
        administrator.trim_start_matches("fieldpost_session=").to_owned(),
        totp_secret,
        text(&confirmed["recovery_codes"][0]).to_owned(),
        text(&made["token"]).to_owned(),
        secret_of(text(&invited["invitation_url"])),
    ];
    let log = hub.json("audit?limit=500").await.to_string();
    assert!(log.contains("second-factor.confirmed") && log.contains("token.created"), "{log}");
    let folder = folder.lock().unwrap().clone();
    let mut looked_at = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let bytes = std::fs::read(&file).unwrap();
        looked_at += bytes.len();
        for secret in &secrets {
            let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!is_there, "{secret} lies in {}", file.display());
            assert!(!log.contains(secret.as_str()), "{secret} stands in the audit log");
        }
    }
    assert!(looked_at > 100_000, "{looked_at}");
}
