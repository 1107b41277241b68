//! Statistics, calendars, compressed answers, and what is not offered.

use std::io::Read as _;

use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, text};
use crate::wcs_project::{
    BY_CLERKS, BY_PARTNER, BY_RESEARCH, basic, good, hub_on, refused, submit,
};

const COUNT: &str = "/p/clinic/api/statistics/forms/count/";

fn request(name: &str, channel: &str) -> Value {
    json!({ "data": { "name": name, "day": "2026-11-23" }, "context": { "channel": channel } })
}

#[tokio::test]
async fn what_came_in_is_counted_by_time_and_by_what_it_has_in_common() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        for (name, channel) in [("a", "web"), ("b", "phone"), ("c", "web")] {
            submit(&hub, "request", &request(name, channel)).await;
        }
        let finish = "/p/clinic/api/forms/request/1/jump/trigger/finish";
        good(basic(&hub, reqwest::Method::POST, finish, BY_CLERKS).send().await.unwrap()).await;
        let today = hub.hub.now().to_string();
        let begin = |length| today.get(..length).unwrap().to_owned();
        let (month, year) = (begin(7), begin(4));
        let one = |label: &str, data: &[u64]| json!({ "label": label, "data": data });
        for (query, labels, series) in [
            ("", json!([month]), json!([one("Forms Count", &[3])])),
            ("?time_interval=year", json!([year]), json!([one("Forms Count", &[3])])),
            ("?form=request&channel=phone", json!([month]), json!([one("Forms Count", &[1])])),
            ("?form=category:town-hall", json!([month]), json!([one("Forms Count", &[3])])),
            ("?form=plain", json!([]), json!([one("Forms Count", &[])])),
            ("?end=2020-01-01", json!([]), json!([one("Forms Count", &[])])),
            ("?group-by=channel", json!([month]), json!([one("Phone", &[1]), one("Web", &[2])])),
            (
                "?group-by=simple-status",
                json!([month]),
                json!([one("Done", &[1]), one("Open", &[2])]),
            ),
            (
                "?group-by=status&form=request&time_interval=none",
                json!(["Finished", "New"]),
                json!([one("Forms Count", &[1, 2])]),
            ),
            ("?group-by=form", json!([month]), json!([one("Request", &[3])])),
        ] {
            let told = good(BY_PARTNER.get(&hub, &format!("{COUNT}{query}")).await).await;
            assert_eq!(told["err"], 0);
            assert_eq!(told["data"], json!({ "x_labels": labels, "series": series }), "{query}");
        }
        let days = good(BY_PARTNER.get(&hub, &format!("{COUNT}?time_interval=weekday")).await);
        let days = days.await["data"].clone();
        assert_eq!(days["x_labels"].as_array().unwrap().len(), 7);
        assert_eq!(days["x_labels"][0], "Monday");
    }
}

#[tokio::test]
async fn statistics_are_numbers_for_those_who_may_read_definitions() {
    let hub = hub_on(Engine::Sqlite).await;
    let index = good(BY_PARTNER.get(&hub, "/p/clinic/api/statistics/").await).await;
    let chart = &index["data"][0];
    assert_eq!(chart["url"], COUNT);
    let filters: Vec<&str> =
        chart["filters"].as_array().unwrap().iter().map(|filter| text(&filter["id"])).collect();
    assert_eq!(filters, ["time_interval", "form", "channel", "group-by"]);
    let forms = chart["filters"][1]["options"].as_array().unwrap();
    let forms: Vec<&str> = forms.iter().map(|option| text(&option["id"])).collect();
    assert_eq!(forms, ["_all", "category:town-hall", "plain", "request"]);
    good(BY_RESEARCH.get(&hub, COUNT).await).await;
    let nobody = hub.client.get(hub.url(COUNT)).send().await.unwrap();
    refused(nobody, 403, "access-denied", "User not authenticated.").await;
    let clerk = basic(&hub, reqwest::Method::GET, COUNT, BY_CLERKS).send().await.unwrap();
    refused(clerk, 403, "access-denied", "Unsufficient roles.").await;
    let unknown = BY_PARTNER.get(&hub, &format!("{COUNT}?form=other")).await;
    refused(unknown, 404, "not-found", "There is nothing at this address.").await;
    let wrong = BY_PARTNER.get(&hub, &format!("{COUNT}?time_interval=week")).await;
    let description = "Invalid value \"week\" for \"time_interval\".";
    refused(wrong, 400, "invalid-request", description).await;
    for path in ["geocoding?q=x", "reverse-geocoding?lat=1&lon=2"] {
        let answer = BY_PARTNER.get(&hub, &format!("/p/clinic/api/{path}")).await;
        let text = "Geocoding is not offered by this server: ask the geocoding service itself.";
        refused(answer, 404, "not-found", text).await;
    }
}

#[tokio::test]
async fn what_says_when_it_is_stands_in_a_calendar() {
    let hub = hub_on(Engine::Sqlite).await;
    submit(&hub, "request", &request("Anniversary; with a cake, or two", "web")).await;
    submit(&hub, "request", &json!({ "data": { "name": "undated" } })).await;
    let calendar = async |path: &str| {
        let path = format!("/p/clinic/api/forms/request/{path}");
        basic(&hub, reqwest::Method::GET, &path, BY_CLERKS).send().await.unwrap()
    };
    let answer = calendar("ics/day/day").await;
    assert_eq!(answer.headers()["content-type"], "text/calendar; charset=utf-8");
    let told = answer.text().await.unwrap();
    assert!(told.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), "{told}");
    assert!(told.ends_with("END:VCALENDAR\r\n"), "{told}");
    assert_eq!(told.matches("BEGIN:VEVENT").count(), 1, "{told}");
    let whole = told.replace("\r\n ", "");
    for line in [
        "DTSTART;VALUE=DATE:20261123",
        "DTEND;VALUE=DATE:20261124",
        "CATEGORIES:New",
        "URL:/p/clinic/request/1/",
    ] {
        assert!(whole.lines().any(|known| known == line), "{line}: {told}");
    }
    assert!(whole.contains("Anniversary\\; with a cake\\, or two"), "{told}");
    let unknown = calendar("ics/other").await;
    refused(unknown, 400, "invalid-request", "Invalid variable \"other\".").await;
    let signed = BY_PARTNER.get(&hub, "/p/clinic/api/forms/request/ics/day").await;
    refused(signed, 403, "access-denied", "User not authenticated.").await;
    let nameless = BY_RESEARCH.get(&hub, "/p/clinic/api/forms/request/ics/day").await;
    refused(nameless, 403, "access-denied", "Restricted API access.").await;
}

#[tokio::test]
async fn calendar_programs_say_their_key_in_the_address_and_nobody_else_does() {
    let hub = hub_on(Engine::Sqlite).await;
    let get = async |path: &str, name: &str, secret: &str| {
        let query = format!("api-user={name}&api-key={secret}");
        let path = format!("/p/clinic/api/{path}?filter=all&{query}");
        hub.client.get(hub.url(&path)).send().await.unwrap()
    };
    let calendar = "forms/request/ics/day";
    let found = get(calendar, BY_CLERKS.0, BY_CLERKS.1).await;
    assert_eq!(found.status(), 200, "{}", found.text().await.unwrap());
    assert!(found.text().await.unwrap().starts_with("BEGIN:VCALENDAR"));
    for (name, secret) in [(BY_CLERKS.0, "wrong"), (BY_CLERKS.0, ""), ("nobody", BY_CLERKS.1)] {
        let text = "The name and the password open nothing here.";
        refused(get(calendar, name, secret).await, 401, "access-unauthorized", text).await;
    }
    let nameless = get(calendar, BY_RESEARCH.0, BY_RESEARCH.1).await;
    refused(nameless, 403, "access-denied", "Restricted API access.").await;
    for path in ["forms/request/list", "forms/request/ods", "forms/", "user/"] {
        let answer = get(path, BY_CLERKS.0, BY_CLERKS.1).await;
        refused(answer, 403, "access-denied", "User not authenticated.").await;
    }
}

#[expect(clippy::disallowed_methods, reason = "it undoes what the hub of this test made")]
fn undone(bytes: &[u8]) -> flate2::read::GzDecoder<&[u8]> {
    flate2::read::GzDecoder::new(bytes)
}

#[tokio::test]
async fn long_texts_are_compressed_for_clients_that_take_it() {
    let hub = hub_on(Engine::Sqlite).await;
    for number in 0..5 {
        submit(&hub, "request", &request(&format!("somebody {number}"), "web")).await;
    }
    let path = "/p/clinic/api/forms/request/list?full=on&order_by=id";
    let plain = BY_PARTNER.get(&hub, path).await;
    assert!(plain.headers().get("content-encoding").is_none());
    let vary: Vec<_> = plain.headers().get_all("vary").iter().cloned().collect();
    assert!(vary.iter().any(|value| value == "accept-encoding"), "{vary:?}");
    let tag = plain.headers()["etag"].clone();
    let plain = plain.text().await.unwrap();
    let ask = |path: &str| {
        let request = hub.client.get(BY_PARTNER.sign(&hub, path, None));
        request.header("accept-encoding", "gzip")
    };
    let answer = ask(path).send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    // A weak tag says that the same is told, not that it is told in the same bytes.
    assert_eq!(answer.headers()["etag"], tag);
    let bytes = answer.bytes().await.unwrap();
    assert!(bytes.len() < plain.len() / 2, "{} of {}", bytes.len(), plain.len());
    let mut told = String::new();
    undone(&bytes).read_to_string(&mut told).unwrap();
    assert_eq!(told, plain);
    let same = ask(path).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(same.status(), 304);
    let sheet = basic(&hub, reqwest::Method::GET, "/p/clinic/api/forms/request/ods", BY_CLERKS);
    let sheet = sheet.header("accept-encoding", "gzip").send().await.unwrap();
    assert!(sheet.headers().get("content-encoding").is_none());
}
