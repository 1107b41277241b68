//! Logins: credentials are posted, a token comes back somewhere in the answer.

use std::time::Duration;

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{Authentication, Connection, Login, LoginBody, TokenPlace};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::Call;
use fieldpost_testkit::authority::{TokenAuthority, form_of, only, query_of};

use crate::common::{SECONDS, call, client, connection, error, project, send};

fn login(authority: &TokenAuthority) -> Login {
    Login {
        url: authority.token_url(),
        body: LoginBody::Json,
        fields: vec![
            ("email".to_owned(), Secret::new("ann@example.org")),
            ("password".to_owned(), Secret::new("hunter2 \"&\"")),
        ],
        token_at: vec!["$.id".to_owned(), "$.response.access_token".to_owned()],
        lifetime_at: Some("$.response.ttl".to_owned()),
        lifetime: Duration::from_mins(10),
        send_as: TokenPlace::Header {
            name: "Authorization".to_owned(),
            prefix: "Bearer ".to_owned(),
        },
    }
}

fn connection_with(authority: &TokenAuthority, settings: Login) -> Connection {
    let mut connection = connection(&authority.destination().url("/api?x=%2f"));
    connection.authentication = Authentication::Login(settings);
    connection
}

fn later(seconds: i64) -> Call<'static> {
    Call { now: Timestamp((SECONDS + seconds) * 1_000_000), ..call() }
}

#[tokio::test]
async fn fields_are_posted_as_json_or_as_a_form() {
    let authority = TokenAuthority::start().await;
    authority.write_tokens(|token| {
        format!(r#"{{"id":7,"response":{{"access_token":"{token}","ttl":60}}}}"#)
    });
    authority.check(|request| {
        let json = serde_json::json!({"email": "ann@example.org", "password": "hunter2 \"&\""});
        let good = match request.header("content-type") {
            Some("application/json") => request.json() == json,
            Some("application/x-www-form-urlencoded") => {
                only(&form_of(request), "password") == Some("hunter2 \"&\"")
                    && only(&form_of(request), "email") == Some("ann@example.org")
            }
            _ => false,
        };
        if good { Ok(()) } else { Err("who are you?".to_owned()) }
    });
    for body in [LoginBody::Json, LoginBody::Form] {
        let settings = Login { body, ..login(&authority) };
        let exchange = send(&client(), &connection_with(&authority, settings), call()).await;
        assert_eq!(exchange.error, None, "{body}");
    }
    // A wrong password is told as the endpoint tells it, and never shown.
    let mut settings = login(&authority);
    settings.fields[1].1 = Secret::new("hunter3 and more");
    authority.check(|request| Err(format!("wrong: {}", request.text())));
    let exchange = send(&client(), &connection_with(&authority, settings), call()).await;
    let (kind, message) = error(&exchange);
    assert_eq!(kind, ErrorKind::Authentication);
    let expected = format!(
        "The login endpoint {} gave no token: 401 Unauthorized: wrong: \
         {{\"email\":\"•••••••\",\"password\":\"•••••••\"}}",
        authority.destination().address()
    );
    assert_eq!(message, expected);
}

#[tokio::test]
async fn the_token_goes_where_it_is_wanted() {
    let authority = TokenAuthority::start().await;
    authority.write_tokens(|token| format!(r#"{{"id":"{token}"}}"#));
    let header = |name: &str, prefix: &str| TokenPlace::Header {
        name: name.to_owned(),
        prefix: prefix.to_owned(),
    };
    let send_with = async |send_as: TokenPlace| {
        let settings = Login { send_as, ..login(&authority) };
        let exchange = send(&client(), &connection_with(&authority, settings), call()).await;
        assert_eq!(exchange.error, None);
        let record = format!("{exchange:?}");
        assert!(!record.contains("secret+token") && !record.contains("secret%2Btoken"), "{record}");
        exchange.request.unwrap()
    };
    authority.find_tokens(|request| request.header("x-session").map(str::to_owned));
    send_with(header("X-Session", "")).await;
    authority
        .find_tokens(|request| Some(request.header("x-plain")?.strip_prefix("Token ")?.to_owned()));
    let request = send_with(header("x-plain", "Token ")).await;
    assert!(request.headers.contains(&("x-plain".to_owned(), "•••••••".to_owned())));
    authority.find_tokens(|request| only(&query_of(request), "t").map(str::to_owned));
    let request = send_with(TokenPlace::Query("t".to_owned())).await;
    let url = authority.destination().url("/api?x=%2f&t=•••••••");
    assert_eq!(request.url, url);
}

/// Where the answer says nothing about its token's life, the connection does.
#[tokio::test]
async fn a_token_lives_as_long_as_is_said() {
    let authority = TokenAuthority::start().await;
    let client = client();
    let connection = connection_with(&authority, login(&authority));
    for (written, lives) in [
        (r#"{"id":"TOKEN"}"#, 600),
        (r#"{"id":"TOKEN","response":{"ttl":"100"}}"#, 100),
        (r#"{"id":"TOKEN","response":{"ttl":"soon"}}"#, 600),
    ] {
        authority.write_tokens(move |token| written.replace("TOKEN", token));
        // Read anew under another name, so that no token is left from before.
        let mut connection = connection.clone();
        connection.name = format!("warehouse-{}", authority.asked());
        let prepared = client.prepare(&project(), &connection).unwrap();
        let before = authority.asked();
        let slack = (lives / 10).min(30);
        for (seconds, asked) in [(0, 1), (lives - slack - 1, 1), (lives - slack + 1, 2)] {
            assert_eq!(client.send(&prepared, later(seconds)).await.error, None);
            assert_eq!(authority.asked() - before, asked, "{written} after {seconds} s");
        }
    }
}

#[tokio::test]
async fn a_refused_token_leads_to_one_login() {
    let authority = TokenAuthority::start().await;
    authority.write_tokens(|token| format!(r#"{{"id":"{token}"}}"#));
    let client = client();
    let prepared =
        client.prepare(&project(), &connection_with(&authority, login(&authority))).unwrap();
    assert_eq!(client.send(&prepared, call()).await.error, None);
    authority.revoke_all();
    assert_eq!(client.send(&prepared, call()).await.error, None);
    assert_eq!(authority.asked(), 2);
    authority.trust_nobody(true);
    let exchange = client.send(&prepared, call()).await;
    assert_eq!(error(&exchange).0, ErrorKind::Status);
    assert_eq!(authority.asked(), 3);
}

#[tokio::test]
async fn an_answer_without_a_token_is_named_and_not_shown() {
    let authority = TokenAuthority::start().await;
    authority.write_tokens(|token| format!(r#"{{"elsewhere":"{token}"}}"#));
    let exchange = send(&client(), &connection_with(&authority, login(&authority)), call()).await;
    let expected = format!(
        "The login endpoint {} gave no token: its answer has no text at $.id, \
         $.response.access_token",
        authority.destination().address()
    );
    assert_eq!(error(&exchange), (ErrorKind::Authentication, expected.as_str()));
    let mut settings = login(&authority);
    settings.token_at = vec!["id".to_owned()];
    let error = client().prepare(&project(), &connection_with(&authority, settings)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Build);
    assert!(error.message.starts_with("\"id\" is no path into an answer"), "{}", error.message);
}
