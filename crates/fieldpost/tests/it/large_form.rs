//! A form with many files: they are never held in memory, and none is lost when the hub is killed.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use sha2::{Digest, Sha256};

use crate::world::{Hub, PATIENCE, folder, write};

const PROJECT: &str = "project: clinic\n\
    sources:\n  handsets: { dialect: commcare, access: anonymous }\n  \
    phones: { dialect: openrosa, access: anonymous }\n";
const COMMCARE: &str = "/a/clinic/receiver/";
const COLLECT: &str = "/p/clinic/submission";
/// Case blocks of one form, files of it, and bytes of each file.
const BLOCKS: usize = 100;
const FILES: usize = 20;
const FILE_BYTES: usize = 5_000_000;
/// How much the memory of the hub may grow by it, in kilobytes.
const GROWTH: u64 = 30_000;
const BOUNDARY: &str = "a-boundary-of-the-tests";

/// A form with case blocks.
fn form(id: &str) -> String {
    let block = |number: usize| {
        format!(
            "<case xmlns=\"http://commcarehq.org/case/transaction/v2\" case_id=\"{id}-{number}\" \
             user_id=\"u1\" date_modified=\"2026-11-22T08:00:00.000000Z\"><create>\
             <case_type>child</case_type><case_name>Child {number}</case_name></create>\
             <update><village>Kibera</village></update></case>"
        )
    };
    let blocks: String = (0..BLOCKS).map(block).collect();
    format!(
        "<data xmlns=\"http://openrosa.org/formdesigner/large\">{blocks}\
         <meta><instanceID>{id}</instanceID></meta></data>"
    )
}

/// The bytes of a file, other ones for each.
fn content(number: usize) -> Vec<u8> {
    let mut word = u32::try_from(number).unwrap() + 1;
    let mut bytes = Vec::with_capacity(FILE_BYTES);
    while bytes.len() < FILE_BYTES {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    bytes.truncate(FILE_BYTES);
    bytes
}

/// Posts a form with files, one file after the other; the answer is the status.
fn post(hub: &Hub, receiver: &str, form: &str, files: usize) -> u16 {
    let part = |name: &str, file: &str, kind: &str| {
        format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             Content-Type: {kind}\r\n\r\n"
        )
    };
    let name = |number: usize| format!("photo-{number:02}.jpg");
    let end = format!("--{BOUNDARY}--\r\n");
    let head = part("xml_submission_file", "form.xml", "text/xml");
    let of_files: usize =
        (0..files).map(|it| part(&name(it), &name(it), "image/jpeg").len() + FILE_BYTES + 2).sum();
    let length = head.len() + form.len() + 2 + of_files + end.len();
    let address = hub.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut send = |bytes: &[u8]| stream.write_all(bytes).unwrap();
    send(
        format!(
            "POST {receiver} HTTP/1.1\r\nHost: {address}\r\nX-OpenRosa-Version: 3.0\r\n\
             Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{head}{form}\r\n"
        )
        .as_bytes(),
    );
    for number in 0..files {
        send(part(&name(number), &name(number), "image/jpeg").as_bytes());
        send(&content(number));
        send(b"\r\n");
    }
    send(end.as_bytes());
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// A line of what the system says of a process, in kilobytes.
fn kilobytes(hub: &Hub, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", hub.process())).unwrap();
    let found = status.lines().find_map(|it| it.strip_prefix(line)).unwrap();
    found.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_form_with_many_cases_and_large_files_costs_little_memory() {
    let folder = folder();
    let project = write(folder.path(), "project.yaml", PROJECT);
    let data = folder.path().join("data");
    let arguments = ["--project", project.to_str().unwrap()];
    let hub = Hub::start(&data, arguments);
    // What every first form costs is not what its size costs.
    assert_eq!(post(&hub, COMMCARE, &form("small"), 1), 201);
    let before = kilobytes(&hub, "VmRSS:");
    assert_eq!(post(&hub, COMMCARE, &form("large"), FILES), 201);
    let grown = kilobytes(&hub, "VmHWM:").saturating_sub(before);
    assert!(grown < GROWTH, "memory grew by {grown} kB");

    let stored = |number: usize| {
        let digest = fieldpost_model::hexadecimal::encode(&Sha256::digest(content(number)));
        let (first, rest) = digest.split_at(2);
        let (second, _) = rest.split_at(2);
        let path = data.join("files").join(first).join(second).join(&digest);
        fs::metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).len()
    };
    for number in 0..FILES {
        assert_eq!(stored(number), FILE_BYTES as u64);
    }
}

#[test]
fn a_form_that_got_a_yes_is_there_after_a_kill() {
    let folder = folder();
    let project = write(folder.path(), "project.yaml", PROJECT);
    let data = folder.path().join("data");
    let arguments = ["--project", project.to_str().unwrap()];
    let mut hub = Hub::start(&data, arguments);
    for round in 0..3 {
        let form = form(&format!("round-{round}"));
        assert_eq!(post(&hub, COLLECT, &form, 1), 201);
        hub.kill();
        hub = Hub::start(&data, arguments);
        // Known, with its file; and more than known: other content under its id is refused.
        assert_eq!(post(&hub, COLLECT, &form, 1), 202);
        assert_eq!(post(&hub, COLLECT, &form, 2), 201, "a file that is new is added");
        assert_eq!(post(&hub, COLLECT, &form.replace("Child 99", "Other"), 1), 409);
    }
}
