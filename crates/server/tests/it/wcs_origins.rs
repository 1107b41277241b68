//! Every submission can be read by the API of w.c.s., whatever it came in by: from the list of forms to the sheet.

use reqwest::Response;
use serde_json::{Value, json};

use crate::data_forms::{BOTH, form as commcare_form};
use crate::hub::{Engine, TestHub, text};
use crate::receiver::{KEY, SUBMISSION, form as odk_form};
use crate::wcs_project::{BY_PARTNER, DESK, definition, good};

/// What whoever handles submissions is answered.
async fn ask(hub: &TestHub, path: &str) -> Response {
    BY_PARTNER.get_for(hub, &format!("/p/clinic/api/{path}"), DESK).await
}

/// A hub with a submission of KoboToolbox, one of a phone with Collect and one of CommCare.
async fn origins_on(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut project = definition(&hub);
    project["api_access"]["phones"] = json!({ "secret": KEY });
    project["api_access"]["handsets"] = json!({ "secret": KEY });
    project["sources"]["collect"] = json!({ "dialect": "openrosa", "access": ["phones"] });
    project["sources"]["handsets"] = json!({ "dialect": "commcare", "access": ["handsets"] });
    hub.apply(project).await;
    let xform = "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\">\
        <h:head><h:title>A visit</h:title><model><instance><data id=\"visit\" version=\"3\"><age/><spot/>\
        <meta><instanceID/></meta></data></instance><bind nodeset=\"/data/age\" type=\"int\"/>\
        <bind nodeset=\"/data/spot\" type=\"geopoint\"/></model></h:head><h:body>\
        <input ref=\"/data/age\"><label>How old</label></input>\
        <input ref=\"/data/spot\"><label>Where</label></input></h:body></h:html>";
    let path = "projects/clinic/forms";
    let upload = hub.request(reqwest::Method::POST, path).header("content-type", "application/xml");
    let answer = upload.body(xform).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    let birth = json!({
        "_uuid": "b1", "_xform_id_string": "births", "name": "Marie", "_geolocation": [48.85, 2.35],
    });
    let answer = hub.send("secret-of-the-kobo-1", birth.to_string()).await;
    assert_eq!(answer.status(), 200);
    let body = crate::receiver::upload(&odk_form("1", "<spot>48.85 2.35 0 5</spot>"), &[]);
    let post = hub.client.post(hub.url(SUBMISSION)).basic_auth("phones", Some(KEY));
    let post = post.header("content-type", "multipart/form-data; boundary=b");
    let answer = post.header("x-openrosa-version", "1.0").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    hub.fill("", commcare_form("c1", "growth", "<weight>3.5</weight>")).await;
    hub
}

/// The forms that are listed, by their slugs.
async fn listed(hub: &TestHub, query: &str) -> Vec<String> {
    let path = format!("/p/clinic/api/formdefs/{query}");
    let forms = good(BY_PARTNER.get(hub, &path).await).await;
    assert_eq!(forms["err"], 0);
    let mut slugs: Vec<String> = forms["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|form| text(&form["slug"]).to_owned())
        .collect();
    slugs.sort_unstable();
    slugs
}

/// Reads the one submission of a form in every way; its document.
async fn read(hub: &TestHub, slug: &str, word: &str) -> Value {
    let rows = good(ask(hub, &format!("forms/{slug}/list?full=on")).await).await;
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 1, "{slug}: {rows:?}");
    let document = good(ask(hub, &format!("forms/{slug}/{}/", text(&rows[0]["id"]))).await).await;
    assert_eq!(document["fields"], rows[0]["fields"], "{slug}");
    assert_eq!(document["workflow"]["status"]["id"], "recorded", "{slug}");
    let sheet = ask(hub, &format!("forms/{slug}/csv")).await;
    assert_eq!(sheet.status(), 200, "{slug}");
    let sheet = sheet.text().await.unwrap();
    assert!(sheet.lines().count() == 2 && sheet.contains(word), "{slug}: {sheet}");
    let counted =
        BY_PARTNER.get(hub, "/p/clinic/api/formdefs/?include-recorded=on&include-count=on");
    let counted = counted.await;
    let counted = good(counted).await;
    let counted = counted["data"].as_array().unwrap().iter().find(|form| form["slug"] == slug);
    assert_eq!(counted.unwrap()["count"], 7, "{slug}: 4 for two days, 2 for eight, 1 for thirty");
    document
}

#[tokio::test]
async fn a_submission_of_any_origin_is_read_from_the_list_of_forms_to_the_sheet() {
    for engine in BOTH {
        let hub = origins_on(engine).await;
        let slugs = listed(&hub, "?include-recorded=on").await;
        // A portal shows what is listed to everybody: forms of other origins are there for who asks for them.
        for query in ["", "?include-recorded=off"] {
            assert_eq!(listed(&hub, query).await, ["plain", "request"], "{query}");
        }
        let growth = slugs.iter().find(|slug| slug.contains("growth") || slug.contains("visit-"));
        let growth = growth.unwrap_or_else(|| panic!("{slugs:?}")).clone();
        assert_eq!(slugs.len(), 5, "{slugs:?}");

        // Nobody has described this form nor the third: they ask what was answered.
        let birth = read(&hub, "births", "Marie").await;
        assert_eq!(birth["fields"]["name"], "Marie", "{birth}");
        let visit = read(&hub, "visit", "48.85").await;
        assert_eq!(visit["fields"]["age"], "7", "{visit}");
        assert_eq!(visit["geolocations"]["base"], json!({ "lat": 48.85, "lon": 2.35 }));
        let map = good(ask(&hub, "forms/visit/geojson").await).await;
        assert_eq!(map["features"][0]["geometry"]["coordinates"], json!([2.35, 48.85]), "{map}");
        let weighed = read(&hub, &growth, "3.5").await;
        assert_eq!(weighed["fields"]["weight"], "3.5", "{weighed}");

        // What is known of a form's fields is in its schema.
        let schema = "/p/clinic/api/formdefs/visit/schema";
        let schema = good(BY_PARTNER.get(&hub, schema).await).await;
        let fields: Vec<_> = schema["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|field| (text(&field["varname"]), text(&field["type"]), text(&field["label"])))
            .collect();
        assert_eq!(fields, [("age", "numeric", "How old"), ("spot", "map", "Where")]);
        assert_eq!(schema["workflow"]["statuses"][0]["id"], "recorded");
    }
}
