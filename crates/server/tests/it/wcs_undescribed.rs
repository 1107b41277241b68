//! Forms that nobody has described are read by the API of w.c.s. as if their answers had been asked for: columns,
//! definitions, filters and orders are those of the answers that came.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::data_forms::{BOTH, form as commcare_form};
use crate::hub::{Engine, TestHub, text};
use crate::receiver::KEY;
use crate::wcs_project::{BY_PARTNER, BY_RESEARCH, DESK, definition, good};

/// What whoever handles submissions is answered.
async fn ask(hub: &TestHub, path: &str) -> Response {
    BY_PARTNER.get_for(hub, &format!("/p/clinic/api/{path}"), DESK).await
}

/// A hub that KoboToolbox and CommCare push to.
async fn hub_on(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut project = definition(&hub);
    project["api_access"]["handsets"] = json!({ "secret": KEY });
    project["sources"]["handsets"] = json!({ "dialect": "commcare", "access": ["handsets"] });
    hub.apply(project).await;
    hub
}

async fn push(hub: &TestHub, submission: Value) {
    let answer = hub.send("secret-of-the-kobo-1", submission.to_string()).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

/// Pushes two births that have little in common.
async fn births(hub: &TestHub) {
    push(
        hub,
        json!({
            "_uuid": "b1", "_xform_id_string": "births", "zone": "north", "name": "Marie",
            "loc/village": "Kibera", "_geolocation": [48.85, 2.35],
            "children": [{ "children/name": "Amina", "children/age": "1" }, { "children/name": "Bo", "children/age": "3" }],
        }),
    )
    .await;
    push(
        hub,
        json!({
            "_uuid": "b2", "_xform_id_string": "births", "weight": "3.5", "name": "Ali",
            "tags": ["x", "y"], "_geolocation": [null, null],
        }),
    )
    .await;
}

/// A sheet, line by line, without the times.
async fn sheet(hub: &TestHub, path: &str) -> Vec<String> {
    let answer = ask(hub, path).await;
    assert_eq!(answer.status(), 200, "{path}");
    let sheet = answer.text().await.unwrap();
    let cells = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [&cells[..1], &cells[4..]].concat().join(",")
    };
    sheet.trim_start_matches('\u{feff}').lines().map(cells).collect()
}

/// The numbers of the submissions that a list finds.
async fn found(hub: &TestHub, path: &str) -> Vec<String> {
    let rows = good(ask(hub, path).await).await;
    rows.as_array().unwrap().iter().map(|row| text(&row["id"]).to_owned()).collect()
}

/// The fields of a definition: their names and types, those of blocks behind their block.
fn fields(schema: &Value) -> Vec<(String, String)> {
    let mut told = Vec::new();
    for field in schema["fields"].as_array().unwrap() {
        told.push((text(&field["varname"]).to_owned(), text(&field["type"]).to_owned()));
        if field["type"] == "block" {
            told.extend(fields(&field["schema"]));
        }
    }
    told
}

#[tokio::test]
async fn what_kobo_pushed_of_a_form_that_nobody_described_has_columns_fields_and_filters() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        births(&hub).await;
        assert_eq!(
            sheet(&hub, "forms/births/csv").await,
            [
                "Number,zone,name,loc_village,children - name,children - age,weight,tags,Status",
                "2,,Ali,,,,3.5,x; y,Recorded",
                "1,north,Marie,Kibera,Amina | Bo,1 | 3,,,Recorded",
            ]
        );
        for format in ["ods", "xlsx"] {
            let answer = ask(&hub, &format!("forms/births/{format}")).await;
            let whole = answer.bytes().await.unwrap();
            assert!(whole.starts_with(b"PK"), "{format}");
        }
        assert_eq!(sheet(&hub, "forms/births/csv?weight=on").await[1], "2,3.5,Recorded");

        let schema = "/p/clinic/api/formdefs/births/schema";
        let schema = good(BY_PARTNER.get(&hub, schema).await).await;
        let expected = [
            ("zone", "string"),
            ("name", "string"),
            ("loc_village", "string"),
            ("children", "block"),
            ("name", "string"),
            ("age", "string"),
            ("weight", "string"),
            ("tags", "tablerows"),
        ];
        assert_eq!(
            fields(&schema),
            expected.map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        );

        for (query, expected) in [
            ("filter-name=Marie", vec!["1"]),
            ("filter-loc_village=Kibera", vec!["1"]),
            ("filter-children_name=Bo", vec!["1"]),
            ("filter-weight=3&filter-weight-operator=gt", vec!["2"]),
            ("filter-weight=on&filter-weight-operator=absent", vec!["1"]),
            ("filter-zone=south", vec![]),
            ("order_by=name", vec!["2", "1"]),
            ("order_by=-name", vec!["1", "2"]),
            ("q=kibera", vec!["1"]),
        ] {
            assert_eq!(
                found(&hub, &format!("forms/births/list?{query}")).await,
                expected,
                "{query}"
            );
        }
        for query in ["filter-nothing=x", "order_by=nothing", "filter-tags=x"] {
            let answer = ask(&hub, &format!("forms/births/list?{query}")).await;
            assert_eq!(answer.status(), 400, "{query}");
        }
        // Who reads without names finds nobody by an answer.
        let path = "/p/clinic/api/forms/births/list?filter-name=Marie";
        assert_eq!(BY_RESEARCH.get(&hub, path).await.status(), 400);
        let nameless = good(BY_RESEARCH.get(&hub, "/p/clinic/api/forms/births/list?full=on").await);
        let nameless = nameless.await.to_string();
        assert!(!nameless.contains("Marie") && !nameless.contains("Kibera"), "{nameless}");

        let document = good(ask(&hub, "forms/births/2/").await).await;
        assert_eq!(document["fields"]["tags"], json!([["x"], ["y"]]), "{document}");
        assert_eq!(document["fields"]["zone"], Value::Null, "{document}");
        let document = good(ask(&hub, "forms/births/1/").await).await;
        assert_eq!(document["fields"]["children_raw"][1]["age"], "3", "{document}");
        let base = json!({ "lat": 48.85, "lon": 2.35 });
        assert_eq!(document["geolocations"]["base"], base, "{document}");
    }
}

#[tokio::test]
async fn what_kobo_pushed_is_on_the_map_where_kobo_says_it_was_filled_in() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        births(&hub).await;
        let map = good(ask(&hub, "forms/births/geojson").await).await;
        let features = map["features"].as_array().unwrap();
        assert_eq!(features.len(), 1, "{map}");
        assert_eq!(features[0]["geometry"]["coordinates"], json!([2.35, 48.85]));
        let shown = features[0]["properties"]["display_fields"].as_array().unwrap();
        let name = shown.iter().find(|field| field["varname"] == "name").unwrap();
        assert_eq!(name["value"], "Marie");
        let every = good(BY_PARTNER.get(&hub, "/p/clinic/api/forms/geojson?status=all").await);
        assert_eq!(every.await["features"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_commcare_sent_of_a_form_that_nobody_described_has_columns_and_filters() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        hub.fill("", commcare_form("c1", "growth", "<weight>3.5</weight><kin>Ann</kin>")).await;
        let inside =
            "<weight>12</weight><kin>Bo</kin><kin>Cy</kin><birth><place>home</place></birth>";
        hub.fill("", commcare_form("c2", "growth", inside)).await;
        assert_eq!(
            sheet(&hub, "forms/visit/csv").await,
            [
                "Number,weight,kin,birth_place,Status",
                "2,12,Bo; Cy,home,Recorded",
                "1,3.5,Ann,,Recorded",
            ]
        );
        for (query, expected) in [
            ("filter-weight=9&filter-weight-operator=gt", vec!["2"]),
            ("filter-birth_place=home", vec!["2"]),
            // Nobody said that these are numbers: they are in the order of texts.
            ("order_by=weight", vec!["2", "1"]),
        ] {
            assert_eq!(
                found(&hub, &format!("forms/visit/list?{query}")).await,
                expected,
                "{query}"
            );
        }
        // The one that has a text where others have a list says so.
        let document = good(ask(&hub, "forms/visit/1/").await).await;
        assert_eq!(document["fields"]["kin"], "Ann", "{document}");
        let document = good(ask(&hub, "forms/visit/2/").await).await;
        assert_eq!(document["fields"]["kin"], json!([["Bo"], ["Cy"]]), "{document}");
        // Nobody said where it was.
        let map = good(ask(&hub, "forms/visit/geojson").await).await;
        assert_eq!(map["features"], json!([]));
    }
}

#[tokio::test]
async fn a_form_that_is_described_later_has_the_columns_of_its_definition() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        births(&hub).await;
        let xform = "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\">\
            <h:head><h:title>A birth</h:title><model><instance><data id=\"births\"><weight/><name/>\
            <meta><instanceID/></meta></data></instance><bind nodeset=\"/data/weight\" type=\"decimal\"/>\
            </model></h:head><h:body><input ref=\"/data/weight\"><label>How heavy</label></input>\
            <input ref=\"/data/name\"><label>Whose</label></input></h:body></h:html>";
        let upload = hub.request(Method::POST, "projects/clinic/forms");
        let upload = upload.header("content-type", "application/xml").body(xform);
        let answer = upload.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        let expected = ["Number,How heavy,Whose,Status", "2,3.5,Ali,Recorded", "1,,Marie,Recorded"];
        assert_eq!(sheet(&hub, "forms/births/csv").await, expected);
        assert_eq!(ask(&hub, "forms/births/geojson").await.status(), 404);
    }
}
