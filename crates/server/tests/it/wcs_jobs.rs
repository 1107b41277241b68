//! Imports that are asked for as jobs.

use reqwest::Method;
use serde_json::json;

use crate::data_forms::BOTH;
use crate::hub::{TOKEN, text};
use crate::wcs_cards::cards_on;
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, BY_RESEARCH, DESK, basic, good, keys, refused};

#[tokio::test]
async fn a_job_tells_whoever_started_it_what_became_of_the_import() {
    for engine in BOTH {
        let hub = cards_on(engine).await;
        let path = "/p/clinic/api/cards/child/import-csv?async=on";
        let import = hub.client.put(BY_PARTNER.sign(&hub, path, None));
        let told = good(import.body("id,case_name\n8,Dan\na,\n").send().await.unwrap()).await;
        assert_eq!((&told["err"], keys(&told["data"])), (&json!(0), vec!["job"]));
        let job = &told["data"]["job"];
        let url = text(&job["url"]);
        assert_eq!(url, format!("/p/clinic/api/jobs/{}/", text(&job["id"])));
        // What is answered is committed.
        let done = good(BY_PARTNER.get(&hub, url).await).await["data"].clone();
        for (key, expected) in [
            ("id", job["id"].clone()),
            ("status", json!("completed")),
            ("label", json!("Importing data into cards")),
            ("completion_status", json!("1 created, 0 updated, 1 left as they are, 0 deleted")),
            ("job_result_data", json!({ "created": 1, "updated": 0, "skipped": 1, "deleted": 0 })),
        ] {
            assert_eq!(done[key], expected, "{key}");
        }
        assert!(done["creation_time"].is_string() && done["completion_time"].is_string());
        assert!(done.get("failure_label").is_none());
        // Nobody else is told that there is one, but who runs the project.
        let nothing = "There is nothing at this address.";
        refused(BY_PARTNER.get_for(&hub, url, DESK).await, 404, "not-found", nothing).await;
        refused(BY_RESEARCH.get(&hub, url).await, 404, "not-found", nothing).await;
        let clerk = basic(&hub, Method::GET, url, BY_CLERKS).send().await.unwrap();
        refused(clerk, 404, "not-found", nothing).await;
        let nobody = hub.client.get(hub.url(url)).send().await.unwrap();
        refused(nobody, 403, "access-denied", "User not authenticated.").await;
        let admin = hub.client.get(hub.url(url)).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(good(admin).await["data"], done);
        for id in ["7", "0197f3a0-0000-7000-8000-000000000000"] {
            let answer = BY_PARTNER.get(&hub, &format!("/p/clinic/api/jobs/{id}/")).await;
            refused(answer, 404, "not-found", nothing).await;
        }
    }
}

#[tokio::test]
async fn no_answer_is_kept_of_an_import() {
    let hub = cards_on(crate::hub::Engine::Sqlite).await;
    let rows = (0..30).map(|number| format!("Amina{number},tall{number},x\n"));
    let rows = rows.collect::<Vec<_>>().concat();
    let csv = format!("kind,height,Kamau\n{rows}");
    let path = "/p/clinic/api/cards/tree/import-csv?async=on";
    let import = hub.client.put(BY_PARTNER.sign(&hub, path, None)).body(csv.clone());
    let job = good(import.send().await.unwrap()).await["data"]["job"].clone();
    let noted = hub.items("projects/clinic/audit?action=cards.imported").await;
    assert_eq!(noted.len(), 1);
    let whole = noted[0].to_string();
    for answered in ["Amina", "tall", "Kamau"] {
        assert!(!whole.contains(answered), "{answered}: {whole}");
    }
    let done = good(BY_PARTNER.get(&hub, text(&job["url"])).await).await["data"].clone();
    let result = &done["job_result_data"];
    assert_eq!((&result["created"], &result["warned"]), (&json!(30), &json!(31)));
    let warnings = result["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 20);
    assert_eq!(warnings[0], json!({ "code": "unknown-key" }));
    assert_eq!(warnings[1], json!({ "code": "not-a-number", "field": "[0].height" }));
    // Whoever waits for the answer is told what stood there.
    let path = "/p/clinic/api/cards/tree/import-csv";
    let import = hub.client.put(BY_PARTNER.sign(&hub, path, None)).body(csv);
    let told = good(import.send().await.unwrap()).await["data"].clone();
    assert_eq!(told["warnings"].as_array().unwrap().len(), 20);
    assert_eq!((&told["warned"], &told["warnings"][1]["value"]), (&json!(31), &json!("tall0")));
}

#[tokio::test]
async fn a_job_says_how_many_rows_were_refused() {
    let hub = cards_on(crate::hub::Engine::Sqlite).await;
    let path = "/p/clinic/api/cards/tree/import-csv";
    let put = async |path: &str, body: &'static str| {
        let import = hub.client.put(BY_PARTNER.sign(&hub, path, None));
        good(import.body(body).send().await.unwrap()).await["data"].clone()
    };
    put(path, "kind\noak\n").await;
    let job = put(&format!("{path}?async=on"), "id,kind\n1,elm\n,ash\n").await;
    let done = good(BY_PARTNER.get(&hub, text(&job["job"]["url"])).await).await;
    assert_eq!(done["data"]["failure_label"], "1 rows could not be taken.");
    assert_eq!(done["data"]["job_result_data"]["created"], 1);
}
