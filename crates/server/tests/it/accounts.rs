//! Coming in: the first owner, invitations, signing in and out, second factors.

use fieldpost_model::time::Timestamp;
use fieldpost_rules::account::totp;
use fieldpost_store::clock;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::hub::{Engine, TOKEN, TestHub, json_of, problem, text};
use crate::people::{PASSWORD, Person, cookie_of, secret_of};

fn now() -> Timestamp {
    clock::system()()
}

async fn session_without_proof(hub: &TestHub) -> Value {
    let answer = hub.as_nobody(Method::GET, "session", &json!({})).await;
    problem(answer, 401, "unauthorized").await
}

async fn invitation(hub: &TestHub, link: &str) -> Response {
    let request = hub.client.get(hub.url("/api/v1/invitations/current"));
    request.header("fieldpost-invitation", secret_of(link)).send().await.unwrap()
}

#[tokio::test]
async fn the_first_owner_comes_in_by_the_link_and_it_is_used_then() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        assert_eq!(session_without_proof(&hub).await["setup_needed"], true);
        let link = hub.hub.first_owner_link().await.unwrap().unwrap();
        let earlier = hub.hub.first_owner_link().await.unwrap().unwrap();
        let found = json_of(invitation(&hub, link.expose()).await).await;
        assert_eq!((&found["kind"], &found["email"]), (&json!("first-owner"), &Value::Null));
        let body = |password: &str, email: &str| {
            json!({
                "secret": secret_of(link.expose()), "password": password, "email": email,
                "name": "Amina", "language": "fr",
            })
        };
        for (password, email) in [
            ("too short", "amina@example.org"),
            (PASSWORD, "amina"),
            ("amina@example.org", "amina@example.org"),
        ] {
            let answer =
                hub.as_nobody(Method::POST, "invitations/accept", &body(password, email)).await;
            problem(answer, 422, "unfit-value").await;
        }
        let good = body(PASSWORD, "amina@example.org");
        let answer = hub.as_nobody(Method::POST, "invitations/accept", &good).await;
        let cookie = text_of_cookie(&answer);
        assert!(cookie.starts_with("fieldpost_session="), "{cookie}");
        assert!(cookie.ends_with("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax"), "{cookie}");
        let person = hub.person(answer).await;
        let session = json_of(hub.get_by(&person, "session").await).await;
        assert_eq!(session["user"]["email"], "amina@example.org");
        assert_eq!(session["user"]["language"], "fr");
        assert_eq!(session["installation_admin"], true);
        assert_eq!(session["setup_needed"], false);
        assert_eq!(session["principal"], json!({ "kind": "user", "name": "Amina" }));
        assert_eq!(session["projects"], json!([{ "project": "clinic", "access": "owner" }]));
        // Neither this link nor an earlier one makes another owner.
        for link in [&link, &earlier] {
            problem(invitation(&hub, link.expose()).await, 410, "used-invitation").await;
        }
        let answer = hub.as_nobody(Method::POST, "invitations/accept", &good).await;
        problem(answer, 410, "used-invitation").await;
        assert!(hub.hub.first_owner_link().await.unwrap().is_none());
        assert_eq!(session_without_proof(&hub).await["setup_needed"], false);
    }
}

#[track_caller]
fn text_of_cookie(answer: &Response) -> String {
    answer.headers()["set-cookie"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_cookie_of_an_encrypted_hub_is_sent_encrypted_only() {
    let hub = TestHub::start_with(Engine::Sqlite, |_, settings| {
        settings.public_url = Some("https://hub.example.org".to_owned());
    })
    .await;
    let body = json!({ "token": TOKEN });
    let answer = hub.as_nobody(Method::POST, "session", &body).await;
    let cookie = text_of_cookie(&answer);
    assert!(cookie.starts_with("__Host-fieldpost_session="), "{cookie}");
    assert!(cookie.contains("; Path=/;") && cookie.ends_with("; Secure"), "{cookie}");
    let (name, secret) =
        cookie_of(&answer).split_once('=').map(|(n, s)| (n.to_owned(), s.to_owned())).unwrap();
    let session = async |cookie: String| {
        let request = hub.client.get(hub.url("/api/v1/session")).header("cookie", cookie);
        request.send().await.unwrap()
    };
    assert_eq!(session(format!("{name}={secret}")).await.status(), 200);
    let plain = session(format!("fieldpost_session={secret}")).await;
    problem(plain, 401, "unauthorized").await;
}

#[tokio::test]
async fn two_sessions_of_one_browser_are_none() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let other = hub.again(&owner).await;
    for cookies in
        [format!("{}; {}", owner.cookie, other.cookie), format!("{0}; {0}", owner.cookie)]
    {
        let request = hub.client.get(hub.url("/api/v1/session")).header("cookie", cookies);
        let told = problem(request.send().await.unwrap(), 401, "unauthorized").await;
        assert!(text(&told["detail"]).contains("several sessions"), "{told}");
    }
    assert_eq!(hub.get_by(&owner, "session").await.status(), 200);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_are_told_alike() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let disabled = hub.member("disabled", &[]).await;
    let path = format!("users/{}", disabled.id);
    let answer = hub.send_by(&owner, Method::PATCH, &path, &json!({ "disabled": true })).await;
    assert_eq!(answer.status(), 200);
    let invited = json!({ "email": "invited@example.org", "name": "Invited" });
    assert_eq!(hub.post("users", &invited).await.status(), 201);
    let mut told = Vec::new();
    for (email, password) in [
        (&*owner.email, "not the password"),
        ("nobody@example.org", PASSWORD),
        ("", PASSWORD),
        (&*disabled.email, PASSWORD),
        ("invited@example.org", PASSWORD),
    ] {
        let answer = hub.sign_in(email, password).await;
        assert!(answer.headers().get("set-cookie").is_none());
        told.push(problem(answer, 401, "wrong-credentials").await);
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:?}");
    let answer = hub.sign_in(" FIRST@example.ORG ", PASSWORD).await;
    assert_eq!(answer.status(), 200, "the case of an address does not matter");
}

#[tokio::test]
async fn too_many_tries_of_an_account_have_to_wait() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let owner = hub.first_owner().await;
        for _ in 0..10 {
            let answer = hub.sign_in(&owner.email, "not the password").await;
            problem(answer, 401, "wrong-credentials").await;
        }
        // The eleventh is not looked at, right or wrong, and so with an account that is not there.
        let answer = hub.sign_in(&owner.email, PASSWORD).await;
        let wait: u32 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((800..=901).contains(&wait), "{wait}");
        problem(answer, 429, "too-many-tries").await;
        let answer = hub.sign_in("nobody@example.org", PASSWORD).await;
        problem(answer, 401, "wrong-credentials").await;
        // Who is in stays in.
        assert_eq!(hub.get_by(&owner, "session").await.status(), 200);
    }
}

#[tokio::test]
async fn too_many_tries_from_an_address_have_to_wait() {
    let hub = TestHub::start_with(Engine::Sqlite, |_, settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let try_from = async |address: &str| {
        let request = hub.client.post(hub.url("/api/v1/session"));
        let body = json!({ "token": "not the token" }).to_string();
        request.header("x-forwarded-for", address).body(body).send().await.unwrap()
    };
    for _ in 0..50 {
        problem(try_from("192.0.2.1").await, 401, "wrong-credentials").await;
    }
    problem(try_from("192.0.2.1").await, 429, "too-many-tries").await;
    problem(try_from("192.0.2.2").await, 401, "wrong-credentials").await;
}

/// The code of a step, some steps from now.
fn code(secret: &str, steps: i64) -> String {
    let bytes = totp::from_base32(secret).unwrap();
    totp::code(&bytes, totp::step(now()) + steps).unwrap()
}

async fn sign_in_with(hub: &TestHub, person: &Person, code: &str) -> Response {
    let body = json!({ "email": person.email, "password": PASSWORD, "code": code });
    hub.as_nobody(Method::POST, "session", &body).await
}

/// Gives somebody a second factor; the answer is its secret and the recovery codes.
async fn second_factor(hub: &TestHub, person: &Person) -> (String, Vec<String>) {
    let path = "account/second-factor";
    let password = json!({ "password": PASSWORD });
    let begun = json_of(hub.send_by(person, Method::POST, path, &password).await).await;
    let secret = text(&begun["secret"]).to_owned();
    let url = text(&begun["otpauth_url"]);
    assert!(url.starts_with("otpauth://totp/Fieldpost:") && url.contains(&secret), "{url}");
    let wrong = json!({ "code": "000000" });
    problem(hub.send_by(person, Method::PUT, path, &wrong).await, 422, "unfit-value").await;
    // The step before the present one, so that the present one is still to be taken.
    let right = json!({ "code": code(&secret, -1) });
    let confirmed = json_of(hub.send_by(person, Method::PUT, path, &right).await).await;
    let codes = confirmed["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| text(code).to_owned()).collect())
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_is_good_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let owner = hub.first_owner().await;
        let (secret, recovery) = second_factor(&hub, &owner).await;
        assert_eq!(recovery.len(), 10);
        let answer = hub.sign_in(&owner.email, PASSWORD).await;
        problem(answer, 401, "code-needed").await;
        let answer = hub.sign_in(&owner.email, "not the password").await;
        problem(answer, 401, "wrong-credentials").await;
        // The next step is taken, so that the test does not depend on when a step ends.
        let next = code(&secret, 1);
        let answer = sign_in_with(&hub, &owner, &next).await;
        assert_eq!(answer.status(), 200);
        problem(sign_in_with(&hub, &owner, &next).await, 401, "wrong-credentials").await;
        let answer = sign_in_with(&hub, &owner, &recovery[0].to_uppercase()).await;
        assert_eq!(answer.status(), 200);
        problem(sign_in_with(&hub, &owner, &recovery[0]).await, 401, "wrong-credentials").await;
        let account = json_of(hub.get_by(&owner, "account").await).await;
        assert_eq!(account["second_factor"], true);
        assert_eq!(account["recovery_codes_left"], 9);
        // A second one is made after the first is gone, and that needs the password.
        let path = "account/second-factor";
        let right = json!({ "password": PASSWORD });
        let answer = hub.send_by(&owner, Method::POST, path, &right).await;
        problem(answer, 409, "second-factor-on").await;
        let wrong = json!({ "password": "not the password" });
        let answer = hub.send_by(&owner, Method::DELETE, path, &wrong).await;
        problem(answer, 401, "wrong-credentials").await;
        let right = json!({ "password": PASSWORD });
        let answer = hub.send_by(&owner, Method::DELETE, path, &right).await;
        assert_eq!(answer.status(), 204);
        assert_eq!(hub.sign_in(&owner.email, PASSWORD).await.status(), 200);
    }
}

#[tokio::test]
async fn a_reset_link_does_not_go_past_the_second_factor() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let (secret, _) = second_factor(&hub, &owner).await;
    let path = format!("users/{}/reset", owner.id);
    let reset = json_of(hub.post(&path, &json!({})).await).await;
    let link = text(&reset["invitation_url"]).to_owned();
    let found = json_of(invitation(&hub, &link).await).await;
    assert_eq!((&found["kind"], &found["second_factor"]), (&json!("reset"), &json!(true)));
    let mut body = json!({ "secret": secret_of(&link), "password": "another green bottle" });
    let answer = hub.as_nobody(Method::POST, "invitations/accept", &body).await;
    problem(answer, 401, "code-needed").await;
    body["code"] = json!("000000");
    let answer = hub.as_nobody(Method::POST, "invitations/accept", &body).await;
    problem(answer, 401, "wrong-credentials").await;
    assert_eq!(hub.get_by(&owner, "session").await.status(), 200, "nothing has happened yet");
    body["code"] = json!(code(&secret, 1));
    let answer = hub.as_nobody(Method::POST, "invitations/accept", &body).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(hub.get_by(&owner, "session").await.status(), 401, "the old session has ended");
    // Who has lost it is given in to by who runs the installation: with the link, and not before.
    let reset = json_of(hub.post(&path, &json!({ "second_factor": true })).await).await;
    let link = text(&reset["invitation_url"]);
    let found = json_of(invitation(&hub, link).await).await;
    assert_eq!(found["second_factor"], false, "no code is needed");
    let answer = hub.sign_in(&owner.email, "another green bottle").await;
    problem(answer, 401, "code-needed").await;
    let owner = hub.accept(link, &json!({})).await;
    let account = json_of(hub.get_by(&owner, "account").await).await;
    assert_eq!(account["second_factor"], false);
    assert_eq!(account["recovery_codes_left"], 0);
    assert_eq!(hub.sign_in(&owner.email, PASSWORD).await.status(), 200);
}

#[tokio::test]
async fn the_first_link_says_that_there_is_an_account_by_now() {
    let hub = TestHub::start().await;
    let link = hub.hub.first_owner_link().await.unwrap().unwrap();
    let new = json!({ "email": "amina@example.org", "name": "Amina" });
    json_of(hub.post("users", &new).await).await;
    let answer = problem(invitation(&hub, link.expose()).await, 410, "used-invitation").await;
    assert!(text(&answer["detail"]).contains("there is an account by now"), "{answer}");
    assert!(text(&answer["hint"]).contains("fieldpost user reset"), "{answer}");
}

#[tokio::test]
async fn another_link_replaces_the_one_before() {
    let hub = TestHub::start().await;
    let new = json!({ "email": "amina@example.org", "name": "Amina" });
    let invited = json_of(hub.post("users", &new).await).await;
    let first = text(&invited["invitation_url"]).to_owned();
    problem(hub.post("users", &new).await, 409, "user-exists").await;
    let path = format!("users/{}/reset", text(&invited["user"]["id"]));
    let again = json_of(hub.post(&path, &json!({})).await).await;
    let second = text(&again["invitation_url"]).to_owned();
    problem(invitation(&hub, &first).await, 410, "used-invitation").await;
    let found = json_of(invitation(&hub, &second).await).await;
    assert_eq!((&found["kind"], &found["name"]), (&json!("invitation"), &json!("Amina")));
    hub.accept(&second, &json!({})).await;
    problem(invitation(&hub, &second).await, 410, "used-invitation").await;
}

#[tokio::test]
async fn signing_out_ends_one_session_or_all() {
    let hub = TestHub::start().await;
    let one = hub.first_owner().await;
    let two = hub.again(&one).await;
    let three = hub.again(&one).await;
    assert_ne!(one.cookie, two.cookie);
    let listed = json_of(hub.get_by(&two, "account/sessions").await).await;
    let sessions = listed["items"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    let current: Vec<&Value> = sessions.iter().filter(|one| one["current"] == true).collect();
    assert_eq!((current.len(), &current[0]["address"]), (1, &json!("127.0.0.1")));
    let answer = hub.send_by(&one, Method::DELETE, "session", &json!({})).await;
    assert_eq!(answer.status(), 204);
    assert!(text_of_cookie(&answer).starts_with("fieldpost_session=; Path=/; Max-Age=0"));
    assert_eq!(hub.get_by(&one, "session").await.status(), 401);
    let path = format!("account/sessions/{}", text(&sessions[0]["id"]));
    assert_eq!(hub.send_by(&two, Method::DELETE, &path, &json!({})).await.status(), 204);
    assert_eq!(hub.get_by(&three, "session").await.status(), 401);
    let four = hub.again(&one).await;
    let answer = hub.send_by(&two, Method::DELETE, "sessions", &json!({})).await;
    assert_eq!(answer.status(), 204);
    for ended in [&two, &four] {
        assert_eq!(hub.get_by(ended, "session").await.status(), 401);
    }
}

#[tokio::test]
async fn a_session_has_a_secret_that_nobody_chose() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    // A cookie that somebody planted is not taken up by signing in.
    let body = json!({ "email": owner.email, "password": PASSWORD }).to_string();
    let request = hub.client.post(hub.url("/api/v1/session")).body(body);
    let answer = request.header("cookie", &owner.cookie).send().await.unwrap();
    assert_ne!(cookie_of(&answer), owner.cookie);
    let second = hub.person(answer).await;
    // Another password is another secret, and ends what was begun with the old one.
    let change = json!({ "current": PASSWORD, "new": "eight green bottles" });
    let answer = hub.send_by(&second, Method::POST, "account/password", &change).await;
    let third = hub.person(answer).await;
    assert_ne!(third.cookie, second.cookie);
    for ended in [&owner, &second] {
        assert_eq!(hub.get_by(ended, "session").await.status(), 401);
    }
    assert_eq!(hub.get_by(&third, "session").await.status(), 200);
    problem(hub.sign_in(&owner.email, PASSWORD).await, 401, "wrong-credentials").await;
    assert_eq!(hub.sign_in(&owner.email, "eight green bottles").await.status(), 200);
    let wrong = json!({ "current": PASSWORD, "new": "nine green bottles" });
    let answer = hub.send_by(&third, Method::POST, "account/password", &wrong).await;
    problem(answer, 401, "wrong-credentials").await;
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends() {
    let turned = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(0));
    let ahead = std::sync::Arc::clone(&turned);
    let hub = TestHub::start_with(Engine::Sqlite, move |store, _| {
        let system = clock::system();
        store.clock = std::sync::Arc::new(move || {
            Timestamp(system().0 + ahead.load(std::sync::atomic::Ordering::SeqCst))
        });
    })
    .await;
    let days = |days: i64| {
        turned.store(days * 86_400_000_000, std::sync::atomic::Ordering::SeqCst);
    };
    let owner = hub.first_owner().await;
    days(13);
    assert_eq!(hub.get_by(&owner, "session").await.status(), 200);
    // It was used: fourteen days begin anew. But ninety are the most.
    let mut day = 13;
    while day + 13 < 90 {
        day += 13;
        days(day);
        assert_eq!(hub.get_by(&owner, "session").await.status(), 200, "day {day}");
    }
    days(90);
    assert_eq!(hub.get_by(&owner, "session").await.status(), 401);
    days(91);
    let idle = hub.again(&owner).await;
    days(91 + 14);
    assert_eq!(hub.get_by(&idle, "session").await.status(), 401);
}

#[tokio::test]
async fn the_administrators_token_begins_a_session_of_its_own() {
    let hub = TestHub::start().await;
    let answer = hub.as_nobody(Method::POST, "session", &json!({ "token": TOKEN })).await;
    assert_eq!(answer.status(), 200);
    let cookie = cookie_of(&answer);
    assert!(!cookie.contains(TOKEN));
    let session = json_of(answer).await;
    assert_eq!(session["user"], Value::Null);
    assert_eq!(session["principal"]["kind"], "administrator");
    assert_eq!(
        (&session["installation_admin"], &session["setup_needed"]),
        (&json!(true), &json!(true))
    );
    let administrator = Person { id: String::new(), email: String::new(), cookie };
    assert_eq!(hub.get_by(&administrator, "users").await.status(), 200);
    problem(hub.get_by(&administrator, "account").await, 403, "no-account").await;
    let answer = hub.send_by(&administrator, Method::DELETE, "session", &json!({})).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(hub.get_by(&administrator, "users").await.status(), 401);
}

#[tokio::test]
async fn changes_that_another_site_asks_for_are_refused() {
    let hub = TestHub::start().await;
    let owner = hub.first_owner().await;
    let path = "/api/v1/projects/clinic/pause";
    let own = format!("http://{}", hub.address);
    let send = async |headers: &[(&str, &str)], cookie: bool| {
        let mut request = hub.client.post(hub.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = if cookie {
            request.header("cookie", &owner.cookie)
        } else {
            request.bearer_auth(TOKEN)
        };
        request.send().await.unwrap()
    };
    let evil = ("origin", "https://evil.example");
    for headers in [
        vec![],
        vec![evil],
        vec![("sec-fetch-site", "cross-site"), evil],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "none")],
        vec![("sec-fetch-site", "cross-site"), ("origin", &own)],
        vec![("origin", "null")],
    ] {
        problem(send(&headers, true).await, 403, "cross-site").await;
        assert_eq!(send(&headers, false).await.status(), 200, "a token needs no page");
    }
    for headers in [vec![("sec-fetch-site", "same-origin")], vec![("origin", &*own)]] {
        assert_eq!(send(&headers, true).await.status(), 200);
    }
    // Looking is harmless, and so is a link from elsewhere.
    let request = hub.client.get(hub.url("/api/v1/session")).header("cookie", &owner.cookie);
    let answer = request.header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // Nobody is signed in as somebody else by another site either.
    let body = json!({ "email": owner.email, "password": PASSWORD }).to_string();
    let request = hub.client.post(hub.url("/api/v1/session")).body(body);
    let answer = request.header(evil.0, evil.1).send().await.unwrap();
    problem(answer, 403, "cross-site").await;
}
