//! Phones that fetch: the list of forms, each form, and the files that it needs.

use fieldpost_model::hexadecimal;
use fieldpost_store::{FormFile, FormOrigin, FormWork, PutForm};
use md5::{Digest as _, Md5};
use reqwest::Method;
use serde_json::json;

use crate::hub::{TestHub, json_of, problem};
use crate::receiver::{Answer, KEY, form, receiving, send};

/// A form with two photos.
const XFORM: &str = r#"<h:html xmlns="http://www.w3.org/2002/xforms"
    xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>Visit</h:title><model>
    <instance><data id="visit" version="3"><age/><a/><b/><meta><instanceID/></meta></data></instance>
    <bind nodeset="/data/age" type="int"/><bind nodeset="/data/a" type="binary"/>
    <bind nodeset="/data/b" type="binary"/></model></h:head><h:body/></h:html>"#;

/// Uploads the form, as one of that name and id, with the files that it needs.
pub(crate) async fn put(hub: &TestHub, name: &str, form_id: &str, files: &[(&str, &[u8])]) {
    let mut kept = Vec::new();
    for (name, content) in files {
        let mut file = hub.hub.store().files().begin(1_000).await.unwrap();
        file.write(content).await.unwrap();
        let file = file.finish().await.unwrap();
        kept.push(FormFile {
            name: (*name).to_owned(),
            content_type: Some("image/png".to_owned()),
            sha256: file.sha256,
            bytes: file.bytes,
        });
    }
    let form = PutForm {
        name: name.to_owned(),
        title: "Home visit & more".to_owned(),
        form_id: Some(form_id.to_owned()),
        xmlns: None,
        version: Some("3".to_owned()),
        application: None,
        root: None,
        origin: FormOrigin::Uploaded,
        is_encrypted: false,
        definition: Some(("application/xml".to_owned(), XFORM.as_bytes().to_vec())),
        files: Some(kept),
    };
    hub.hub.store().put_form("clinic", form, 0, hub.hub.now(), FormWork::default()).await.unwrap();
}

async fn fetch(hub: &TestHub, path: &str) -> Answer {
    send(hub.at(Method::GET, path).basic_auth("phones", Some(KEY))).await
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[tokio::test]
async fn the_list_leads_to_each_form_and_its_files() {
    let hub = receiving(|_| {}).await;
    put(&hub, "visit", "visit-2026", &[("body map.png", b"a picture")]).await;
    put(&hub, "other", "other", &[]).await;
    let list = fetch(&hub, "/p/clinic/formList").await;
    assert_eq!(list.status, 200);
    assert_eq!(list.headers["content-type"], "text/xml; charset=utf-8");
    assert_eq!(list.headers["x-openrosa-version"], "1.0");
    let md5 = hexadecimal::encode(&Md5::digest(XFORM));
    let visit = between(&list.text, "<formID>visit-2026</formID>", "</xform>");
    for part in [
        "<name>Home visit &amp; more</name>",
        "<version>3</version>",
        &format!("<hash>md5:{md5}</hash>"),
        "<downloadUrl>/p/clinic/forms/visit.xml</downloadUrl>",
        "<manifestUrl>/p/clinic/forms/visit/manifest</manifestUrl>",
    ] {
        assert!(visit.contains(part), "{part}: {}", list.text);
    }
    let other = between(&list.text, "<formID>other</formID>", "</xform>");
    assert!(!other.contains("manifestUrl"), "{}", list.text);
    let one = fetch(&hub, "/p/clinic/formList?formID=other&verbose=true").await;
    assert!(one.text.contains("other.xml") && !one.text.contains("visit.xml"), "{}", one.text);

    let form = fetch(&hub, "/p/clinic/forms/visit.xml").await;
    assert_eq!((form.status, form.text.as_str()), (200, XFORM));
    let manifest = fetch(&hub, "/p/clinic/forms/visit/manifest").await;
    let md5 = hexadecimal::encode(&Md5::digest(b"a picture"));
    assert!(manifest.text.contains("<filename>body map.png</filename>"), "{}", manifest.text);
    assert!(manifest.text.contains(&format!("<hash>md5:{md5}</hash>")), "{}", manifest.text);
    let url = between(&manifest.text, "<downloadUrl>", "</downloadUrl>");
    let media = fetch(&hub, url).await;
    assert_eq!((media.status, media.text.as_str()), (200, "a picture"));
    assert_eq!(media.headers["content-type"], "image/png");
    assert_eq!(media.headers["content-disposition"], "attachment");
    for answer in [&list, &form, &manifest, &media] {
        assert_eq!(answer.headers["content-security-policy"], "default-src 'none'; sandbox");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn links_lead_through_the_door_that_one_came_in_by() {
    let hub = receiving(|it| it.public_url = Some("https://hub.example.org".to_owned())).await;
    put(&hub, "visit", "visit", &[("a.png", b"a picture")]).await;
    let base = format!("/p/clinic/key/{KEY}");
    let list = send(hub.at(Method::GET, &format!("{base}/formList"))).await;
    let url = between(&list.text, "<manifestUrl>", "</manifestUrl>");
    assert_eq!(url, format!("https://hub.example.org{base}/forms/visit/manifest"));
    let manifest = send(hub.at(Method::GET, &format!("{base}/forms/visit/manifest"))).await;
    let url = between(&manifest.text, "<downloadUrl>", "</downloadUrl>");
    let path = url.strip_prefix("https://hub.example.org").unwrap();
    assert_eq!(send(hub.at(Method::GET, path)).await.text, "a picture");
}

#[tokio::test]
async fn forms_are_for_whom_they_are_for() {
    let hub = receiving(|_| {}).await;
    put(&hub, "visit", "visit", &[("a.png", b"a picture")]).await;
    for path in [
        "/p/clinic/formList",
        "/p/clinic/forms/visit.xml",
        "/p/clinic/forms/visit/manifest",
        "/p/clinic/forms/visit/media/a.png",
    ] {
        send(hub.at(Method::GET, path)).await.says(401, "error", "not-let-in");
        let posted = hub.at(Method::POST, path).basic_auth("phones", Some(KEY));
        send(posted).await.says(405, "error", "method-not-allowed");
    }
    for path in ["nothing.xml", "visit", "visit/media/b.png", "nothing/manifest", "visit/more/x"] {
        let answer = fetch(&hub, &format!("/p/clinic/forms/{path}")).await;
        answer.says(404, "error", "no-such-form");
    }
}

#[tokio::test]
async fn forms_of_the_project_are_fetched_as_xforms() {
    let hub = receiving(|_| {}).await;
    let form = json!({
        "title": "Ask & answer",
        "fields": [
            { "name": "name", "label": "Name", "type": "string", "required": true },
            { "name": "agreed", "label": "Agreed", "type": "bool" },
            { "name": "kind", "label": "Kind", "type": "item", "items": [{ "id": "1", "text": "one" }] },
            { "name": "place", "label": "Where", "type": "map" },
            { "name": "people", "label": "People", "type": "block", "fields": [
                { "name": "first", "label": "First name", "type": "string" } ] },
        ],
    });
    assert_eq!(hub.put("projects/clinic/form-definitions/ask", &form).await.status(), 201);
    let closed = json!({ "fields": form["fields"], "disabled": true });
    assert_eq!(hub.put("projects/clinic/form-definitions/closed", &closed).await.status(), 201);
    let list = fetch(&hub, "/p/clinic/formList").await.text;
    assert!(!list.contains("<formID>closed"), "{list}");
    let listed = between(&list, "<formID>ask</formID>", "</xform>");
    let xform = fetch(&hub, "/p/clinic/forms/ask.xml").await;
    assert_eq!(xform.status, 200);
    let md5 = hexadecimal::encode(&Md5::digest(&xform.text));
    for part in ["<name>Ask &amp; answer</name>", "<version>1</version>", &format!("md5:{md5}")] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    for part in ["<data id=\"ask\" version=\"1\">", "type=\"geopoint\"", "required=\"true()\""] {
        assert!(xform.text.contains(part), "{part}: {}", xform.text);
    }
    // What a phone fills in is typed by the form of the project, and its lifecycle begins.
    let filled = "<data id=\"ask\" version=\"1\"><name>Ada</name><agreed>true</agreed><kind>1</kind>\
        <place>48.5 2.25 0 0</place><people><first>B</first></people><people><first>C</first></people>\
        <meta><instanceID>uuid:f1</instanceID></meta></data>";
    let answer = hub.upload(filled, &[]).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let submission = hub.items("projects/clinic/submissions?form=ask").await.remove(0);
    assert_eq!(submission["values"]["agreed"], true);
    assert_eq!(submission["values"]["people"], json!([{ "first": "B" }, { "first": "C" }]));
    assert_eq!(submission["values"]["place"]["type"], "Point");
}

#[tokio::test]
async fn an_uploaded_form_gives_types_and_is_fetched_as_it_came() {
    let hub = receiving(|_| {}).await;
    let upload = async |content_type: &'static str, body: String| {
        let request = hub.request(Method::POST, "projects/clinic/forms?application=field");
        request.header("content-type", content_type).body(body).send().await.unwrap()
    };
    // Known by a submission already: the definition is that form's.
    hub.upload(&form("one", ""), &[]).await.says(201, "submit_success", "");
    let made = upload("application/xml", XFORM.to_owned()).await;
    assert_eq!(made.status(), 200);
    let made = json_of(made).await;
    assert_eq!(
        (&made["name"], &made["title"], &made["application"]),
        (&json!("visit"), &json!("Visit"), &json!("field"))
    );
    assert_eq!((&made["definition"], &made["version"]), (&json!(1), &json!("3")));
    let again = json_of(upload("text/xml; charset=utf-8", XFORM.to_owned()).await).await;
    assert_eq!(again["definition"], 1, "the same bytes change nothing");
    let other = XFORM.replace("id=\"visit\"", "id=\"Other Form!\"");
    let other = upload("application/xml", other).await;
    assert_eq!(other.status(), 201);
    assert_eq!(json_of(other).await["name"], "other-form");

    let submitted = form("two", "<a>1.jpg</a>");
    hub.upload(&submitted, &[("1.jpg", b"one")]).await.says(201, "submit_success", "");
    let [newest, ..] = &hub.items("projects/clinic/submissions?form=visit").await[..] else {
        panic!("two submissions")
    };
    let path = format!("projects/clinic/submissions/{}", newest["id"].as_str().unwrap());
    let values = hub.json(&path).await["values"].clone();
    assert_eq!(values["age"], 7, "{values}");
    assert_eq!(values["a"]["filename"], "1.jpg", "{values}");
    assert_eq!(fetch(&hub, "/p/clinic/forms/visit.xml").await.text, XFORM);

    for (content_type, body, status, code) in [
        ("application/xml", "<html/>", 422, "not-xform"),
        ("application/xml", "<html", 422, "xml-syntax"),
        ("application/xml", "", 422, "xml-empty"),
        ("application/json", "{}", 422, "form-definition"),
        ("text/csv", "type,name", 415, "unsupported-content-type"),
        (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "PK",
            415,
            "unsupported-content-type",
        ),
    ] {
        problem(upload(content_type, body.to_owned()).await, status, code).await;
    }
}
