//! Steps whose connection proves itself in a way that only the hub knows.

use std::time::Duration;

use fieldpost_model::connection::{
    Authentication, Connection, IncidentPolicy, Login, LoginBody, OnBehalfOf, SignedUrl,
    SigningAlgorithm, Tls, TokenPlace,
};
use fieldpost_model::secret::Secret;
use fieldpost_script::host::credential::configuration;
use fieldpost_script::host::http::{HttpLimits, HttpService};
use fieldpost_testkit::FakeDestination;
use fieldpost_testkit::authority::wcs_signature;
use serde_json::{Value, json};

use super::{asked, client, json_answer, parameter, run_with};

fn connection(url: String, authentication: Authentication) -> Connection {
    Connection {
        name: "there".to_owned(),
        url,
        authentication,
        notify: Vec::new(),
        timeout: Duration::from_mins(1),
        concurrency: 1,
        signing_secret: None,
        previous_signing_secret: None,
        rate: None,
        tls: Tls::default(),
        paused: false,
        incident: IncidentPolicy::default(),
        credential: Vec::new(),
    }
}

async fn run_by(connection: &Connection, adaptor: &str, source: &str) -> Value {
    let credential = configuration(&[adaptor.to_owned()], connection, None).unwrap();
    let client = client();
    let prepared = client.prepare(&"clinic".into(), connection).unwrap();
    let service = HttpService::new(client, HttpLimits::default()).of_connection(Some(prepared));
    run_with(service, adaptor, source, credential, &json!({})).await.unwrap()
}

#[tokio::test]
async fn the_hub_signs_in_at_go_data() {
    let server = FakeDestination::start().await;
    server.answer("/api/users/login", json_answer(200, &json!({ "id": "t1", "ttl": 600 })));
    server.answer("*", json_answer(200, &json!([{ "id": "1" }])));
    let login = Login {
        url: server.url("/api/users/login"),
        body: LoginBody::Json,
        fields: vec![
            ("email".to_owned(), Secret::new("hub@example.org")),
            ("password".to_owned(), Secret::new("p")),
        ],
        token_at: vec!["$.id".to_owned()],
        lifetime_at: Some("$.ttl".to_owned()),
        lifetime: Duration::from_mins(10),
        send_as: TokenPlace::Header {
            name: "Authorization".to_owned(),
            prefix: "Bearer ".to_owned(),
        },
    };
    // The address is that of what a forwarder would post to.
    let url = server.url("/api/outbreaks/o1/cases");
    let state = run_by(
        &connection(url, Authentication::Login(login)),
        "godata",
        "listCases('o1'); listOutbreaks();",
    )
    .await;
    assert_eq!(state["data"], json!([{ "id": "1" }]));
    let received = server.received();
    let login = "POST /api/users/login";
    assert_eq!(asked(&received), [login, "GET /api/outbreaks/o1/cases", "GET /api/outbreaks"]);
    assert_eq!(received[1].header("authorization"), Some("Bearer t1"));
}

#[tokio::test]
async fn the_hub_signs_addresses_of_wcs() {
    let server = FakeDestination::start().await;
    server.answer("*", json_answer(200, &json!([])));
    let signed = SignedUrl {
        origin: "partner".to_owned(),
        key: Secret::new("s3cret"),
        algorithm: SigningAlgorithm::Sha512,
        on_behalf_of: Some(OnBehalfOf::Email("agent@example.org".to_owned())),
    };
    let connection = connection(server.url("/"), Authentication::SignedUrl(signed));
    run_by(&connection, "wcs", "list('births', { q: 'a b' })").await;
    let request = &server.received()[0];
    let (message, _) = request.query.split_once("&signature=").unwrap();
    assert_eq!(parameter(request, "signature"), wcs_signature("sha512", "s3cret", message));
    assert_eq!(parameter(request, "q").as_deref(), Some("a b"));
    assert_eq!(parameter(request, "email").as_deref(), Some("agent@example.org"));
}
