//! What keys that give no names, signatures that name nobody, and callers who prove nothing are kept from.
//!
//! | fact | held by |
//! |---|---|
//! | a key that gives no names sets nothing off and follows no code | `a_key_without_names_does_nothing` |
//! | what was not sent yet is read by nobody, with names or without | `a_draft_is_nobodys_to_read` |
//! | a hidden status is told by no document, list, filter or chart | `a_hidden_status_is_not_told_without_names` |
//! | mail addresses of roles are told to who signs and who has roles | `addresses_of_roles_are_for_those_who_have_to_know_them` |

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, text};
use crate::wcs_project::{
    BY_CLERKS, BY_PARTNER, BY_RESEARCH, DESK, RESEARCH, basic, definition, good, refused, submit,
};

const FIRST: &str = "/p/clinic/api/forms/request/1";
const LIST: &str = "/p/clinic/api/forms/request/list";
const COUNT: &str = "/p/clinic/api/statistics/forms/count/?group-by=status&form=request";
const DENIED: &str = "access-denied";
const RESTRICTED: &str = "Restricted API access.";
/// A key that gives no names and has roles all the same.
const STUDY: crate::wcs_project::Key = crate::wcs_project::Key("study", RESEARCH);

async fn hub_on(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut definition = definition(&hub);
    definition["api_access"]["study"] =
        json!({ "secret": RESEARCH, "roles": ["agents"], "anonymised_only": true });
    definition["forms"]["request"]["lifecycle"]["global_actions"] =
        json!({ "open": { "hook": ["anyone"], "actions": [] } });
    hub.apply(definition).await;
    hub
}

async fn post(hub: &TestHub, url: String) -> Response {
    hub.client.post(url).header("content-type", "application/json").body("{}").send().await.unwrap()
}

#[tokio::test]
async fn a_key_without_names_does_nothing() {
    let hub = hub_on(Engine::Sqlite).await;
    let sent = json!({ "data": { "name": "Amina" } });
    let answer = BY_PARTNER.post(&hub, "/p/clinic/api/formdefs/request/submit", &sent).await;
    let code = text(&good(answer).await["tracking_code"]).to_owned();
    for path in [
        format!("{FIRST}/jump/trigger/hide/"),
        format!("{FIRST}/jump/trigger/finish/"),
        format!("{FIRST}/hooks/open/"),
        "/p/clinic/request/1/jump/trigger/hide/".to_owned(),
        "/p/clinic/request/1/hooks/open/".to_owned(),
    ] {
        for email in [None, Some(""), Some(DESK)] {
            let url = BY_RESEARCH.sign(&hub, &path, email);
            refused(post(&hub, url).await, 403, DENIED, RESTRICTED).await;
        }
        refused(STUDY.post(&hub, &path, &json!({})).await, 403, DENIED, RESTRICTED).await;
        let request = basic(&hub, Method::POST, &path, STUDY);
        let request = request.header("content-type", "application/json").body("{}");
        refused(request.send().await.unwrap(), 403, DENIED, RESTRICTED).await;
    }
    let document = good(BY_CLERKS.get(&hub, &format!("{FIRST}/")).await).await;
    assert_eq!(document["workflow"]["status"]["id"], "new", "nothing was set off");
    let code = format!("/p/clinic/api/code/{code}");
    refused(BY_RESEARCH.get(&hub, &code).await, 403, DENIED, RESTRICTED).await;
    let request = basic(&hub, Method::GET, &code, BY_RESEARCH).send().await.unwrap();
    refused(request, 403, DENIED, RESTRICTED).await;
    good(BY_PARTNER.get(&hub, &code).await).await;
}

#[tokio::test]
async fn a_draft_is_nobodys_to_read() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let body = json!({ "data": { "name": "Amina" }, "meta": { "draft": true } });
        submit(&hub, "request", &body).await;
        submit(&hub, "request", &json!({ "data": { "name": "Grace" } })).await;
        let (draft, sent) = (format!("{FIRST}/"), "/p/clinic/api/forms/request/2/");
        let missing = "There is nothing at this address.";
        for (key, query) in
            [(BY_PARTNER, "?anonymise"), (BY_RESEARCH, ""), (BY_CLERKS, "?anonymise")]
        {
            let answer = key.get(&hub, &format!("{draft}{query}")).await;
            refused(answer, 404, "not-found", missing).await;
            good(key.get(&hub, &format!("{sent}{query}")).await).await;
        }
        // Forms used as cards are read by a signature alone; what was not sent is not.
        let card = BY_PARTNER.get(&hub, "/p/clinic/api/cards/request/1/").await;
        refused(card, 404, "not-found", missing).await;
        good(BY_PARTNER.get(&hub, "/p/clinic/api/cards/request/2/").await).await;
        refused(BY_CLERKS.get(&hub, &draft).await, 403, DENIED, "Unsufficient roles.").await;
    }
}

#[tokio::test]
async fn a_hidden_status_is_not_told_without_names() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        for name in ["Amina", "Grace"] {
            submit(&hub, "request", &json!({ "data": { "name": name } })).await;
        }
        good(BY_PARTNER.post(&hub, &format!("{FIRST}/jump/trigger/hide/"), &json!({})).await).await;
        let by = [(BY_PARTNER, "&anonymise"), (BY_RESEARCH, ""), (STUDY, "")];
        for (key, query) in by {
            for path in [format!("{FIRST}/?x=y{query}"), format!("{LIST}?full=on{query}")] {
                let told = key.get(&hub, &path).await.text().await.unwrap();
                let is_told = told.contains("hidden") || told.contains("Looked into");
                assert!(!is_told, "{path}: {told}");
            }
            let document = good(key.get(&hub, &format!("{FIRST}/?x=y{query}")).await).await;
            assert_eq!(document["workflow"]["status"]["id"], "new");
            assert_eq!(document["workflow"]["real_status"]["id"], "new");
            for (filter, count) in [
                ("filter=hidden", 0),
                ("filter=Looked%20into", 0),
                ("filter=new", 2),
                ("filter=new&filter-operator=ne", 0),
                ("filter=pending", 2),
                ("filter=waiting", 2),
            ] {
                if filter == "filter=waiting" && key.0 == STUDY.0 {
                    continue;
                }
                let rows = good(key.get(&hub, &format!("{LIST}?{filter}{query}")).await).await;
                assert_eq!(rows.as_array().unwrap().len(), count, "{filter}{query}");
            }
        }
        // Who may see it is told it, without names as well.
        let own = good(BY_CLERKS.get(&hub, &format!("{FIRST}/?anonymise")).await).await;
        assert_eq!(own["workflow"]["status"]["id"], "hidden");
        let rows =
            good(BY_CLERKS.get(&hub, &format!("{LIST}?anonymise&filter=hidden")).await).await;
        assert_eq!(rows.as_array().unwrap().len(), 1);
        let labels = async |answer: Response| {
            let data = good(answer).await["data"].clone();
            let series = data["series"].as_array().unwrap().iter();
            series.map(|it| text(&it["label"]).to_owned()).collect::<Vec<_>>()
        };
        for key in [BY_PARTNER, BY_RESEARCH, STUDY] {
            assert_eq!(labels(key.get(&hub, COUNT).await).await, ["New"]);
        }
        assert_eq!(labels(BY_PARTNER.get_for(&hub, COUNT, DESK).await).await, ["New"]);
        assert_eq!(labels(BY_CLERKS.get(&hub, COUNT).await).await, ["Looked into", "New"]);
    }
}

#[tokio::test]
async fn addresses_of_roles_are_for_those_who_have_to_know_them() {
    let hub = hub_on(Engine::Sqlite).await;
    let all = [
        "/p/clinic/api/formdefs/",
        "/p/clinic/api/categories/?full=on",
        "/p/clinic/api/categories/town-hall/formdefs/",
    ];
    let unsigned = async |path: &str| hub.client.get(hub.url(path)).send().await.unwrap();
    let emails =
        |forms: &Value| forms["data"][0]["functions"]["_receiver"]["role"]["emails"].clone();
    for path in all {
        for answer in [unsigned(path).await, BY_RESEARCH.get(&hub, path).await] {
            let told = good(answer).await.to_string();
            assert!(!told.contains("agents@example.org"), "{path}: {told}");
            assert!(told.contains("Request"), "{path}: {told}");
        }
    }
    assert_eq!(emails(&good(unsigned(all[0]).await).await), json!([]));
    for answer in [
        BY_PARTNER.get_for(&hub, all[0], DESK).await,
        basic(&hub, Method::GET, all[0], BY_CLERKS).send().await.unwrap(),
    ] {
        assert_eq!(emails(&good(answer).await), json!(["agents@example.org"]));
    }
    let roles = good(BY_RESEARCH.get(&hub, "/p/clinic/api/roles").await).await;
    let agents = &roles["data"][0];
    assert_eq!((&agents["name"], &agents["emails"]), (&json!("Agents"), &json!([])));
}
