//! OAuth 2.0, by client credentials and by password.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{
    Authentication, Connection, CredentialsPlace, Oauth2, Oauth2Grant,
};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::{Call, Exchange};
use fieldpost_testkit::authority::{TokenAuthority, form_of, only};
use fieldpost_testkit::{Answer, FakeDestination};

use crate::common::{SECONDS, call, client, connection, error, project, send};

const CLIENT_SECRET: &str = "client:secret/ü";

pub(crate) fn oauth2(authority: &TokenAuthority) -> Oauth2 {
    Oauth2 {
        grant: Oauth2Grant::ClientCredentials,
        token_url: authority.token_url(),
        client_id: Some("hub 1".to_owned()),
        client_secret: Some(Secret::new(CLIENT_SECRET)),
        credentials_in: CredentialsPlace::Header,
        scopes: vec!["read".to_owned(), "write".to_owned()],
    }
}

pub(crate) fn connection_with(authority: &TokenAuthority, settings: Oauth2) -> Connection {
    let mut connection = connection(&authority.destination().url("/api"));
    connection.authentication = Authentication::Oauth2(settings);
    connection
}

/// The call, so many seconds later.
fn later(seconds: i64) -> Call<'static> {
    Call { now: Timestamp((SECONDS + seconds) * 1_000_000), ..call() }
}

#[track_caller]
fn assert_secret(exchange: &Exchange) {
    let body = exchange.response.iter().map(|response| String::from_utf8_lossy(&response.body));
    let record = format!("{exchange:?} {:?}", body.collect::<Vec<_>>());
    for secret in ["secret+token", "secret%2Btoken", "client:secret", "client%3Asecret", "hunter2"]
    {
        assert!(!record.contains(secret), "{record}");
    }
}

/// Checks the fields of a token request, and what stands in its header.
fn expects(
    authority: &TokenAuthority,
    fields: &'static [(&'static str, &'static str)],
    header: Option<String>,
) {
    authority.check(move |request| {
        let form = form_of(request);
        let expected: Vec<_> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let content_type = request.header("content-type");
        if request.method != "POST" || content_type != Some("application/x-www-form-urlencoded") {
            return Err("no form was posted".to_owned());
        }
        if request.header("authorization") != header.as_deref() {
            return Err("the header is not what was expected".to_owned());
        }
        if form == expected { Ok(()) } else { Err(format!("{} fields", form.len())) }
    });
}

#[tokio::test]
async fn credentials_go_where_they_are_wanted() {
    let authority = TokenAuthority::start().await;
    let encoded = STANDARD.encode("hub+1:client%3Asecret%2F%C3%BC");
    let in_header = Some(format!("Basic {encoded}"));
    let password = Oauth2Grant::Password {
        username: "ann@example.org".to_owned(),
        password: Secret::new("hunter2 &"),
    };
    let settings = oauth2(&authority);
    let in_body = Oauth2 { credentials_in: CredentialsPlace::Body, ..settings.clone() };
    let of_user = Oauth2 { grant: password.clone(), ..settings.clone() };
    let of_user_in_body = Oauth2 { grant: password.clone(), ..in_body.clone() };
    let without_client = Oauth2 {
        grant: password,
        client_id: None,
        client_secret: None,
        scopes: Vec::new(),
        ..in_body.clone()
    };
    let credentials = [("client_id", "hub 1"), ("client_secret", CLIENT_SECRET)];
    let user = [("username", "ann@example.org"), ("password", "hunter2 &")];
    let scope = ("scope", "read write");
    let grant = ("grant_type", "client_credentials");
    let of_password = ("grant_type", "password");
    for (settings, fields, header) in [
        (settings, vec![grant, scope], in_header.clone()),
        (in_body, vec![grant, scope, credentials[0], credentials[1]], None),
        (of_user, vec![of_password, user[0], user[1], scope], in_header),
        (
            of_user_in_body,
            vec![of_password, user[0], user[1], scope, credentials[0], credentials[1]],
            None,
        ),
        (without_client, vec![of_password, user[0], user[1]], None),
    ] {
        expects(&authority, fields.leak(), header);
        let exchange = send(&client(), &connection_with(&authority, settings), call()).await;
        assert_eq!(exchange.error, None);
        assert_secret(&exchange);
        let request = exchange.request.unwrap();
        let recorded = request.headers.iter().find(|(name, _)| name == "authorization").unwrap();
        assert_eq!(recorded.1, "Bearer •••••••");
    }
    assert_eq!(authority.asked(), 5);
}

/// Fifty calls at once, one token; all again after it expired, exactly one more.
#[tokio::test(flavor = "multi_thread")]
async fn many_callers_share_one_token_until_it_expires() {
    let authority = TokenAuthority::start().await;
    authority.take_time(Duration::from_millis(200));
    let client = client();
    let connection = connection_with(&authority, oauth2(&authority));
    let prepared = client.prepare(&project(), &connection).unwrap();
    // The token lives an hour, and is given up half a minute before.
    for (seconds, asked) in [(0, 1), (3_569, 1), (3_571, 2), (7_000, 2)] {
        let calls: Vec<_> = (0..50)
            .map(|_| {
                let (client, prepared) = (client.clone(), prepared.clone());
                tokio::spawn(async move { client.send(&prepared, later(seconds)).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap().error, None);
        }
        assert_eq!(authority.asked(), asked, "after {seconds} s");
    }
    // A connection that is read anew finds the token where it was kept.
    let again = client.prepare(&project(), &connection).unwrap();
    assert_eq!(client.send(&again, later(7_000)).await.error, None);
    assert_eq!(authority.asked(), 2);
    // One with another secret does not.
    let mut other = oauth2(&authority);
    other.client_secret = Some(Secret::new("changed secret"));
    let other = client.prepare(&project(), &connection_with(&authority, other)).unwrap();
    assert_eq!(client.send(&other, later(7_000)).await.error, None);
    assert_eq!(authority.asked(), 3);
}

#[tokio::test]
async fn a_token_without_a_lifetime_is_used_until_it_is_refused() {
    let authority = TokenAuthority::start().await;
    authority.write_tokens(|token| format!(r#"{{"access_token":"{token}"}}"#));
    let client = client();
    let connection = connection_with(&authority, oauth2(&authority));
    let prepared = client.prepare(&project(), &connection).unwrap();
    for seconds in [0, 1_000_000] {
        assert_eq!(client.send(&prepared, later(seconds)).await.error, None);
    }
    assert_eq!(authority.asked(), 1);
}

/// Forty calls whose token was taken back lead to one new token, and all get through.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_replaced_once() {
    let authority = TokenAuthority::start().await;
    let client = client();
    let connection = connection_with(&authority, oauth2(&authority));
    let prepared = client.prepare(&project(), &connection).unwrap();
    assert_eq!(client.send(&prepared, call()).await.error, None);
    authority.revoke_all();
    let calls: Vec<_> = (0..40)
        .map(|_| {
            let (client, prepared) = (client.clone(), prepared.clone());
            tokio::spawn(async move { client.send(&prepared, call()).await })
        })
        .collect();
    for call in calls {
        let exchange = call.await.unwrap();
        assert_eq!(exchange.error, None);
        assert_eq!(exchange.response.unwrap().status, 200);
    }
    assert_eq!(authority.asked(), 2);
}

#[tokio::test]
async fn a_destination_that_refuses_every_token_has_the_last_word() {
    let authority = TokenAuthority::start().await;
    authority.trust_nobody(true);
    let client = client();
    let connection = connection_with(&authority, oauth2(&authority));
    let prepared = client.prepare(&project(), &connection).unwrap();
    let exchange = client.send(&prepared, call()).await;
    // The destination repeats the token; nobody reads it here.
    assert_eq!(error(&exchange), (ErrorKind::Status, "401 Unauthorized: not •••••••"));
    let response = exchange.response.as_ref().unwrap();
    assert_eq!((response.status, response.body.as_slice()), (401, "not •••••••".as_bytes()));
    assert_secret(&exchange);
    assert_eq!(authority.asked(), 2);
    assert_eq!(authority.destination().received().len(), 4);
}

/// With a refresh token the credentials stay at home, unless it is no longer taken.
#[tokio::test]
async fn a_refresh_token_is_used_while_it_is_taken() {
    let authority = TokenAuthority::start().await;
    authority.write_tokens(|token| {
        format!(
            r#"{{"access_token":"{token}","expires_in":"60","refresh_token":"refresh-{token}"}}"#
        )
    });
    let client = client();
    let connection = connection_with(&authority, oauth2(&authority));
    let prepared = client.prepare(&project(), &connection).unwrap();
    let grants = || -> Vec<String> {
        let received = authority.destination().received();
        let asked = received.iter().filter(|request| request.path == "/token");
        asked.map(|request| only(&form_of(request), "grant_type").unwrap().to_owned()).collect()
    };
    assert_eq!(client.send(&prepared, later(0)).await.error, None);
    assert_eq!(client.send(&prepared, later(100)).await.error, None);
    assert_eq!(grants(), ["client_credentials", "refresh_token"]);
    let received = authority.destination().received();
    let refresh = received.iter().rfind(|request| request.path == "/token").unwrap();
    let form = form_of(refresh);
    assert_eq!(only(&form, "refresh_token"), Some("refresh-secret+token/number=1"));
    // The endpoint no longer takes it: the credentials themselves lead to the next one.
    authority.check(|request| match only(&form_of(request), "grant_type") {
        Some("refresh_token") => Err("invalid_grant".to_owned()),
        _ => Ok(()),
    });
    assert_eq!(client.send(&prepared, later(200)).await.error, None);
    assert_eq!(grants()[2..], ["refresh_token", "client_credentials"]);
    // An endpoint that has no time now has not refused it: it is used again at the next attempt.
    authority.check(|_| Ok(()));
    for status in [408, 429] {
        authority.refuse_tokens(Some(Answer::status(status)));
        let exchange = client.send(&prepared, later(300)).await;
        assert_eq!(error(&exchange).0, ErrorKind::Authentication, "{status}");
    }
    authority.refuse_tokens(None);
    assert_eq!(client.send(&prepared, later(300)).await.error, None);
    assert_eq!(grants()[4..], ["refresh_token"; 3]);
}

#[tokio::test]
async fn what_goes_wrong_at_the_token_endpoint_is_told_as_such() {
    let authority = TokenAuthority::start().await;
    let host = authority.destination().address();
    let json = |status: u16, body: &'static str| {
        Answer::status(status).header("content-type", "application/json").body(body)
    };
    let location = Answer::status(302).header("location", "https://login.example.org/?token=abc");
    let endless = Answer::status(200).body(vec![b' '; 300_000]);
    for (answer, told) in [
        (
            json(400, r#"{"error":"invalid_client","sent":"client:secret/ü"}"#),
            r#"400 Bad Request: {"error":"invalid_client","sent":"•••••••"}"#,
        ),
        (Answer::status(503), "503 Service Unavailable"),
        (
            location,
            "302 Found: this redirect is not followed; it points to \
             https://login.example.org/?token=•••••••",
        ),
        (json(200, "hunter2"), "it answered 200 OK with what is no JSON"),
        (json(200, "{}"), "its answer has no `access_token`"),
        (json(200, r#"{"access_token":7}"#), "its answer has no `access_token`"),
        (
            json(200, r#"{"access_token":"hunter2\nx: y"}"#),
            "the one in its answer cannot stand in a header",
        ),
        (endless, "its answer is longer than 262144 bytes"),
    ] {
        authority.refuse_tokens(Some(answer));
        let connection = connection_with(&authority, oauth2(&authority));
        let exchange = send(&client(), &connection, call()).await;
        let expected = format!("The token endpoint {host} gave no token: {told}");
        assert_eq!(error(&exchange), (ErrorKind::Authentication, expected.as_str()));
        assert!(exchange.request.is_none() && exchange.response.is_none());
    }
    // Whoever hands out tokens is asked anew with the next attempt.
    authority.refuse_tokens(None);
    let connection = connection_with(&authority, oauth2(&authority));
    assert_eq!(send(&client(), &connection, call()).await.error, None);
    let asked_for = authority.destination().received();
    assert_eq!(asked_for.iter().filter(|request| request.path == "/api").count(), 1);
}

#[tokio::test]
async fn a_token_endpoint_that_cannot_be_reached_keeps_the_kind_of_its_failure() {
    let authority = TokenAuthority::start().await;
    let mut silent = FakeDestination::start().await;
    silent.answer("*", Answer::hang());
    let hanging = silent.url("/token");
    for (token_url, kind, told) in [
        (hanging.as_str(), ErrorKind::Timeout, "gave no token: No answer within 700ms"),
        ("http://nonexistent.invalid/", ErrorKind::Dns, "gave no token: nonexistent.invalid does"),
        ("http://127.0.0.1:1/", ErrorKind::Connect, "gave no token: No connection to 127.0.0.1:1"),
        (
            "http://169.254.169.254/",
            ErrorKind::Refused,
            "token endpoint is not called: the address",
        ),
        ("ftp://example.org/", ErrorKind::Build, "token endpoint begins with ftp:"),
        ("http://a:hunter2@h/", ErrorKind::Build, "token endpoint has a user name in it"),
    ] {
        let settings = Oauth2 { token_url: token_url.to_owned(), ..oauth2(&authority) };
        let mut connection = connection_with(&authority, settings);
        connection.timeout = Duration::from_millis(700);
        let exchange = send(&client(), &connection, call()).await;
        let (found, message) = error(&exchange);
        assert_eq!(found, kind, "{message}");
        assert!(message.contains(told), "{message}");
        assert_secret(&exchange);
    }
    silent.go_down().await;
    assert_eq!(authority.destination().received().len(), 0);
}

/// A crowd before a broken endpoint asks it once, not one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_shared_by_all_who_waited_for_it() {
    let authority = TokenAuthority::start().await;
    authority.take_time(Duration::from_millis(300));
    authority.refuse_tokens(Some(Answer::status(500)));
    let client = client();
    let connection = connection_with(&authority, oauth2(&authority));
    let prepared = client.prepare(&project(), &connection).unwrap();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (client, prepared) = (client.clone(), prepared.clone());
            tokio::spawn(async move { client.send(&prepared, call()).await })
        })
        .collect();
    for call in calls {
        assert_eq!(error(&call.await.unwrap()).0, ErrorKind::Authentication);
    }
    assert_eq!(authority.asked(), 1);
}

/// Who has time left asks for itself where the one before it ran out of its own.
#[tokio::test]
async fn a_caller_that_is_late_is_late_for_itself_alone() {
    let authority = TokenAuthority::start().await;
    authority.take_time(Duration::from_secs(5));
    let client = client();
    let mut connection = connection_with(&authority, oauth2(&authority));
    connection.timeout = Duration::from_secs(1);
    let prepared = client.prepare(&project(), &connection).unwrap();
    let send = || {
        let (client, prepared) = (client.clone(), prepared.clone());
        tokio::spawn(async move { client.send(&prepared, call()).await })
    };
    let hasty = send();
    authority.destination().wait_for(1, Duration::from_secs(5)).await;
    authority.take_time(Duration::ZERO);
    // The second begins halfway through the time of the first, and waits for it.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let patient = send();
    assert_eq!(error(&hasty.await.unwrap()).0, ErrorKind::Timeout);
    assert_eq!(patient.await.unwrap().error, None);
    assert_eq!(authority.asked(), 2);
}

/// A token that was refused, and no new one to be had: both are told, and the delivery is not
/// taken for refused.
#[tokio::test]
async fn a_failed_renewal_is_no_refusal_of_the_payload() {
    let authority = TokenAuthority::start().await;
    let client = client();
    let connection = connection_with(&authority, oauth2(&authority));
    let prepared = client.prepare(&project(), &connection).unwrap();
    assert_eq!(client.send(&prepared, call()).await.error, None);
    authority.revoke_all();
    authority.refuse_tokens(Some(Answer::status(400).body("invalid_client")));
    let exchange = client.send(&prepared, call()).await;
    let (kind, message) = error(&exchange);
    assert_eq!(kind, ErrorKind::Authentication);
    assert!(message.ends_with("gave no token: 400 Bad Request: invalid_client"), "{message}");
    assert_eq!(exchange.response.as_ref().unwrap().status, 401);
    assert_secret(&exchange);
}
