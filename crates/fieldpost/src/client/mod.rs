//! Talking to a running hub over its API, as any other program would.

mod address;
mod events;

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use fieldpost_model::json::Value;
use reqwest::header::{ETAG, HeaderValue, IF_MATCH};
use url::Url;

pub(crate) use address::{HubAddress, Target};
pub(crate) use events::{Event, Events};

use crate::config::Token;
use crate::failure::Failure;
use crate::output;

/// How long reaching the hub may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one answer may take. Acting on a million deliveries takes a while.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(10);
/// Items that one request of a list asks for; the API gives no more.
const PAGE: usize = 500;

/// What the API answers. Numbers keep the text that they were written with: what is shown, or given
/// back to the hub, is what the hub has.
pub(crate) type Json = Value<'static>;

/// Pairs of a query, without those that were not asked for.
pub(crate) type Query = Vec<(&'static str, String)>;

/// A hub, as its clients see it.
#[derive(Debug)]
pub(crate) struct HubClient {
    http: reqwest::Client,
    base: Url,
    token: Token,
}

/// A body that is sent.
enum Body {
    Nothing,
    Json(String),
    Bytes(&'static str, Vec<u8>),
}

impl HubClient {
    /// A client of the hub at this address. Nothing is sent yet.
    pub(crate) fn new(base: &str, token: Token) -> Result<Self, Failure> {
        let base = Url::parse(base)
            .map_err(|error| Failure::usage(format!("{base:?} is not an address: {error}")))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "the operator's own hub is dialled here, not what a project chose"
        )]
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| Failure::new(format!("no HTTP client: {error}")))?;
        Ok(Self { http, base, token })
    }

    /// The address that links to the hub begin with, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// A link of the hub, whole: without a public address the hub gives paths only.
    pub(crate) fn link(&self, link: &str) -> String {
        if link.starts_with('/') { format!("{}{link}", self.base()) } else { link.to_owned() }
    }

    /// Whether anything answers at the hub's address as a hub does.
    pub(crate) async fn is_alive(&self) -> bool {
        self.says_yes("healthz").await
    }

    /// Whether the hub could keep a message right now.
    pub(crate) async fn is_ready(&self) -> bool {
        self.says_yes("readyz").await
    }

    async fn says_yes(&self, page: &str) -> bool {
        let page = self.http.get(format!("{}/{page}", self.base()));
        let asked = page.timeout(ANSWER_TIMEOUT).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// Follows what happens in a project.
    pub(crate) async fn events(&self, project: &str) -> Result<Events, Failure> {
        let request = self.request(reqwest::Method::GET, &["projects", project, "events"], &[]);
        Ok(Events::new(self.answered(request).await?))
    }

    /// GETs JSON.
    pub(crate) async fn get(&self, path: &[&str], query: &Query) -> Result<Json, Failure> {
        json(self.call(reqwest::Method::GET, path, query, Body::Nothing).await?).await
    }

    /// GETs bytes.
    pub(crate) async fn bytes(&self, path: &[&str], query: &Query) -> Result<Vec<u8>, Failure> {
        let response = self.call(reqwest::Method::GET, path, query, Body::Nothing).await?;
        Ok(response.bytes().await.map_err(|error| broken_off(&error))?.to_vec())
    }

    /// POSTs nothing, to a place that does something.
    pub(crate) async fn act(&self, path: &[&str]) -> Result<Json, Failure> {
        json(self.call(reqwest::Method::POST, path, &Query::new(), Body::Nothing).await?).await
    }

    /// POSTs why something is done, where somebody says it, to a place that does something.
    pub(crate) async fn act_because(
        &self,
        path: &[&str],
        reason: Option<&str>,
    ) -> Result<Json, Failure> {
        let Some(reason) = reason else { return self.act(path).await };
        let body = Json::object([("reason", Json::from(reason.to_owned()))]);
        self.post(path, &Query::new(), body.to_json()).await
    }

    /// POSTs nothing, to a place that does something and has nothing to tell.
    pub(crate) async fn act_only(&self, path: &[&str]) -> Result<(), Failure> {
        self.call(reqwest::Method::POST, path, &Query::new(), Body::Nothing).await.map(drop)
    }

    /// POSTs JSON text.
    pub(crate) async fn post(
        &self,
        path: &[&str],
        query: &Query,
        text: String,
    ) -> Result<Json, Failure> {
        json(self.call(reqwest::Method::POST, path, query, Body::Json(text)).await?).await
    }

    /// POSTs bytes of that content type.
    pub(crate) async fn upload(
        &self,
        path: &[&str],
        query: &Query,
        content_type: &'static str,
        bytes: Vec<u8>,
    ) -> Result<Json, Failure> {
        let body = Body::Bytes(content_type, bytes);
        json(self.call(reqwest::Method::POST, path, query, body).await?).await
    }

    /// PUTs a file, which is read while it is sent.
    pub(crate) async fn put_file(&self, path: &[&str], file: &Path) -> Result<(), Failure> {
        let opened = tokio::fs::File::open(file).await;
        let opened =
            opened.map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        let request = self.request(reqwest::Method::PUT, path, &Query::new());
        let request = request.header("content-type", media_type(file)).body(opened);
        self.answered(request).await.map(drop)
    }

    /// Changes a part of what is there, by JSON text.
    pub(crate) async fn patch(&self, path: &[&str], text: String) -> Result<Json, Failure> {
        let query = Query::new();
        json(self.call(reqwest::Method::PATCH, path, &query, Body::Json(text)).await?).await
    }

    /// Puts JSON text in the place of what is there.
    pub(crate) async fn put(&self, path: &[&str], text: String) -> Result<Json, Failure> {
        let query = Query::new();
        json(self.call(reqwest::Method::PUT, path, &query, Body::Json(text)).await?).await
    }

    /// GETs JSON, and the tag that it is known by, where it has one.
    pub(crate) async fn get_tagged(
        &self,
        path: &[&str],
    ) -> Result<(Json, Option<HeaderValue>), Failure> {
        let query = Query::new();
        let response = self.call(reqwest::Method::GET, path, &query, Body::Nothing).await?;
        let tag = response.headers().get(ETAG).cloned();
        Ok((json(response).await?, tag))
    }

    /// Puts JSON text in the place of what somebody has seen, and of nothing else.
    pub(crate) async fn put_seen(
        &self,
        path: &[&str],
        text: String,
        tag: Option<HeaderValue>,
    ) -> Result<Json, Failure> {
        let Some(tag) = tag else { return self.put(path, text).await };
        let request = self.request(reqwest::Method::PUT, path, &Query::new());
        let request = request.timeout(ANSWER_TIMEOUT).header(IF_MATCH, tag);
        let request = request.header("content-type", "application/json").body(text);
        json(self.answered(request).await?).await
    }

    /// Takes away what is there.
    pub(crate) async fn delete(&self, path: &[&str]) -> Result<(), Failure> {
        self.call(reqwest::Method::DELETE, path, &Query::new(), Body::Nothing).await.map(drop)
    }

    /// Takes away what is there, and tells what came of it.
    pub(crate) async fn take_away(&self, path: &[&str], query: &Query) -> Result<Json, Failure> {
        json(self.call(reqwest::Method::DELETE, path, query, Body::Nothing).await?).await
    }

    /// GETs bytes as they come, and writes them to a file, or to standard output. The file is there once
    /// all of it has come.
    pub(crate) async fn save(
        &self,
        path: &[&str],
        query: &Query,
        file: Option<&Path>,
    ) -> Result<(), Failure> {
        let request = self.request(reqwest::Method::GET, path, query);
        let mut answer = self.answered(request).await?;
        let Some(path) = file else {
            while let Some(piece) = next_piece(&mut answer).await? {
                output::bytes(piece.as_ref())?;
            }
            return Ok(());
        };
        let trouble = |error| Failure::new(format!("{}: {error}", path.display()));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut unfinished = tempfile::NamedTempFile::new_in(folder).map_err(trouble)?;
        while let Some(piece) = next_piece(&mut answer).await? {
            unfinished.write_all(piece.as_ref()).map_err(trouble)?;
        }
        unfinished.persist(path).map_err(|error| trouble(error.error))?;
        Ok(())
    }

    /// The items of a list that is always whole: of what a project defines, for example.
    pub(crate) async fn whole_list(&self, path: &[&str]) -> Result<Vec<Json>, Failure> {
        Ok(items(self.get(path, &Query::new()).await?))
    }

    /// The items of a list, newest first, page by page up to a limit.
    pub(crate) async fn list(
        &self,
        path: &[&str],
        query: &Query,
        limit: usize,
    ) -> Result<Vec<Json>, Failure> {
        let mut found = Vec::new();
        let mut cursor = None;
        while found.len() < limit {
            let mut query = query.clone();
            query.push(("limit", PAGE.min(limit - found.len()).to_string()));
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            let page = self.get(path, &query).await?;
            cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
            found.append(&mut items(page));
            if cursor.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn call(
        &self,
        method: reqwest::Method,
        path: &[&str],
        query: &Query,
        body: Body,
    ) -> Result<reqwest::Response, Failure> {
        let mut request = self.request(method, path, query).timeout(ANSWER_TIMEOUT);
        match body {
            Body::Nothing => {}
            Body::Json(text) => {
                request = request.header("content-type", "application/json").body(text);
            }
            Body::Bytes(content_type, bytes) => {
                request = request.header("content-type", content_type).body(bytes);
            }
        }
        self.answered(request).await
    }

    /// A request that waits for its answer as long as that takes.
    fn request(
        &self,
        method: reqwest::Method,
        path: &[&str],
        query: &[(&'static str, String)],
    ) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1"]).extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http.request(method, url).bearer_auth(self.token.expose())
    }

    async fn answered(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(self.refusal(response).await)
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        if error.is_timeout() && !error.is_connect() {
            return Failure::new(format!(
                "the hub at {} did not answer within {} s",
                self.base(),
                ANSWER_TIMEOUT.as_secs()
            ));
        }
        Failure::new(format!("no hub answers at {}: {}", self.base(), innermost(error)))
            .hint(address::HOW_TO_START)
    }

    /// What the hub says about why it did not do it.
    async fn refusal(&self, response: reqwest::Response) -> Failure {
        let status = response.status();
        let body = response.bytes().await.unwrap_or_default();
        let problem = Value::parse(&body).unwrap_or(Value::Null);
        let text = |key: &str| problem.get(key).and_then(Value::as_str).map(str::to_owned);
        if status == reqwest::StatusCode::UNAUTHORIZED {
            return Failure::new(format!("the hub at {} does not know this token", self.base()))
                .hint(
                    "give the admin token, or one that `fieldpost token create` printed, with \
                     --token or FIELDPOST_TOKEN",
                );
        }
        let problems = problem.get("problems").and_then(Value::as_array).into_iter().flatten();
        let problems: Vec<String> = problems.map(told).collect();
        if !problems.is_empty() {
            return invalid(problems, text("code"));
        }
        let detail = text("detail")
            .unwrap_or_else(|| format!("the hub at {} answered {status}", self.base()));
        let code = text("code");
        let is_missing = code.as_deref() == Some("not-found");
        let message = match code {
            Some(code) => format!("{detail} [{code}]"),
            None => detail,
        };
        Failure::new(message).not_found(is_missing).maybe_hint(text("hint"))
    }
}

/// A definition with these mistakes. Each has a hint of its own; what the answer tells beside them is the
/// first of them once more.
fn invalid(problems: Vec<String>, code: Option<String>) -> Failure {
    let many = match problems.len() {
        1 => "a mistake".to_owned(),
        many => format!("{many} mistakes"),
    };
    let code = code.map(|code| format!(" [{code}]")).unwrap_or_default();
    Failure::new(format!("the definition has {many}{code}")).details(problems)
}

/// One mistake of a definition, as `fieldpost_rules` writes its problems.
fn told(problem: &Value<'_>) -> String {
    let text = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default();
    let path = text("path");
    let place = if path.is_empty() { String::new() } else { format!("{path}: ") };
    let hint = text("hint");
    let hint = if hint.is_empty() { String::new() } else { format!("\n  hint: {hint}") };
    format!("{place}{} [{}]{hint}", text("message"), text("code"))
}

/// What a file of a form is, by the end of its name, as far as devices have to know.
fn media_type(file: &Path) -> &'static str {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "3gp" => "video/3gpp",
        "csv" => "text/csv",
        "xml" => "application/xml",
        "geojson" => "application/geo+json",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}

/// The items of a page.
fn items(page: Json) -> Vec<Json> {
    let Value::Object(members) = page else { return Vec::new() };
    let items = members.into_iter().find(|(name, _)| name == "items");
    match items {
        Some((_, Value::Array(items))) => items,
        _ => Vec::new(),
    }
}

async fn json(response: reqwest::Response) -> Result<Json, Failure> {
    let body = response.bytes().await.map_err(|error| broken_off(&error))?;
    if body.is_empty() {
        return Ok(Value::Null);
    }
    Value::parse(&body).map(Value::into_owned).map_err(|error| {
        Failure::new(format!("the answer is not JSON ({error})"))
            .hint("is there a Fieldpost hub at this address, and of the same version?")
    })
}

/// The next bytes of an answer; `None` at its end.
async fn next_piece(answer: &mut reqwest::Response) -> Result<Option<impl AsRef<[u8]>>, Failure> {
    let piece = tokio::time::timeout(ANSWER_TIMEOUT, answer.chunk()).await.map_err(|_| {
        Failure::new(format!("the hub was silent for {} s", ANSWER_TIMEOUT.as_secs()))
    })?;
    piece.map_err(|error| broken_off(&error))
}

fn broken_off(error: &reqwest::Error) -> Failure {
    Failure::new(format!("the answer broke off: {}", innermost(error)))
}

/// The last cause of an error: the one that says something.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
