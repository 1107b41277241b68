//! The data API as exporters read it: the published `commcare-export` of `PyPI`, which `scripts/setup-tests`
//! fetches, exports the forms and cases of a hub into SQL, again and again while more come.
//!
//! So neither side of the check is code of this project: what stands in the tables at the end must be what
//! was posted, each thing once and in its newest state.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::world::{Hub, TOKEN, clean, folder, http_client, run, write};

/// Forms that are posted, each about a case of its own.
const FORMS: usize = 5_000;
/// How many of them are there before the first export begins, and before the second.
const BEFORE: [usize; 2] = [2_000, 3_500];
/// Cases that one more form makes all at once: more than a page of the exporter has.
const AT_ONCE: usize = 450;
/// Forms that are on their way at the same time.
const TOGETHER: usize = 32;

const PROJECT: &str = "\
project: clinic
sources:
  handsets: { dialect: commcare, access: anonymous }
";

/// Where `scripts/setup-tests` puts the package.
fn packages() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/commcare-export");
    assert!(
        folder.join("pinned").exists(),
        "commcare-export is not there: run scripts/setup-tests"
    );
    folder.join("python")
}

/// A command in Python that finds the package.
fn python<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = clean(Command::new("python3"), arguments);
    command.env("PYTHONPATH", packages());
    command
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/commcare_export").join(name)
}

/// A form with a case block, as a phone posts it.
fn form(number: usize) -> String {
    format!(
        "<data xmlns=\"http://openrosa.org/formdesigner/visit\" name=\"Visit\">\
         <name>Child {number}</name><weight>{number}.50</weight>{}\
         <meta xmlns=\"http://openrosa.org/jr/xforms\"><instanceID>{}</instanceID>\
         <userID>nurse</userID></meta></data>",
        block(&format!("case-{number}"), &format!("Child {number}"), 1),
        id(number)
    )
}

fn id(number: usize) -> String {
    format!("0195a7c2-0000-4000-8000-{number:012}")
}

fn block(id: &str, name: &str, visits: usize) -> String {
    format!(
        "<case xmlns=\"http://commcarehq.org/case/transaction/v2\" case_id=\"{id}\" user_id=\"nurse\" \
         date_modified=\"2026-11-22T08:00:00.000000Z\"><create><case_type>child</case_type>\
         <case_name>{name}</case_name><owner_id>nurse</owner_id></create>\
         <update><visits>{visits}</visits></update></case>"
    )
}

/// A form that makes, or visits again, many cases at once.
fn round(number: usize, visits: usize) -> String {
    let mut blocks = String::new();
    for place in 0..AT_ONCE {
        write!(blocks, "{}", block(&format!("round-{place}"), "Round", visits)).unwrap();
    }
    format!(
        "<data xmlns=\"http://openrosa.org/formdesigner/round\" name=\"Round\"><name>Round</name>\
         {blocks}<meta xmlns=\"http://openrosa.org/jr/xforms\"><instanceID>{}</instanceID></meta></data>",
        id(FORMS + number)
    )
}

async fn post(url: &str, forms: impl IntoIterator<Item = String>) {
    let mut shares: Vec<Vec<String>> = vec![Vec::new(); TOGETHER];
    for (number, form) in forms.into_iter().enumerate() {
        shares[number % TOGETHER].push(form);
    }
    let (client, url) = (http_client(), format!("{url}/a/clinic/receiver/"));
    let mut posting = JoinSet::new();
    for share in shares {
        let (client, url) = (client.clone(), url.clone());
        posting.spawn(async move {
            for form in share {
                let request = client.post(&url).header("content-type", "text/xml").body(form);
                assert_eq!(request.send().await.unwrap().status(), 201);
            }
        });
    }
    while let Some(posted) = posting.join_next().await {
        posted.unwrap();
    }
}

/// The exporter, as its users start it.
fn exporter(hub: &str, folder: &Path, database: &str) -> Command {
    let workbook = folder.join("query.xlsx").display().to_string();
    let mut command = python([
        "-c",
        "from commcare_export.cli import entry_point; entry_point()",
        "--commcare-hq",
        hub,
        "--project",
        "clinic",
        "--auth-mode",
        "apikey",
        "--username",
        "exporter",
        "--password",
        TOKEN,
        "--query",
        &workbook,
        "--output-format",
        "sql",
        "--output",
        database,
        "--no-logfile",
    ]);
    command.current_dir(folder);
    command
}

/// The rows of a table by their ids. An id that stands there twice ends the test.
#[track_caller]
fn exported(database: &str, table: &str) -> BTreeMap<String, Value> {
    let arguments = [script("exported.py").into_os_string(), database.into(), table.into()];
    let rows: Vec<Value> = serde_json::from_value(run(&mut python(arguments)).json()).unwrap();
    let count = rows.len();
    let by_id: BTreeMap<String, Value> =
        rows.into_iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect();
    assert_eq!(by_id.len(), count, "something stands in {table} twice");
    by_id
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_exporter_exports_everything_once_while_more_comes() {
    let folder = folder();
    let file = write(folder.path(), "p.yaml", PROJECT);
    let hub = Hub::start(&folder.path().join("data"), ["--project".as_ref(), file.as_os_str()]);
    let workbook = folder.path().join("query.xlsx").into_os_string();
    run(&mut python([script("workbook.py").into_os_string(), workbook])).well();

    // The exporter writes into a database of its own, by the way that it has for PostgreSQL.
    let database = fieldpost_testkit::postgres::database().await;
    let database = database.replacen("postgres://", "postgresql+pg8000://", 1);
    post(&hub.url, (0..BEFORE[0]).map(form).chain([round(0, 1)])).await;
    run(&mut exporter(&hub.url, folder.path(), &database)).well();
    let forms = exported(&database, "forms");
    assert_eq!(forms.len(), BEFORE[0] + 1);
    assert_eq!(exported(&database, "cases").len(), BEFORE[0] + AT_ONCE);

    // The second export runs while forms arrive; all cases of the round change in between.
    post(&hub.url, (BEFORE[0]..BEFORE[1]).map(form).chain([round(1, 2)])).await;
    let url = hub.url.clone();
    let arriving = tokio::spawn(async move { post(&url, (BEFORE[1]..FORMS).map(form)).await });
    run(&mut exporter(&hub.url, folder.path(), &database)).well();
    arriving.await.unwrap();
    assert!(exported(&database, "forms").len() > BEFORE[1]);

    // The third brings what came behind the second, and nothing is missing or doubled.
    run(&mut exporter(&hub.url, folder.path(), &database)).well();
    let forms = exported(&database, "forms");
    let expected: BTreeSet<String> = (0..FORMS + 2).map(id).collect();
    assert_eq!(forms.keys().cloned().collect::<BTreeSet<_>>(), expected);
    let one = &forms[&id(4_321)];
    assert_eq!((&one["name"], &one["weight"]), (&"Child 4321".into(), &"4321.50".into()), "{one}");
    let cases = exported(&database, "cases");
    assert_eq!(cases.len(), FORMS + AT_ONCE);
    for place in 0..AT_ONCE {
        let case = &cases[&format!("round-{place}")];
        assert_eq!(case["visits"], "2", "{case}");
    }

    // One more finds nothing new.
    run(&mut exporter(&hub.url, folder.path(), &database)).well();
    assert_eq!(exported(&database, "forms"), forms);
    assert_eq!(exported(&database, "cases"), cases);
}
