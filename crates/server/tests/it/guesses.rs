//! Passwords that are guessed: what is counted together, and what is not.

use reqwest::Method;
use serde_json::json;

use crate::hub::TestHub;
use crate::receiver::{KEY, receiving};

/// Wrong passwords that are looked at for one key, from one address.
const MOST_WRONG: usize = 500;
const GUESSER: &str = "192.0.2.1";

/// Asks as somebody for the list of forms that phones ask for, or for the one that programs ask for.
async fn ask(hub: &TestHub, place: &str, from: &str, name: &str, password: &str) -> u16 {
    let request = hub.at(Method::GET, place).basic_auth(name, Some(password));
    let answer = request.header("x-forwarded-for", from).send().await.unwrap();
    let status = answer.status().as_u16();
    assert_eq!(status == 429, answer.headers().contains_key("retry-after"));
    status
}

// A team shares an address, and a name may be that of keys of several projects.
#[tokio::test]
async fn guesses_are_counted_by_the_key_of_a_project() {
    let hub = receiving(|settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let mut other = hub.definition();
    other["project"] = json!("school");
    other["api_access"] = json!({ "phones": { "secret": "the-word-of-the-school" } });
    other["forwarders"] = json!({});
    other["sources"] = json!({ "collect": { "dialect": "openrosa", "access": ["phones"] } });
    let answer = hub.post("projects/school/apply", &other).await;
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    let (clinic, school) = ("/p/clinic/formList", "/p/school/formList");
    for _ in 0..MOST_WRONG {
        assert_eq!(ask(&hub, clinic, GUESSER, "phones", "a-guess").await, 401);
    }
    assert_eq!(ask(&hub, clinic, GUESSER, "phones", "a-guess").await, 429);
    assert_eq!(ask(&hub, clinic, GUESSER, "phones", KEY).await, 429, "nothing is looked at");
    let data = "/a/clinic/api/form/v1/";
    assert_eq!(ask(&hub, data, GUESSER, "phones", KEY).await, 429, "it is the same key");
    // Others are let in: from there with another key, or of another project; and from elsewhere.
    let partner = "of-somebody-else-altogether";
    assert_eq!(ask(&hub, data, GUESSER, "partner", partner).await, 200);
    assert_eq!(ask(&hub, school, GUESSER, "phones", "the-word-of-the-school").await, 200);
    assert_eq!(ask(&hub, clinic, "192.0.2.2", "phones", KEY).await, 200);
}

/// Names that no key has open nothing, and do not keep those out that do.
#[tokio::test]
async fn guesses_of_names_that_there_are_not_keep_nobody_out() {
    let hub = receiving(|settings| {
        settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let clinic = "/p/clinic/formList";
    for number in 0..MOST_WRONG {
        assert_eq!(ask(&hub, clinic, GUESSER, &format!("nobody-{number}"), KEY).await, 401);
    }
    assert_eq!(ask(&hub, clinic, GUESSER, "somebody", KEY).await, 429, "all of them together");
    assert_eq!(ask(&hub, clinic, GUESSER, "phones", KEY).await, 200);
}
