//! Forms and cases on their way to the tables of a database.

use fieldpost_testkit::postgres;
use reqwest::Method;
use serde_json::json;

use crate::hub::{Engine, TestHub, eventually};
use crate::receiver::{KEY, send};

/// A form that asks for an age, a place, and children with their days of birth.
const XFORM: &str = r#"<h:html xmlns="http://www.w3.org/2002/xforms"
    xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>Visit</h:title><model>
    <instance><data id="visit" version="3"><age/><place/><likes/>
    <child><name/><born/></child><meta><instanceID/></meta></data></instance>
    <bind nodeset="/data/age" type="int"/><bind nodeset="/data/place" type="geopoint"/>
    <bind nodeset="/data/child/name" type="string"/><bind nodeset="/data/child/born" type="date"/>
    </model></h:head><h:body><input ref="/data/age"/><select ref="/data/likes"/>
    <group ref="/data/child"><repeat nodeset="/data/child"><input ref="/data/child/name"/></repeat>
    </group></h:body></h:html>"#;

/// A hub with a database behind it, which these forwarders write to.
async fn writing(engine: Engine, forwarders: serde_json::Value) -> (TestHub, String) {
    let database = postgres::database().await;
    let hub = TestHub::start_on(engine).await;
    let mut definition = hub.definition();
    definition["api_access"] = json!({ "phones": { "secret": KEY } });
    definition["sources"]["collect"] = json!({ "dialect": "openrosa", "access": ["phones"] });
    definition["sources"]["handsets"] = json!({ "dialect": "commcare", "access": "anonymous" });
    definition["connections"]["registry"] = json!({
        "url": format!("{}?sslmode=disable", database.replace("postgres@", "")),
        "auth": { "basic": { "username": "postgres", "password": "hunter2" } },
    });
    definition["forwarders"] = forwarders;
    hub.apply(definition).await;
    (hub, database)
}

/// A filled form, which may take the place of another.
fn visit(id: &str, replaces: Option<&str>, inside: &str) -> String {
    let replaces =
        replaces.map(|id| format!("<deprecatedID>uuid:{id}</deprecatedID>")).unwrap_or_default();
    format!(
        "<?xml version='1.0'?><data id=\"visit\" version=\"3\">{inside}\
         <meta><instanceID>uuid:{id}</instanceID>{replaces}</meta></data>"
    )
}

/// Waits until a query, whose tables may not be there yet, has that answer.
async fn wait_for(database: &str, table: &str, query: &str, expected: &str) {
    eventually(&format!("{query} gives {expected}"), async || {
        let there = format!("SELECT (to_regclass('{table}') IS NOT NULL)::text");
        if postgres::ask(database, &there).await != "true" {
            return None;
        }
        let answer =
            postgres::ask(database, &format!("SELECT coalesce(({query})::text, '')")).await;
        (answer == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_submission_becomes_rows_and_its_edit_their_next_state() {
    check_rows(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_submission_becomes_rows_where_the_hub_is_on_postgres_itself() {
    check_rows(Engine::Postgres).await;
}

async fn check_rows(engine: Engine) {
    let forwarders = json!({
        "rows": { "on": "submission", "forms": "visit", "format": "table", "to": "registry" },
        "few": { "on": "form", "format": "table", "table": "public.without_names", "to": "registry",
                 "withhold": { "child/name": "drop", "age": "hash" } },
    });
    let (hub, database) = writing(engine, forwarders).await;
    let upload = hub.request(Method::POST, "projects/clinic/forms");
    let answer = upload.header("content-type", "application/xml").body(XFORM).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());

    let inside = "<age>7</age><place>-1.29 36.8 1795 4.9</place><likes>a b</likes>\
        <child><name>O'Hara</name><born>2020-02-29</born></child>\
        <child><name>Bob</name><born>soon</born></child>";
    let sent = hub.submit("text/xml", visit("1", None, inside).into_bytes()).await;
    assert_eq!(sent.status, 201, "{}", sent.text);
    let state =
        "SELECT concat_ws(',', form, form_version, version, instance_id, age, place_latitude,
        place_accuracy, likes[2]) FROM visit";
    wait_for(&database, "visit", state, "visit,3,1,uuid:1,7,-1.29,4.9,b").await;
    let children = "SELECT string_agg(concat_ws(',', position, name, born, born_text), ';'
        ORDER BY position) FROM visit__child JOIN visit USING (submission_id)";
    wait_for(&database, "visit__child", children, "1,O'Hara,2020-02-29;2,Bob,soon").await;

    // Nothing of what is withheld, in any column of any table.
    let few = "SELECT string_agg(column_name, ',' ORDER BY column_name)
        FROM information_schema.columns
        WHERE table_name = 'without_names__child' AND column_name LIKE '%name%'";
    wait_for(&database, "without_names__child", few, "").await;
    let hashed = "SELECT age IS NULL AND length(age_text) = 32 FROM without_names";
    wait_for(&database, "without_names", hashed, "true").await;

    let inside = "<age>8</age><child><name>Bob</name><born>2021-01-01</born></child>";
    let edited = visit("2", Some("1"), inside);
    assert_eq!(hub.submit("text/xml", edited.into_bytes()).await.status, 201);
    let state =
        "SELECT concat_ws(',', count(*), max(version), max(age), max(place_latitude)) FROM visit";
    wait_for(&database, "visit", state, "1,2,8").await;
    wait_for(&database, "visit__child", children, "1,Bob,2021-01-01").await;

    // What was sent can be seen as everything else that is sent.
    let deliveries = hub.items("projects/clinic/deliveries?forwarder=rows").await;
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries.iter().all(|it| it["state"] == "succeeded" && it["last_status"] == 200));
    let id = deliveries[0]["id"].as_str().unwrap();
    let attempts = hub.items(&format!("projects/clinic/deliveries/{id}/attempts")).await;
    assert_eq!(attempts[0]["request"]["method"], "UPSERT");
    let url = attempts[0]["request"]["url"].as_str().unwrap();
    assert!(url.starts_with("postgres://") && url.ends_with("/visit"), "{url}");
    let path = format!("projects/clinic/deliveries/{id}/attempts/1/request");
    let body = hub.get(&path).await.text().await.unwrap();
    assert!(body.contains(r#""visit__child":[{"#) && !body.contains("hunter2"), "{body}");
}

#[tokio::test]
async fn a_case_is_a_row_in_its_newest_state() {
    check_case(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_case_is_a_row_where_the_hub_is_on_postgres_itself() {
    check_case(Engine::Postgres).await;
}

async fn check_case(engine: Engine) {
    let forwarders = json!({
        "patients": { "on": "case", "case_types": "patient", "format": "table", "to": "registry" },
    });
    let (hub, database) = writing(engine, forwarders).await;
    let form = |id: &str, day: u32, inside: &str| {
        format!(
            "<data xmlns=\"http://example.org/f\"><case xmlns=\"http://commcarehq.org/case/transaction/v2\" \
             case_id=\"c1\" user_id=\"u1\" date_modified=\"2026-01-0{day}T10:00:00Z\">{inside}</case>\
             <meta xmlns=\"http://openrosa.org/jr/xforms\"><instanceID>{id}</instanceID>\
             <userID>u1</userID></meta></data>"
        )
    };
    let made = "<create><case_type>patient</case_type><case_name>Ann</case_name></create>\
        <update><village>here</village></update>";
    for (id, day, inside, expected) in [
        ("f1", 1, made, "c1,patient,Ann,false,here"),
        ("f2", 2, "<update><village>there</village></update>", "c1,patient,Ann,false,there"),
        ("f3", 3, "<close/>", "c1,patient,Ann,true,there"),
    ] {
        let request =
            hub.at(Method::POST, "/a/clinic/receiver/").header("content-type", "text/xml");
        let sent = send(request.body(form(id, day, inside))).await;
        assert_eq!(sent.status, 201, "{}", sent.text);
        let state =
            "SELECT concat_ws(',', case_id, case_type, case_name, closed, village) FROM patient";
        let state = state.replace("closed,", "closed::text,");
        wait_for(&database, "patient", &state, expected).await;
    }
}
