//! Drafts on the pages of forms: what was kept stays, whatever goes wrong after it.

use reqwest::Response;
use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{TestHub, staying_client};
use crate::wcs_project::definition;

const FORM: &str = "/p/clinic/visit/";
/// Where the first submission of the form stands, and where it goes on as long as it is a draft.
const KEPT: &str = "/p/clinic/visit/1/";
const GOES_ON: &str = "/p/clinic/visit/1/edit/";
const STAYS: &str = "This is kept for you";

fn project(hub: &TestHub, is_disabled: bool) -> Value {
    let mut definition = definition(hub);
    definition["forms"]["visit"] = json!({
        "title": "Ask for a visit", "tracking_codes": true, "disabled": is_disabled,
        "fields": [
            { "name": "name", "label": "Name", "type": "string", "required": true },
            { "name": "email", "label": "E-mail", "type": "email" },
        ],
    });
    definition
}

/// Somebody with a browser that runs nothing, and the cookie that tells them from others.
struct Visitor<'h> {
    hub: &'h TestHub,
    client: reqwest::Client,
    cookie: String,
}

impl<'h> Visitor<'h> {
    fn new(hub: &'h TestHub) -> Self {
        Self { hub, client: staying_client(), cookie: String::new() }
    }

    async fn told(&mut self, answer: Response) -> (u16, String) {
        if let Some(cookie) = answer.headers().get("set-cookie") {
            self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn get(&mut self, path: &str) -> (u16, String) {
        let request = self.client.get(self.hub.url(path)).header("cookie", &self.cookie);
        let answer = request.send().await.unwrap();
        self.told(answer).await
    }

    /// Posts to the form whose state a page had.
    async fn post(&mut self, path: &str, page: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let (_, state) =
            page.split_once("name=\"state\" value=\"").unwrap_or_else(|| panic!("{page}"));
        let state = state.split('"').next().unwrap();
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("state", state).extend_pairs(fields);
        let request = self.client.post(self.hub.url(path)).header("cookie", &self.cookie);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body.finish()).send().await.unwrap();
        self.told(answer).await
    }

    /// What is kept, as its page and the form that goes on have it.
    async fn is_kept(&mut self, answer: &str) {
        let (status, page) = self.get(KEPT).await;
        assert!(status == 200 && page.contains(STAYS), "{status} {page}");
        let (status, page) = self.get(GOES_ON).await;
        assert!(status == 200 && page.contains(answer), "{status} {page}");
    }
}

#[tokio::test]
async fn a_draft_that_was_kept_stays_whatever_goes_wrong_after_it() {
    for engine in BOTH {
        let hub = TestHub::start_on(engine).await;
        hub.apply(project(&hub, false)).await;
        let mut visitor = Visitor::new(&hub);
        let (_, page) = visitor.get(FORM).await;
        let kept = visitor.post(FORM, &page, &[("a.name", "Amina"), ("go", "draft")]).await;
        assert_eq!(kept.0, 303, "{}", kept.1);
        visitor.is_kept("value=\"Amina\"").await;

        // What is wrong with the answers is told, and the draft is as it was.
        let (_, page) = visitor.get(GOES_ON).await;
        let wrong = [("a.name", "Anna"), ("a.email", "no address"), ("go", "next")];
        let (status, page) = visitor.post(GOES_ON, &page, &wrong).await;
        assert_eq!(status, 422, "{page}");
        visitor.is_kept("value=\"Amina\"").await;
        // It can be kept with what is wrong, too, and then it is that which is kept.
        let (status, page) = visitor
            .post(GOES_ON, &page, &[("a.name", "Anna"), ("a.email", ""), ("go", "draft")])
            .await;
        assert_eq!(status, 303, "{page}");
        visitor.is_kept("value=\"Anna\"").await;

        // The form is closed while somebody is about to send it.
        let (_, page) = visitor.get(GOES_ON).await;
        let answers = [("a.name", "Anna"), ("go", "next")];
        let (status, page) = visitor.post(GOES_ON, &page, &answers).await;
        assert!(status == 200 && page.contains("Check your answers"), "{status} {page}");
        hub.apply(project(&hub, true)).await;
        let (status, told) = visitor.post(GOES_ON, &page, &[("go", "send")]).await;
        assert!(status >= 400, "{status} {told}");
        hub.apply(project(&hub, false)).await;
        visitor.is_kept("value=\"Anna\"").await;

        // Then it is sent, once.
        let (status, told) = visitor.post(GOES_ON, &page, &[("go", "send")]).await;
        assert_eq!(status, 303, "{told}");
        let (_, page) = visitor.get(KEPT).await;
        assert!(!page.contains(STAYS) && page.contains("Anna"), "{page}");
    }
}
