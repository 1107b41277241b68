//! Signed addresses, fact by fact, through the socket of a hub whose clock stands still.
//!
//! | fact | held by |
//! |---|---|
//! | what is signed is the query byte for byte, cut at `&signature=`; HMAC, standard Base64 | `vectors_of_another_implementation_are_taken` |
//! | the checks, in their order, each with its own text | `each_check_comes_before_all_that_follow_it` |
//! | thirty seconds either way, the distance told as hours, minutes and seconds | `thirty_seconds_are_good_and_one_more_is_not` |
//! | a nonce is good once, as w.c.s. compares it, for each key | `a_nonce_counts_as_it_is_compared` |
//! | nothing may stand behind the signature | `each_check_comes_before_all_that_follow_it` |
//! | a nonce is remembered for longer than a query can be good | `a_query_of_the_future_is_good_once` |
//! | algorithms are those of the key, md5 none of them | `only_what_the_key_allows_signs` |
//! | for whom a call acts, with its refusals | `a_call_is_answered_for_whom_it_names` |

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Response;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub};
use crate::wcs_project::{definition, good, refused};
use crate::wcs_still::Still;

const ROLES: &str = "/p/clinic/api/roles";
const LIST: &str = "/p/clinic/api/forms/request/list";
const ME: &str = "/p/clinic/api/user/";
const DENIED: &str = "access-denied";
const AT_NEW_YEAR: &str = "2026-01-01T00:00:00Z";

async fn still_on(engine: Engine) -> Still {
    let project = |hub: &TestHub| {
        let mut project = definition(hub);
        project["users"]["jean"]["email"] = json!("jean.darmette@triffouilis.fr");
        project["api_access"] = json!({
            "coucou": { "secret": "1234", "algorithms": ["sha256", "sha1"], "nonce": "optional" },
            "partner": { "secret": "s3cret" },
            "other": { "secret": "s3cret" },
            "clerks": { "secret": "s3cret", "roles": ["agents"] },
            "research": { "secret": "s3cret", "anonymised_only": true },
        });
        project
    };
    Still::start(engine, project).await
}

impl Still {
    async fn get(&self, path: &str, query: &str) -> Response {
        self.hub.client.get(self.hub.url(&format!("{path}?{query}"))).send().await.unwrap()
    }

    /// What a query signed with the key of `partner` is answered.
    async fn signed(&self, path: &str, message: &str) -> Response {
        self.get(path, &signed("s3cret", message)).await
    }
}

/// A query with the signature that belongs to it, made by hand.
fn signed(secret: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}&signature={}", quoted(&STANDARD.encode(mac.finalize().into_bytes())))
}

/// Base64 as clients of w.c.s. quote it: slashes stay.
fn quoted(text: &str) -> String {
    text.replace('+', "%2B").replace('=', "%3D")
}

/// What a query of `partner` needs beside its nonce.
fn of_partner(nonce: &str) -> String {
    format!("orig=partner&algo=sha256&timestamp={AT_NEW_YEAR}&nonce={nonce}")
}

/// Where something is asked for, the query that was signed, its signature, and how the answer is known.
type Vector = (&'static str, &'static str, &'static str, fn(&Value) -> bool);

#[tokio::test]
async fn vectors_of_another_implementation_are_taken() {
    for engine in BOTH {
        let still = still_on(engine).await;
        let all_roles = |found: &Value| found["data"][0]["id"] == "agents";
        let is_jean = |found: &Value| found["user_display_name"] == "Jean Darmette";
        let is_empty = |found: &Value| *found == json!([]);
        let rows: [Vector; 4] = [
            (
                ROLES,
                "format=json&orig=coucou&algo=sha256&timestamp=2026-01-01T00:00:00Z&nonce=abcdef",
                "jJ5dq1WGAqIYxiazK0+QY5vnDzgkk7/Pq3DqMsf/xWk=",
                all_roles,
            ),
            (
                ROLES,
                "format=json&orig=coucou&algo=sha1&timestamp=2026-01-01T00:00:00Z",
                "T0kAR9QDLOMuFxOeSOgQoyAYmTE=",
                all_roles,
            ),
            (
                ME,
                "orig=coucou&email=jean.darmette%40triffouilis.fr&algo=sha256\
                 &timestamp=2026-01-01T00%3A00%3A00Z&nonce=0123456789abcdef",
                "baNi5ZvV8+xCvHLmXsQZYI+lR7Fz+yVfkN7rrJevwMY=",
                is_jean,
            ),
            (
                LIST,
                "orig=partner&NameID=0123456789&filter=pending&algo=sha256\
                 &timestamp=2026-01-01T00%3A00%3A00Z&nonce=f00d",
                "dknudVnQOsp0yapOjchc2EUTe6FW3WwaUNQAK4saWzk=",
                is_empty,
            ),
        ];
        for (path, message, signature, is_right) in rows {
            let query = format!("{message}&signature={}", quoted(signature));
            let found = good(still.get(path, &query).await).await;
            assert!(is_right(&found), "{message}: {found}");
        }
        // What names no key is nobody's, however right the signature of an empty key is.
        let query = format!(
            "algo=sha256&timestamp=2026-01-01T00%3A00%3A00Z&nonce=1&signature={}",
            quoted("pMoKWSWibux5xYEiCIg3MXNC1OeMejLLze0PBzYJlz8=")
        );
        let missing = "Missing/multiple orig field.";
        refused(still.get(ROLES, &query).await, 403, DENIED, missing).await;
    }
}

#[tokio::test]
async fn each_check_comes_before_all_that_follow_it() {
    let still = still_on(Engine::Sqlite).await;
    let time = format!("timestamp={AT_NEW_YEAR}");
    let late = "timestamp=2025-12-31T23:00:00Z";
    // In each row everything behind the check that it is about is wrong as well.
    for (query, description) in [
        ("signature=x".to_owned(), "Missing/multiple orig field."),
        ("orig=&algo=md5&signature=x".to_owned(), "Missing/multiple orig field."),
        ("orig=partner&orig=partner&signature=x".to_owned(), "Missing/multiple orig field."),
        ("orig=nobody&signature=x".to_owned(), "Invalid orig."),
        ("orig=partner&signature=x".to_owned(), "Missing/multiple algo field."),
        (
            "orig=partner&algo=sha256&algo=sha256&signature=x".to_owned(),
            "Missing/multiple algo field.",
        ),
        ("orig=partner&algo=whirlpool&signature=x".to_owned(), "Invalid algo."),
        ("orig=partner&algo=sha256&signature=x".to_owned(), "Invalid signature."),
        ("orig=partner&algo=sha256&signature=".to_owned(), "Invalid signature."),
        (signed("another", &of_partner("a")), "Invalid signature."),
        // What is not covered is not taken: neither behind the signature, nor a signature that stands first.
        (format!("{}&full=on", signed("s3cret", &of_partner("b"))), "Invalid signature."),
        (format!("signature=x&{}", of_partner("c")), "Invalid signature."),
        (signed("s3cret", "orig=partner&algo=sha256"), "Missing/multiple timestamp field."),
        (
            signed("s3cret", &format!("orig=partner&algo=sha256&{time}&{time}")),
            "Missing/multiple timestamp field.",
        ),
        (signed("s3cret", "orig=partner&algo=sha256&timestamp=soon"), "Invalid timestamp field."),
        (
            signed("s3cret", &format!("orig=partner&algo=sha256&{late}")),
            "timestamp is more than 30 seconds in the past: 1:00:00",
        ),
        (
            signed("s3cret", &format!("orig=partner&algo=sha256&{time}")),
            "Missing/multiple nonce field.",
        ),
        (
            signed("s3cret", &format!("{}&nonce=b", of_partner("a"))),
            "Missing/multiple nonce field.",
        ),
    ] {
        refused(still.get(ROLES, &query).await, 403, DENIED, description).await;
    }
    // None of these used the nonces up that they named.
    for nonce in ["a", "b", "c"] {
        good(still.signed(ROLES, &of_partner(nonce)).await).await;
    }
}

#[tokio::test]
async fn thirty_seconds_are_good_and_one_more_is_not() {
    let still = still_on(Engine::Sqlite).await;
    for (seconds, told) in [
        (30, None),
        (-30, None),
        (31, Some("in the past: 0:00:31")),
        (-31, Some("in the future: 0:00:31")),
        (60, Some("in the past: 0:01:00")),
        (-3_540, Some("in the future: 0:59:00")),
        (86_400, Some("in the past: 1 day, 0:00:00")),
        (-180_005, Some("in the future: 2 days, 2:00:05")),
    ] {
        still.turn_to(seconds);
        let answer = still.signed(ROLES, &of_partner(&format!("n{seconds}"))).await;
        match told {
            None => drop(good(answer).await),
            Some(told) => {
                let told = format!("timestamp is more than 30 seconds {told}");
                refused(answer, 403, DENIED, &told).await;
            }
        }
    }
}

#[tokio::test]
async fn a_nonce_counts_as_it_is_compared() {
    for engine in BOTH {
        let still = still_on(engine).await;
        let long = "a".repeat(128);
        for (first, second, is_used) in [
            ("f00d", "f00d", true),
            ("caf%C3%A9", "CAFE", true),
            ("a%2Fb", "a-b", true),
            (&*long, &*format!("{long}bcd"), true),
            ("one", "two", false),
        ] {
            good(still.signed(ROLES, &of_partner(first)).await).await;
            let answer = still.signed(ROLES, &of_partner(second)).await;
            if is_used {
                refused(answer, 403, DENIED, "Nonce already used.").await;
            } else {
                good(answer).await;
            }
        }
        // What one key sent takes nothing from another.
        let of_other = of_partner("f00d").replace("partner", "other");
        good(still.signed(ROLES, &of_other).await).await;
        // It is good for one call, at whatever address.
        good(still.signed(LIST, &of_partner("once")).await).await;
        let again = still.signed(ROLES, &of_partner("once")).await;
        refused(again, 403, DENIED, "Nonce already used.").await;
    }
}

#[tokio::test]
async fn a_query_of_the_future_is_good_once() {
    let still = still_on(Engine::Sqlite).await;
    still.turn_to(-30);
    good(still.signed(ROLES, &of_partner("ahead")).await).await;
    // A minute later its time is still good; w.c.s. would have forgotten the nonce by then.
    still.turn_to(30);
    let again = still.signed(ROLES, &of_partner("ahead")).await;
    refused(again, 403, DENIED, "Nonce already used.").await;
}

#[tokio::test]
async fn only_what_the_key_allows_signs() {
    let still = still_on(Engine::Sqlite).await;
    for (algorithm, is_known) in
        [("sha256", true), ("sha1", false), ("sha512", false), ("md5", false), ("SHA256", false)]
    {
        let message =
            format!("orig=partner&algo={algorithm}&timestamp={AT_NEW_YEAR}&nonce={algorithm}");
        let answer = still.signed(ROLES, &message).await;
        if is_known {
            good(answer).await;
        } else {
            refused(answer, 403, DENIED, "Invalid algo.").await;
        }
    }
}

#[tokio::test]
async fn a_call_is_answered_for_whom_it_names() {
    let still = still_on(Engine::Sqlite).await;
    let restricted = "Restricted API access.";
    let missing = "No user specified.";
    for (number, (key, named, status, code, told)) in [
        ("partner", "email=nobody%40example.org", 403, DENIED, "Unknown email."),
        ("partner", "email=a%40b&email=a%40b", 403, DENIED, "Multiple email field."),
        ("partner", "NameID=nobody", 403, "unknown-name-id", "Unknown NameID."),
        ("partner", "NameID=1&NameID=1", 403, DENIED, "Multiple NameID field."),
        // Somebody explicitly unknown, and nobody at all.
        ("partner", "email=", 200, "missing-user", missing),
        ("partner", "NameID=", 200, "missing-user", missing),
        ("partner", "format=json", 200, "missing-user", missing),
        // A key with roles is nobody in particular, whomever its query names.
        ("clerks", "email=desk%40example.org", 403, DENIED, restricted),
        ("research", "email=desk%40example.org", 403, DENIED, restricted),
    ]
    .into_iter()
    .enumerate()
    {
        let message =
            format!("{named}&orig={key}&algo=sha256&timestamp={AT_NEW_YEAR}&nonce=n{number}");
        refused(still.signed(ME, &message).await, status, code, told).await;
    }
    let message = format!("NameID=0123456789&{}", of_partner("desk"));
    let desk = good(still.signed(ME, &message).await).await;
    for (key, expected) in
        [("user_display_name", json!("Front desk")), ("user_email", json!("desk@example.org"))]
    {
        assert_eq!(desk[key], expected, "{desk}");
    }
    let role = &desk["user_roles"][0];
    for (key, expected) in
        [("name", "Agents"), ("text", "Agents"), ("slug", "agents"), ("id", "agents")]
    {
        assert_eq!(role[key], expected, "{role}");
    }
}
