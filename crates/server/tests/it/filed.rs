//! Forms, submissions and cases, as the API shows them.

use fieldpost_store::{FormOrigin, FormWork, PutForm};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::hub::{Engine, TestHub, eventually, json_of, problem, text};
use crate::receiver::several;

/// A form with every kind of answer that a table has to lay out.
const XFORM: &str = r#"<h:html xmlns="http://www.w3.org/2002/xforms"
    xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa">
    <h:head><h:title>Home visit</h:title><model>
    <instance><data id="visit" version="3"><name/><age/><where/><signs/><photo/>
        <people jr:template=""><first/></people><meta><instanceID/></meta></data></instance>
    <bind nodeset="/data/name" type="string" required="true()"/>
    <bind nodeset="/data/age" type="int"/><bind nodeset="/data/where" type="geopoint"/>
    <bind nodeset="/data/photo" type="binary"/><bind nodeset="/data/signs" type="select"/>
    <bind nodeset="/data/people/first" type="string"/></model></h:head>
    <h:body><input ref="/data/name"><label>Name</label></input><input ref="/data/age"/>
    <input ref="/data/where"/>
    <select ref="/data/signs"><item><label>Fever</label><value>fever</value></item>
        <item><label>Cough</label><value>cough</value></item></select>
    <upload ref="/data/photo" mediatype="image/*"/>
    <group ref="/data/people"><repeat nodeset="/data/people"><input ref="/data/people/first"/>
    </repeat></group></h:body></h:html>"#;

pub(crate) const PROJECT: &str = "projects/clinic";

/// A hub whose phones need not prove themselves.
pub(crate) async fn hub(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    let mut definition = hub.definition();
    definition["sources"]["phones"] = json!({ "dialect": "openrosa", "access": "anonymous" });
    definition["sources"]["hq"] = json!({ "dialect": "commcare", "access": "anonymous" });
    hub.apply(definition).await;
    hub
}

async fn define(hub: &TestHub) {
    let form = PutForm {
        name: "visit".to_owned(),
        title: "Home visit".to_owned(),
        form_id: Some("visit".to_owned()),
        xmlns: None,
        version: Some("3".to_owned()),
        application: None,
        root: Some("data".to_owned()),
        origin: FormOrigin::Uploaded,
        is_encrypted: false,
        definition: Some(("application/xml".to_owned(), XFORM.as_bytes().to_vec())),
        files: None,
    };
    hub.hub.store().put_form("clinic", form, 0, hub.hub.now(), FormWork::default()).await.unwrap();
}

/// A filled form.
fn filled(id: &str, answers: &str) -> String {
    format!(
        "<data id=\"visit\" version=\"3\">{answers}<meta><instanceID>uuid:{id}</instanceID>\
         </meta></data>"
    )
}

async fn submit(hub: &TestHub, form: &str, files: &[(&str, &[u8])]) {
    let mut parts: Vec<(&str, Option<&str>, &str, &[u8])> =
        vec![("xml_submission_file", Some("form.xml"), "text/xml", form.as_bytes())];
    parts.extend(files.iter().map(|(name, bytes)| (*name, Some(*name), "image/jpeg", *bytes)));
    let request = hub.client.post(hub.url("/p/clinic/submission"));
    let request = request.header("content-type", "multipart/form-data; boundary=b");
    let answer = request.body(several(&parts)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", answer.text().await.unwrap());
}

/// A filled form of CommCare that does something to a case.
pub(crate) async fn submit_case(hub: &TestHub, id: &str, case_id: &str, actions: &str) {
    let form = format!(
        "<data xmlns=\"http://openrosa.org/formdesigner/r\"><n:case \
         xmlns:n=\"http://commcarehq.org/case/transaction/v2\" case_id=\"{case_id}\" user_id=\"u1\" \
         date_modified=\"2026-01-31T10:00:00.000Z\">{actions}</n:case>\
         <m:meta xmlns:m=\"http://openrosa.org/jsr/xforms\"><m:instanceID>{id}</m:instanceID>\
         <m:userID>u1</m:userID><m:username>ann</m:username></m:meta></data>"
    );
    let request = hub.client.post(hub.url("/a/clinic/receiver/"));
    let answer = request.header("content-type", "text/xml").body(form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", answer.text().await.unwrap());
}

pub(crate) fn create(name: &str, case_type: &str, village: &str) -> String {
    format!(
        "<n:create><n:case_name>{name}</n:case_name><n:owner_id>o1</n:owner_id>\
         <n:case_type>{case_type}</n:case_type></n:create>\
         <n:update><n:village>{village}</n:village></n:update>"
    )
}

/// The numbers of the submissions that a list has.
async fn numbers(hub: &TestHub, query: &str) -> Vec<u64> {
    let found = hub.items(&format!("{PROJECT}/submissions?{query}")).await;
    found.iter().map(|found| found["number"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_form_tells_what_it_asks() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        define(&hub).await;
        submit_case(&hub, "f-1", "c1", &create("Ann", "patient", "Kibera")).await;
        let forms = hub.items(&format!("{PROJECT}/forms")).await;
        let names: Vec<&str> = forms.iter().map(|form| text(&form["name"])).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert_eq!(hub.items(&format!("{PROJECT}/forms?defined=true")).await, forms[1..]);
        assert_eq!(hub.items(&format!("{PROJECT}/forms?defined=false")).await, forms[..1]);
        assert_eq!(hub.items(&format!("{PROJECT}/forms?text=home")).await, forms[1..]);
        let first = hub.json(&format!("{PROJECT}/forms?limit=1")).await;
        assert_eq!(first["items"], json!(forms[..1]));
        let next = format!("{PROJECT}/forms?cursor={}", text(&first["next"]));
        assert_eq!(hub.items(&next).await, forms[1..]);

        let form = hub.json(&format!("{PROJECT}/forms/visit")).await;
        assert_eq!((&form["origin"], &form["definition"]), (&json!("uploaded"), &json!(1)));
        let fields = form["fields"].as_array().unwrap();
        let told = |path: &str| fields.iter().find(|field| field["path"] == path).unwrap();
        assert_eq!(told("name")["labels"], json!({ "default": "Name" }));
        assert_eq!(told("name")["required"], "true()");
        assert_eq!(
            (&told("age")["type"], &told("age")["kind"]),
            (&json!("integer"), &json!("answer"))
        );
        assert_eq!(told("people")["kind"], "repeat");
        assert_eq!(told("people.first")["repeat"], "people");
        assert_eq!(told("signs")["choices"][1]["value"], "cough");
        let arrived = hub.json(&format!("{PROJECT}/forms/{}", names[0])).await;
        assert_eq!((&arrived["fields"], &arrived["origin"]), (&json!(null), &json!("arrived")));

        let versions = hub.items(&format!("{PROJECT}/forms/visit/versions")).await;
        assert_eq!(form["versions"], json!(versions));
        assert_eq!(versions[0]["bytes"], XFORM.len());
        let bytes = hub.get(&format!("{PROJECT}/forms/visit/versions/1")).await;
        assert_eq!(bytes.headers()["content-type"], "application/xml");
        assert_eq!(bytes.text().await.unwrap(), XFORM);
        for path in [
            "forms/none",
            "forms/none/versions",
            "forms/visit/versions/2",
            "forms/visit/versions/x",
        ] {
            problem(hub.get(&format!("{PROJECT}/{path}")).await, 404, "not-found").await;
        }
    }
}

#[tokio::test]
async fn a_submission_is_seen_from_all_sides() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        define(&hub).await;
        let answers = "<name>Ann</name><age>7</age><where>-1.5 36.75 10 4.5</where>\
                       <signs>fever cough</signs><photo>é 1.jpg</photo><odd>x</odd>";
        let first = filled("a-1", answers);
        submit(&hub, &first, &[("é 1.jpg", b"a picture")]).await;
        let submission = hub.items(&format!("{PROJECT}/submissions")).await.remove(0);
        let path = format!("{PROJECT}/submissions/{}", text(&submission["id"]));
        assert_eq!(hub.json(&path).await, submission);
        assert_eq!((&submission["form"], &submission["number"]), (&json!("visit"), &json!(1)));
        assert_eq!(
            (&submission["instance_id"], &submission["version"]),
            (&json!("uuid:a-1"), &json!(1))
        );
        assert_eq!((&submission["untyped"], &submission["status"]), (&json!(false), &json!(null)));
        let values = &submission["values"];
        assert_eq!((&values["name"], &values["age"]), (&json!("Ann"), &json!(7)));
        assert_eq!(values["signs"], json!(["fever", "cough"]));
        assert_eq!(values["people"], json!([]));
        assert_eq!(values["photo"], json!({ "filename": "é 1.jpg" }));
        assert_eq!(submission["extra"]["odd"], "x");
        assert_eq!(submission["geo"]["coordinates"], json!([36.75, -1.5, 10]));

        let files = hub.items(&format!("{path}/attachments")).await;
        assert_eq!((&files[0]["name"], &files[0]["bytes"]), (&json!("é 1.jpg"), &json!(9)));
        let file = hub.get(&format!("{path}/attachments/%C3%A9%201.jpg")).await;
        let header = |name: &str| file.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "image/jpeg");
        assert_eq!(header("content-length"), "9");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let disposition = "attachment; filename=\"_ 1.jpg\"; filename*=UTF-8''%C3%A9%201%2Ejpg";
        assert_eq!(header("content-disposition"), disposition);
        assert_eq!(file.text().await.unwrap(), "a picture");

        let second = "<name>Ann</name><age>8</age><photo>later.jpg</photo>";
        let second = filled("a-2", second)
            .replace("</meta>", "<deprecatedID>uuid:a-1</deprecatedID></meta>");
        submit(&hub, &second, &[]).await;
        let edited = hub.json(&path).await;
        assert_eq!((&edited["version"], &edited["instance_id"]), (&json!(2), &json!("uuid:a-2")));
        for (query, expected) in [("", &second), ("?version=2", &second), ("?version=1", &first)] {
            let original = hub.get(&format!("{path}/original{query}")).await;
            assert_eq!(original.headers()["content-type"], "text/xml");
            assert_eq!(original.text().await.unwrap(), *expected);
        }
        problem(hub.get(&format!("{path}/original?version=3")).await, 404, "not-found").await;
        let missing = hub.get(&format!("{path}/attachments/later.jpg")).await;
        problem(missing, 404, "file-not-there").await;
        problem(hub.get(&format!("{path}/attachments/none")).await, 404, "not-found").await;

        let history = hub.items(&format!("{path}/history")).await;
        let versions: Vec<&Value> = history.iter().map(|state| &state["version"]).collect();
        assert_eq!(versions, [&json!(2), &json!(1)]);
        let changes = history[0]["changes"].as_array().unwrap();
        let age = changes.iter().find(|change| change["path"] == "values.age").unwrap();
        assert_eq!((&age["before"], &age["after"]), (&json!(7), &json!(8)));
        assert_eq!((&history[1]["changes"], &history[1]["erased"]), (&json!(null), &json!(false)));
        // The last of a page is compared with the first of the next.
        let page = hub.json(&format!("{path}/history?limit=1")).await;
        assert_eq!(page["items"], json!(history[..1]));
        let next = format!("{path}/history?cursor={}", text(&page["next"]));
        assert_eq!(hub.items(&next).await, history[1..]);

        let message = text(&history[1]["message"]);
        let timeline = hub.json(&format!("{PROJECT}/messages/{message}/timeline")).await;
        let brought = json!([{
            "id": submission["id"], "form": "visit", "number": 1, "version": 1,
        }]);
        assert_eq!((&timeline["submissions"], &timeline["cases"]), (&brought, &json!([])));
        for path in ["0195a7c2-0000-7000-8000-000000000000", "no-id"] {
            for part in ["", "/original", "/attachments", "/attachments/x", "/history", "/cases"] {
                let path = format!("{PROJECT}/submissions/{path}{part}");
                problem(hub.get(&path).await, 404, "not-found").await;
            }
        }
    }
}

#[tokio::test]
async fn fields_of_a_form_are_indexed() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        define(&hub).await;
        submit(&hub, &filled("a-1", "<name>Ann</name><age>7</age>"), &[]).await;
        let path = format!("{PROJECT}/forms/visit/indexed");
        assert_eq!(hub.json(&path).await, json!({ "paths": [] }));
        let wanted = json!({ "paths": ["age", "\"name\"", "age"] });
        assert_eq!(hub.put(&path, &wanted).await.status(), StatusCode::OK);
        let complete = |path: &str| json!({ "path": path, "complete": true });
        let done = json!({ "paths": [complete("age"), complete("name")] });
        eventually("what was there is indexed", async || {
            (hub.json(&path).await == done).then_some(())
        })
        .await;
        submit(&hub, &filled("a-2", "<name>Bo</name><age>30</age>"), &[]).await;
        for (query, expected) in [
            ("where=values.age>7", vec![2]),
            ("where=values.age<=30", vec![2, 1]),
            ("where=values.name=Ann", vec![1]),
            ("where=values.name=Ann&where=values.age=30", vec![]),
        ] {
            assert_eq!(numbers(&hub, &format!("form=visit&{query}")).await, expected, "{query}");
        }
        for bad in ["", "a[0]", "a..b"] {
            let answer = hub.put(&path, &json!({ "paths": [bad] })).await;
            problem(answer, 400, "bad-field-path").await;
        }
        let tag = hub.get(&path).await.headers()["etag"].clone();
        let turn = async |fields: &[&str]| {
            let request = hub.request(Method::PUT, &path).header("if-match", &tag);
            request.body(json!({ "paths": fields }).to_string()).send().await.unwrap()
        };
        let turned = turn(&["age", "name", "village"]).await;
        assert_eq!(turned.status(), StatusCode::OK);
        assert_ne!(turned.headers()["etag"], tag);
        problem(turn(&["age"]).await, 412, "changed-meanwhile").await;
        assert_eq!(hub.json(&path).await["paths"].as_array().unwrap().len(), 3);
        let many: Vec<String> = (0..9).map(|number| format!("f{number}")).collect();
        let answer = hub.put(&path, &json!({ "paths": many })).await;
        problem(answer, 422, "too-many-indexed-fields").await;
        let nowhere = format!("{PROJECT}/forms/nothing/indexed");
        problem(hub.put(&nowhere, &wanted).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn submissions_are_found_by_what_they_are() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        define(&hub).await;
        for (id, answers) in [
            ("a-1", "<name>Ann</name><age>7</age>"),
            ("a-2", "<name>Bo</name><age>30</age><where>1 2 0 0</where>"),
            ("a-3", "<name>bob</name>"),
        ] {
            submit(&hub, &filled(id, answers), &[]).await;
        }
        for (query, expected) in [
            ("", vec![3, 2, 1]),
            ("form=visit", vec![3, 2, 1]),
            ("sort=oldest", vec![1, 2, 3]),
            ("sort=last-changed", vec![3, 2, 1]),
            ("sort=first-changed", vec![1, 2, 3]),
            ("instance_id=uuid:a-2", vec![2]),
            ("instance_id=a-2", vec![2]),
            ("instance_id=a-4", vec![]),
            ("source=phones", vec![3, 2, 1]),
            ("source=kobo", vec![]),
            ("user=ann", vec![]),
            ("text=A-3", vec![3]),
            ("since=2026-01-01T00:00:00Z", vec![3, 2, 1]),
            ("since=2126-01-01T00:00:00Z", vec![]),
            ("until=2026-01-01T00:00:00Z", vec![]),
            ("modified_since=2126-01-01T00:00:00Z", vec![]),
            ("has_position=true", vec![2]),
            ("form=visit&has_position=true", vec![2]),
            ("form=visit&has_position=false&sort=oldest", vec![1, 3]),
            ("where=values.name=Ann", vec![1]),
            ("where=values.name:Ann", vec![1]),
            ("where=values.name!=Ann", vec![3, 2]),
            ("where=values.name~BO", vec![3, 2]),
            ("where=values.age%3E%3D8", vec![2]),
            ("where=values.age%3C8", vec![1]),
            ("where=values.age", vec![2, 1]),
            ("where=!values.age", vec![3]),
            ("where=values.name~bo&where=values.age=30", vec![2]),
            ("limit=2", vec![3, 2]),
        ] {
            assert_eq!(numbers(&hub, query).await, expected, "{query}");
        }
        for sort in ["newest", "oldest", "last-changed", "first-changed"] {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let path = format!("{PROJECT}/submissions?limit=1&sort={sort}{cursor}");
                let page = hub.json(&path).await;
                found.extend(page["items"].as_array().unwrap().iter().cloned());
                let Some(next) = page["next"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            let whole = hub.items(&format!("{PROJECT}/submissions?sort={sort}")).await;
            assert_eq!(found, whole, "{sort}");
        }
    }
}

#[tokio::test]
async fn a_case_is_seen_from_all_sides() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        submit_case(&hub, "f-1", "c1", &create("Ann", "household", "Kibera")).await;
        let child = create("Bo", "patient", "Kibera")
            + "<n:index><n:parent case_type=\"household\">c1</n:parent></n:index>";
        submit_case(&hub, "f-2", "c/2", &child).await;
        submit_case(&hub, "f-3", "c1", "<n:update><n:village>Kawangware</n:village></n:update>")
            .await;
        submit_case(&hub, "f-4", "c/2", "<n:close/>").await;

        for (query, expected) in [
            ("", vec!["c/2", "c1"]),
            ("sort=first-changed", vec!["c1", "c/2"]),
            ("type=patient", vec!["c/2"]),
            ("owner=o1", vec!["c/2", "c1"]),
            ("owner=o2", vec![]),
            ("closed=true", vec!["c/2"]),
            ("closed=false", vec!["c1"]),
            ("name=Ann", vec!["c1"]),
            ("external_id=x", vec![]),
            ("parent=c1", vec!["c/2"]),
            ("text=AN", vec!["c1"]),
            ("deleted=true", vec![]),
            ("modified_since=2126-01-01T00:00:00Z", vec![]),
            ("modified_until=2126-01-01T00:00:00Z", vec!["c/2", "c1"]),
            ("where=properties.village=Kibera", vec!["c/2"]),
            ("where=properties.village~KA", vec!["c1"]),
            ("where=!properties.village", vec![]),
        ] {
            let found = hub.items(&format!("{PROJECT}/cases?{query}")).await;
            let ids: Vec<&str> = found.iter().map(|case| text(&case["id"])).collect();
            assert_eq!(ids, expected, "{query}");
        }
        let page = hub.json(&format!("{PROJECT}/cases?limit=1")).await;
        let next = format!("{PROJECT}/cases?cursor={}", text(&page["next"]));
        assert_eq!(hub.items(&next).await[0]["id"], "c1");

        let case = hub.json(&format!("{PROJECT}/cases/c1")).await;
        assert_eq!((&case["type"], &case["closed"]), (&json!("household"), &json!(false)));
        assert_eq!(case["opened_at"], "2026-01-31T10:00:00.000000Z");
        assert_eq!(case["properties"]["village"], "Kawangware");
        assert_eq!(case["indices"], json!({}));
        let pointing = json!([{ "case_id": "c/2", "name": "parent", "relationship": "child" }]);
        assert_eq!(case["reverse_indices"], pointing);
        let child = hub.json(&format!("{PROJECT}/cases/c%2F2")).await;
        let parent = json!({ "case_id": "c1", "case_type": "household", "relationship": "child" });
        assert_eq!((&child["indices"]["parent"], &child["closed"]), (&parent, &json!(true)));

        let history = hub.items(&format!("{PROJECT}/cases/c1/history")).await;
        let forms: Vec<&str> = history.iter().map(|step| text(&step["form_id"])).collect();
        assert_eq!(forms, ["f-1", "f-3"]);
        assert_eq!(history[0]["kinds"], json!(["create", "update"]));
        assert_eq!(history[1]["actions"][0]["properties"]["village"], "Kawangware");
        let page = hub.json(&format!("{PROJECT}/cases/c1/history?limit=1")).await;
        let next = format!("{PROJECT}/cases/c1/history?cursor={}", text(&page["next"]));
        assert_eq!(hub.items(&next).await, history[1..]);

        let submission = text(&history[0]["submission"]);
        let of_submission = hub.items(&format!("{PROJECT}/submissions/{submission}/cases")).await;
        assert_eq!(of_submission[0]["id"], "c1");
        let message = hub.json(&format!("{PROJECT}/submissions/{submission}")).await;
        let message = text(&message["message"]).to_owned();
        let timeline = hub.json(&format!("{PROJECT}/messages/{message}/timeline")).await;
        assert_eq!(timeline["cases"], json!([{ "id": "c1", "type": "household", "name": "Ann" }]));
        problem(hub.get(&format!("{PROJECT}/cases/none")).await, 404, "not-found").await;
        problem(hub.get(&format!("{PROJECT}/cases/none/history")).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn submissions_leave_as_a_file() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        define(&hub).await;
        let answers = "<name>Ann, \"A\"</name><age>7</age><where>-1.5 36.75 10 4.5</where>\
                       <signs>fever cough</signs><people><first>Bo</first></people><odd>x</odd>";
        submit(&hub, &filled("a-1", answers), &[]).await;
        submit(&hub, &filled("a-2", "<name>Bo</name>"), &[]).await;
        let csv = hub.get(&format!("{PROJECT}/forms/visit/export")).await;
        assert_eq!(csv.headers()["content-type"], "text/csv");
        assert_eq!(csv.headers()["content-disposition"], "attachment; filename=\"visit.csv\"");
        let csv = csv.text().await.unwrap();
        let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
        assert_eq!(
            lines[0],
            "_id,_number,_instance_id,_received_at,_updated_at,_version,_form_version,_user,\
             _user_id,_source,name,age,where.latitude,where.longitude,where.altitude,\
             where.accuracy,signs,photo,people,_extra"
        );
        assert!(
            lines[1].ends_with(
                ",1,3,,,phones,\"Ann, \"\"A\"\"\",7,-1.5,36.75,10,4.5,fever cough,,\
                 \"[{\"\"first\"\":\"\"Bo\"\"}]\",\"{\"\"odd\"\":\"\"x\"\"}\""
            ),
            "{csv}"
        );
        assert!(lines[2].ends_with(",phones,Bo,,,,,,,,,"), "{csv}");
        assert_eq!(lines.len(), 3);

        let path = format!("{PROJECT}/forms/visit/export?format=geojson&where=values.name=Bo");
        let geojson = hub.json(&path).await;
        assert_eq!(geojson["type"], "FeatureCollection");
        assert_eq!(geojson["features"][0]["geometry"], json!(null));
        assert_eq!(geojson["features"][0]["properties"]["values"]["name"], "Bo");
        let both = hub.json(&format!("{PROJECT}/forms/visit/export?format=geojson")).await;
        assert_eq!(both["features"].as_array().unwrap().len(), 2);
        assert_eq!(both["features"][0]["geometry"]["type"], "Point");
        let placed = format!("{PROJECT}/forms/visit/export?format=geojson&has_position=true");
        assert_eq!(
            hub.json(&placed).await["features"],
            json!(both["features"].as_array().unwrap()[..1])
        );
        let none =
            format!("{PROJECT}/forms/visit/export?format=geojson&until=2000-01-01T00:00:00Z");
        assert_eq!(hub.json(&none).await["features"], json!([]));

        // Without a definition the columns are those of the submissions, all of them.
        submit(&hub, "<w id=\"well\"><depth>3</depth></w>".replace("</w>", ID_1).as_str(), &[])
            .await;
        submit(&hub, "<w id=\"well\"><dry>no</dry></w>".replace("</w>", ID_2).as_str(), &[]).await;
        let csv = hub.get(&format!("{PROJECT}/forms/well/export")).await.text().await.unwrap();
        let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
        assert!(lines[0].ends_with(",_source,depth,dry,_extra"), "{csv}");
        assert!(lines[1].ends_with(",phones,3,,"), "{csv}");
        assert!(lines[2].ends_with(",phones,,no,"), "{csv}");
        problem(hub.get(&format!("{PROJECT}/forms/none/export")).await, 404, "not-found").await;
    }
}

const ID_1: &str = "<meta><instanceID>uuid:w-1</instanceID></meta></w>";
const ID_2: &str = "<meta><instanceID>uuid:w-2</instanceID></meta></w>";

#[tokio::test]
async fn an_export_has_every_submission_once() {
    let hub = hub(Engine::Sqlite).await;
    define(&hub).await;
    for number in 0..120 {
        submit(&hub, &filled(&format!("n-{number}"), &format!("<age>{number}</age>")), &[]).await;
    }
    let csv = hub.get(&format!("{PROJECT}/forms/visit/export")).await.text().await.unwrap();
    let numbers: Vec<&str> =
        csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    let expected: Vec<String> = (1..=120).map(|number: u32| number.to_string()).collect();
    assert_eq!(numbers, expected);
    let geojson = hub.json(&format!("{PROJECT}/forms/visit/export?format=geojson")).await;
    assert_eq!(geojson["features"].as_array().unwrap().len(), 120);
}

#[tokio::test]
async fn what_is_erased_is_gone() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        submit(&hub, &filled("a-1", "<name>Ann</name>"), &[]).await;
        submit_case(&hub, "f-1", "c1", &create("Ann", "household", "Kibera")).await;
        let submissions = hub.items(&format!("{PROJECT}/submissions?form=visit")).await;
        let path = format!("{PROJECT}/submissions/{}", text(&submissions[0]["id"]));
        let would = hub.delete(&format!("{path}?dry_run=true")).await;
        let would = json_of(would).await;
        assert_eq!((&would["messages"], &would["id"]), (&json!(1), &json!(null)));
        assert_eq!(hub.json(&path).await, submissions[0]);
        let erased = json_of(hub.delete(&path).await).await;
        assert_eq!(erased["messages"], 1);
        problem(hub.get(&path).await, 404, "not-found").await;
        problem(hub.delete(&path).await, 404, "not-found").await;
        let message = format!("{PROJECT}/messages/{}/body", text(&submissions[0]["message"]));
        problem(hub.get(&message).await, 410, "erased").await;

        let erased = json_of(hub.delete(&format!("{PROJECT}/cases/c1")).await).await;
        assert_eq!(erased["messages"], 1);
        problem(hub.get(&format!("{PROJECT}/cases/c1")).await, 404, "not-found").await;
        assert_eq!(hub.items(&format!("{PROJECT}/submissions")).await, [] as [Value; 0]);
        let book = hub.items(&format!("{PROJECT}/erasures")).await;
        assert_eq!(
            (&book[0]["criterion"], &book[1]["criterion"]),
            (&json!("key"), &json!("message"))
        );
        let log = hub.items(&format!("{PROJECT}/audit")).await;
        for action in ["submission.erased", "case.erased"] {
            assert!(log.iter().any(|entry| entry["action"] == action), "{action}: {log:?}");
        }
    }
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let hub = hub(Engine::Sqlite).await;
    define(&hub).await;
    let other = hub.json("projects/clinic/messages?limit=1").await;
    assert_eq!(other["next"], json!(null));
    for (path, status, code) in [
        ("submissions?frm=visit", 400, "unknown-parameter"),
        ("submissions?form=none", 404, "not-found"),
        ("submissions?source=none", 404, "not-found"),
        ("submissions?since=now", 400, "bad-parameter"),
        ("submissions?modified_until=now", 400, "bad-parameter"),
        ("submissions?sort=best", 400, "bad-parameter"),
        ("submissions?limit=501", 400, "bad-parameter"),
        ("submissions?cursor=x", 400, "bad-cursor"),
        // An id alone is the cursor of another list.
        ("submissions?cursor=AZWnwgAAcACAAAAAAAAAAA", 400, "bad-cursor"),
        ("submissions?where=village=Kibera", 400, "bad-parameter"),
        ("submissions?where=values", 400, "bad-parameter"),
        ("submissions?where=values.people[0]=x", 400, "bad-parameter"),
        ("cases?where=values.a=1", 400, "bad-parameter"),
        ("cases?closed=maybe", 400, "bad-parameter"),
        ("cases?sort=newest", 400, "bad-parameter"),
        ("cases?cursor=YQ", 400, "bad-cursor"),
        ("cases?limit=0", 400, "bad-parameter"),
        ("forms?defined=maybe", 400, "bad-parameter"),
        ("forms?limit=x", 400, "bad-parameter"),
        ("forms/visit/versions?cursor=YQ", 400, "bad-cursor"),
        ("forms/visit?x=1", 400, "unknown-parameter"),
        ("forms/visit/export?format=ods", 400, "bad-parameter"),
        ("forms/visit/export?where=x", 400, "bad-parameter"),
        ("forms/visit/export?has_position=x", 400, "bad-parameter"),
        ("submissions?has_position=some", 400, "bad-parameter"),
    ] {
        let answer = hub.get(&format!("{PROJECT}/{path}")).await;
        let told = problem(answer, status, code).await;
        assert!(!text(&told["hint"]).is_empty(), "{path}");
    }
    let answer = hub.request(Method::DELETE, &format!("{PROJECT}/cases/c?dry_run=x")).send().await;
    problem(answer.unwrap(), 404, "not-found").await;
    for list in ["forms", "submissions", "cases"] {
        problem(hub.get(&format!("projects/nowhere/{list}")).await, 404, "not-found").await;
    }
}

#[tokio::test]
async fn a_delivery_leads_to_what_it_carries() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = TestHub::start_on(engine).await;
        let mut definition = hub.definition();
        definition["sources"]["hq"] = json!({ "dialect": "commcare", "access": "anonymous" });
        for event in ["form", "case"] {
            definition["forwarders"][event] = json!({ "on": event, "to": "there" });
        }
        hub.apply(definition).await;
        submit_case(&hub, "f-1", "c1", &create("Ann", "patient", "Kibera")).await;
        let submissions = hub.items(&format!("{PROJECT}/submissions")).await;
        for (event, case) in [("form", json!(null)), ("case", json!("c1"))] {
            let listed = hub.items(&format!("{PROJECT}/deliveries?forwarder={event}")).await;
            assert_eq!(listed.len(), 1, "{event}: {listed:?}");
            let path = format!("{PROJECT}/deliveries/{}", text(&listed[0]["id"]));
            let delivery = hub.json(&path).await;
            assert_eq!((&delivery["event"], &delivery["case"]), (&json!(event), &case));
            assert_eq!(delivery["submission"], submissions[0]["id"]);
            assert_eq!(delivery["message"], submissions[0]["message"]);
        }
    }
}
