//! The demo shows everything, and says so when something is not where it belongs.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::{PATIENCE, fieldpost, folder, http_client, run, write};

#[test]
fn everything_is_where_it_belongs() {
    let started = Instant::now();
    let said = run(&mut fieldpost(["demo", "--once", "--listen", "127.0.0.1:0"]));
    assert_eq!(said.errors, "");
    let output = said.well();
    assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    for line in [
        "KoboToolbox submission",
        "CommCare case, as JSON",
        "duplicate of 2",
        "quarantined",
        "cases registry 3 succeeded answered 201",
        "newsletter ministry 1 rejected",
        "KoboToolbox submission enrol read, enrol success enrolled as number 1",
        "✓ Everything is where it belongs.",
    ] {
        let simple = output.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(simple.contains(line), "{line}\n{output}");
    }
}

#[test]
fn a_taken_port_does_not_stop_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    // What the environment says is for real hubs.
    let mut command = fieldpost(["demo", "--once", "--listen", &address]);
    let said = run(command.env("FIELDPOST_DATABASE", "postgres://nobody@127.0.0.1:1/x"));
    let told = format!("{address} is taken by another program; the demo listens on 127.0.0.1:");
    assert!(said.errors.starts_with(&told), "{}", said.errors);
    said.well();
}

#[test]
fn it_stays_up_until_it_is_told_to_stop() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut command = fieldpost(["demo", "--listen", "127.0.0.1:0", "--data"]);
    let mut demo = command.arg(&data).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(demo.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut lines = lines.skip_while(|line| !line.starts_with("The hub stays up at http://"));
    assert!(lines.next().is_some());
    let form = lines.find(|line| line.starts_with("Fill in a form that has a lifecycle")).unwrap();
    let page = form.rsplit(' ').next().unwrap().to_owned();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let page = http_client().get(page).send().await.unwrap();
        assert_eq!(page.status(), 200);
        let page = page.text().await.unwrap();
        assert!(page.contains("Ask for an appointment"), "{page}");
    });
    // The other commands find it by its folder.
    let list = run(fieldpost(["messages", "list", "--json", "--data"]).arg(&data)).json();
    assert_eq!(list.as_array().unwrap().len(), 13);
    let status = Command::new("kill").args(["-s", "INT", &demo.id().to_string()]).status();
    assert!(status.unwrap().success());
    let started = Instant::now();
    while demo.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < PATIENCE, "the demo does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(demo.wait().unwrap().code(), Some(0));
}

#[test]
fn it_touches_no_data_that_is_there() {
    let folder = folder();
    write(folder.path(), "precious", "");
    let said = run(fieldpost(["demo", "--once", "--data"]).arg(folder.path()));
    assert_eq!(said.code, Some(2));
    assert!(said.errors.contains("is not empty"), "{}", said.errors);
}

#[test]
fn its_tables_fit_into_a_terminal() {
    const COLUMNS: usize = 100;
    let said = run(&mut fieldpost(["demo", "--once", "--listen", "127.0.0.1:0"]));
    for line in said.well().lines() {
        // What a receiver answered is shown as it is, outside of the tables.
        let is_quoted = line.starts_with("  ");
        assert!(is_quoted || line.chars().count() <= COLUMNS, "{line}");
    }
}

/// Starts a demo and interrupts it as soon as its hub is up; answers by its exit code and what it
/// wrote.
fn interrupted(arguments: &[&str]) -> (Option<i32>, String) {
    let folder = folder();
    let data = folder.path().join("data");
    let mut command = fieldpost(["demo", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(&data).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut demo = command.spawn().unwrap();
    let started = Instant::now();
    while !data.join("hub.json").exists() {
        assert!(started.elapsed() < PATIENCE, "the demo's hub does not start");
        std::thread::sleep(Duration::from_millis(1));
    }
    let asked = Instant::now();
    let status = Command::new("kill").args(["-s", "INT", &demo.id().to_string()]).status();
    assert!(status.unwrap().success());
    while demo.try_wait().unwrap().is_none() {
        assert!(asked.elapsed() < PATIENCE, "the demo does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = demo.wait_with_output().unwrap();
    assert!(!data.join("hub.json").exists(), "its hub was stopped in good order");
    let mut said = String::from_utf8(output.stdout).unwrap();
    said.push_str(&String::from_utf8(output.stderr).unwrap());
    (output.status.code(), said)
}

#[test]
fn an_interrupted_show_claims_nothing() {
    for (arguments, code) in [(&["--once"][..], 1), (&[], 0)] {
        let (ended, said) = interrupted(arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {said}");
        assert!(said.contains("stopping before the show is over"), "{said}");
        assert!(!said.contains("where it belongs"), "{said}");
        assert!(!said.contains("The hub stays up"), "{said}");
    }
}
