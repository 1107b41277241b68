//! Signed URLs.

use fieldpost_model::attempt::ErrorKind;
use fieldpost_model::connection::{
    Authentication, Connection, OnBehalfOf, SignedUrl, SigningAlgorithm,
};
use fieldpost_model::secret::Secret;
use fieldpost_outbound::Call;
use fieldpost_testkit::authority::{SignedAuthority, only, query_of};

use crate::common::{call, client, connection, error, project, send};

/// The time of every call here, as the query has it.
const TIMESTAMP: &str = "2021-02-25T15:02:10Z";

fn connection_to(
    authority: &SignedAuthority,
    algorithm: SigningAlgorithm,
    key: &str,
) -> Connection {
    let mut connection = connection(&authority.destination().url("/api?format=json&q=%2f'x"));
    connection.authentication = Authentication::SignedUrl(SignedUrl {
        origin: authority.origin().to_owned(),
        key: Secret::new(key),
        algorithm,
        on_behalf_of: Some(OnBehalfOf::Email("ann@example.org".to_owned())),
    });
    connection
}

#[tokio::test]
async fn every_request_is_signed_anew() {
    let authority = SignedAuthority::start(TIMESTAMP).await;
    let client = client();
    for algorithm in [SigningAlgorithm::Sha1, SigningAlgorithm::Sha256, SigningAlgorithm::Sha512] {
        let connection = connection_to(&authority, algorithm, authority.key());
        let prepared = client.prepare(&project(), &connection).unwrap();
        let query = [("app id".to_owned(), "a&b=ü".to_owned())];
        for _ in 0..3 {
            let exchange = client.send(&prepared, Call { query: &query, ..call() }).await;
            assert_eq!(exchange.error, None, "{algorithm}");
            let url = exchange.request.unwrap().url;
            assert!(url.ends_with("&signature=•••••••"), "{url}");
        }
    }
    let received = authority.destination().received();
    assert_eq!(received.len(), 9);
    for request in &received {
        let query = query_of(request);
        assert_eq!(only(&query, "email"), Some("ann@example.org"));
        assert_eq!(only(&query, "app id"), Some("a&b=ü"));
        assert!(request.query.starts_with("format=json&q=%2f"), "{}", request.query);
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_with_the_receivers_words() {
    let authority = SignedAuthority::start(TIMESTAMP).await;
    let connection = connection_to(&authority, SigningAlgorithm::Sha256, "hunter2");
    let exchange = send(&client(), &connection, call()).await;
    assert_eq!(error(&exchange), (ErrorKind::Status, "403 Forbidden: Invalid signature."));
    assert!(!format!("{exchange:?}").contains("hunter2"));
    assert_eq!(authority.destination().received().len(), 1);
}
