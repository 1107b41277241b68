//! The adaptors of services, each against a server that plays the API as its documentation has it.

mod commcare;
mod connection;
mod dhis2;
mod godata;
mod kobotoolbox;
mod odk;
mod wcs;

use fieldpost_outbound::{Client, OutboundSettings};
use fieldpost_script::adaptors;
use fieldpost_script::host::StepHost;
use fieldpost_script::host::http::{HttpLimits, HttpService};
use fieldpost_script::runtime::outcome::settle;
use fieldpost_script::runtime::workflow::Job;
use fieldpost_testkit::authority::{only, query_of};
use fieldpost_testkit::{Answer, FakeDestination, ReceivedRequest};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::support::{limits, pool, raw};

fn client() -> Client {
    let allow_networks = "private".parse().unwrap();
    Client::new(OutboundSettings { allow_networks, ..OutboundSettings::default() }).unwrap()
}

/// Runs a job of an adaptor; gives the state that it leaves, or its error.
async fn run(
    adaptor: &str,
    source: &str,
    configuration: &Value,
    state: &Value,
) -> Result<Value, Value> {
    let service = HttpService::new(client(), HttpLimits::default());
    run_with(service, adaptor, source, raw(&configuration.to_string()), state).await
}

async fn run_with(
    service: HttpService,
    adaptor: &str,
    source: &str,
    configuration: Box<RawValue>,
    state: &Value,
) -> Result<Value, Value> {
    let adaptor = adaptors::named(adaptor).unwrap();
    let mut work = Job::compile("a", source, &[adaptor]).unwrap().work;
    work.limits = limits();
    work.configuration = Some(configuration);
    work.state = raw(&state.to_string());
    work.remove = vec!["configuration".to_owned()];
    let host = StepHost::new(|_| {}).with(service);
    let (outcome, _) = settle(pool().step(work, &host).await, "a", None);
    if let Some(error) = outcome.error {
        return Err(serde_json::to_value(error).unwrap());
    }
    Ok(serde_json::from_str(outcome.state.unwrap().get()).unwrap())
}

/// An answer of JSON.
fn json_answer(status: u16, body: &Value) -> Answer {
    Answer::status(status).header("content-type", "application/json").body(body.to_string())
}

/// The value of a parameter of the query.
fn parameter(request: &ReceivedRequest, name: &str) -> Option<String> {
    only(&query_of(request), name).map(ToOwned::to_owned)
}

/// The method and the path of requests.
fn asked(requests: &[ReceivedRequest]) -> Vec<String> {
    requests.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

/// A login holds its password in the body, so that a redirect of it would tell it to whoever it names.
#[tokio::test]
async fn passwords_do_not_follow_redirects() {
    for (adaptor, source, address, login) in [
        ("odk", "getForms(1)", "baseUrl", "/v1/sessions"),
        ("godata", "listOutbreaks()", "apiUrl", "/users/login"),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let (home, elsewhere) =
                (FakeDestination::start().await, FakeDestination::start().await);
            let there = elsewhere.url(login);
            home.answer(login, Answer::status(status).header("location", &there));
            let credential =
                json!({ address: home.url(""), "email": "a@example.org", "password": "p" });
            let error = run(adaptor, source, &credential, &json!({})).await.unwrap_err();
            assert_eq!(error["details"]["code"], status, "{adaptor}: {error}");
            assert_eq!(asked(&home.received()), [format!("POST {login}")], "{adaptor}");
            assert!(elsewhere.received().is_empty(), "{adaptor} {status}");
        }
    }
}
