//! A project with forms, people and keys of the API of w.c.s., and a client that signs.

use fieldpost_model::connection::{OnBehalfOf, SigningAlgorithm};
use fieldpost_model::secret::Secret;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::signature::Signer;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::hub::{Engine, TestHub};

/// The secrets of the keys.
pub(crate) const PARTNER: &str = "the-secret-of-the-partner";
pub(crate) const CLERKS: &str = "the-secret-of-the-clerks";
pub(crate) const RESEARCH: &str = "the-secret-of-the-research";
pub(crate) const OLD: &str = "the-secret-of-the-old-one";
/// The mail address of somebody with the role `agents`.
pub(crate) const DESK: &str = "desk@example.org";

/// The project: its keys are `partner` (no roles), `clerks` (with roles), `research` (anonymised only) and `old`
/// (SHA-1, no nonce needed). Its form `request` has a field of nearly every type.
pub(crate) fn definition(hub: &TestHub) -> Value {
    let mut definition = hub.definition();
    let more = json!({
        "roles": {
            "agents": { "name": "Agents", "emails": ["agents@example.org"] },
            "clerks": { "name": "Clerks" },
            "others": { "name": "Others" },
        },
        "users": {
            "desk": {
                "name": "Front desk", "email": DESK, "name_id": "0123456789",
                "roles": ["agents"], "access": "viewer",
            },
            "jean": { "name": "Jean Darmette", "email": "jean@example.org", "name_id": "jean-1" },
        },
        "api_access": {
            "partner": { "secret": PARTNER },
            "clerks": { "secret": CLERKS, "roles": ["clerks", "agents"] },
            "others": { "secret": CLERKS, "roles": ["others"] },
            "research": { "secret": RESEARCH, "anonymised_only": true },
            "old": { "secret": OLD, "algorithms": ["sha1"], "nonce": "optional" },
        },
        "forms": { "request": request_form(), "plain": plain_form() },
    });
    for (name, value) in more.as_object().unwrap() {
        definition[name] = value.clone();
    }
    definition
}

fn request_form() -> Value {
    json!({
        "title": "Request", "description": "Ask for something", "category": "Town hall",
        "keywords": ["town", "ask"], "tracking_codes": true, "geolocation": "place",
        "digest": "{{ form_var_name }}",
        "submission_roles": ["agents"],
        "fields": [
            { "name": "name", "label": "Name", "type": "string", "required": true },
            { "name": "story", "label": "Story", "type": "text" },
            { "name": "email", "label": "E-mail", "type": "email" },
            { "name": "urgent", "label": "Urgent", "type": "bool" },
            { "name": "amount", "label": "Amount", "type": "numeric" },
            { "name": "day", "label": "Day", "type": "date" },
            { "name": "kind", "label": "Kind", "type": "item", "items": [
                { "id": "1", "text": "one" }, { "id": "2", "text": "two" } ] },
            { "name": "kinds", "label": "Kinds", "type": "items", "items": [
                { "id": "a", "text": "A" }, { "id": "b", "text": "B" } ] },
            { "name": "photo", "label": "Photo", "type": "file" },
            { "name": "place", "label": "Where", "type": "map" },
            { "name": "people", "label": "People", "type": "block", "fields": [
                { "name": "first", "label": "First name", "type": "string" } ] },
        ],
        "lifecycle": {
            "functions": { "_receiver": "agents", "_manager": { "name": "Manager", "role": "clerks" } },
            "statuses": {
                "just_submitted": { "name": "Just submitted", "actions": [{ "jump": "new" }] },
                "new": { "name": "New", "actions": [
                    { "comment": true, "by": ["_receiver"] },
                    { "jump": "hidden", "trigger": "hide" },
                    { "jump": "finished", "trigger": "finish", "by": ["_receiver"] },
                ] },
                "hidden": { "name": "Looked into", "visible_to": ["_manager"], "actions": [
                    { "jump": "finished", "trigger": "finish" } ] },
                "finished": { "name": "Finished", "endpoint": true },
            },
        },
    })
}

fn plain_form() -> Value {
    json!({
        "title": "Plain", "submitters": ["others"],
        "fields": [{ "name": "word", "label": "Word", "type": "string" }],
    })
}

/// A hub with that project.
pub(crate) async fn hub_on(engine: Engine) -> TestHub {
    let hub = TestHub::start_on(engine).await;
    hub.apply(definition(&hub)).await;
    hub
}

/// Whoever signs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key(pub(crate) &'static str, pub(crate) &'static str);

pub(crate) const BY_PARTNER: Key = Key("partner", PARTNER);
pub(crate) const BY_CLERKS: Key = Key("clerks", CLERKS);
pub(crate) const BY_RESEARCH: Key = Key("research", RESEARCH);

impl Key {
    /// The address with the signature behind its query.
    pub(crate) fn sign(self, hub: &TestHub, path: &str, email: Option<&str>) -> String {
        self.sign_at(hub, path, email, hub.hub.now())
    }

    /// The same as it would have been signed at a moment.
    pub(crate) fn sign_at(
        self,
        hub: &TestHub,
        path: &str,
        email: Option<&str>,
        at: Timestamp,
    ) -> String {
        let secret = Secret::new(self.1);
        let user = email.map(|email| OnBehalfOf::Email(email.to_owned()));
        let signer =
            Signer::new(Some(self.0), &secret, SigningAlgorithm::Sha256, user.as_ref()).unwrap();
        let mut url = Url::parse(&hub.url(path)).unwrap();
        signer.sign(&mut url, at, &Uuid::new_v4().simple().to_string());
        url.to_string()
    }

    /// What a signed GET answers.
    pub(crate) async fn get(self, hub: &TestHub, path: &str) -> Response {
        hub.client.get(self.sign(hub, path, None)).send().await.unwrap()
    }

    /// What a signed GET for somebody answers.
    pub(crate) async fn get_for(self, hub: &TestHub, path: &str, email: &str) -> Response {
        hub.client.get(self.sign(hub, path, Some(email))).send().await.unwrap()
    }

    /// What a signed POST of JSON answers.
    pub(crate) async fn post(self, hub: &TestHub, path: &str, body: &Value) -> Response {
        let url = self.sign(hub, path, None);
        let request = hub.client.post(url).header("content-type", "application/json");
        request.body(body.to_string()).send().await.unwrap()
    }
}

/// A request with the password of a key.
pub(crate) fn basic(hub: &TestHub, method: Method, path: &str, key: Key) -> RequestBuilder {
    hub.client.request(method, hub.url(path)).basic_auth(key.0, Some(key.1))
}

/// The JSON of an answer that must be a success.
pub(crate) async fn good(answer: Response) -> Value {
    let (status, url) = (answer.status(), answer.url().path().to_owned());
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{url}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{url}: {error}: {text}"))
}

/// Checks that an answer is a refusal with this text.
pub(crate) async fn refused(answer: Response, status: u16, code: &str, description: &str) {
    let (found, url) = (answer.status().as_u16(), answer.url().to_string());
    let kind = answer.headers()["content-type"].clone();
    let text = answer.text().await.unwrap();
    assert_eq!(kind, "application/json", "{url}: {text}");
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (found, &told["err"], told["err_code"].as_str(), told["err_desc"].as_str()),
        (status, &Value::from(1), Some(code), Some(description)),
        "{url}: {told}"
    );
    let classes = ["Access denied", "Invalid request", "Page not found", "Method not allowed"];
    assert!(classes.contains(&told["err_class"].as_str().unwrap()), "{told}");
}

/// Fills in a form; the answer's `data`.
pub(crate) async fn submit(hub: &TestHub, form: &str, body: &Value) -> Value {
    let path = format!("/p/clinic/api/formdefs/{form}/submit");
    good(BY_PARTNER.post(hub, &path, body).await).await["data"].clone()
}

/// The names of an object's members.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
