//! Forms as CommCare HQ's Form API gives them: the list that exporters read, one form, its files.

use axum::body::Body;
use axum::response::Response;
use fieldpost_dialects::commcare::case_json;
use fieldpost_dialects::formats::write_form;
use fieldpost_dialects::instance_id;
use fieldpost_model::forwarder::{ClosedCases, Format, Rendering};
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{StoredSubmission, SubmissionOrder, SubmissionQuery};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use uuid::Uuid;

use super::filled::{AT_ONCE, Filled, MOST_PAGE_BYTES, Reader, encoded};
use super::pages::{self, Names, Turn, Zero};
use super::query::{Query, bad};
use super::{Asked, answer};
use crate::app::{App, Shared};
use crate::problem::Problem;
use crate::uploaded;

/// Items of a page unless asked otherwise, and at most.
const USUAL: usize = 20;
const MOST: usize = 1_000;
/// What the lists of CommCare HQ call the page.
pub(super) const NAMES: Names = Names { limit: "limit", offset: "offset", zero: Zero::Most };
/// Forms of one namespace that are told apart.
const MOST_FORMS: usize = 2;

/// What a list is sorted by; without a sign the first comes first.
const ORDERS: [(&str, SubmissionOrder, SubmissionOrder); 3] = [
    ("received_on", SubmissionOrder::Oldest, SubmissionOrder::Newest),
    ("indexed_on", SubmissionOrder::FirstChanged, SubmissionOrder::LastChanged),
    ("server_modified_on", SubmissionOrder::FirstChanged, SubmissionOrder::LastChanged),
];

/// Which forms are asked for, and how they are told.
struct Wanted {
    query: SubmissionQuery,
    order: SubmissionOrder,
    turn: Turn,
    with_cases: bool,
}

/// The end of a stretch of time that has its last moment in it.
pub(super) fn behind(at: Timestamp) -> Timestamp {
    Timestamp(at.0.saturating_add(1))
}

fn read(asked: &Asked<'_>) -> Result<Wanted, Problem> {
    let mut query = Query::of(asked.parts);
    query.format()?;
    let turn = Turn::read(&mut query, NAMES, USUAL, MOST)?;
    let order = order(query.one("order_by")?.as_deref())?;
    let wanted = SubmissionQuery {
        xmlns: query.one("xmlns")?,
        application: query.one("app_id")?,
        case: query.one("case_id")?,
        user_id: query.one("user_id")?,
        user: query.one("username")?,
        since: query.time("received_on_start")?,
        until: query.time("received_on_end")?.map(behind),
        ..SubmissionQuery::default()
    };
    // The later beginning and the earlier end, where both names are given.
    let (indexed, modified) =
        (query.time("indexed_on_start")?, query.time("server_modified_on_start")?);
    let ends = [query.time("indexed_on_end")?, query.time("server_modified_on_end")?];
    let wanted = SubmissionQuery {
        modified_since: indexed.max(modified),
        modified_until: ends.into_iter().flatten().min().map(behind),
        ..wanted
    };
    // Nothing is archived here, so the answer is the same either way.
    query.truth("include_archived")?;
    let with_cases = query.truth("cases__full")?.unwrap_or(false);
    query.end()?;
    Ok(Wanted { query: wanted, order, turn, with_cases })
}

fn order(text: Option<&str>) -> Result<SubmissionOrder, Problem> {
    let Some(text) = text else { return Ok(SubmissionOrder::Newest) };
    let name = text.strip_prefix('-').unwrap_or(text);
    let found = ORDERS.iter().find(|(other, ..)| *other == name);
    match found {
        Some((_, first, _)) if name == text => Ok(*first),
        Some((_, _, last)) => Ok(*last),
        None => {
            let names: Vec<&str> = ORDERS.iter().map(|(name, ..)| *name).collect();
            let hint = format!("one of {}, with - before it for the last first", names.join(", "));
            Err(bad("order_by", text, hint))
        }
    }
}

/// The list of forms.
pub(super) async fn list(asked: &Asked<'_>) -> Result<Response, Problem> {
    let Wanted { mut query, order, turn, with_cases } = read(asked)?;
    narrow(asked, &mut query).await?;
    let store = asked.app.hub.store();
    let count = store.count_submissions(asked.project(), &query, order).await?;
    let page = pages::submissions(asked, &query, order, &turn).await?;
    let mut next = page.next;
    let mut objects: Vec<String> = Vec::with_capacity(page.found.len());
    let mut bytes = 0;
    let mut reader = Reader::new(asked);
    let mut left = page.found.into_iter().peekable();
    while left.peek().is_some() {
        let some: Vec<StoredSubmission> = left.by_ref().take(AT_ONCE).collect();
        let last = some.last().map(|last| last.place(order));
        let cases = if with_cases { cases(asked, &some).await? } else { Vec::new() };
        let batch = reader.tell(some, writer(asked, cases)).await?;
        bytes += batch.bytes;
        objects.extend(batch.told);
        if bytes > MOST_PAGE_BYTES && left.peek().is_some() {
            next = last;
            break;
        }
    }
    let behind = turn.offset.saturating_add(objects.len());
    let next = next.map(|place| turn.link(asked, behind, Some(&pages::submission_key(place))));
    Ok(envelope(asked, &turn, count, next, &objects))
}

/// A list as CommCare HQ wraps it.
pub(super) fn envelope(
    asked: &Asked<'_>,
    turn: &Turn,
    count: Option<u64>,
    next: Option<String>,
    objects: &[String],
) -> Response {
    let link = |link: Option<String>| link.map_or(Value::Null, Value::from);
    let meta = Value::object([
        ("limit", Value::from(turn.limit as u64)),
        ("next", link(next)),
        ("offset", Value::from(turn.offset as u64)),
        ("previous", link(turn.previous(asked))),
        ("total_count", count.map_or(Value::Null, Value::from)),
    ]);
    let text = format!("{{\"meta\":{},\"objects\":[{}]}}", meta.to_json(), objects.join(","));
    answer::text(StatusCode::OK, text)
}

/// Has an index tell the forms of a namespace, where it is that of one form.
async fn narrow(asked: &Asked<'_>, query: &mut SubmissionQuery) -> Result<(), Problem> {
    let Some(xmlns) = &query.xmlns else { return Ok(()) };
    let store = asked.app.hub.store();
    let mut names = store.forms_with_xmlns(asked.project(), xmlns, MOST_FORMS).await?;
    if names.len() < MOST_FORMS {
        // One that is none has no submissions, and no name that a form can have.
        query.form = Some(names.pop().unwrap_or_default());
        query.xmlns = None;
    }
    Ok(())
}

/// One form, by the id that its sender gave it, by any it had before, or by that of the hub.
pub(super) async fn one(asked: &Asked<'_>, id: &str) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    query.format()?;
    let with_cases = query.truth("cases__full")?.unwrap_or(false);
    query.end()?;
    let mut reader = Reader::new(asked);
    let found = vec![find(asked, id).await?];
    let cases = if with_cases { cases(asked, &found).await? } else { Vec::new() };
    let told = reader.tell(found, writer(asked, cases)).await?.told;
    let text = told.into_iter().next().ok_or_else(|| Problem::not_found("form", id))?;
    Ok(answer::text(StatusCode::OK, text))
}

/// The submission that an id names.
pub(super) async fn find(asked: &Asked<'_>, id: &str) -> Result<StoredSubmission, Problem> {
    let (store, project) = (asked.app.hub.store(), asked.project());
    let named = match instance_id(id) {
        Some(name) => store.instance(project, &name).await?.map(|instance| instance.submission),
        None => None,
    };
    let own = named.or_else(|| Uuid::try_parse(id).ok());
    let found = match own {
        Some(own) => store.submission(project, own).await?,
        None => None,
    };
    found.ok_or_else(|| Problem::not_found("form", crate::api::shortened(id)))
}

/// Writes forms, each with its cases where they are wanted.
fn writer(
    asked: &Asked<'_>,
    cases: Vec<Value<'static>>,
) -> impl FnMut(&Filled) -> Result<String, Problem> + Send + 'static {
    let (app, project) = (Shared::clone(asked.app), asked.project().to_owned());
    let mut cases = cases.into_iter();
    move |filled| written(&app, &project, filled, cases.next()).map(|form| form.to_json())
}

fn written(
    app: &App,
    project: &str,
    filled: &Filled,
    cases: Option<Value<'static>>,
) -> Result<Value<'static>, Problem> {
    let id = encoded(&filled.id);
    let address =
        |name: &str| app.link(&format!("/a/{project}/api/form/attachment/{id}/{}", encoded(name)));
    let written = filled.write(project, &address, |payload| {
        write_form(Format::FormJson, &Rendering::default(), payload)
    });
    let written = written.map_err(|reason| {
        let detail = format!("the form {} cannot be told: {reason}", filled.id);
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail)
    })?;
    let value = Value::parse(&written.bytes).map_or(Value::Null, Value::into_owned);
    let Value::Object(mut members) = value else { return Ok(Value::Null) };
    // Whatever it came by has an id here, and the same one for every reader.
    for (name, member) in &mut members {
        if name == "id" {
            *member = Value::from(filled.id.clone());
        }
    }
    members.extend(cases.map(|cases| ("cases".into(), cases)));
    Ok(Value::Object(members))
}

/// The cases that each of these forms touched, as they are now, by their ids.
async fn cases(
    asked: &Asked<'_>,
    forms: &[StoredSubmission],
) -> Result<Vec<Value<'static>>, Problem> {
    let (store, project) = (asked.app.hub.store(), asked.project());
    let ids: Vec<Uuid> = forms.iter().map(|form| form.id).collect();
    let touched = store.cases_by_submission(project, &ids).await?;
    let all: Vec<&str> = touched.values().flatten().map(String::as_str).collect();
    let states = store.cases(project, &all).await?;
    let of_form = |id: &Uuid| {
        let names = touched.get(id).map(Vec::as_slice).unwrap_or_default();
        Value::object(names.iter().filter_map(|name| {
            let case = &states.get(name)?.value;
            let told = case_json(case, project, ClosedCases::Full, |_, file| file.source.clone());
            Some((name.clone(), told))
        }))
    };
    Ok(ids.iter().map(of_form).collect())
}

/// A file of a form, or the form itself as it came.
pub(super) async fn file(asked: &Asked<'_>, id: &str, name: &str) -> Result<Response, Problem> {
    Query::of(asked.parts).end()?;
    let stored = find(asked, id).await?;
    if name == "form.xml" {
        let (content_type, bytes) =
            crate::api::original_of(asked.app, asked.project(), &stored).await?;
        return Ok(with_type(content_type.as_deref(), Body::from(bytes)));
    }
    sent_file(asked, &stored, name).await
}

/// A file of a submission.
pub(super) async fn sent_file(
    asked: &Asked<'_>,
    stored: &StoredSubmission,
    name: &str,
) -> Result<Response, Problem> {
    let (store, project) = (asked.app.hub.store(), asked.project());
    let files = store.files_of(project, stored.id).await?;
    let file = files.into_iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| Problem::not_found("file", crate::api::shortened(name)))?;
    let opened = match &file.sha256 {
        Some(sha256) => store.files().open(sha256).await?,
        None => None,
    };
    let opened = opened.ok_or_else(|| crate::api::file_not_there(&file))?;
    let length = HeaderValue::from(opened.bytes());
    let mut response = with_type(file.content_type.as_deref(), uploaded::streamed(opened));
    response.headers_mut().insert(CONTENT_LENGTH, length);
    Ok(response)
}

fn with_type(content_type: Option<&str>, body: Body) -> Response {
    let mut response = Response::new(body);
    let known = content_type.and_then(|text| HeaderValue::from_str(text).ok());
    let unknown = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(CONTENT_TYPE, known.unwrap_or(unknown));
    response
}
