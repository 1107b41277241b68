//! Uploads that are broken, too large or too slow: each gets an answer that says what is wrong, and
//! nothing of them is kept.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::hub::TestHub;
use crate::receiver::{SUBMISSION, form, receiving, several, upload};

const MULTIPART: &str = "multipart/form-data; boundary=b";

type Part<'p> = (&'p str, Option<&'p str>, &'p str, &'p [u8]);

/// Posts that are refused before the engine hears of them.
#[tokio::test]
async fn what_cannot_be_taken_is_told() {
    let hub = receiving(|_| {}).await;
    let xml = form("one", "");
    let of_form: Part<'_> = ("xml_submission_file", Some("v.xml"), "text/xml", xml.as_bytes());
    let file: Part<'_> = ("1.jpg", Some("1.jpg"), "image/jpeg", b"one");
    let cut = upload(&xml, &[("1.jpg", b"one")]);
    let whole = cut.len();
    for (content_type, body, status, code) in [
        (MULTIPART, several(&[]), 400, "form-part-missing"),
        (MULTIPART, several(&[file]), 400, "form-part-missing"),
        (
            MULTIPART,
            several(&[("form", Some("v.xml"), "text/xml", xml.as_bytes())]),
            400,
            "form-part-missing",
        ),
        (MULTIPART, several(&[of_form, of_form]), 400, "broken-multipart"),
        (
            MULTIPART,
            several(&[("xml_submission_file", Some("v.xml"), "text/xml", b" \n")]),
            400,
            "form-empty",
        ),
        (
            MULTIPART,
            several(&[of_form, file, ("1.jpg", Some("1.jpg"), "image/jpeg", b"two")]),
            400,
            "broken-multipart",
        ),
        (
            MULTIPART,
            several(&[of_form, ("a", Some(".."), "image/jpeg", b"x")]),
            400,
            "bad-file-name",
        ),
        (
            MULTIPART,
            several(&[of_form, ("a", Some("a/"), "image/jpeg", b"x")]),
            400,
            "bad-file-name",
        ),
        (MULTIPART, Vec::new(), 400, "body-broken-off"),
        (MULTIPART, b"not in parts".to_vec(), 400, "body-broken-off"),
        (MULTIPART, cut[..whole - 8].to_vec(), 400, "body-broken-off"),
        (MULTIPART, cut[..40].to_vec(), 400, "body-broken-off"),
        ("multipart/form-data", upload(&xml, &[]), 400, "broken-multipart"),
        ("text/xml", Vec::new(), 400, "form-empty"),
        ("text/xml", b" \r\n".to_vec(), 400, "form-empty"),
        ("application/json", b"{}".to_vec(), 415, "unsupported-content-type"),
        ("image/jpeg", b"\xff\xd8".to_vec(), 415, "unsupported-content-type"),
    ] {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let answer = hub.submit(content_type, body).await;
        assert_eq!(answer.status, status, "{content_type} {shown}: {}", answer.text);
        answer.says(status, "error", &format!("[{code}]"));
    }
    assert_eq!(hub.messages().await.len(), 0, "nothing of all this is kept");
    assert_eq!(hub.files_on_disk(), [""; 0].map(std::path::PathBuf::from));
    hub.upload(&xml, &[("1.jpg", b"one")]).await.says(201, "submit_success", "");
    assert_eq!(hub.files_on_disk().len(), 1);
}

/// Forms that the engine cannot read are kept as quarantined, and the phone is told.
#[tokio::test]
async fn what_cannot_be_read_is_kept_and_told() {
    let hub = receiving(|_| {}).await;
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    for (body, code) in [
        ("<data id='visit'><a></data>", "xml-syntax"),
        ("no XML at all", "xml-syntax"),
        ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><data>&x;</data>", "xml-doctype"),
        (deep.as_str(), "xml-depth"),
        ("<data/>", "not-openrosa"),
        ("<data id='visit'/>", "instance-id-missing"),
    ] {
        hub.upload(body, &[("1.jpg", b"one")]).await.says(400, "error", &format!("[{code}]"));
    }
    let kept = hub.items("projects/clinic/messages?state=quarantined").await;
    assert_eq!(kept.len(), 6, "{kept:?}");
}

#[tokio::test]
async fn every_bound_is_kept_and_one_more_is_refused() {
    let hub = receiving(|settings| {
        settings.max_upload_parts = 4;
        settings.max_file = 1_000;
        settings.max_upload = 20_000;
        settings.max_body = 5_000;
    })
    .await;
    let files = |count: usize| -> Vec<(String, Vec<u8>)> {
        (0..count).map(|number| (format!("{number}.jpg"), vec![b'x'; 10])).collect()
    };
    let send = async |id: &str, inside: &str, files: &[(String, Vec<u8>)]| {
        let files: Vec<_> = files.iter().map(|(name, it)| (name.as_str(), it.as_slice())).collect();
        hub.upload(&form(id, inside), &files).await
    };
    send("a", "", &files(3)).await.says(201, "submit_success", "");
    send("b", "", &files(4)).await.says(413, "error", "[too-many-parts]");
    let large = |bytes: usize| vec![("large.jpg".to_owned(), vec![b'x'; bytes])];
    send("c", "", &large(1_000)).await.says(201, "submit_success", "");
    send("d", "", &large(1_001)).await.says(413, "error", "[file-too-large]");

    let text = |bytes: usize| format!("<t>{}</t>", "x".repeat(bytes));
    let around = form("e", &text(0)).len();
    send("e", &text(5_000 - around), &[]).await.says(201, "submit_success", "");
    send("f", &text(5_001 - around), &[]).await.says(413, "error", "[body-too-large]");

    // A part that nobody looks at counts for the whole.
    let padded = |bytes: usize| {
        let xml = form("g", "");
        let padding = vec![b'x'; bytes];
        several(&[
            ("xml_submission_file", Some("v.xml"), "text/xml", xml.as_bytes()),
            ("padding", None, "text/plain", &padding),
        ])
    };
    let around = padded(0).len();
    let exactly = hub.submit(MULTIPART, padded(20_000 - around)).await;
    exactly.says(201, "submit_success", "");
    let one_more = hub.submit(MULTIPART, padded(20_001 - around)).await;
    one_more.says(413, "error", "[upload-too-large]");
}

#[tokio::test]
async fn a_head_of_a_part_that_never_ends_is_not_held_in_memory() {
    let hub = receiving(|_| {}).await;
    let head = format!("--b\r\nContent-Disposition: {}", "x".repeat(1_000_000));
    let answer = hub.submit(MULTIPART, head.into_bytes()).await;
    answer.says(400, "error", "stand before the content of a part");
}

/// The head of a request, and what comes of its body.
async fn begin(hub: &TestHub, length: usize, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(hub.address).await.unwrap();
    let basic = "cGhvbmVzOmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==";
    let head = format!(
        "POST {SUBMISSION} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: Basic {basic}\r\ncontent-type: {MULTIPART}\r\n\
         content-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream
}

#[tokio::test]
async fn an_upload_that_breaks_off_or_stands_still_leaves_no_message() {
    let hub = receiving(|it| it.body_timeout = Duration::from_millis(300)).await;
    let photo = b"x".repeat(100_000);
    let whole = upload(&form("one", ""), &[("1.jpg", &photo)]);
    let half = whole.len() / 2;
    drop(begin(&hub, whole.len(), &whole[..half]).await);

    let mut standing = begin(&hub, whole.len(), &whole[..half]).await;
    let mut answer = String::new();
    let read = standing.read_to_string(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("[body-too-slow]"), "{answer}");
    assert_eq!(hub.messages().await.len(), 0);

    // Slow is not standing still: each piece comes in time, the whole takes longer.
    let mut slow = begin(&hub, whole.len(), b"").await;
    for piece in whole.chunks(whole.len() / 5) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        slow.write_all(piece).await.unwrap();
    }
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[tokio::test]
async fn an_upload_has_a_time_as_a_whole() {
    let hub = receiving(|it| it.upload_timeout = Duration::from_millis(300)).await;
    let whole = upload(&form("one", ""), &[("1.jpg", b"one")]);
    let mut slow = begin(&hub, whole.len(), &whole[..10]).await;
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}
