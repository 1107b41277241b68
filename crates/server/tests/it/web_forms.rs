//! The pages of forms over HTTP: what a browser without scripts posts, and what somebody posts who is no
//! browser at all.

use std::time::Duration;

use fieldpost_model::hexadecimal;
use reqwest::{Response, StatusCode};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::data_forms::BOTH;
use crate::hub::{Engine, TestHub, json_of, staying_client, text};
use crate::lifecycle_deeds::attach;
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, definition, good};

const FORM: &str = "/p/clinic/visit/";
const CODES: &str = "/p/clinic/code/";

async fn hub_on(engine: Engine) -> TestHub {
    hub_with(engine, |_| {}).await
}

async fn hub_with(
    engine: Engine,
    change: impl FnOnce(&mut fieldpost_server::ServerSettings),
) -> TestHub {
    let hub = TestHub::start_with(engine, |_, settings| change(settings)).await;
    let mut definition = definition(&hub);
    definition["forms"]["visit"] = json!({
        "title": "Ask for a visit", "tracking_codes": { "verify": ["name"] },
        "fields": [
            { "name": "name", "label": "Name", "type": "string", "required": true },
            { "name": "photo", "label": "Photo", "type": "file" },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents" },
            "statuses": {
                "new": { "name": "New", "actions": [
                    { "comment": true, "by": ["_submitter"] },
                    { "attach": true, "id": "paper", "by": ["_receiver"], "visible_to": ["_receiver"] },
                    { "jump": "secret", "trigger": "hide" },
                ] },
                "secret": { "name": "Looked into in secret", "visible_to": ["_receiver"], "actions": [
                    { "jump": "done", "trigger": "done" } ] },
                "done": { "name": "Done", "endpoint": true },
            },
        },
    });
    hub.apply(definition).await;
    hub
}

/// Somebody with a browser that runs nothing.
struct Visitor<'h> {
    hub: &'h TestHub,
    client: reqwest::Client,
    cookie: Option<String>,
}

/// What a page answered.
struct Page {
    status: StatusCode,
    text: String,
    location: Option<String>,
}

impl Page {
    /// The value of a hidden control.
    fn hidden(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&begin).unwrap_or_else(|| panic!("{}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }

    #[track_caller]
    fn says(&self, status: u16, part: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert!(self.text.contains(part), "{part} is not in {}", self.text);
    }
}

impl<'h> Visitor<'h> {
    fn new(hub: &'h TestHub) -> Self {
        Self { hub, client: staying_client(), cookie: None }
    }

    async fn page(&mut self, answer: Response) -> Page {
        let headers = answer.headers();
        let header = |name: &str| headers.get(name).map(|it| it.to_str().unwrap().to_owned());
        if let Some(cookie) = header("set-cookie") {
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        let policy = header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let location = header("location");
        Page { status: answer.status(), location, text: answer.text().await.unwrap() }
    }

    async fn get(&mut self, path: &str) -> Page {
        let mut request = self.client.get(self.hub.url(path));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.unwrap();
        self.page(answer).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut body = String::new();
        for (name, value) in fields {
            let encoded: String = url_encoded(value);
            body += &[&url_encoded(name), "=", &encoded, "&"].concat();
        }
        self.send(path, "application/x-www-form-urlencoded", body.into_bytes(), &[]).await
    }

    async fn send(
        &mut self,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Page {
        let mut request = self.client.post(self.hub.url(path)).header("content-type", content_type);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body).send().await.unwrap();
        self.page(answer).await
    }

    /// Fills the form in up to the page that shows all answers; the form under way.
    async fn fill_in(&mut self) -> String {
        let state = self.get(FORM).await.hidden("state");
        let page = self.post(FORM, &[("state", &state), ("a.name", "Amina"), ("go", "next")]).await;
        page.says(200, "Check your answers");
        page.hidden("state")
    }

    /// Sends the form; the path of its page.
    async fn sent(&mut self) -> String {
        let state = self.fill_in().await;
        let page = self.post(FORM, &[("state", &state), ("go", "send")]).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.location.unwrap()
    }
}

fn url_encoded(text: &str) -> String {
    percent_encoding::percent_encode(text.as_bytes(), percent_encoding::NON_ALPHANUMERIC)
        .to_string()
}

/// One post of several parts: names and texts, and a file perhaps.
fn parts(fields: &[(&str, &str)], file: Option<(&str, &str, &str)>) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in fields {
        body = format!(
            "{body}--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    if let Some((name, file, content)) = file {
        body = format!(
            "{body}--XX\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
             Content-Type: text/plain\r\n\r\n{content}\r\n"
        );
    }
    body.push_str("--XX--\r\n");
    body.into_bytes()
}

const MULTIPART: &str = "multipart/form-data; boundary=XX";

#[tokio::test]
async fn a_form_is_sent_and_followed_by_its_code() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let mut visitor = Visitor::new(&hub);
        let path = visitor.sent().await;
        assert_eq!(path, format!("{FORM}1/?sent"));
        let page = visitor.get(&path).await;
        page.says(200, "It has been sent");
        let (_, rest) = page.text.split_once("class=\"code\">").unwrap();
        let code = rest.split('<').next().unwrap().to_owned();

        // Nobody else sees it, whatever they try.
        let mut other = Visitor::new(&hub);
        other.get(&path).await.says(403, "This page is private");
        let wrong = other.post(CODES, &[("code", "BBBBBBBB")]).await;
        wrong.says(404, "Nothing was sent under this code.");
        let asked = other.post(CODES, &[("code", &code)]).await;
        asked.says(200, "answer this as you did in the form");
        let wrong = other.post(CODES, &[("code", &code), ("a.name", "Anita")]).await;
        wrong.says(422, "This is not what was answered");
        let right = other.post(CODES, &[("code", &code), ("a.name", " AMINA ")]).await;
        assert_eq!(
            (right.status.as_u16(), right.location.as_deref()),
            (303, Some("/p/clinic/visit/1/"))
        );
        other.get("/p/clinic/visit/1/").await.says(200, "Ask for a visit #");
        let document = good(BY_CLERKS.get(&hub, "/p/clinic/api/forms/visit/1/").await).await;
        assert_eq!(document["fields"]["name"], "Amina");
        assert_eq!(document["submission"]["channel"], "web");
    }
}

#[tokio::test]
async fn pressed_twice_it_is_sent_once() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let mut visitor = Visitor::new(&hub);
        let state = visitor.fill_in().await;
        for _ in 0..2 {
            let page = visitor.post(FORM, &[("state", &state), ("go", "send")]).await;
            assert_eq!(page.location.as_deref(), Some("/p/clinic/visit/1/?sent"));
        }
        let list = good(BY_CLERKS.get(&hub, "/p/clinic/api/forms/visit/list").await).await;
        assert_eq!(list.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn what_no_page_of_ours_posts_is_not_taken() {
    let hub = hub_on(Engine::Sqlite).await;
    let mut visitor = Visitor::new(&hub);
    let state = visitor.fill_in().await;
    let mut changed = state.clone();
    let last = if changed.ends_with('A') { "B" } else { "A" };
    changed.replace_range(changed.len() / 2..=changed.len() / 2, last);
    let other = visitor.get("/p/clinic/request/").await.hidden("state");
    for state in ["", "AAAA", changed.as_str(), other.as_str()] {
        let page = visitor.post(FORM, &[("state", state), ("go", "send")]).await;
        page.says(400, "This page has grown too old");
    }
    let body = format!("state={state}&go=send").into_bytes();
    let kind = "application/x-www-form-urlencoded";
    for headers in [("sec-fetch-site", "cross-site"), ("origin", "https://elsewhere.example.org")] {
        let page = visitor.send(FORM, kind, body.clone(), &[headers]).await;
        page.says(400, "This page has grown too old");
    }
    visitor.send(FORM, kind, body, &[("sec-fetch-site", "same-origin")]).await.says(303, "");
}

#[tokio::test]
async fn an_act_needs_the_page_of_its_own_submission() {
    let hub = hub_on(Engine::Sqlite).await;
    let (mut one, mut two) = (Visitor::new(&hub), Visitor::new(&hub));
    let (first, second) = (one.sent().await, two.sent().await);
    let (first, second) = (first.replace("?sent", ""), second.replace("?sent", ""));
    let page = one.get(&first).await;
    let token = page.hidden("token");
    let (_, rest) = page.text.split_once("value=\"comment:").unwrap();
    let go = format!("comment:{}", rest.split('"').next().unwrap());
    let say = |token| [("token", token), ("go", go.as_str()), ("text", "Hello?")];
    assert_eq!(one.post(&first, &say("")).await.status, 400);
    assert_eq!(two.post(&first, &say(&token)).await.status, 403);
    assert_eq!(two.post(&second, &say(&token)).await.status, 400);
    let fields = [("token", token.as_str()), ("go", go.as_str()), ("text", "<b>Hello?</b>")];
    assert_eq!(one.post(&first, &fields).await.status, 303);
    one.get(&first).await.says(200, "&lt;b&gt;Hello?&lt;/b&gt;");
}

#[tokio::test]
async fn the_submitter_is_shown_nothing_that_is_not_theirs() {
    let hub = hub_on(Engine::Sqlite).await;
    let mut visitor = Visitor::new(&hub);
    let path = visitor.sent().await.replace("?sent", "");
    let trigger = "/p/clinic/api/forms/visit/1/jump/trigger/hide/";
    good(BY_PARTNER.post(&hub, trigger, &json!({ "note": "he lies" })).await).await;
    let page = visitor.get(&path).await;
    page.says(200, "New");
    for kept in ["secret", "he lies"] {
        assert!(!page.text.contains(kept), "{}", page.text);
    }
}

#[tokio::test]
async fn files_are_kept_on_the_way_and_bounded() {
    let hub = hub_with(Engine::Sqlite, |settings| settings.max_file = 10).await;
    let mut visitor = Visitor::new(&hub);
    let state = visitor.get(FORM).await.hidden("state");
    let fields = [("state", state.as_str()), ("a.name", "Amina"), ("go", "next")];
    let much = parts(&fields, Some(("a.photo", "a.txt", "12345678901")));
    visitor.send(FORM, MULTIPART, much, &[]).await.says(413, "That is too much");
    // What nobody asks for is read past, and nothing of it stays.
    let foreign = parts(&fields, Some(("a.other", "a.txt", "1234567890")));
    visitor.send(FORM, MULTIPART, foreign, &[]).await.says(200, "Check your answers");
    let unsigned = parts(&[("state", "x")], Some(("a.photo", "a.txt", "1234567890")));
    visitor.send(FORM, MULTIPART, unsigned, &[]).await.says(400, "too old");
    assert_eq!(hub.files_on_disk().len(), 0);
    let good_one = parts(&fields, Some(("a.photo", "../a.txt", "1234567890")));
    let page = visitor.send(FORM, MULTIPART, good_one, &[]).await;
    page.says(200, "<dt>Photo</dt><dd><p>a.txt</p></dd>");
    assert_eq!(hub.files_on_disk().len(), 1);
    let state = page.hidden("state");
    let sent = visitor.post(FORM, &[("state", &state), ("go", "send")]).await;
    sent.says(303, "");
    let document = good(BY_CLERKS.get(&hub, "/p/clinic/api/forms/visit/1/").await).await;
    assert_eq!(document["fields"]["photo"]["content"], "MTIzNDU2Nzg5MA==");
}

#[tokio::test]
async fn wrong_codes_are_throttled() {
    let hub = hub_on(Engine::Sqlite).await;
    let mut visitor = Visitor::new(&hub);
    for _ in 0..20 {
        assert_eq!(visitor.post(CODES, &[("code", "BBBBBBBB")]).await.status, 404);
    }
    visitor.post(CODES, &[("code", "BBBBBBBB")]).await.says(429, "Too many wrong codes");
}

#[tokio::test]
async fn a_link_with_a_temporary_access_leads_to_the_submission() {
    let hub = hub_on(Engine::Sqlite).await;
    let mut visitor = Visitor::new(&hub);
    let path = visitor.sent().await;
    let page = visitor.get(&path).await;
    let (_, rest) = page.text.split_once("class=\"code\">").unwrap();
    let code = rest.split('<').next().unwrap();
    let found = good(BY_PARTNER.get(&hub, &format!("/p/clinic/api/code/{code}")).await).await;
    let link = text(&found["load_url"]).to_owned();
    let mut other = Visitor::new(&hub);
    assert_eq!(other.get(&link).await.location.as_deref(), Some("/p/clinic/visit/1/"));
    other.get("/p/clinic/visit/1/").await.says(200, "Ask for a visit #");
    let mut third = Visitor::new(&hub);
    third.get(&link.replace("number=1", "number=2")).await.says(403, "This page is private");
}

#[tokio::test]
async fn pages_speak_the_language_of_their_reader() {
    let hub = hub_on(Engine::Sqlite).await;
    let french = hub.client.get(hub.url(FORM)).header("accept-language", "fr-FR,en;q=0.5");
    let page = french.timeout(Duration::from_secs(10)).send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("<html lang=\"fr\">") && page.contains("Vérifier les réponses"),
        "{page}"
    );
}

/// Whoever sent a file has it back by the page of what they sent, and nobody else has.
#[tokio::test]
async fn the_submitter_has_their_file_back() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let mut visitor = Visitor::new(&hub);
        let state = visitor.get(FORM).await.hidden("state");
        let fields = [("state", state.as_str()), ("a.name", "Amina"), ("go", "next")];
        let filled = parts(&fields, Some(("a.photo", "a.txt", "1234567890")));
        let state = visitor.send(FORM, MULTIPART, filled, &[]).await.hidden("state");
        visitor.post(FORM, &[("state", &state), ("go", "send")]).await.says(303, "");
        let page = visitor.get("/p/clinic/visit/1/").await;
        let (_, rest) = page.text.split_once("<dt>Photo</dt><dd><p><a href=\"").unwrap();
        let path = rest.split('"').next().unwrap();
        let (folder, digest) = path.rsplit_once('/').unwrap();
        assert_eq!((folder, digest.len()), ("/p/clinic/visit/1/files", 64));
        let asked = hub.client.get(hub.url(path)).header("cookie", visitor.cookie.clone().unwrap());
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-length"), "10");
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("content-disposition").contains("a.txt"));
        assert!(header("content-security-policy").contains("sandbox"));
        assert_eq!(answer.text().await.unwrap(), "1234567890");
        // Another digest names nothing, and whoever has no cookie learns nothing.
        visitor
            .get(&path.replace(digest, &"0".repeat(64)))
            .await
            .says(404, "There is nothing here");
        Visitor::new(&hub).get(path).await.says(403, "This page is private");
    }
}

/// A file goes by the name that its sender gave it. Where that one has not come, another of the same name that
/// somebody kept from the submitter is not shown in its place.
#[tokio::test]
async fn a_file_that_has_not_come_is_not_taken_for_another() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        let records = json!({ "dialect": "wcs", "secret": "secret-of-the-records-1" });
        let put = hub.put("projects/clinic/sources/records", &records).await;
        assert!(put.status().is_success(), "{}", put.text().await.unwrap());
        let linked = json!({ "filename": "a.txt", "content_type": "text/plain",
                             "url": "https://forms.example.org/a.txt" });
        let record = json!({
            "uuid": "5e3a1c60-9d1f-4c57-8a3a-6b1c7c6fd001", "id": "16", "display_id": "1-16",
            "api_url": "https://forms.example.org/api/forms/visit/16/",
            "fields": { "name": "Amina", "photo": linked },
        });
        let told = json_of(hub.send("secret-of-the-records-1", record.to_string()).await).await;
        let code = text(&told["data"]["tracking_code"]).to_owned();
        let path = format!("projects/clinic/submissions/{}/lifecycle", text(&told["data"]["id"]));
        let file = "name=\"file\"; filename=\"a.txt\"";
        let added =
            attach(&hub, &path, &[("name=\"action\"", "paper"), (file, "kept from them")]).await;
        assert_eq!(added.status(), 200, "{}", added.text().await.unwrap());
        let mut visitor = Visitor::new(&hub);
        visitor.post(CODES, &[("code", &code), ("a.name", "Amina")]).await.says(303, "");
        let page = visitor.get("/p/clinic/visit/1/").await;
        page.says(200, "<dt>Photo</dt><dd><p>a.txt</p></dd>");
        assert!(!page.text.contains("/files/"), "{}", page.text);
        let digest = hexadecimal::encode(&Sha256::digest("kept from them"));
        let path = format!("/p/clinic/visit/1/files/{digest}");
        visitor.get(&path).await.says(404, "There is nothing here");
    }
}

/// Each bound of a page is a setting, and one past it is refused.
#[tokio::test]
async fn what_a_page_takes_is_bounded_by_the_settings() {
    let hub = hub_with(Engine::Sqlite, |settings| {
        settings.pages.max_text = 6;
        settings.pages.max_typed = 40;
        settings.pages.max_files = 1;
    })
    .await;
    let mut visitor = Visitor::new(&hub);
    let state = visitor.get(FORM).await.hidden("state");
    let named = |name| [("state", state.as_str()), ("a.name", name), ("go", "next")];
    visitor.post(FORM, &named("Amina.")).await.says(200, "Check your answers");
    visitor.post(FORM, &named("Amina..")).await.says(422, "This is too long");
    let much = "x".repeat(41);
    visitor.post(FORM, &named(&much)).await.says(413, "That is too much");
    let two = |name: &str, file: &str| {
        format!(
            "--XX\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\r\nx\r\n"
        )
    };
    let mut body = parts(&named("Amina"), None);
    body.truncate(body.len() - "--XX--\r\n".len());
    body.extend(format!("{}{}--XX--\r\n", two("a.photo", "a"), two("a.photo", "b")).into_bytes());
    visitor.send(FORM, MULTIPART, body, &[]).await.says(413, "That is too much");
}

#[tokio::test]
async fn how_long_pages_are_good_is_set() {
    let brief = Duration::from_millis(1);
    let hub = hub_with(Engine::Sqlite, |settings| settings.pages.filling_time = brief).await;
    let mut visitor = Visitor::new(&hub);
    let page = visitor.get(FORM).await;
    let since = hub.hub.now();
    while hub.hub.now() < since + brief * 5 {
        tokio::task::yield_now().await;
    }
    let fields = [("state", page.hidden("state")), ("go", "next".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, &**text)).collect();
    visitor.post(FORM, &fields).await.says(400, "This page has grown too old");
    let hub = hub_with(Engine::Sqlite, |settings| settings.pages.following_time = brief).await;
    let mut visitor = Visitor::new(&hub);
    let path = visitor.sent().await;
    let since = hub.hub.now();
    while hub.hub.now() < since + brief * 5 {
        tokio::task::yield_now().await;
    }
    visitor.get(&path).await.says(403, "This page is private");
}
