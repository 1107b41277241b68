//! What every test here needs: a client, a connection, a call.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::connection::{Authentication, Connection, IncidentPolicy, Tls};
use fieldpost_model::forwarder::Method;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::{Call, Client, Exchange, OutboundSettings};
use uuid::Uuid;

/// The id of every delivery here.
pub(crate) const DELIVERY: Uuid = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);
/// The time of every call here, in seconds since 1970.
pub(crate) const SECONDS: i64 = 1_614_265_330;

/// Small bounds, so that tests can go beyond them; private networks are open for the test servers.
pub(crate) fn settings() -> OutboundSettings {
    OutboundSettings {
        allow_networks: "private".parse().unwrap(),
        link_networks: OutboundSettings::default().link_networks,
        connect_timeout: Duration::from_secs(2),
        response_body_kept: 1_000,
        response_body_read: 10_000,
        user_agent: "fieldpost-test".to_owned(),
    }
}

pub(crate) fn client() -> Client {
    Client::new(settings()).unwrap()
}

/// The project of every connection here.
pub(crate) fn project() -> ProjectName {
    "clinic".into()
}

pub(crate) fn connection(url: &str) -> Connection {
    Connection {
        name: "warehouse".to_owned(),
        url: url.to_owned(),
        authentication: Authentication::None,
        notify: Vec::new(),
        timeout: Duration::from_secs(5),
        concurrency: 8,
        signing_secret: None,
        previous_signing_secret: None,
        credential: Vec::new(),
        rate: None,
        tls: Tls::default(),
        paused: false,
        incident: IncidentPolicy::default(),
    }
}

pub(crate) fn call() -> Call<'static> {
    Call {
        method: Method::Post,
        query: &[],
        headers: &[],
        content_type: Some("application/json"),
        body: Bytes::from_static(b"{\"a\":1}"),
        delivery_id: DELIVERY,
        now: Timestamp(SECONDS * 1_000_000),
        asking: None,
    }
}

/// Prepares and sends, as an attempt does.
pub(crate) async fn send(client: &Client, connection: &Connection, call: Call<'_>) -> Exchange {
    match client.prepare(&project(), connection) {
        Ok(prepared) => client.send(&prepared, call).await,
        Err(error) => Exchange::unsent(Duration::ZERO, error),
    }
}

/// Sends the plain call to a URL.
pub(crate) async fn post(url: &str) -> Exchange {
    send(&client(), &connection(url), call()).await
}

/// The kind and the message of the exchange's error.
#[track_caller]
pub(crate) fn error(exchange: &Exchange) -> (ErrorKind, &str) {
    let Some(AttemptError { kind, message }) = &exchange.error else {
        panic!("the exchange went well: {exchange:?}");
    };
    (*kind, message)
}
