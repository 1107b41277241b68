//! What must not be possible with accounts: whatever outlives its reason, races, hides or floods.

use std::time::Duration;

use fieldpost_model::time::Timestamp;
use fieldpost_rules::account::totp;
use fieldpost_store::{MOST_SESSIONS, MOST_TOKENS, clock};
use futures_util::future::join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::hub::{Engine, SECRET, TOKEN, TestHub, WEBHOOK, eventually, json_of, problem, text};
use crate::people::{PASSWORD, Person};

const BOTH: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

async fn with_token(hub: &TestHub, token: &str, path: &str) -> Response {
    hub.client.get(hub.url(&format!("/api/v1/{path}"))).bearer_auth(token).send().await.unwrap()
}

async fn make_token(hub: &TestHub, by: &Person, path: &str, access: &str) -> String {
    let body = json!({ "name": "CI", "access": access });
    let made = json_of(hub.send_by(by, Method::POST, path, &body).await).await;
    text(&made["token"]).to_owned()
}

/// The entries of the log with this action, newest first.
async fn log(hub: &TestHub, action: &str) -> Vec<Value> {
    hub.items(&format!("audit?action={action}&limit=500")).await
}

#[tokio::test]
async fn a_token_lives_from_what_its_maker_may_do() {
    for engine in BOTH {
        let hub = TestHub::start_on(engine).await;
        let path = "projects/clinic/tokens";
        let maker = hub.member("maker", &[("clinic", "admin")]).await;
        let token = make_token(&hub, &maker, path, "editor").await;
        let opens = async || with_token(&hub, &token, "projects/clinic").await;
        let listed = hub.items(path).await;
        let shown = json!({ "id": maker.id, "email": maker.email });
        assert_eq!((&listed[0]["maker"], &listed[0]["works"]), (&shown, &json!(true)));
        let member = format!("projects/clinic/members/{}", maker.id);
        let user = format!("users/{}", maker.id);
        let set = async |path: &str, method: Method, body: Value| {
            let answer = hub.request(method, path).body(body.to_string()).send().await.unwrap();
            assert!(answer.status().is_success(), "{path}");
        };
        // Each of these takes it away, but for the last, and the next one gives it back.
        for (path, method, body, status) in [
            (&member, Method::PUT, json!({ "access": "viewer" }), 401),
            (&member, Method::PUT, json!({ "access": "editor" }), 200),
            (&user, Method::PATCH, json!({ "disabled": true }), 401),
            (&user, Method::PATCH, json!({ "disabled": false }), 200),
            (&member, Method::DELETE, json!({}), 401),
        ] {
            set(path, method, body).await;
            assert_eq!(opens().await.status(), status, "{path}");
            assert_eq!(hub.items("projects/clinic/tokens").await[0]["works"], status == 200);
        }
        set(&user, Method::DELETE, json!({})).await;
        problem(opens().await, 401, "unauthorized").await;
        let listed = hub.items(path).await;
        assert_eq!(listed[0]["maker"], json!({ "id": maker.id, "email": null }));
        assert_eq!(listed[0]["created_by"], "maker", "who it was stays in the books");
    }
}

#[tokio::test]
async fn a_token_of_the_installation_ends_with_the_admin_who_made_it() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let token = make_token(&hub, &owner, "tokens", "viewer").await;
    assert_eq!(with_token(&hub, &token, "projects/clinic").await.status(), 200);
    let user = format!("users/{}", owner.id);
    let body = json!({ "installation_admin": false }).to_string();
    let answer = hub.request(Method::PATCH, &user).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    problem(with_token(&hub, &token, "projects/clinic").await, 401, "unauthorized").await;
    let made = hub.post("tokens", &json!({ "name": "kept", "access": "viewer" })).await;
    let made = json_of(made).await;
    assert_eq!((&made["maker"], &made["works"]), (&Value::Null, &json!(true)));
    assert_eq!(with_token(&hub, text(&made["token"]), "projects/clinic").await.status(), 200);
}

#[tokio::test]
async fn a_sign_in_that_races_with_another_password_leaves_no_session() {
    for engine in BOTH {
        let hub = TestHub::start_on(engine).await;
        let owner = hub.first_owner().await;
        let change = json!({ "current": PASSWORD, "new": "eight green bottles" });
        let sign_ins = join_all((0..6).map(|_| hub.sign_in(&owner.email, PASSWORD)));
        let changing = hub.send_by(&owner, Method::POST, "account/password", &change);
        let (sign_ins, changed) = tokio::join!(sign_ins, changing);
        let changed = hub.person(changed).await;
        for answer in sign_ins {
            if answer.status() == 200 {
                let person = hub.person(answer).await;
                assert_eq!(hub.get_by(&person, "session").await.status(), 401);
            } else {
                problem(answer, 401, "wrong-credentials").await;
            }
        }
        let left = json_of(hub.get_by(&changed, "account/sessions").await).await;
        assert_eq!(left["items"].as_array().unwrap().len(), 1, "{left}");
    }
}

#[tokio::test]
async fn viewers_do_not_learn_the_addresses_of_webhooks() {
    let hub = TestHub::start().await;
    let url = hub.url(&format!("/i/{WEBHOOK}"));
    assert_eq!(hub.client.post(&url).body("{}").send().await.unwrap().status(), 200);
    let url = hub.url("/i/clinic/intake");
    assert_eq!(hub.client.post(&url).body("{\"a\":1}").send().await.unwrap().status(), 200);
    let messages = hub.items("projects/clinic/messages").await;
    let mut paths = vec![
        "projects/clinic/sources".to_owned(),
        "projects/clinic/sources/inbox".to_owned(),
        "projects/clinic/export".to_owned(),
        "projects/clinic/export?format=json".to_owned(),
        "projects/clinic/map".to_owned(),
        "projects/clinic/overview".to_owned(),
    ];
    assert_eq!(messages.len(), 2);
    for message in &messages {
        paths.push(format!("projects/clinic/messages/{}/request", text(&message["id"])));
        paths.push(format!("projects/clinic/messages/{}/timeline", text(&message["id"])));
    }
    let viewer = hub.member("viewer", &[("clinic", "viewer")]).await;
    let editor = hub.member("editor", &[("clinic", "editor")]).await;
    let mut seen_by_editor = String::new();
    for path in &paths {
        let answer = hub.get_by(&viewer, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        let seen = answer.text().await.unwrap();
        for address in [WEBHOOK, "intake", SECRET] {
            assert!(!seen.contains(address), "{path} shows {address}: {seen}");
        }
        seen_by_editor += &hub.get_by(&editor, path).await.text().await.unwrap();
    }
    for address in [WEBHOOK, "intake"] {
        assert!(seen_by_editor.contains(address), "{address}");
    }
    assert!(!seen_by_editor.contains(SECRET));
    // What a viewer wrote down can be applied by who may: nothing of it is lost.
    let file = hub.get_by(&viewer, "projects/clinic/export?format=json").await;
    hub.apply(json_of(file).await).await;
    let urls = hub.json("projects/clinic/sources/inbox/urls").await;
    assert!(text(&urls["webhook"]).ends_with(WEBHOOK), "{urls}");
    assert!(text(&urls["custom"]).ends_with("/i/clinic/intake"), "{urls}");
}

#[tokio::test]
async fn a_wrong_present_password_is_told_apart_from_an_ended_session_and_noted() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let wrong = json!({ "current": "not the password", "new": "eight green bottles" });
    for _ in 0..3 {
        let answer = hub.send_by(&owner, Method::POST, "account/password", &wrong).await;
        problem(answer, 401, "wrong-credentials").await;
        assert_eq!(hub.get_by(&owner, "session").await.status(), 200, "the session goes on");
    }
    for _ in 0..20 {
        hub.send_by(&owner, Method::POST, "account/password", &wrong).await;
    }
    let answer = hub.send_by(&owner, Method::POST, "account/password", &wrong).await;
    problem(answer, 429, "too-many-tries").await;
    let noted = log(&hub, "password.refused").await;
    let reasons: Vec<&Value> = noted.iter().map(|one| &one["detail"]["reason"]).collect();
    assert_eq!(
        reasons,
        ["too-many-tries", "wrong-credentials"],
        "a flood is a few rows: {noted:?}"
    );
    assert_eq!(noted[1]["detail"]["change"], "password.changed");
    assert_eq!(noted[1]["who"]["id"], owner.id.as_str());
}

#[tokio::test]
async fn refused_sign_ins_are_noted_and_a_flood_of_them_is_a_few_rows() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let other = hub.member("other", &[]).await;
    begin_and_confirm(&hub, &owner).await;
    for _ in 0..15 {
        problem(hub.sign_in(&owner.email, PASSWORD).await, 401, "code-needed").await;
    }
    for _ in 0..10 {
        let answer = hub.sign_in(&other.email, "not the password").await;
        problem(answer, 401, "wrong-credentials").await;
    }
    for _ in 0..15 {
        problem(hub.sign_in(&other.email, PASSWORD).await, 429, "too-many-tries").await;
    }
    let noted = log(&hub, "session.refused").await;
    let count = |reason: &str| noted.iter().filter(|one| one["detail"]["reason"] == reason).count();
    let counts = ["code-needed", "wrong-credentials", "too-many-tries"].map(count);
    assert_eq!(counts, [1, 10, 1], "{noted:?}");
    let code_needed = noted.iter().find(|one| one["detail"]["reason"] == "code-needed").unwrap();
    assert_eq!(code_needed["who"]["id"], owner.id.as_str());
}

#[tokio::test]
async fn a_refused_change_from_another_site_is_noted() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    for _ in 0..5 {
        let request = hub.client.post(hub.url("/api/v1/projects/clinic/pause"));
        let request =
            request.header("cookie", &owner.cookie).header("sec-fetch-site", "cross-site");
        problem(request.send().await.unwrap(), 403, "cross-site").await;
    }
    let noted = log(&hub, "change.refused").await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(noted[0]["detail"], json!({ "reason": "cross-site", "change": "project.paused" }));
    assert_eq!(noted[0]["project"], "clinic");
}

#[tokio::test]
async fn the_log_names_people_and_tokens_as_people_know_them() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let new = json!({ "email": "amina@example.org", "name": "Amina",
        "projects": [{ "project": "clinic", "access": "viewer" }] });
    let invited = json_of(hub.send_by(&owner, Method::POST, "users", &new).await).await;
    let id = text(&invited["user"]["id"]).to_owned();
    let send = async |method: Method, path: String, body: Value| {
        let answer = hub.send_by(&owner, method, &path, &body).await;
        assert!(answer.status().is_success(), "{path}");
        answer
    };
    let members = "projects/clinic/members".to_owned();
    send(
        Method::POST,
        members.clone(),
        json!({ "email": "Amina@example.org", "access": "editor" }),
    )
    .await;
    send(Method::PUT, format!("{members}/{id}"), json!({ "access": "admin" })).await;
    send(Method::DELETE, format!("{members}/{id}"), json!({})).await;
    send(Method::PATCH, format!("users/{id}"), json!({ "disabled": true })).await;
    send(Method::DELETE, format!("users/{id}"), json!({})).await;
    let tokens = "projects/clinic/tokens".to_owned();
    let token = json!({ "name": "CI", "access": "viewer" });
    let made = json_of(send(Method::POST, tokens.clone(), token).await).await;
    let token = text(&made["id"]);
    send(Method::DELETE, format!("{tokens}/{token}"), json!({})).await;
    let expected = [
        (
            "user.invited",
            "amina@example.org",
            json!({ "id": id, "name": "Amina",
            "installation_admin": false, "projects": { "clinic": "viewer" } }),
        ),
        (
            "member.added",
            "amina@example.org",
            json!({ "id": id, "access": "editor", "before": "viewer", "invited": true }),
        ),
        (
            "member.saved",
            "amina@example.org",
            json!({ "id": id, "access": "admin", "before": "editor" }),
        ),
        ("member.removed", "amina@example.org", json!({ "id": id, "before": "admin" })),
        ("user.saved", "amina@example.org", json!({ "id": id, "disabled": true })),
        ("user.deleted", "amina@example.org", json!({ "id": id, "name": "Amina" })),
        ("token.created", "CI", json!({ "id": token, "access": "viewer" })),
        ("token.revoked", "CI", json!({ "id": token })),
    ];
    for (action, target, detail) in expected {
        let noted = log(&hub, action).await;
        assert_eq!(noted.len(), 1, "{action}: {noted:?}");
        assert_eq!(
            (&noted[0]["target"], &noted[0]["detail"]),
            (&json!(target), &detail),
            "{action}"
        );
    }
}

#[tokio::test]
async fn nobody_is_called_what_the_hub_calls_itself() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    for name in ["administrator", "Admіnistrator", "nobody", "Amina \u{202e}nimda", "\u{3164}"] {
        let answer = hub.send_by(&owner, Method::PATCH, "account", &json!({ "name": name })).await;
        problem(answer, 422, "unfit-value").await;
        let new = json!({ "email": "amina@example.org", "name": name });
        problem(hub.post("users", &new).await, 422, "unfit-value").await;
        let token = json!({ "name": name, "access": "viewer" });
        problem(hub.post("tokens", &token).await, 422, "unfit-value").await;
    }
    let answer = hub.send_by(&owner, Method::PATCH, "account", &json!({ "name": "Amina" })).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn wrong_tokens_have_to_wait_and_right_ones_never() {
    let hub = TestHub::start_with(Engine::Sqlite, |_, settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let from = async |address: &str, token: &str| {
        let request = hub.client.get(hub.url("/api/v1/session")).bearer_auth(token);
        request.header("x-forwarded-for", address).send().await.unwrap()
    };
    for _ in 0..500 {
        assert_eq!(from("192.0.2.1", "fpt_none").await.status(), 401);
    }
    for _ in 0..3 {
        let answer = from("192.0.2.1", "fpt_none").await;
        assert!(answer.headers().contains_key("retry-after"));
        problem(answer, 429, "too-many-tries").await;
        assert_eq!(from("192.0.2.1", TOKEN).await.status(), 200, "right ones are let in");
    }
    assert_eq!(from("192.0.2.2", "fpt_none").await.status(), 401);
    let noted = log(&hub, "tokens.refused").await;
    assert_eq!((noted.len(), &noted[0]["address"]), (1, &json!("192.0.2.1")), "{noted:?}");
    assert_eq!(noted[0]["who"]["kind"], "nobody");
}

/// The code of a step before the present one, so that the present one is still to be taken.
fn code(secret: &str) -> String {
    let bytes = totp::from_base32(secret).unwrap();
    totp::code(&bytes, totp::step(clock::system()()) - 1).unwrap()
}

async fn begin(hub: &TestHub, person: &Person) -> String {
    let body = json!({ "password": PASSWORD });
    let begun = hub.send_by(person, Method::POST, "account/second-factor", &body).await;
    text(&json_of(begun).await["secret"]).to_owned()
}

/// Gives somebody a second factor; the answer is the recovery codes.
async fn begin_and_confirm(hub: &TestHub, person: &Person) -> Vec<Value> {
    let body = json!({ "code": code(&begin(hub, person).await) });
    let confirmed = hub.send_by(person, Method::PUT, "account/second-factor", &body).await;
    json_of(confirmed).await["recovery_codes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_second_factor_is_begun_by_who_knows_the_password() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let path = "account/second-factor";
    let answer = hub.by(&owner, Method::POST, path).send().await.unwrap();
    problem(answer, 400, "bad-body").await;
    let wrong = json!({ "password": "not the password" });
    let answer = hub.send_by(&owner, Method::POST, path, &wrong).await;
    problem(answer, 401, "wrong-credentials").await;
    // What is confirmed is what was shown last, and nothing else.
    let first = begin(&hub, &owner).await;
    let second = begin(&hub, &owner).await;
    let answer = hub.send_by(&owner, Method::PUT, path, &json!({ "code": code(&first) })).await;
    problem(answer, 422, "unfit-value").await;
    let answer = hub.send_by(&owner, Method::PUT, path, &json!({ "code": code(&second) })).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn other_recovery_codes_take_the_place_of_those_there_were() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let path = "account/recovery-codes";
    let right = json!({ "password": PASSWORD });
    let answer = hub.send_by(&owner, Method::POST, path, &right).await;
    problem(answer, 409, "no-second-factor").await;
    let old = begin_and_confirm(&hub, &owner).await;
    let wrong = json!({ "password": "not the password" });
    let answer = hub.send_by(&owner, Method::POST, path, &wrong).await;
    problem(answer, 401, "wrong-credentials").await;
    let renewed = json_of(hub.send_by(&owner, Method::POST, path, &right).await).await;
    let new = renewed["recovery_codes"].as_array().unwrap();
    assert_eq!(new.len(), 10);
    let sign_in = async |code: &Value| {
        let body = json!({ "email": owner.email, "password": PASSWORD, "code": code });
        hub.as_nobody(Method::POST, "session", &body).await
    };
    problem(sign_in(&old[0]).await, 401, "wrong-credentials").await;
    assert_eq!(sign_in(&new[0]).await.status(), 200);
    assert_eq!(log(&hub, "recovery-codes.renewed").await.len(), 1);
}

#[tokio::test]
async fn there_are_so_many_tokens_and_no_more() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let body = json!({ "name": "CI", "access": "viewer" });
    let make = async |path: &str| hub.send_by(&owner, Method::POST, path, &body).await;
    let mut last = String::new();
    for _ in 0..MOST_TOKENS {
        let made = make("projects/clinic/tokens").await;
        assert_eq!(made.status(), 201);
        text(&json_of(made).await["id"]).clone_into(&mut last);
    }
    problem(make("projects/clinic/tokens").await, 409, "too-many-tokens").await;
    problem(make("tokens").await, 409, "too-many-tokens").await;
    assert_eq!(hub.delete(&format!("projects/clinic/tokens/{last}")).await.status(), 204);
    assert_eq!(make("tokens").await.status(), 201);
}

#[tokio::test]
async fn one_address_does_not_keep_others_from_signing_in() {
    let hub = TestHub::start_with(Engine::Sqlite, |_, settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let owner = hub.first_owner().await;
    let sign_in = async |address: &str, email: String| {
        let body = json!({ "email": email, "password": PASSWORD }).to_string();
        let request = hub.client.post(hub.url("/api/v1/session")).body(body);
        request.header("x-forwarded-for", address).send().await.unwrap()
    };
    let crowd = join_all((0..40).map(|n| sign_in("192.0.2.1", format!("n{n}@example.org"))));
    let (crowd, other) = tokio::join!(crowd, sign_in("192.0.2.2", owner.email.clone()));
    assert_eq!(other.status(), 200);
    let busy = crowd.iter().filter(|answer| answer.status() == 503).count();
    assert!(busy > 0, "all forty were looked at");
    for answer in crowd {
        if answer.status() == 503 {
            assert!(answer.headers().contains_key("retry-after"));
            problem(answer, 503, "busy").await;
        } else {
            problem(answer, 401, "wrong-credentials").await;
        }
    }
}

#[tokio::test]
async fn with_one_session_too_many_the_oldest_ends() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let mut newest = owner.clone();
    for _ in 0..MOST_SESSIONS {
        newest = hub.again(&owner).await;
    }
    assert_eq!(hub.get_by(&owner, "session").await.status(), 401, "the oldest");
    let listed = json_of(hub.get_by(&newest, "account/sessions").await).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), MOST_SESSIONS);
}

#[tokio::test]
async fn somebody_listens_to_so_many_streams_and_no_more() {
    let hub = TestHub::start().await;
    let viewer = hub.member("viewer", &[("clinic", "viewer")]).await;
    let other = hub.member("other", &[("clinic", "viewer")]).await;
    let listen = async |person: &Person| hub.get_by(person, "projects/clinic/events").await;
    let mut streams = Vec::new();
    for _ in 0..32 {
        streams.push(listen(&viewer).await);
        assert_eq!(streams.last().unwrap().status(), 200);
    }
    let again = hub.again(&viewer).await;
    let answer = listen(&again).await;
    assert!(answer.headers().contains_key("retry-after"));
    problem(answer, 429, "too-many-streams").await;
    assert_eq!(listen(&other).await.status(), 200, "others have their own");
    streams.pop();
    eventually("a place is free again", async || {
        (listen(&viewer).await.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_keeps_none_alive() {
    for engine in BOTH {
        let hub =
            TestHub::start_flow(engine, |flow| flow.session_idle = Duration::from_secs(1)).await;
        let person = hub.first_owner().await;
        let mut stream = hub.get_by(&person, "projects/clinic/events").await;
        assert_eq!(stream.status(), 200);
        // Nobody does anything but listen: that is no use of a session, which ends, and the stream.
        while let Ok(Some(_)) = stream.chunk().await {}
        assert_eq!(hub.get_by(&person, "session").await.status(), 401);
    }
    let hub = TestHub::start().await;
    let person = hub.first_owner().await;
    let mut stream = hub.get_by(&person, "projects/clinic/events").await;
    let answer = hub.send_by(&person, Method::DELETE, "sessions", &json!({})).await;
    assert_eq!(answer.status(), 204);
    while let Ok(Some(_)) = stream.chunk().await {}
}

#[tokio::test]
async fn no_answer_of_the_api_is_kept_by_anybody() {
    let hub = TestHub::start().await;
    hub.keep("{}").await;
    let document = serde_json::to_value(fieldpost_server::openapi()).unwrap();
    let mut looked_at = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{project}", "clinic").replace(['{', '}'], "");
        if methods.get("get").is_none() {
            continue;
        }
        for request in
            [hub.client.get(hub.url(&path)), hub.client.get(hub.url(&path)).bearer_auth(TOKEN)]
        {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.headers()["cache-control"], "no-store", "{path} {}", answer.status());
            looked_at += 1;
        }
    }
    assert!(looked_at > 60, "{looked_at}");
    let answer = hub.request(Method::POST, "projects/clinic/pause").send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let missing = hub.get("nothing/here").await;
    assert_eq!(missing.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn whoever_speaks_for_others_and_is_not_trusted_is_told_of() {
    let hub = TestHub::start().await;
    assert_eq!(hub.json("status").await["unbelieved_proxies"], json!([]));
    for _ in 0..2 {
        let request = hub.request(Method::GET, "session").header("x-forwarded-for", "192.0.2.1");
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    assert_eq!(hub.json("status").await["unbelieved_proxies"], json!(["127.0.0.1"]));
    let trusting = TestHub::start_with(Engine::Sqlite, |_, settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let request = trusting.request(Method::GET, "session").header("x-forwarded-for", "192.0.2.1");
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(trusting.json("status").await["unbelieved_proxies"], json!([]));
}

#[tokio::test]
async fn strangers_send_short_bodies() {
    let hub = TestHub::start().await;
    for path in ["session", "invitations/accept"] {
        let longest = 16 * 1024;
        let body = |length: usize| {
            let empty = json!({ "email": "" }).to_string();
            json!({ "email": "x".repeat(length - empty.len()) }).to_string()
        };
        let url = hub.url(&format!("/api/v1/{path}"));
        let send = async |length| hub.client.post(&url).body(body(length)).send().await.unwrap();
        problem(send(longest).await, 400, "bad-body").await;
        problem(send(longest + 1).await, 413, "body-too-large").await;
    }
}

#[tokio::test]
async fn whoever_adds_people_cannot_try_addresses_without_end() {
    let hub = TestHub::start().await;
    let admin = hub.member("admin", &[("clinic", "admin")]).await;
    let add = async |number: usize| {
        let body = json!({ "email": format!("p{number}@example.org"), "access": "viewer" });
        hub.send_by(&admin, Method::POST, "projects/clinic/members", &body).await
    };
    for number in 0..fieldpost_engine::MOST_ADDED as usize {
        assert_eq!(add(number).await.status(), 201);
    }
    problem(add(1_000).await, 429, "too-many-tries").await;
    let body = json!({ "email": "other@example.org", "access": "viewer" });
    let answer = hub.post("projects/clinic/members", &body).await;
    assert_eq!(answer.status(), 201, "who runs the installation sees all users anyway");
    assert_eq!(log(&hub, "change.refused").await[0]["detail"]["reason"], "too-many-tries");
}

#[tokio::test]
async fn the_last_owner_of_a_project_stays() {
    for engine in BOTH {
        let hub = TestHub::start_on(engine).await;
        let one = hub.member("one", &[("clinic", "owner")]).await;
        let two = hub.member("two", &[("clinic", "owner")]).await;
        let path = |person: &Person| format!("projects/clinic/members/{}", person.id);
        let remove = async |by: &Person, whom: &Person| {
            hub.send_by(by, Method::DELETE, &path(whom), &json!({})).await
        };
        // Each takes the other out at the same moment: one of them stays, and is told why.
        let (first, second) = tokio::join!(remove(&one, &two), remove(&two, &one));
        let removed = [first.status(), second.status()].iter().filter(|one| **one == 204).count();
        assert_eq!(removed, 1, "{first:?} {second:?}");
        let left = if first.status() == 204 { one } else { two };
        problem(remove(&left, &left).await, 409, "last-owner").await;
        let lower = json!({ "access": "admin" });
        let answer = hub.send_by(&left, Method::PUT, &path(&left), &lower).await;
        problem(answer, 409, "last-owner").await;
        assert_eq!(hub.delete(&path(&left)).await.status(), 204, "who runs the installation may");
    }
}

#[tokio::test]
async fn the_link_of_the_first_owner_does_not_last() {
    let hub = TestHub::start().await;
    let link = hub.hub.first_owner_link().await.unwrap().unwrap();
    let secret = link.expose().split('#').nth(1).unwrap();
    let request = hub.client.get(hub.url("/api/v1/invitations/current"));
    let found = json_of(request.header("fieldpost-invitation", secret).send().await.unwrap()).await;
    let expires_at = Timestamp::parse(text(&found["expires_at"])).unwrap();
    let lasts = expires_at.since(clock::system()());
    assert!(lasts > Duration::from_hours(23) && lasts <= Duration::from_hours(24), "{lasts:?}");
}
