//! Redirects: the request goes on whole, and what proves the hub stays at home.

use std::time::Duration;

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{
    Authentication, Login, LoginBody, SignedUrl, SigningAlgorithm, TokenPlace,
};
use fieldpost_model::forwarder::Method;
use fieldpost_model::secret::Secret;
use fieldpost_outbound::{Call, Exchange};
use fieldpost_testkit::authority::{DigestAuthority, TokenAuthority, only, query_of};
use fieldpost_testkit::{Answer, FakeDestination};

use crate::common::{DELIVERY, call, client, connection, error, post, send};

fn to(status: u16, location: &str) -> Answer {
    Answer::status(status).header("location", location).body("moved")
}

/// The redirects that the recorded answer tells of.
fn told(exchange: &Exchange) -> Vec<&str> {
    let headers = exchange.response.iter().flat_map(|response| &response.headers);
    headers
        .filter(|(name, _)| name == "fieldpost-redirected")
        .map(|(_, value)| value.as_str())
        .collect()
}

// MUST-19, MUST-33
#[tokio::test]
async fn the_request_goes_on_whole_on_the_same_host() {
    let destination = FakeDestination::start().await;
    destination.answer("/old", to(308, "/new?x=1"));
    let mut connection = connection(&destination.url("/old"));
    connection.authentication = Authentication::Bearer { token: Secret::new("s3cr3t-token") };
    connection.signing_secret = Some(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    let headers = [("x-site".to_owned(), "north".to_owned())];
    let call = Call { method: Method::Patch, headers: &headers, ..call() };
    let exchange = send(&client(), &connection, call).await;
    assert_eq!(exchange.error, None);
    let received = destination.received();
    let [old, new] = received.as_slice() else { panic!("{received:?}") };
    assert_eq!(
        (new.method.as_str(), new.path.as_str(), new.query.as_str()),
        ("PATCH", "/new", "x=1")
    );
    assert_eq!((&new.headers, &new.body), (&old.headers, &old.body));
    assert_eq!(new.header("authorization"), Some("Bearer s3cr3t-token"));
    assert!(new.header("webhook-signature").is_some());
    assert_eq!(exchange.request.as_ref().unwrap().url, destination.url("/new?x=1"));
    let (from, to) = (destination.url("/old"), destination.url("/new?x=1"));
    assert_eq!(told(&exchange), [format!("308 from {from} to {to}")]);
}

// MUST-33
#[tokio::test]
async fn what_proves_the_hub_stays_behind_on_another_host() {
    let secret = || Secret::new("s3cr3t-value");
    for authentication in [
        Authentication::Basic { username: "ann".to_owned(), password: secret() },
        Authentication::Bearer { token: secret() },
        Authentication::ApiKey { header: "x-plain".to_owned(), key: secret() },
        Authentication::Headers(vec![
            ("x-one".to_owned(), secret()),
            ("x-two".to_owned(), secret()),
        ]),
    ] {
        let (inner, outer) = (FakeDestination::start().await, FakeDestination::start().await);
        // Whoever sends the hub back does not get it to trust again.
        inner.answer("/there", to(307, &outer.url("/back")));
        outer.answer("/", to(307, &inner.url("/there")));
        let mut connection = connection(&outer.url("/"));
        connection.authentication = authentication;
        connection.signing_secret = Some(Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let headers = [
            ("x-api-key".to_owned(), "s3cr3t-of-forwarder".to_owned()),
            ("x-site".to_owned(), "north".to_owned()),
        ];
        let exchange = send(&client(), &connection, Call { headers: &headers, ..call() }).await;
        assert_eq!(exchange.error, None);
        let (there, back) = (&inner.received()[0], &outer.received()[1]);
        for (request, host) in [(there, inner.address()), (back, outer.address())] {
            assert!(!format!("{:?}", request.headers).contains("s3cr3t"), "{request:?}");
            assert_eq!(request.header("webhook-signature"), None);
            assert_eq!(request.header("webhook-id"), Some(DELIVERY.to_string().as_str()));
            assert_eq!(request.header("x-site"), Some("north"));
            assert_eq!(request.header("host"), Some(host.to_string().as_str()));
            assert_eq!(request.text(), "{\"a\":1}");
        }
        assert_eq!(told(&exchange).len(), 2);
        let names: Vec<_> = exchange.request.unwrap().headers;
        assert!(names.iter().all(|(name, _)| name != "x-one" && name != "authorization"));
    }
}

/// Servers often hand the query on: a token in it must not reach another host, nor stand twice.
#[tokio::test]
async fn proofs_in_the_query_are_made_anew_or_left_out() {
    let authority = TokenAuthority::start().await;
    authority.find_tokens(|request| only(&query_of(request), "t").map(str::to_owned));
    let other = FakeDestination::start().await;
    let elsewhere = other.url("/x");
    authority.destination().answer_with("/same", |request| {
        Answer::status(307).header("location", &format!("/api?{}", request.query))
    });
    authority.destination().answer_with("/other", move |request| {
        Answer::status(307).header("location", &format!("{elsewhere}?{}", request.query))
    });
    let mut connection = connection(&authority.destination().url("/same?a=b"));
    connection.authentication = Authentication::Login(Login {
        url: authority.token_url(),
        body: LoginBody::Json,
        fields: vec![("password".to_owned(), Secret::new("hunter2"))],
        token_at: vec!["$.access_token".to_owned()],
        lifetime_at: None,
        lifetime: Duration::from_mins(10),
        send_as: TokenPlace::Query("t".to_owned()),
    });
    let exchange = send(&client(), &connection, call()).await;
    assert_eq!(exchange.error, None);
    connection.url = authority.destination().url("/other?a=b");
    let exchange = send(&client(), &connection, call()).await;
    assert_eq!(exchange.error, None);
    assert_eq!(other.received()[0].query, "a=b");
    assert!(!format!("{exchange:?}").contains("secret+token"), "{exchange:?}");

    let origin = FakeDestination::start().await;
    origin.answer_with("/", |request| {
        Answer::status(308).header("location", &format!("/new?{}", request.query))
    });
    connection.url = origin.url("/?a=b&email=own@h&timestamp=1");
    connection.authentication = Authentication::SignedUrl(SignedUrl {
        origin: "partner".to_owned(),
        key: Secret::new("key of partner"),
        algorithm: SigningAlgorithm::Sha256,
        on_behalf_of: None,
    });
    assert_eq!(send(&client(), &connection, call()).await.error, None);
    let received = origin.received();
    let queries: Vec<_> = received.iter().map(query_of).collect();
    assert_ne!(only(&queries[0], "nonce"), None);
    assert_ne!(only(&queries[1], "nonce"), None);
    assert_ne!(only(&queries[0], "signature"), only(&queries[1], "signature"));
    // What the person wrote goes along, whatever its names.
    for request in &received {
        assert!(request.query.starts_with("a=b&email=own@h&timestamp=1&orig="), "{request:?}");
        assert_eq!(request.query.matches("orig=").count(), 1);
    }
}

#[tokio::test]
async fn a_challenge_is_answered_behind_a_redirect_too() {
    let authority = DigestAuthority::start(&["SHA-256"]).await;
    authority.destination().answer("/old", to(307, "/new"));
    let mut connection = connection(&authority.destination().url("/old"));
    connection.authentication = Authentication::Digest {
        username: authority.username().to_owned(),
        password: Secret::new(authority.password()),
    };
    let exchange = send(&client(), &connection, call()).await;
    assert_eq!(exchange.error, None);
    assert_eq!((authority.accepted(), authority.refused()), (1, 1));
}

#[tokio::test]
async fn three_redirects_are_followed_and_no_more() {
    let destination = FakeDestination::start().await;
    for (from, location) in [("/4", "/3"), ("/3", "/2"), ("/2", "/1"), ("/1", "/0")] {
        destination.answer(from, to(307, location));
    }
    let exchange = post(&destination.url("/3")).await;
    assert_eq!(exchange.error, None);
    assert_eq!(told(&exchange).len(), 3);
    assert_eq!(exchange.response.unwrap().status, 200);
    let exchange = post(&destination.url("/4")).await;
    let expected = format!(
        "307 Temporary Redirect: the redirect to /0 is not followed: 3 redirects were followed \
         already (it was redirected to {})",
        destination.url("/1")
    );
    assert_eq!(error(&exchange), (ErrorKind::Status, expected.as_str()));
    assert_eq!(told(&exchange).len(), 3);
    assert_eq!(exchange.response.unwrap().status, 307);
    assert_eq!(destination.received().len(), 8);
}

#[tokio::test]
async fn redirects_without_a_goal_and_in_circles_end() {
    let destination = FakeDestination::start().await;
    destination.answer("/nowhere", Answer::status(307));
    let exchange = post(&destination.url("/nowhere")).await;
    assert_eq!(error(&exchange), (ErrorKind::Status, "307 Temporary Redirect"));
    destination.answer("/circle", to(308, "/circle"));
    let exchange = post(&destination.url("/circle")).await;
    assert!(error(&exchange).1.contains("3 redirects were followed already"));
    destination.answer("/ftp", to(308, "ftp://127.0.0.1/"));
    let exchange = post(&destination.url("/ftp")).await;
    assert!(error(&exchange).1.contains("only http: and https: can be called"));
}

/// All hops share one time limit.
#[tokio::test]
async fn a_redirect_gives_no_more_time() {
    let destination = FakeDestination::start().await;
    destination.answer("/", to(307, "/slow").delay(Duration::from_millis(400)));
    destination.answer("/slow", Answer::hang());
    let mut connection = connection(&destination.url("/"));
    connection.timeout = Duration::from_millis(900);
    let exchange = send(&client(), &connection, call()).await;
    let expected =
        format!("No answer within 900ms (it was redirected to {})", destination.url("/slow"));
    assert_eq!(error(&exchange), (ErrorKind::Timeout, expected.as_str()));
    assert!(exchange.duration < Duration::from_millis(1_500), "{:?}", exchange.duration);
    assert!(exchange.response.is_none());
}
