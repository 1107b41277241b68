//! Cases as a file.

use std::collections::HashMap;
use std::io::Read as _;

use flate2::read::DeflateDecoder;

use crate::filed::{PROJECT, create, hub, submit_case};
use crate::hub::{Engine, problem};

/// The files of a workbook, as text.
#[expect(clippy::disallowed_methods, reason = "the hub of the test made it just now")]
fn unpacked(workbook: &[u8]) -> HashMap<String, String> {
    let begins = workbook.windows(4).enumerate().filter(|(_, bytes)| *bytes == b"PK\x03\x04");
    begins
        .map(|(begin, _)| {
            let length =
                usize::from(u16::from_le_bytes([workbook[begin + 26], workbook[begin + 27]]));
            let name = &workbook[begin + 30..begin + 30 + length];
            let mut text = String::new();
            let mut content = DeflateDecoder::new(&workbook[begin + 30 + length..]);
            content.read_to_string(&mut text).unwrap();
            (String::from_utf8(name.to_vec()).unwrap(), text)
        })
        .collect()
}

#[tokio::test]
async fn cases_leave_as_a_file() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let hub = hub(engine).await;
        submit_case(&hub, "f-1", "c1", &create("Ann, \"A\"", "household", "Kibera")).await;
        let child = create("Bo", "patient", "=1+1")
            + "<n:index><n:parent case_type=\"household\">c1</n:parent></n:index>";
        submit_case(&hub, "f-2", "c2", &child).await;
        submit_case(&hub, "f-3", "c1", "<n:update><n:rooms>007</n:rooms></n:update>").await;
        submit_case(&hub, "f-4", "c2", "<n:close/>").await;

        let path = format!("{PROJECT}/exports/cases");
        let csv = hub.get(&path).await;
        assert_eq!(csv.headers()["content-type"], "text/csv");
        let name = "attachment; filename=\"clinic-cases.csv\"";
        assert_eq!(csv.headers()["content-disposition"], name);
        let csv = csv.text().await.unwrap();
        let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
        assert_eq!(
            lines[0],
            "_id,_type,_name,_owner,_external_id,_closed,_opened_at,_opened_by,_modified_at,\
             _modified_by,_closed_at,_closed_by,_received_at,rooms,village,_indices,_extra"
        );
        assert!(lines[1].starts_with("c1,household,\"Ann, \"\"A\"\"\",o1,,false,"), "{csv}");
        assert!(lines[1].ends_with(",007,Kibera,,"), "{csv}");
        assert!(lines[2].starts_with("c2,patient,Bo,o1,,true,"), "{csv}");
        let index = "\"{\"\"parent\"\":{\"\"case_id\"\":\"\"c1\"\",\"\"case_type\"\":\
                     \"\"household\"\",\"\"relationship\"\":\"\"child\"\"}}\"";
        assert!(lines[2].ends_with(&format!(",,=1+1,{index},")), "{csv}");
        assert_eq!(lines.len(), 3);

        let open = hub.get(&format!("{path}?closed=false")).await.text().await.unwrap();
        assert_eq!(open.split_terminator("\r\n").count(), 2, "{open}");
        let workbook = hub.get(&format!("{path}?format=xlsx&type=patient")).await;
        let name = "attachment; filename=\"clinic-cases.xlsx\"";
        assert_eq!(workbook.headers()["content-disposition"], name);
        let files = unpacked(&workbook.bytes().await.unwrap());
        let sheet = &files["xl/worksheets/sheet1.xml"];
        assert_eq!(sheet.matches("<row>").count(), 2, "{sheet}");
        // What looks like a formula is a text.
        assert!(
            sheet.contains("<c t=\"inlineStr\"><is><t xml:space=\"preserve\">=1+1</t>"),
            "{sheet}"
        );
        for query in ["?format=geojson", "?sort=first-changed", "?closed=perhaps"] {
            problem(hub.get(&format!("{path}{query}")).await, 400, "bad-parameter").await;
        }
        problem(hub.get("projects/nowhere/exports/cases").await, 404, "not-found").await;
    }
}

/// Its columns are told apart from those of the hub.
#[tokio::test]
async fn a_property_may_be_called_as_a_column_of_the_hub() {
    let hub = hub(Engine::Sqlite).await;
    submit_case(&hub, "f-1", "c1", &create("Ann", "household", "Kibera")).await;
    let update = "<n:update><n:_id>7</n:_id><n:_extra>more</n:_extra></n:update>";
    submit_case(&hub, "f-2", "c1", update).await;
    let csv = hub.get(&format!("{PROJECT}/exports/cases")).await.text().await.unwrap();
    let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let row: HashMap<&str, &str> = lines[0].iter().copied().zip(lines[1].iter().copied()).collect();
    assert_eq!(row.len(), lines[0].len(), "no name stands twice: {csv}");
    for (name, value) in
        [("_id", "c1"), ("properties._id", "7"), ("properties._extra", "more"), ("_extra", "")]
    {
        assert_eq!(row[name], value, "{csv}");
    }
}

#[tokio::test]
async fn an_export_has_every_case_once() {
    let hub = hub(Engine::Sqlite).await;
    for number in 0..120 {
        let case = create("Ann", "household", "Kibera");
        submit_case(&hub, &format!("f-{number}"), &format!("c{number}"), &case).await;
    }
    let csv = hub.get(&format!("{PROJECT}/exports/cases")).await.text().await.unwrap();
    let ids: Vec<&str> = csv.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    let expected: Vec<String> = (0..120).map(|number| format!("c{number}")).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn a_case_that_is_changed_while_it_is_written_stands_there_once() {
    let hub = hub(Engine::Sqlite).await;
    // More than waits on the way to somebody who does not read.
    let village = "x".repeat(250_000);
    for number in 0..80 {
        let case = create("Ann", "household", &village);
        submit_case(&hub, &format!("f-{number}"), &format!("c{number}"), &case).await;
    }
    let mut answer = hub.get(&format!("{PROJECT}/exports/cases")).await;
    let mut csv = Vec::new();
    while csv.len() < village.len() {
        csv.extend(answer.chunk().await.unwrap().unwrap());
    }
    submit_case(&hub, "f-again", "c0", "<n:update><n:village>Kibera</n:village></n:update>").await;
    while let Some(piece) = answer.chunk().await.unwrap() {
        csv.extend(piece);
    }
    let csv = String::from_utf8(csv).unwrap();
    let ids = csv.lines().skip(1).map(|line| line.split(',').next().unwrap());
    let expected: Vec<String> = (0..80).map(|number| format!("c{number}")).collect();
    assert_eq!(ids.collect::<Vec<_>>(), expected);
}
