//! What the hub signs, judged by the libraries that receivers use: the published `standardwebhooks`
//! packages of npm and `PyPI`, which `scripts/setup-tests` fetches.
//!
//! A hub sends to a destination that writes everything down; two small programs beside this file
//! hand what was received to the packages. So neither side of the check is code of this project.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fieldpost_testkit::{FakeDestination, ReceivedRequest};
use serde_json::json;

use crate::world::{Hub, PATIENCE, folder, http_client, run, write};

const INBOX: &str = "a-long-random-word-of-letters";
/// 24 bytes, the least that the standard asks for.
const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The bytes 0 to 31.
const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Signs nothing here.
const STRANGER: &str = "whsec_Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

/// The bodies: every shape that a signature could stumble over.
const BODIES: &[(&str, &[u8])] = &[
    ("application/json", br#"{"form": "births", "weight": 3.10, "name": "Zo\u00eb"}"#),
    ("application/json", "{ \"name\":\t\"Łucja 👶\",\r\n \"name\": \"समीर\" }\n".as_bytes()),
    ("text/plain", b"line\r\nline\n\x00 and \x7f . v1,"),
    ("text/plain", b"    "),
    ("application/octet-stream", b"\x89PNG\r\n\x1a\n\x00\xff\xfe\xc3\x28.\x80"),
    ("application/octet-stream", b""),
];

/// Where `scripts/setup-tests` puts the packages.
fn packages() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/standardwebhooks");
    assert!(
        folder.join("pinned").exists(),
        "the packages of Standard Webhooks are not there: run scripts/setup-tests"
    );
    folder
}

/// Sends every body to both paths, and returns what arrived at each.
async fn delivered() -> [Vec<ReceivedRequest>; 2] {
    let destination = FakeDestination::start().await;
    let folder = folder();
    let file = write(
        folder.path(),
        "p.yaml",
        &format!(
            "project: p\n\
             sources: {{ s: {{ dialect: raw, secret: {INBOX}, dedupe: none }} }}\n\
             connections:\n\
             \x20 settled: {{ url: '{}', signing_secret: {OLD} }}\n\
             \x20 changing: {{ url: '{}', signing_secret: {NEW}, previous_signing_secret: {OLD} }}\n\
             forwarders: {{ settled: {{ to: settled }}, changing: {{ to: changing }} }}\n",
            destination.url("/settled"),
            destination.url("/changing"),
        ),
    );
    let arguments =
        ["--allow-network".as_ref(), "private".as_ref(), "--project".as_ref(), file.as_os_str()];
    let hub = Hub::start(&folder.path().join("data"), arguments);
    let client = http_client();
    for (content_type, body) in BODIES {
        let request = client.post(format!("{}/inbox/{INBOX}", hub.url));
        let request = request.header("content-type", *content_type).body(*body);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let all = destination.wait_for(2 * BODIES.len(), PATIENCE).await;
    ["/settled", "/changing"]
        .map(|path| all.iter().filter(|request| request.path == path).cloned().collect())
}

/// Writes deliveries down as the programs read them.
fn write_down(folder: &Path, name: &str, deliveries: &[ReceivedRequest], secrets: &[&str]) {
    for (number, delivery) in deliveries.iter().enumerate() {
        let header = |name: &str| delivery.header(name).unwrap();
        let text = json!({
            "headers": {
                "webhook-id": header("webhook-id"),
                "webhook-timestamp": header("webhook-timestamp"),
                "webhook-signature": header("webhook-signature"),
            },
            "secrets": secrets,
            "stranger": STRANGER,
        });
        write(folder, &format!("{name}-{number}.json"), &text.to_string());
        fs::write(folder.join(format!("{name}-{number}.body")), &delivery.body).unwrap();
    }
}

/// Runs a program that judges, and returns how many of its judgements were right: all, or it ends
/// with an error.
#[track_caller]
fn judge(program: &str, script: &str, variable: &str, packages: &Path, folder: &Path) -> usize {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/standardwebhooks");
    let mut command = Command::new(program);
    command.arg(scripts.join(script)).arg(folder).env(variable, packages);
    run(&mut command).well().trim().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_packages_take_what_the_hub_signs_and_refuse_what_was_changed() {
    let packages = packages();
    let folder = folder();
    let [settled, changing] = delivered().await;
    assert_eq!((settled.len(), changing.len()), (BODIES.len(), BODIES.len()));
    for (_, body) in BODIES {
        assert!(settled.iter().any(|request| request.body == *body), "{body:?} has not arrived");
    }
    write_down(folder.path(), "settled", &settled, &[OLD]);
    write_down(folder.path(), "changing", &changing, &[NEW, OLD]);

    // Six judgements for each of the three secrets, and one on the stranger's in both cases. A
    // program that found no files would end well, too.
    let all = BODIES.len() * (3 * 6 + 2);
    let node_modules = packages.join("node_modules");
    assert_eq!(judge("node", "verify.cjs", "NODE_PATH", &node_modules, folder.path()), all);
    // In Python the bytes that are no text cannot be changed and judged: three less for each secret.
    let python = packages.join("python");
    assert_eq!(judge("python3", "verify.py", "PYTHONPATH", &python, folder.path()), all - 3 * 3);
}
