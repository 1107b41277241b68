//! Phones that post: Collect and its kin, and CommCare, as they really do it.

use fieldpost_model::hexadecimal;
use fieldpost_store::StoredFile;
use md5::{Digest as _, Md5};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::hub::{Engine, TestHub};

/// The secret of the key that the phones of these tests have.
pub(crate) const KEY: &str = "correct-horse-battery";
pub(crate) const SUBMISSION: &str = "/p/clinic/submission";

/// A hub with receivers: phones prove themselves, CommCare's do not.
pub(crate) async fn receiving(
    change: impl FnOnce(&mut fieldpost_server::ServerSettings),
) -> TestHub {
    let hub = TestHub::start_with(Engine::Sqlite, |_, settings| change(settings)).await;
    let mut definition = hub.definition();
    definition["api_access"] = json!({
        "phones": { "secret": KEY },
        "partner": { "secret": "of-somebody-else-altogether" },
    });
    definition["sources"]["collect"] = json!({ "dialect": "openrosa", "access": ["phones"] });
    definition["sources"]["handsets"] = json!({ "dialect": "commcare", "access": "anonymous" });
    hub.apply(definition).await;
    hub
}

/// A filled form.
pub(crate) fn form(id: &str, inside: &str) -> String {
    format!(
        "<?xml version='1.0'?><data id=\"visit\" version=\"3\"><age>7</age>{inside}\
         <meta><instanceID>uuid:{id}</instanceID></meta></data>"
    )
}

/// The body of an upload of several parts, with `b` between them.
pub(crate) fn several(parts: &[(&str, Option<&str>, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content_type, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body.extend_from_slice(
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\
                 Content-Type: {content_type}\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

/// The parts of a form with files, as Collect names them.
pub(crate) fn upload(form: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut parts: Vec<(&str, Option<&str>, &str, &[u8])> =
        vec![("xml_submission_file", Some("visit.xml"), "text/xml", form.as_bytes())];
    parts.extend(files.iter().map(|(name, content)| (*name, Some(*name), "image/jpeg", *content)));
    several(&parts)
}

/// What a receiver said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    /// Checks an answer that is an `OpenRosaResponse` with what belongs to one.
    #[track_caller]
    pub(crate) fn says(&self, status: u16, nature: &str, words: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "text/xml; charset=utf-8");
        assert!(self.headers.contains_key("x-openrosa-version"));
        assert!(self.headers.contains_key("x-openrosa-accept-content-length"));
        assert!(self.headers["date"].to_str().unwrap().ends_with("GMT"));
        assert!(
            self.text.contains("<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\">")
        );
        assert!(self.text.contains(&format!("<message nature=\"{nature}\">")), "{}", self.text);
        assert!(self.text.contains(words), "{words}: {}", self.text);
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    Answer::of(request.send().await.unwrap()).await
}

impl TestHub {
    pub(crate) fn at(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// Posts as a phone that has a key.
    pub(crate) async fn submit(&self, content_type: &str, body: Vec<u8>) -> Answer {
        let request = self.at(Method::POST, SUBMISSION).basic_auth("phones", Some(KEY));
        send(request.header("content-type", content_type).body(body)).await
    }

    /// Posts a form with files as a phone that has a key.
    pub(crate) async fn upload(&self, form: &str, files: &[(&str, &[u8])]) -> Answer {
        self.submit("multipart/form-data; boundary=b", upload(form, files)).await
    }

    pub(crate) async fn messages(&self) -> Vec<Value> {
        self.items("projects/clinic/messages").await
    }

    /// The files of a submission, by its id.
    pub(crate) async fn files(&self, id: &str) -> Vec<StoredFile> {
        let store = self.hub.store();
        let instance = store.instance("clinic", id).await.unwrap().unwrap();
        store.files_of("clinic", instance.submission).await.unwrap()
    }

    /// The content of a file.
    async fn content(&self, file: &StoredFile) -> Vec<u8> {
        let mut file = self.hub.store().files().open(&file.sha256.unwrap()).await.unwrap().unwrap();
        let mut content = Vec::new();
        while let Some(piece) = file.next().await.unwrap() {
            content.extend_from_slice(&piece);
        }
        content
    }
}

#[tokio::test]
async fn a_form_and_its_files_come_in_one_post() {
    let hub = receiving(|_| {}).await;
    let photo = b"a photo \r\n--not the boundary".repeat(10_000);
    let xml = form("one", "<photo>1.jpg</photo><sound>2.m4a</sound>");
    let answer = hub.upload(&xml, &[("1.jpg", &photo), ("2.m4a", b"")]).await;
    answer.says(201, "submit_success", "was received");
    assert_eq!(answer.headers["x-openrosa-version"], "1.0");
    assert_eq!(answer.headers["location"], SUBMISSION);

    let files = hub.files("one").await;
    let names: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.bytes)).collect();
    assert_eq!(names, [("1.jpg", Some(photo.len() as u64)), ("2.m4a", Some(0))]);
    assert_eq!(hub.content(&files[0]).await, photo);
    assert_eq!(files[0].content_type.as_deref(), Some("image/jpeg"));
    assert_eq!(files[0].sha256.unwrap().as_slice(), Sha256::digest(&photo).as_slice());

    // What is kept as the message is the form, byte for byte.
    let [message] = &hub.messages().await[..] else { panic!("one message") };
    assert_eq!((&message["source"], &message["state"]), (&json!("collect"), &json!("kept")));
    assert_eq!(message["content_type"], "text/xml");
    let path = format!("projects/clinic/messages/{}/body", message["id"].as_str().unwrap());
    assert_eq!(hub.get(&path).await.text().await.unwrap(), xml);
}

#[tokio::test]
async fn files_may_come_in_several_posts_with_the_same_form() {
    let hub = receiving(|_| {}).await;
    crate::receiver_forms::put(&hub, "visit", "visit", &[]).await;
    let xml = form("one", "<a>1.jpg</a><b>2.jpg</b>");
    let incomplete = |file: &str, content: &[u8]| {
        several(&[
            ("xml_submission_file", Some("visit.xml"), "text/xml", xml.as_bytes()),
            ("*isIncomplete*", None, "text/plain", b"yes"),
            (file, Some(file), "image/jpeg", content),
        ])
    };
    let multipart = "multipart/form-data; boundary=b";
    let first = hub.submit(multipart, incomplete("1.jpg", b"one")).await;
    first.says(201, "submit_success", "");
    let expected: Vec<_> =
        hub.files("one").await.into_iter().map(|it| (it.name, it.bytes)).collect();
    assert_eq!(expected, [("1.jpg".to_owned(), Some(3)), ("2.jpg".to_owned(), None)]);

    hub.upload(&xml, &[("2.jpg", b"two")]).await.says(201, "submit_success", "files were added");
    hub.upload(&xml, &[("2.jpg", b"two")]).await.says(202, "submit_success", "nothing is new");
    hub.upload(&xml, &[]).await.says(202, "submit_success", "nothing is new");
    hub.upload(&xml, &[("1.jpg", b"other")]).await.says(409, "error", "with other content");
    let files = hub.files("one").await;
    assert_eq!(hub.content(&files[0]).await, b"one");
    assert_eq!(hub.content(&files[1]).await, b"two");
}

#[tokio::test]
async fn corrections_take_the_place_of_what_they_name() {
    let hub = receiving(|_| {}).await;
    let edited = |id: &str, of: &str| {
        format!(
            "<data id=\"visit\"><age>8</age><meta><instanceID>uuid:{id}</instanceID>\
             <deprecatedID>uuid:{of}</deprecatedID></meta></data>"
        )
    };
    hub.upload(&form("one", ""), &[]).await.says(201, "submit_success", "");
    hub.upload(&form("one", "<more/>"), &[]).await.says(409, "error", "deprecatedID");
    hub.upload(&edited("two", "one"), &[]).await.says(201, "submit_success", "takes the place");
    hub.upload(&edited("three", "one"), &[]).await.says(409, "error", "replaced by another");
    hub.upload(&edited("four", "nobody"), &[]).await.says(404, "error", "is not here");
    // What was refused is kept for a person to look at.
    let quarantined = hub.items("projects/clinic/messages?state=quarantined").await;
    assert_eq!(quarantined.len(), 3, "{quarantined:?}");
}

#[tokio::test]
async fn a_form_may_come_as_the_whole_body() {
    let hub = receiving(|_| {}).await;
    for (id, content_type) in [
        ("a", "text/xml"),
        ("b", "application/xml; charset=utf-8"),
        ("c", "application/x-www-form-urlencoded"),
        ("d", "application/octet-stream"),
    ] {
        let answer = hub.submit(content_type, form(id, "").into_bytes()).await;
        answer.says(201, "submit_success", "");
    }
}

#[tokio::test]
async fn who_asks_first_is_told_how_much_may_come() {
    let hub = receiving(|settings| settings.max_upload = 12_345).await;
    let asked = hub.at(Method::HEAD, SUBMISSION).basic_auth("phones", Some(KEY));
    let answer = send(asked).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(answer.headers["x-openrosa-accept-content-length"], "12345");
    assert_eq!(answer.headers["x-openrosa-version"], "1.0");
    // Without a public URL nobody is led anywhere: a bare path would be taken for another host.
    assert!(!answer.headers.contains_key("location"));

    let hub = receiving(|it| it.public_url = Some("https://hub.example.org/sub".to_owned())).await;
    let asked = hub.at(Method::HEAD, SUBMISSION).basic_auth("phones", Some(KEY));
    let answer = send(asked).await;
    assert_eq!(answer.headers["location"], "https://hub.example.org/sub/p/clinic/submission");
}

/// The answer that a client gives to the question in an answer.
fn digest(asked: &Answer, user: &str, secret: &str, method: &str, uri: &str) -> String {
    let questions = asked.headers.get_all("www-authenticate").iter();
    let question = questions
        .map(|value| value.to_str().unwrap())
        .find(|value| value.starts_with("Digest "))
        .unwrap();
    let of = |name: &str| {
        let (_, rest) = question.split_once(&format!("{name}=\"")).unwrap();
        rest.split_once('"').unwrap().0
    };
    let md5 = |text: String| hexadecimal::encode(&Md5::digest(text));
    let (realm, nonce) = (of("realm"), of("nonce"));
    let user_digest = md5(format!("{user}:{realm}:{secret}"));
    let request = md5(format!("{method}:{uri}"));
    let response = md5(format!("{user_digest}:{nonce}:00000001:abc:auth:{request}"));
    format!(
        "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         qop=auth, nc=00000001, cnonce=\"abc\", response=\"{response}\", algorithm=MD5"
    )
}

#[tokio::test]
async fn phones_prove_themselves_by_digest_basic_or_the_address() {
    let hub = receiving(|_| {}).await;
    let asked = send(hub.at(Method::HEAD, SUBMISSION)).await;
    assert_eq!(asked.status, 401);
    let ways: Vec<_> = asked.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(ways.len(), 2, "{ways:?}");

    for (user, secret, expected) in [
        ("phones", KEY, 204),
        ("phones", "wrong", 401),
        ("partner", "of-somebody-else-altogether", 401),
    ] {
        let answer = digest(&asked, user, secret, "HEAD", SUBMISSION);
        let request = hub.at(Method::HEAD, SUBMISSION).header("authorization", answer);
        assert_eq!(send(request).await.status, expected, "digest {user}");
        let request = hub.at(Method::HEAD, SUBMISSION).basic_auth(user, Some(secret));
        assert_eq!(send(request).await.status, expected, "basic {user}");
        let path = format!("/p/clinic/key/{secret}/submission");
        assert_eq!(send(hub.at(Method::HEAD, &path)).await.status, expected, "address {user}");
    }
    let answer = digest(&asked, "phones", KEY, "POST", SUBMISSION);
    let post = hub.at(Method::POST, SUBMISSION).header("authorization", answer);
    let post = post.header("content-type", "multipart/form-data; boundary=b");
    send(post.body(upload(&form("one", ""), &[]))).await.says(201, "submit_success", "");

    // A question of another hub, or too old, is asked anew and not held against anybody.
    let other = receiving(|_| {}).await;
    let mut definition = other.definition();
    definition["api_access"] = json!({ "phones": { "secret": "another" } });
    definition["sources"]["collect"] = json!({ "dialect": "openrosa", "access": ["phones"] });
    other.apply(definition).await;
    let foreign = send(other.at(Method::HEAD, SUBMISSION)).await;
    let answer = digest(&foreign, "phones", KEY, "HEAD", SUBMISSION);
    let stale = send(hub.at(Method::HEAD, SUBMISSION).header("authorization", answer)).await;
    assert_eq!(stale.status, 401);
    assert!(format!("{:?}", stale.headers).contains("stale=true"), "{:?}", stale.headers);

    // The address with the secret shows nowhere.
    let path = format!("/p/clinic/key/{KEY}/submission");
    let posted = send(hub.at(Method::POST, &path).body(form("two", ""))).await;
    posted.says(201, "submit_success", "");
    let message = &hub.messages().await[0];
    let path = format!("projects/clinic/messages/{}/request", message["id"].as_str().unwrap());
    assert_eq!(hub.json(&path).await["path"], "/p/clinic/key/•••••••/submission");
}

#[tokio::test]
async fn who_is_wrong_too_often_waits_and_guesses_no_more() {
    let hub = receiving(|_| {}).await;
    let wrong = || hub.at(Method::HEAD, SUBMISSION).basic_auth("phones", Some("guess"));
    let mut status = 401;
    let mut tries = 0;
    while status == 401 {
        tries += 1;
        assert!(tries <= 501, "nobody had to wait");
        status = send(wrong()).await.status;
    }
    assert_eq!((status, tries), (429, 501));
    assert!(send(wrong()).await.headers.contains_key("retry-after"));
    // Beyond the number a guess is not even looked at, by whatever way: the right one tells nothing.
    let right = send(hub.at(Method::HEAD, SUBMISSION).basic_auth("phones", Some(KEY))).await;
    assert_eq!(right.status, 429);
    hub.upload(&form("one", ""), &[]).await.says(429, "error", "too-many-tries");
    // Who names another key does not wait for it.
    let other = hub.at(Method::HEAD, SUBMISSION).basic_auth("nobody", Some("guess"));
    assert_eq!(send(other).await.status, 401);
    let path = format!("/p/clinic/key/{KEY}/submission");
    assert_eq!(send(hub.at(Method::HEAD, &path)).await.status, 204);
}

#[tokio::test]
async fn a_compressed_form_is_answered_with_its_id_like_any_other() {
    use std::io::Write as _;
    let hub = receiving(|_| {}).await;
    let form = "<data xmlns=\"http://openrosa.org/formdesigner/F1\"><a/><meta>\
                <instanceID>zipped</instanceID></meta></data>";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(form.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    // Again it is a duplicate, and still has its id.
    for _ in 0..2 {
        let request =
            hub.at(Method::POST, "/a/clinic/receiver/").header("content-type", "text/xml");
        let request = request.header("content-encoding", "gzip").body(packed.clone());
        let answer = send(request).await;
        answer.says(201, "submit_success", "");
        assert_eq!(answer.headers["x-commcarehq-formid"], "zipped");
    }
}

#[tokio::test]
async fn commcare_gets_the_answers_that_its_clients_know() {
    let hub = receiving(|_| {}).await;
    let index = "<n:case xmlns:n='http://commcarehq.org/case/transaction/v2' case_id='child' \
                 user_id='u' date_modified='2026-11-22T08:00:00.000000Z'><n:create>\
                 <n:case_type>child</n:case_type><n:case_name>Ann</n:case_name></n:create><n:index>\
                 <n:parent case_type='mother'>nobody</n:parent></n:index></n:case>";
    let filled = |id: &str, inside: &str| {
        format!(
            "<data xmlns=\"http://openrosa.org/formdesigner/F1\">{inside}<meta>\
             <instanceID>{id}</instanceID></meta></data>"
        )
    };
    let post = |path: &'static str, version: &'static str, body: Vec<u8>| {
        let request = hub.at(Method::POST, path).header("x-openrosa-version", version);
        send(request.header("content-type", "multipart/form-data; boundary=b").body(body))
    };
    let good = upload(&filled("one", "<a/>"), &[]);
    let taken = post("/a/clinic/receiver/ab12/", "2.0", good.clone()).await;
    taken.says(201, "submit_success", "   √   ");
    assert_eq!(taken.headers["x-commcarehq-formid"], "one");
    assert_eq!(taken.headers["location"], "/a/clinic/receiver/ab12/");
    post("/a/clinic/receiver/secure/ab12/", "3.0", good).await.says(201, "submit_success", "√");
    let edited = upload(&filled("one", "<b/>"), &[]);
    post("/a/clinic/receiver/ab12", "3.0", edited).await.says(201, "submit_success", "√");

    let unknown = upload(&filled("two", index), &[]);
    let path = "/a/clinic/receiver/submission/";
    post(path, "2.0", unknown.clone()).await.says(201, "submit_error", "nobody");
    post(path, "3.0", unknown).await.says(422, "processing_failure", "nobody");
    let broken = upload("<data><a></data>", &[]);
    for version in ["2.0", "3.0"] {
        let answer = post("/a/clinic/receiver", version, broken.clone()).await;
        answer.says(422, "processing_failure", "error processing the form");
    }
    let nowhere = post("/a/clinic/receiver/ab12/more/", "3.0", broken).await;
    nowhere.says(404, "submit_error", "no-receiver");
    let instance = hub.hub.store().instance("clinic", "one").await.unwrap().unwrap();
    let submission = hub.hub.store().submission("clinic", instance.submission).await.unwrap();
    assert_eq!((instance.revision, submission.unwrap().application), (2, Some("ab12".to_owned())));
}

#[tokio::test]
async fn commcare_tells_who_is_wrong_from_who_says_nothing() {
    let hub = receiving(|_| {}).await;
    let source = json!({ "dialect": "commcare", "access": ["phones"] });
    assert_eq!(hub.put("projects/clinic/sources/handsets", &source).await.status(), 200);
    let post = || hub.at(Method::POST, "/a/clinic/receiver/").body("<data/>");
    let asked = send(post()).await;
    asked.says(401, "submit_error", "not-let-in");
    assert!(asked.headers.contains_key("www-authenticate"));
    let wrong = send(post().basic_auth("phones", Some("wrong"))).await;
    wrong.says(403, "submit_error", "not-let-in");
    assert!(!wrong.headers.contains_key("www-authenticate"));
}

#[tokio::test]
async fn an_address_without_an_owner_or_with_a_closed_one_says_so() {
    let hub = receiving(|_| {}).await;
    let post = |path: &str| hub.at(Method::POST, path).body("<data/>");
    send(post("/p/nothing/submission")).await.says(404, "error", "no-receiver");
    assert_eq!(
        hub.put("projects/clinic/sources/handsets", &json!({ "dialect": "commcare" }))
            .await
            .status(),
        200
    );
    send(post("/a/clinic/receiver/")).await.says(404, "submit_error", "no-receiver");
    let closed = json!({ "dialect": "openrosa", "access": "anonymous", "enabled": false });
    assert_eq!(hub.put("projects/clinic/sources/collect", &closed).await.status(), 200);
    send(post(SUBMISSION)).await.says(403, "error", "source-disabled");
    let open = json!({ "dialect": "openrosa", "access": "anonymous" });
    assert_eq!(hub.put("projects/clinic/sources/collect", &open).await.status(), 200);
    let wrong = send(hub.at(Method::DELETE, SUBMISSION)).await;
    wrong.says(405, "error", "method-not-allowed");
    assert_eq!(wrong.headers["allow"], "HEAD, POST");
    send(hub.at(Method::POST, SUBMISSION).body(form("one", ""))).await.says(
        201,
        "submit_success",
        "",
    );
}
