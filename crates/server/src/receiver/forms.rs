//! The forms that phones fetch: which there are, each as it was uploaded, and the files that they
//! need to be shown. What was defined otherwise, by the project or in JSON, is written as an XForm; its version is
//! the number of its definition, unless it has one. A form that takes no submissions is not listed.
//!
//! A phone takes a form anew when its hash is another one than that of the copy it has, so the hash
//! is that of the bytes which the download gives. What was digested once is remembered until the
//! form changes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use fieldpost_dialects::openrosa::{ListedFile, ListedForm, form_list, manifest, write_xform};
use fieldpost_dialects::{Received, read_definition};
use fieldpost_model::form::Form;
use fieldpost_model::hexadecimal;
use fieldpost_rules::openrosa::Flavour;
use fieldpost_store::{
    FormDefinition, FormFile, FormHead, FormOrigin, FormQuery, StoreError, WantedDefinition,
};
use http::header::{ALLOW, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use md5::{Digest as _, Md5};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::answer::{self, version, with_headers};
use super::submission::Openrosa;
use super::{Door, Turned};
use crate::app::{App, Shared};
use crate::problem::Problem;
use crate::uploaded::streamed;

/// The most forms that a list shows.
const MOST_LISTED: usize = 2_000;
/// Forms that are read from the store at once.
const AT_ONCE: usize = 100;
/// Digests that are remembered; beyond that all are forgotten, and it begins anew.
const MOST_DIGESTS: usize = 10_000;

/// MD5 of what downloads give, as far as it was asked for.
#[derive(Debug, Default)]
pub(crate) struct FormDigests(Mutex<HashMap<Digested, String>>);

/// What was digested.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Digested {
    /// A form of a project, with the number of its definition.
    Form(String, String, i64),
    /// A file, by its content.
    File([u8; 32]),
}

impl FormDigests {
    fn find(&self, digested: &Digested) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(digested).cloned()
    }

    fn keep(&self, digested: Digested, md5: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_DIGESTS {
            known.clear();
        }
        known.insert(digested, md5);
    }
}

/// The parts of the address of what belongs to a form.
#[derive(Debug, Deserialize)]
pub(super) struct OfForm {
    project: String,
    key: Option<String>,
    rest: String,
}

/// The list of forms.
pub(super) async fn list(
    State(app): State<Shared>,
    Path(address): Path<Openrosa>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let door = Door::from(address);
    let version = version(request.headers());
    let (request, _) = request.into_parts();
    let response = match listed(&app, &door, query.as_deref(), &request).await {
        Ok(response) => response,
        Err(turned) => answer::turned(Flavour::Odk, &turned),
    };
    with_headers(&app, Flavour::Odk, version, response)
}

/// A form, the list of its files, or one of these.
pub(super) async fn of_a_form(
    State(app): State<Shared>,
    Path(OfForm { project, key, rest }): Path<OfForm>,
    request: Request,
) -> Response {
    let door = Door { project, key, flavour: Flavour::Odk };
    let version = version(request.headers());
    let (request, _) = request.into_parts();
    let response = match given(&app, &door, &rest, &request).await {
        Ok(response) => response,
        Err(turned) => answer::turned(Flavour::Odk, &turned),
    };
    with_headers(&app, Flavour::Odk, version, response)
}

async fn listed(
    app: &App,
    door: &Door,
    query: Option<&str>,
    request: &Parts,
) -> Result<Response, Turned> {
    if let Some(response) = wrong_method(request) {
        return Ok(response);
    }
    door.enter(app, request).await?;
    let wanted = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(name, _)| name == "formID")
        .map(|(_, id)| id.into_owned());
    // Links lead to the same door that the list came through.
    let path = request.uri.path();
    let base = app.link(path.strip_suffix("/formList").unwrap_or(path));
    let mut forms = Vec::new();
    let routing = app.hub.project(&door.project).await.map_err(Problem::from)?;
    for head in heads(app, &door.project).await.map_err(Problem::from)? {
        let Some(form_id) = head.form_id.clone().or_else(|| head.xmlns.clone()) else { continue };
        let is_closed = routing.form_definition(&head.name).is_some_and(|form| form.disabled);
        if is_closed || wanted.as_ref().is_some_and(|wanted| *wanted != form_id) {
            continue;
        }
        let md5 = digest_of_form(app, &door.project, &head).await.map_err(Problem::from)?;
        let Some(md5) = md5 else { continue };
        let files = app.hub.store().form_files(&door.project, &head.name);
        let has_files = !files.await.map_err(Problem::from)?.is_empty();
        let at = format!("{base}/forms/{}", head.name);
        forms.push(ListedForm {
            form_id,
            version: version_of(&head),
            name: head.title,
            md5,
            download_url: format!("{at}.xml"),
            manifest_url: has_files.then(|| format!("{at}/manifest")),
        });
    }
    Ok(answer::xml(StatusCode::OK, form_list(&forms)))
}

/// The forms of a project that have a definition, by name.
async fn heads(app: &App, project: &str) -> Result<Vec<FormHead>, StoreError> {
    let query = FormQuery { has_definition: Some(true), ..FormQuery::default() };
    let mut heads: Vec<FormHead> = Vec::new();
    while heads.len() < MOST_LISTED {
        let after = heads.last().map(|head| head.name.clone());
        let more = app.hub.store().forms(project, &query, after.as_deref(), AT_ONCE).await?;
        let is_last = more.len() < AT_ONCE;
        heads.extend(more);
        if is_last {
            break;
        }
    }
    heads.truncate(MOST_LISTED);
    Ok(heads)
}

async fn given(app: &App, door: &Door, rest: &str, request: &Parts) -> Result<Response, Turned> {
    if let Some(response) = wrong_method(request) {
        return Ok(response);
    }
    door.enter(app, request).await?;
    let project = door.project.as_str();
    match rest.split_once('/') {
        None => {
            let name = rest.strip_suffix(".xml").ok_or_else(no_such_form)?;
            let wanted = WantedDefinition::Newest;
            let head = app.hub.store().form(project, name).await.map_err(Problem::from)?;
            let head = head.ok_or_else(no_such_form)?;
            let found = app.hub.store().form_definition(project, name, wanted).await;
            let found = found.map_err(Problem::from)?;
            let xform = found.and_then(|definition| as_xform(&head, definition));
            Ok(answer::xml(StatusCode::OK, xform.ok_or_else(no_such_form)?))
        }
        Some((name, "manifest")) => {
            let files = files(app, project, name).await?;
            let path = request.uri.path();
            let base = app.link(path.strip_suffix("/manifest").unwrap_or(path));
            let mut listed = Vec::new();
            for FormFile { name, sha256, .. } in files {
                let Some(md5) = digest_of_file(app, &sha256).await.map_err(Problem::from)? else {
                    continue;
                };
                let encoded = utf8_percent_encode(&name, NON_ALPHANUMERIC);
                let download_url = format!("{base}/media/{encoded}");
                listed.push(ListedFile { name, md5, download_url });
            }
            Ok(answer::xml(StatusCode::OK, manifest(&listed)))
        }
        Some((name, file)) => {
            let wanted = file.strip_prefix("media/").ok_or_else(no_such_form)?;
            let files = files(app, project, name).await?;
            let file = files.into_iter().find(|file| file.name == wanted);
            media(app, file.ok_or_else(no_such_form)?).await
        }
    }
}

/// The files of a form that has a definition.
async fn files(app: &App, project: &str, name: &str) -> Result<Vec<FormFile>, Turned> {
    let head = app.hub.store().form(project, name).await.map_err(Problem::from)?;
    if !head.is_some_and(|head| head.has_definition()) {
        return Err(no_such_form().into());
    }
    Ok(app.hub.store().form_files(project, name).await.map_err(Problem::from)?)
}

async fn media(app: &App, file: FormFile) -> Result<Response, Turned> {
    let opened = app.hub.store().files().open(&file.sha256).await.map_err(Problem::from)?;
    let opened = opened.ok_or_else(no_such_form)?;
    let bytes = opened.bytes();
    let mut response = Response::new(streamed(opened));
    let headers = response.headers_mut();
    let content_type = file.content_type.and_then(|it| HeaderValue::try_from(it).ok());
    let fallback = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, content_type.unwrap_or(fallback));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(response)
}

async fn digest_of_form(
    app: &App,
    project: &str,
    head: &FormHead,
) -> Result<Option<String>, StoreError> {
    let digested = Digested::Form(project.to_owned(), head.name.clone(), head.definition);
    if let Some(known) = app.form_digests.find(&digested) {
        return Ok(Some(known));
    }
    let wanted = WantedDefinition::Number(head.definition);
    let found = app.hub.store().form_definition(project, &head.name, wanted).await?;
    let found = found.and_then(|definition| as_xform(head, definition));
    let Some(xform) = found else { return Ok(None) };
    let md5 = hexadecimal::encode(&Md5::digest(xform));
    app.form_digests.keep(digested, md5.clone());
    Ok(Some(md5))
}

async fn digest_of_file(app: &App, sha256: &[u8; 32]) -> Result<Option<String>, StoreError> {
    let digested = Digested::File(*sha256);
    if let Some(known) = app.form_digests.find(&digested) {
        return Ok(Some(known));
    }
    let Some(mut file) = app.hub.store().files().open(sha256).await? else { return Ok(None) };
    let mut md5 = Md5::new();
    while let Some(piece) = file.next().await? {
        md5.update(&piece);
    }
    let md5 = hexadecimal::encode(&md5.finalize());
    app.form_digests.keep(digested, md5.clone());
    Ok(Some(md5))
}

/// The version that phones know a form by: a form of the project has the number of its definition.
fn version_of(head: &FormHead) -> Option<String> {
    let number = || (head.origin == FormOrigin::Defined).then(|| head.definition.to_string());
    head.version.clone().or_else(number)
}

/// The bytes of a definition that is an `XForm`, or of what is written of another.
fn as_xform(head: &FormHead, definition: FormDefinition) -> Option<Vec<u8>> {
    if is_xml(&definition.content_type) {
        return Some(definition.bytes);
    }
    let content_type = Some(definition.content_type.as_str());
    let form = read_definition(&Received { content_type, body: &definition.bytes }).ok()?;
    let form = Form { title: head.title.clone(), ..form };
    Some(write_xform(&form, version_of(head).as_deref()).into_bytes())
}

fn is_xml(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    matches!(media_type, "text/xml" | "application/xml") || media_type.ends_with("+xml")
}

fn no_such_form() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no-such-form", "there is no such form or file here")
        .hint("the form list names those that there are")
}

fn wrong_method(request: &Parts) -> Option<Response> {
    let method = &request.method;
    if matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let detail = format!("forms are fetched with GET, not with {method}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail);
    let mut response = answer::turned(Flavour::Odk, &problem.into());
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    Some(response)
}
