//! The demo shows everything, and says so when something is not where it belongs.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::{PATIENCE, fieldpost, folder, run, write};

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
