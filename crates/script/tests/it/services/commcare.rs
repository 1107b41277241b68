use std::io::{Cursor, Read as _};

use fieldpost_testkit::{Answer, FakeDestination};
use serde_json::{Value, json};

use super::{asked, json_answer, parameter, run};

fn credential(server: &FakeDestination) -> Value {
    json!({ "hostUrl": server.url(""), "domain": "clinic", "appId": "app1", "username": "u", "password": "p" })
}

/// A server with five cases, of which it gives two at once unless it is asked for others.
async fn server() -> FakeDestination {
    let server = FakeDestination::start().await;
    server.answer_with("/a/clinic/api/v0.5/case", |request| {
        let number = |name: &str, otherwise: usize| {
            parameter(request, name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
        };
        let (offset, limit) = (number("offset", 0), number("limit", 2));
        let objects: Vec<_> =
            (offset..(offset + limit).min(5)).map(|id| json!({ "case_id": id })).collect();
        let next =
            (offset + limit < 5).then(|| format!("?limit={limit}&offset={}", offset + limit));
        let meta = json!({ "limit": limit, "offset": offset, "next": next, "total_count": 5 });
        json_answer(200, &json!({ "meta": meta, "objects": objects }))
    });
    server
}

#[tokio::test]
async fn lists_come_page_by_page() {
    for (source, requests, count) in [
        (
            "get('case', {}, state => { (state.pages ??= []).push(state.data.length); return state })",
            3,
            5,
        ),
        ("get('/case', { limit: 3 })", 2, 5),
        ("get('case', { offset: 1 })", 1, 2),
        ("get('case', { offset: 0, limit: 20 })", 1, 5),
    ] {
        let server = server().await;
        let state = run("commcare", source, &credential(&server), &json!({ "data": { "a": 1 } }))
            .await
            .unwrap();
        assert_eq!(state["data"].as_array().unwrap().len(), count, "{source}");
        assert_eq!(server.received().len(), requests, "{source}");
        assert_eq!(server.received()[0].header("authorization"), Some("Basic dTpw"));
        assert_eq!(state["response"]["meta"]["total_count"], 5);
        if source.contains("pages") {
            assert_eq!(state["pages"], json!([2, 2, 1]));
        }
    }
}

#[tokio::test]
async fn one_object_is_the_data_itself() {
    let server = FakeDestination::start().await;
    server.answer("/a/clinic/api/v0.5/case/1", json_answer(200, &json!({ "case_id": "1" })));
    let mut credential = credential(&server);
    credential["apiKey"] = json!("k");
    let state = run("commcare", "get('case/1')", &credential, &json!({})).await.unwrap();
    assert_eq!(state["data"], json!({ "case_id": "1" }));
    assert_eq!(server.received()[0].header("authorization"), Some("ApiKey u:k"));
    server.answer("*", Answer::status(404));
    let error = run("commcare", "get('case/2')", &credential, &json!({})).await.unwrap_err();
    assert_eq!(error["details"]["body"], json!({ "error": "Resource case/2 not found" }));
}

#[tokio::test]
async fn requests_go_where_they_say() {
    for (source, wanted) in [
        ("post('user', { username: $.data.name })", "POST /a/clinic/api/v0.5/user"),
        (
            "request('GET', '/a/other/api/v0.5/case', null, { limit: 1 })",
            "GET /a/other/api/v0.5/case",
        ),
        ("http.get('case/v2')", "GET /a/clinic/api/case/v2"),
        ("http.post('case/v2', { case_name: 'A' })", "POST /a/clinic/api/case/v2"),
        ("http.request('put', '/a/clinic/api/case/v2/1', {})", "PUT /a/clinic/api/case/v2/1"),
    ] {
        let server = FakeDestination::start().await;
        server.answer("*", json_answer(201, &json!({ "id": "1" })));
        let state = json!({ "data": { "name": "amina" } });
        let state = run("commcare", source, &credential(&server), &state).await.unwrap();
        assert_eq!(asked(&server.received()), [wanted], "{source}");
        assert_eq!(state["data"], json!({ "id": "1" }), "{source}");
    }
}

const SUCCESS: &str = r#"<OpenRosaResponse xmlns="http://openrosa.org/http/response"><message nature="submit_success">√</message></OpenRosaResponse>"#;
const FAILURE: &str = r#"<OpenRosaResponse xmlns="http://openrosa.org/http/response"><message nature="submit_error">InvalidCaseIndex: no such case</message></OpenRosaResponse>"#;

#[tokio::test]
async fn forms_are_submitted_as_xml() {
    let source = "submit(fields(field('@', { xmlns: 'http://openrosa.org/formdesigner/visit' }),
        field('weight', $.data.weight), field('name', '<A & \"B\">'), field('visit', [{ day: 1 }, { '@': { n: 2 } }]), field('none', null)));";
    let server = FakeDestination::start().await;
    let answer =
        |text: &str| Answer::status(201).header("content-type", "text/xml").body(text.to_owned());
    server.answer_in_turn("/a/clinic/receiver/app1/", [answer(SUCCESS)], answer(FAILURE));
    let state = json!({ "data": { "weight": 3.5 } });
    let done = run("commcare", source, &credential(&server), &state).await.unwrap();
    assert_eq!(done["data"], SUCCESS);
    let received = server.received();
    assert_eq!(received[0].header("content-type"), Some("text/xml"));
    assert_eq!(
        received[0].text(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<data xmlns=\"http://openrosa.org/formdesigner/visit\">\
         <weight>3.5</weight><name>&lt;A &amp; &quot;B&quot;&gt;</name><visit><day>1</day></visit>\
         <visit n=\"2\"></visit><none/></data>"
    );
    let error = run("commcare", source, &credential(&server), &state).await.unwrap_err();
    assert_eq!(
        error["message"],
        "CommCare kept the form and could not work on it: InvalidCaseIndex: no such case"
    );
}

/// The value of a part of a form, and whether it is a file.
fn part(body: &[u8], name: &str) -> Option<(Vec<u8>, bool)> {
    let start = body.windows(2).position(|pair| pair == b"\r\n")?;
    let boundary = &body[..start];
    let wanted = format!("name=\"{name}\"");
    let mut at = 0;
    while let Some(found) = body[at..].windows(boundary.len()).position(|it| it == boundary) {
        let from = at + found + boundary.len() + 2;
        let head = body[from..].windows(4).position(|it| it == b"\r\n\r\n")? + from;
        let headers = String::from_utf8_lossy(&body[from..head]).into_owned();
        let end = body[head..].windows(boundary.len()).position(|it| it == boundary)? + head;
        if headers.contains(&wanted) {
            return Some((
                body[head + 4..end - 2].to_vec(),
                headers.contains("filename=\"data.xlsx\""),
            ));
        }
        at = end;
    }
    None
}

/// The files of an archive that packs nothing, read by their local headers.
fn files(archive: &[u8]) -> Vec<(String, String)> {
    let mut reader = Cursor::new(archive);
    let mut files = Vec::new();
    let mut header = [0; 30];
    while reader.read_exact(&mut header).is_ok() && header.starts_with(b"PK\x03\x04") {
        let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
        let (sum, length) = (number(14), number(18) as usize);
        let mut name = vec![0; usize::from(u16::from_le_bytes([header[26], header[27]]))];
        reader.read_exact(&mut name).unwrap();
        let mut content = vec![0; length];
        reader.read_exact(&mut content).unwrap();
        assert_eq!(sum, checksum(&content));
        files.push((String::from_utf8(name).unwrap(), String::from_utf8(content).unwrap()));
    }
    files
}

fn checksum(bytes: &[u8]) -> u32 {
    let step = |value: u32, _| if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
    !bytes.iter().fold(!0, |value, byte| (0..8).fold(value ^ u32::from(*byte), step))
}

#[tokio::test]
async fn rows_are_uploaded_as_a_spreadsheet() {
    let rows = "[{ name: 'Mamadou', phone: '000' }, { name: 'A<é', age: 7 }]";
    let fields = "{ case_type: 'student', create_new_cases: 'on' }";
    for source in
        [format!("submitXls({rows}, {fields})"), format!("bulk('case-data', {rows}, {fields})")]
    {
        let server = FakeDestination::start().await;
        let path = "/a/clinic/importer/excel/bulk_upload_api/";
        server.answer(path, json_answer(200, &json!({ "code": 200, "message": "suc\ncess" })));
        let state = run("commcare", &source, &credential(&server), &json!({})).await.unwrap();
        assert_eq!(state["data"]["code"], 200);
        let request = &server.received()[0];
        assert!(
            request.header("content-type").unwrap().starts_with("multipart/form-data; boundary=")
        );
        assert_eq!(part(&request.body, "case_type"), Some((b"student".to_vec(), false)));
        let (archive, is_file) = part(&request.body, "file").unwrap();
        assert!(is_file);
        let files = files(&archive);
        let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "[Content_Types].xml",
                "_rels/.rels",
                "xl/workbook.xml",
                "xl/_rels/workbook.xml.rels",
                "xl/worksheets/sheet1.xml"
            ]
        );
        let sheet = &files[4].1;
        assert!(
            sheet.contains(">phone<") && sheet.contains(">A&lt;é<") && sheet.contains("<v>7</v>"),
            "{sheet}"
        );
    }
}

#[tokio::test]
async fn lookup_tables_have_a_sheet_each() {
    let server = FakeDestination::start().await;
    server.answer(
        "/a/clinic/fixtures/fixapi/",
        json_answer(200, &json!({ "code": 402, "message": "bad\nsheet" })),
    );
    let source = "bulk('lookup-table', { types: [{ table_id: 'fruit' }], fruit: [{ UID: '' }] }, { replace: false })";
    let error = run("commcare", source, &credential(&server), &json!({})).await.unwrap_err();
    assert_eq!(error["message"], "CommCare refused the upload: badsheet");
    let received = server.received();
    let (archive, _) = part(&received[0].body, "file-to-upload").unwrap();
    assert_eq!(files(&archive).len(), 6);
    assert_eq!(part(&received[0].body, "replace"), Some((b"false".to_vec(), false)));
    let error =
        run("commcare", "bulk('x', [], {})", &credential(&server), &json!({})).await.unwrap_err();
    assert_eq!(error["message"], "Unrecognized type");
}

#[tokio::test]
async fn a_report_is_posted_elsewhere_without_the_credential() {
    let (server, other) = (FakeDestination::start().await, FakeDestination::start().await);
    server.answer(
        "/a/clinic/api/v0.5/configurablereportdata/r1/",
        json_answer(200, &json!({ "data": [1] })),
    );
    let source = format!("fetchReportData('r1', {{ limit: 10 }}, '{}')", other.url("/in"));
    let state = json!({ "data": { "kept": true } });
    let state = run("commcare", &source, &credential(&server), &state).await.unwrap();
    assert_eq!(state["data"], json!({ "kept": true }));
    assert_eq!(parameter(&server.received()[0], "limit").as_deref(), Some("10"));
    assert_eq!(other.received()[0].json(), json!({ "data": [1] }));
    assert_eq!(other.received()[0].header("authorization"), None);
}

#[test]
fn the_checksum_is_that_of_archives() {
    assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
}
