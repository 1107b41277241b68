//! Submissions as KoboToolbox's data API gives them, to read: its lists of assets, which are forms here, and of
//! their data.

use axum::response::Response;
use fieldpost_dialects::formats::write_form;
use fieldpost_model::forwarder::{Format, Rendering};
use fieldpost_model::json::Value;
use fieldpost_model::submission::FormReference;
use fieldpost_store::{
    FormHead, FormQuery, StoredSubmission, SubmissionOrder, SubmissionPage, SubmissionQuery,
};
use http::StatusCode;

use super::filled::{AT_ONCE, Filled, MOST_PAGE_BYTES, Reader, encoded};
use super::pages::{self, Names, Turn, Zero};
use super::query::{Query, bad};
use super::{Asked, answer, forms, kobo_query};
use crate::api::shortened;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Items of a page unless asked otherwise, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;
const BY_START: Names = Names { limit: "limit", offset: "start", zero: Zero::Usual };
const ASSETS: Names = Names { limit: "limit", offset: "offset", zero: Zero::Usual };
/// Forms that a list of assets looks at.
const MOST_ASSETS: usize = 10_000;

/// The forms of the project.
pub(super) async fn assets(asked: &Asked<'_>) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    query.format()?;
    let turn = Turn::read(&mut query, ASSETS, USUAL, MOST)?;
    let (kind, text) = (query.one("asset_type")?, query.one("q")?);
    query.end()?;
    let text = text.filter(|text| text != "asset_type:survey");
    let wanted = FormQuery { text, ..FormQuery::default() };
    let store = asked.app.hub.store();
    let found = match kind.as_deref() {
        None | Some("survey") => store.forms(asked.project(), &wanted, None, MOST_ASSETS).await?,
        Some(_) => Vec::new(),
    };
    let count = found.len();
    let results =
        found.iter().skip(turn.offset).take(turn.limit).map(|form| described(asked, form));
    let results: Vec<String> = results.map(|asset| asset.to_json()).collect();
    let behind = turn.offset.saturating_add(results.len());
    let next = (behind < count).then(|| turn.link(asked, behind, None));
    Ok(envelope(asked, &turn, Some(count as u64), next, &results))
}

/// One form.
pub(super) async fn asset(asked: &Asked<'_>, form: &str) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    query.format()?;
    query.end()?;
    Ok(answer::json(&described(asked, &find(asked, form).await?)))
}

fn described(asked: &Asked<'_>, form: &FormHead) -> Value<'static> {
    let own = format!("/p/{}/api/v2/assets/{}/", asked.project(), encoded(&form.name));
    let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
    Value::object([
        ("url", Value::from(asked.app.link(&own))),
        ("uid", Value::from(form.name.clone())),
        ("name", Value::from(form.title.clone())),
        ("asset_type", Value::from("survey")),
        ("kind", Value::from("asset")),
        ("has_deployment", Value::Bool(true)),
        ("deployment__active", Value::Bool(true)),
        ("deployment__identifier", optional(&form.form_id)),
        ("version_id", optional(&form.version)),
        ("date_created", Value::from(form.created_at.to_string())),
        ("date_modified", Value::from(form.updated_at.to_string())),
        ("data", Value::from(asked.app.link(&format!("{own}data/")))),
    ])
}

/// The form that an address names, by its name here or by the id that submissions name it by.
async fn find(asked: &Asked<'_>, name: &str) -> Result<FormHead, Problem> {
    let (store, project) = (asked.app.hub.store(), asked.project());
    let mut found = store.form(project, name).await?;
    if found.is_none() {
        let reference = FormReference { id: Some(name.to_owned()), ..FormReference::default() };
        found = store.find_form(project, &reference).await?;
    }
    found.ok_or_else(|| {
        Problem::not_found("form", shortened(name)).hint("assets/ lists the forms that there are")
    })
}

/// The submissions of a form.
pub(super) async fn list(asked: &Asked<'_>, form: &str) -> Result<Response, Problem> {
    let form = find(asked, form).await?;
    let mut query = Query::of(asked.parts);
    query.format()?;
    let turn = turn(&mut query)?;
    let order = order(query.one("sort")?.as_deref())?;
    let fields = fields(query.one("fields")?.as_deref())?;
    let mut wanted =
        SubmissionQuery { form: Some(form.name.clone()), ..SubmissionQuery::default() };
    if let Some(text) = query.one("query")? {
        kobo_query::add(&mut wanted, &text, form.form_id.as_deref())?;
    }
    query.end()?;
    let store = asked.app.hub.store();
    let count = store.count_submissions(asked.project(), &wanted, order).await?;
    let page = pages::submissions(asked, &wanted, order, &turn).await?;
    let mut next = page.next;
    let mut results = Vec::with_capacity(page.found.len());
    let mut bytes = 0;
    let mut reader = Reader::new(asked);
    let mut left = page.found.into_iter().peekable();
    while left.peek().is_some() {
        let some: Vec<StoredSubmission> = left.by_ref().take(AT_ONCE).collect();
        let last = some.last().map(|last| last.place(order));
        let batch = reader.tell(some, writer(asked, &fields)).await?;
        bytes += batch.bytes;
        results.extend(batch.told);
        if bytes > MOST_PAGE_BYTES && left.peek().is_some() {
            next = last;
            break;
        }
    }
    let behind = turn.offset.saturating_add(results.len());
    let next = next.map(|place| turn.link(asked, behind, Some(&pages::submission_key(place))));
    Ok(envelope(asked, &turn, count, next, &results))
}

/// The page: by `start` and `limit`, or by `page` and `page_size` as older clients ask.
fn turn(query: &mut Query) -> Result<Turn, Problem> {
    let [page, size] = pages::BY_NUMBER;
    let (page, size) = (query.number(page)?, query.number(size)?);
    if page.is_none() && size.is_none() {
        return Turn::read(query, BY_START, USUAL, MOST);
    }
    let size = size.filter(|size| *size > 0).unwrap_or(USUAL).min(MOST);
    let page = page.unwrap_or(1);
    if page == 0 {
        return Err(bad("page", "0", "pages are counted from 1"));
    }
    let start = (page - 1).saturating_mul(size);
    let mut same = Query::parse(&format!("start={start}&limit={size}"));
    Turn::read(&mut same, BY_START, USUAL, MOST)
}

fn order(sort: Option<&str>) -> Result<SubmissionOrder, Problem> {
    let Some(text) = sort else { return Ok(SubmissionOrder::LowestNumber) };
    let hint =
        "{\"_id\": 1}, {\"_id\": -1}, {\"_submission_time\": 1} or {\"_submission_time\": -1}";
    let wrong = || bad("sort", text, hint);
    let value = Value::parse(text.as_bytes()).map_err(|_| wrong())?;
    let [(name, direction)] = value.as_object().ok_or_else(wrong)? else { return Err(wrong()) };
    match (&**name, direction.as_number()) {
        ("_id", Some("1")) => Ok(SubmissionOrder::LowestNumber),
        ("_id", Some("-1")) => Ok(SubmissionOrder::HighestNumber),
        ("_submission_time", Some("1")) => Ok(SubmissionOrder::Oldest),
        ("_submission_time", Some("-1")) => Ok(SubmissionOrder::Newest),
        _ => Err(wrong()),
    }
}

/// The keys that are wanted; none is all.
fn fields(text: Option<&str>) -> Result<Vec<String>, Problem> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let wrong = || bad("fields", text, "write a list of keys, as [\"_id\", \"group/name\"]");
    let value = Value::parse(text.as_bytes()).map_err(|_| wrong())?;
    let names: Option<Vec<String>> = value
        .as_array()
        .ok_or_else(wrong)?
        .iter()
        .map(|name| name.as_str().map(str::to_owned))
        .collect();
    names.ok_or_else(wrong)
}

fn chosen(value: Value<'static>, fields: &[String]) -> Value<'static> {
    let Value::Object(mut members) = value else { return value };
    if !fields.is_empty() {
        members.retain(|(name, _)| fields.iter().any(|field| field == name));
    }
    Value::Object(members)
}

fn envelope(
    asked: &Asked<'_>,
    turn: &Turn,
    count: Option<u64>,
    next: Option<String>,
    results: &[String],
) -> Response {
    let link = |link: Option<String>| link.map_or(Value::Null, Value::from).to_json();
    let count = count.map_or(Value::Null, Value::from).to_json();
    let text = format!(
        "{{\"count\":{count},\"next\":{},\"previous\":{},\"results\":[{}]}}",
        link(next),
        link(turn.previous(asked)),
        results.join(",")
    );
    answer::text(StatusCode::OK, text)
}

/// One submission, by its number, its `_uuid`, or the hub's own id.
pub(super) async fn one(asked: &Asked<'_>, form: &str, id: &str) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    query.format()?;
    query.end()?;
    let stored = find_one(asked, form, id).await?;
    let told = Reader::new(asked).tell(vec![stored], writer(asked, &[])).await?.told;
    let missing = || Problem::not_found("submission", shortened(id));
    Ok(answer::text(StatusCode::OK, told.into_iter().next().ok_or_else(missing)?))
}

async fn find_one(asked: &Asked<'_>, form: &str, id: &str) -> Result<StoredSubmission, Problem> {
    let form = find(asked, form).await?;
    let missing = || Problem::not_found("submission", shortened(id));
    if let Ok(number) = id.parse::<i64>() {
        let query = SubmissionQuery {
            form: Some(form.name),
            number_from: Some(number),
            number_to: Some(number),
            ..SubmissionQuery::default()
        };
        let order = SubmissionOrder::LowestNumber;
        let page = SubmissionPage { order, after: None, limit: 1 };
        let found = asked.app.hub.store().submissions(asked.project(), &query, page).await?;
        return found.found.into_iter().next().ok_or_else(missing);
    }
    let stored = forms::find(asked, id).await.map_err(|problem| {
        if problem.status() == StatusCode::NOT_FOUND { missing() } else { problem }
    })?;
    if stored.form == form.name { Ok(stored) } else { Err(missing()) }
}

/// A file of a submission.
pub(super) async fn file(
    asked: &Asked<'_>,
    form: &str,
    id: &str,
    name: &str,
) -> Result<Response, Problem> {
    Query::of(asked.parts).end()?;
    let stored = find_one(asked, form, id).await?;
    forms::sent_file(asked, &stored, name).await
}

/// Writes submissions with the keys that are wanted.
fn writer(
    asked: &Asked<'_>,
    fields: &[String],
) -> impl FnMut(&Filled) -> Result<String, Problem> + Send + 'static {
    let (app, project) = (Shared::clone(asked.app), asked.project().to_owned());
    let fields = fields.to_vec();
    move |filled| Ok(chosen(written(&app, &project, filled)?, &fields).to_json())
}

fn written(app: &App, project: &str, filled: &Filled) -> Result<Value<'static>, Problem> {
    let (form, number) = (encoded(&filled.stored.form), filled.stored.number);
    let own = format!("/p/{project}/api/v2/assets/{form}/data/{number}/");
    let address = |name: &str| app.link(&format!("{own}attachments/{}", encoded(name)));
    let written = filled.write(project, &address, |payload| {
        write_form(Format::Kobo, &Rendering::default(), payload)
    });
    let written = written.map_err(|reason| {
        let detail = format!("submission {} cannot be told: {reason}", filled.stored.number);
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", detail)
    })?;
    Ok(Value::parse(&written.bytes).map_or(Value::Null, Value::into_owned))
}
