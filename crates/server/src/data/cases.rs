//! Cases as CommCare HQ gives them: the list of old that exporters read, and version 2 of the Case API.

use std::collections::{BTreeMap, HashMap};

use axum::body::Body;
use axum::response::Response;
use fieldpost_dialects::commcare::{case_api_json, case_json};
use fieldpost_model::case::{AttachmentOrigin, Case, CaseAttachment};
use fieldpost_model::forwarder::ClosedCases;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{CaseOrder, CasePage, CasePlace, CaseQuery, ListedCase};
use http::StatusCode;

use super::filled::{AT_ONCE, MOST_PAGE_BYTES, encoded};
use super::forms::{NAMES, envelope};
use super::pages::{self, Turn, bad_cursor, case_key, read_case_key};
use super::query::{Query, bad, with};
use super::{Asked, answer, case_filters};
use crate::api::{nearest, shortened};
use crate::body;
use crate::problem::Problem;

/// Items of a page unless asked otherwise.
const USUAL: usize = 20;
/// Items of a page of the old list at most, and of version 2.
const MOST: usize = 1_000;
const MOST_OF_VERSION_2: usize = 5_000;
/// Cases that one address or one request names at most.
const MOST_IN_ADDRESS: usize = 100;
const MOST_FETCHED: usize = 5_000;
/// External ids that one request names at most: each is looked for by itself.
const MOST_EXTERNAL: usize = 200;
/// Bytes of the cases that one request fetches at most.
const MOST_FETCHED_BYTES: usize = 32 * 1_024 * 1_024;
/// Cases that are looked at for an external id.
const MOST_ALIKE: usize = 10;
/// Forms that the histories of some cases tell at most; they are read with the case itself otherwise.
const MOST_FORMS: usize = 50_000;

/// What cases of version 2 have, and what each of their ties has.
const FIELDS: [&str; 14] = [
    "domain",
    "case_id",
    "case_type",
    "case_name",
    "external_id",
    "owner_id",
    "date_opened",
    "last_modified",
    "server_last_modified",
    "indexed_on",
    "closed",
    "date_closed",
    "properties",
    "indices",
];
const FIELDS_OF_TIES: [&str; 3] = ["case_id", "case_type", "relationship"];

/// A case, and when this state could be found first.
pub(super) struct Found {
    pub(super) case: Case,
    pub(super) indexed_at: Timestamp,
}

/// Cases by their ids, of those that are there and not deleted.
pub(super) async fn by_id(
    asked: &Asked<'_>,
    ids: &[&str],
) -> Result<HashMap<String, Found>, Problem> {
    let (store, project) = (asked.app.hub.store(), asked.project());
    let mut found = HashMap::new();
    for ids in ids.chunks(AT_ONCE) {
        let states = store.cases(project, ids).await?;
        let indexed = store.indexing_of_cases(project, ids).await?;
        found.extend(states.into_iter().filter(|(_, case)| !case.value.deleted).map(
            |(id, case)| {
                let indexed_at = indexed.get(&id).copied().unwrap_or(case.value.server_modified_at);
                (id, Found { case: case.value, indexed_at })
            },
        ));
    }
    Ok(found)
}

/// The list of old.
pub(super) async fn list(asked: &Asked<'_>) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    query.format()?;
    let turn = Turn::read(&mut query, NAMES, USUAL, MOST)?;
    let (wanted, order) = case_filters::of_list(&mut query)?;
    query.end()?;
    let count = asked.app.hub.store().count_cases(asked.project(), &wanted, order).await?;
    let page = pages::cases(asked, &wanted, order, &turn).await?;
    let told = told(asked, page, true, |found, forms| old(asked, found, forms)).await?;
    let behind = turn.offset.saturating_add(told.listed);
    let next = told.next.map(|place| turn.link(asked, behind, Some(&case_key(&place))));
    Ok(envelope(asked, &turn, count, next, &told.texts))
}

/// The cases of a page, written.
struct Told {
    texts: Vec<String>,
    /// How many of the page were come by.
    listed: usize,
    /// The place of the last, where more follow.
    next: Option<CasePlace>,
}

/// Writes the cases of a page, with the forms of each where they are wanted. It ends early where they are
/// many bytes.
async fn told(
    asked: &Asked<'_>,
    page: pages::Cases,
    with_forms: bool,
    write: impl Fn(&Found, Vec<String>) -> Value<'static>,
) -> Result<Told, Problem> {
    let (mut texts, mut bytes, mut listed) = (Vec::with_capacity(page.found.len()), 0, 0);
    for some in page.found.chunks(AT_ONCE) {
        let ids: Vec<&str> = some.iter().map(|one| one.id.as_str()).collect();
        let found = by_id(asked, &ids).await?;
        let mut forms = if with_forms { forms_of(asked, &ids).await? } else { HashMap::default() };
        for id in ids {
            if bytes > MOST_PAGE_BYTES {
                break;
            }
            listed += 1;
            if let Some(found) = found.get(id) {
                let text = write(found, forms.remove(id).unwrap_or_default()).to_json();
                bytes += text.len();
                texts.push(text);
            }
        }
        if bytes > MOST_PAGE_BYTES {
            break;
        }
    }
    let rest = page.found.len().saturating_sub(listed);
    let last = page.found.iter().rev().nth(rest).filter(|_| rest > 0);
    let next = last.map(ListedCase::place).or(page.next);
    Ok(Told { texts, listed, next })
}

/// One case in the shape of old.
pub(super) async fn one(asked: &Asked<'_>, id: &str) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    query.format()?;
    query.end()?;
    let found = find(asked, id).await?;
    let mut forms = forms_of(asked, &[id]).await?;
    Ok(answer::json(&old(asked, &found, forms.remove(id).unwrap_or_default())))
}

async fn forms_of(
    asked: &Asked<'_>,
    ids: &[&str],
) -> Result<HashMap<String, Vec<String>>, Problem> {
    Ok(asked.app.hub.store().forms_by_case(asked.project(), ids, MOST_FORMS).await?)
}

fn old(asked: &Asked<'_>, found: &Found, forms: Vec<String>) -> Value<'static> {
    let project = asked.project();
    let case = Case { forms, ..found.case.clone() };
    let address = |_: &str, file: &CaseAttachment| match file.origin {
        AttachmentOrigin::Local => {
            let (form, name) = (encoded(&file.form_id), encoded(&file.source));
            asked.app.link(&format!("/a/{project}/api/form/attachment/{form}/{name}"))
        }
        AttachmentOrigin::Remote | AttachmentOrigin::Inline => file.source.clone(),
    };
    let told = case_json(&case, project, ClosedCases::Full, address);
    let Value::Object(mut members) = told else { return Value::Null };
    let resource = format!("/a/{project}/api/case/v1/{}/", encoded(&case.id));
    members.insert(0, ("id".into(), Value::from(case.id)));
    members.push(("indexed_on".into(), Value::from(found.indexed_at.to_string())));
    members.push(("resource_uri".into(), Value::from(resource)));
    Value::Object(members)
}

/// The case that an address names.
pub(super) async fn find(asked: &Asked<'_>, id: &str) -> Result<Found, Problem> {
    let mut found = by_id(asked, &[id]).await?;
    found.remove(id).ok_or_else(|| Problem::not_found("case", shortened(id)))
}

/// A case that another system calls so; of several the one that was changed first.
pub(super) async fn find_external(asked: &Asked<'_>, id: &str) -> Result<Option<Found>, Problem> {
    let query = CaseQuery { external_id: Some(id.to_owned()), ..CaseQuery::default() };
    let page = CasePage { order: CaseOrder::FirstChanged, after: None, limit: MOST_ALIKE };
    let listed = asked.app.hub.store().list_cases(asked.project(), &query, &page).await?;
    // The list finds by the beginning of what is very long.
    for listed in listed.found {
        let found = by_id(asked, &[&listed.id]).await?.remove(&listed.id);
        if let Some(found) = found.filter(|found| found.case.external_id == id) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What of each case is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    only: Vec<Vec<String>>,
    but: Vec<Vec<String>>,
}

impl Shape {
    /// Reads `fields` and `exclude`, with dots or with `fields.properties=a,b`.
    pub(super) fn read(query: &mut Query) -> Result<Self, Problem> {
        let only = paths(query.one("fields")?, query.beginning("fields."));
        let but = paths(query.one("exclude")?, query.beginning("exclude."));
        if !only.is_empty() && !but.is_empty() {
            return Err(Problem::bad_request(
                "bad-parameter",
                "`fields` and `exclude` are there together",
            )
            .hint("say either what is wanted or what is not"));
        }
        for path in only.iter().chain(&but) {
            known_field(path)?;
        }
        Ok(Self { only, but })
    }

    /// A case in this shape.
    pub(super) fn of(&self, asked: &Asked<'_>, found: &Found) -> Value<'static> {
        let whole = case_api_json(&found.case, asked.project(), found.indexed_at);
        if !self.only.is_empty() {
            return kept(whole, &self.only, true);
        }
        if self.but.is_empty() { whole } else { kept(whole, &self.but, false) }
    }
}

/// Refuses a field that no case has. Properties and ties are called as forms call them; what stands below
/// the ties is the same for all.
fn known_field(path: &[String]) -> Result<(), Problem> {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let (name, among): (&str, &[&str]) = match names.as_slice() {
        ["properties" | "indices"] | ["properties" | "indices", _] => return Ok(()),
        ["indices", _, name] => (name, &FIELDS_OF_TIES),
        [name] => (name, &FIELDS),
        _ => ("", &[]),
    };
    if among.contains(&name) {
        return Ok(());
    }
    let hint = match nearest(name, among.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}, and properties.<name>", FIELDS.join(", ")),
    };
    let detail = format!("a case has no field `{}`", shortened(&path.join(".")));
    Err(Problem::bad_request("bad-parameter", detail).hint(hint))
}

fn paths(plain: Option<String>, inside: Vec<(String, String)>) -> Vec<Vec<String>> {
    let names = |text: &str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect()
    };
    // The name of a property may have dots of its own.
    let split = |path: &str| match path.split_once('.') {
        Some((root @ "properties", name)) => vec![root.to_owned(), name.to_owned()],
        _ => path.split('.').map(str::to_owned).collect(),
    };
    let plain = names(&plain.unwrap_or_default()).into_iter().map(|path| split(&path));
    let inside = inside.into_iter().flat_map(|(root, list)| {
        names(&list).into_iter().map(move |name| split(&format!("{root}.{name}")))
    });
    plain.chain(inside).collect()
}

/// What of an object is at these paths, or is not.
fn kept(value: Value<'static>, paths: &[Vec<String>], are_wanted: bool) -> Value<'static> {
    let Value::Object(members) = value else { return value };
    let members = members.into_iter().filter_map(|(name, value)| {
        let of_this = paths.iter().filter(|path| path.first().is_some_and(|first| *first == name));
        let deeper: Vec<Vec<String>> =
            of_this.map(|path| path.get(1..).unwrap_or_default().to_vec()).collect();
        if deeper.is_empty() {
            return (!are_wanted).then_some((name, value));
        }
        if deeper.iter().any(Vec::is_empty) {
            return are_wanted.then_some((name, value));
        }
        Some((name, kept(value, &deeper, are_wanted)))
    });
    Value::Object(members.collect())
}

/// The list of version 2: the oldest change first, and what is changed comes to the end.
pub(super) async fn states(asked: &Asked<'_>) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    let limit = match query.number("limit")? {
        None => USUAL,
        Some(limit @ 0..=MOST_OF_VERSION_2) => limit,
        Some(other) => {
            let hint = format!("a number from 0, which only counts, to {MOST_OF_VERSION_2}");
            return Err(bad("limit", &other.to_string(), hint));
        }
    };
    let after = match query.one("cursor")? {
        None => None,
        Some(text) => Some(read_case_key(&text).ok_or_else(bad_cursor)?),
    };
    let wanted = case_filters::of_version_2(&mut query)?;
    let shape = Shape::read(&mut query)?;
    query.end()?;
    let order = CaseOrder::FirstChanged;
    let count = asked.app.hub.store().count_cases(asked.project(), &wanted, order).await?;
    let page = if limit == 0 {
        pages::Cases::default()
    } else {
        pages::cases_after(asked, &wanted, order, after, limit).await?
    };
    let told = told(asked, page, false, |found, _| shape.of(asked, found)).await?;
    let count = count.map_or(Value::Null, Value::from).to_json();
    let mut text = format!("{{\"matching_records\":{count},\"cases\":[{}]", told.texts.join(","));
    if let Some(place) = told.next {
        let query = with(asked.parts, &["cursor"], &[("cursor", case_key(&place))]);
        let link = asked.app.link(&format!("{}?{query}", asked.path()));
        text.push_str(",\"next\":");
        text.push_str(&Value::from(link).to_json());
    }
    text.push('}');
    Ok(answer::text(StatusCode::OK, text))
}

/// One case of version 2, or some with commas between their ids.
pub(super) async fn state(asked: &Asked<'_>, ids: &str) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    let shape = Shape::read(&mut query)?;
    query.end()?;
    if !ids.contains(',') {
        return Ok(answer::json(&shape.of(asked, &find(asked, ids).await?)));
    }
    let ids: Vec<String> = ids.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
    if ids.len() > MOST_IN_ADDRESS {
        let detail = format!("the address names {} cases", ids.len());
        return Err(Problem::bad_request("too-many-cases", detail)
            .hint(format!("up to {MOST_IN_ADDRESS}; POST more to bulk-fetch/")));
    }
    fetched(asked, &shape, &ids, &[]).await
}

/// One case by the id of another system.
pub(super) async fn by_external_id(asked: &Asked<'_>, id: &str) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    let shape = Shape::read(&mut query)?;
    query.end()?;
    let found = find_external(asked, id).await?;
    let found =
        found.ok_or_else(|| Problem::not_found("case of the external id", shortened(id)))?;
    Ok(answer::json(&shape.of(asked, &found)))
}

/// Many cases by their ids, in the order in which they are asked for.
pub(super) async fn bulk_fetch(asked: &Asked<'_>, body: Body) -> Result<Response, Problem> {
    let mut query = Query::of(asked.parts);
    let shape = Shape::read(&mut query)?;
    query.end()?;
    let read = body::read(body, &asked.parts.headers, asked.app.bounds()).await?;
    let value = parsed(&read)?;
    let members = value.as_object().ok_or_else(|| not_an_object(&value))?;
    let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in members {
        if !["case_ids", "external_ids"].contains(&&**name) {
            return Err(not_a_field(name));
        }
        let wrong = || {
            let detail = format!("`{name}` is no list of texts");
            Problem::bad_request("bad-body", detail).hint("{\"case_ids\": [\"…\"]}")
        };
        let texts: Option<Vec<String>> = value
            .as_array()
            .ok_or_else(wrong)?
            .iter()
            .map(|id| id.as_str().map(str::to_owned))
            .collect();
        lists.insert(name, texts.ok_or_else(wrong)?);
    }
    let [ids, external] =
        ["case_ids", "external_ids"].map(|name| lists.remove(name).unwrap_or_default());
    if ids.len() + external.len() > MOST_FETCHED {
        let detail = format!("{} cases are asked for at once", ids.len() + external.len());
        let hint = format!("up to {MOST_FETCHED}");
        return Err(Problem::bad_request("too-many-cases", detail).hint(hint));
    }
    if external.len() > MOST_EXTERNAL {
        let detail = format!("{} cases are asked for by external ids at once", external.len());
        let hint = format!("up to {MOST_EXTERNAL}; more by `case_ids`");
        return Err(Problem::bad_request("too-many-cases", detail).hint(hint));
    }
    fetched(asked, &shape, &ids, &external).await
}

async fn fetched(
    asked: &Asked<'_>,
    shape: &Shape,
    ids: &[String],
    external: &[String],
) -> Result<Response, Problem> {
    let mut bytes = 0;
    let (times, times_external) = (times(ids), times(external));
    let mut by_own: HashMap<&str, String> = HashMap::new();
    let wanted: Vec<&str> = times.keys().copied().collect();
    for some in wanted.chunks(AT_ONCE) {
        for (id, found) in by_id(asked, some).await? {
            if let Some((id, times)) = times.get_key_value(id.as_str()) {
                let text = shape.of(asked, &found).to_json();
                count(&mut bytes, text.len(), *times)?;
                by_own.insert(*id, text);
            }
        }
    }
    let mut by_other: HashMap<&str, String> = HashMap::new();
    for (id, times) in &times_external {
        if let Some(found) = find_external(asked, id).await? {
            let text = shape.of(asked, &found).to_json();
            count(&mut bytes, text.len(), *times)?;
            by_other.insert(*id, text);
        }
    }
    let mut matching: u64 = 0;
    let mut cases = String::with_capacity(bytes);
    let known = ids.iter().map(|id| ("case_id", id, by_own.get(id.as_str())));
    let others = external.iter().map(|id| ("external_id", id, by_other.get(id.as_str())));
    for (name, id, text) in known.chain(others) {
        if !cases.is_empty() {
            cases.push(',');
        }
        matching += u64::from(text.is_some());
        match text {
            Some(text) => cases.push_str(text),
            None => cases.push_str(&missing(name, id).to_json()),
        }
    }
    let absent = (ids.len() + external.len()) as u64 - matching;
    let text = format!(
        "{{\"matching_records\":{matching},\"missing_records\":{absent},\"cases\":[{cases}]}}"
    );
    Ok(answer::text(StatusCode::OK, text))
}

/// Cases that were changed just now, in the order of their ids. Where they are too many bytes, the rest of
/// them are told by their ids alone: the change is made, and nobody can be told that it was refused.
pub(super) async fn texts_of(
    asked: &Asked<'_>,
    shape: &Shape,
    ids: &[&str],
) -> Result<Vec<String>, Problem> {
    let mut bytes = 0;
    let mut texts = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let found = by_id(asked, some).await?;
        for id in some {
            let Some(found) = found.get(*id) else { continue };
            let text = shape.of(asked, found).to_json();
            bytes += text.len();
            texts.push(if bytes <= MOST_FETCHED_BYTES { text } else { too_long(id).to_json() });
        }
    }
    Ok(texts)
}

fn too_long(id: &str) -> Value<'static> {
    let error = format!(
        "changed, but not told: the cases together are more than {MOST_FETCHED_BYTES} bytes"
    );
    Value::object([("case_id", Value::from(id.to_owned())), ("error", Value::from(error))])
}

/// How many times each is asked for.
fn times(ids: &[String]) -> HashMap<&str, usize> {
    let mut times = HashMap::new();
    for id in ids {
        *times.entry(id.as_str()).or_default() += 1;
    }
    times
}

fn missing(name: &'static str, id: &str) -> Value<'static> {
    Value::object([(name, Value::from(id.to_owned())), ("error", Value::from("not found"))])
}

/// Counts what a case takes of an answer.
fn count(bytes: &mut usize, length: usize, times: usize) -> Result<(), Problem> {
    *bytes = bytes.saturating_add(length.saturating_mul(times));
    if *bytes <= MOST_FETCHED_BYTES {
        return Ok(());
    }
    let detail = format!("the cases together are more than {MOST_FETCHED_BYTES} bytes");
    Err(Problem::bad_request("too-many-cases", detail)
        .hint("ask for fewer at once, or for some of their `fields`"))
}

/// The JSON of a request.
pub(super) fn parsed(bytes: &[u8]) -> Result<Value<'static>, Problem> {
    Value::parse(bytes).map(Value::into_owned).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-body", "Payload must be valid JSON")
            .hint(format!("{error}"))
    })
}

pub(super) fn not_an_object(value: &Value<'_>) -> Problem {
    let detail = format!("an object is wanted, not a JSON {}", value.kind_name());
    Problem::bad_request("bad-body", detail)
}

pub(super) fn not_a_field(name: &str) -> Problem {
    Problem::bad_request("bad-body", format!("'{}' is not a valid field.", shortened(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: &str) {
        let shape = Shape::read(&mut Query::parse(query)).unwrap();
        let whole = r#"{"case_id":"c","properties":{"a":"1","b":"2"},"indices":{}}"#;
        let whole = Value::parse(whole.as_bytes()).unwrap().into_owned();
        let told = if shape.only.is_empty() {
            kept(whole, &shape.but, false)
        } else {
            kept(whole, &shape.only, true)
        };
        assert_eq!(told.to_json(), expected, "{query}");
    }

    #[test]
    fn a_case_is_told_in_the_fields_that_are_wanted() {
        check("fields=case_id", r#"{"case_id":"c"}"#);
        check("fields=case_id,properties.a", r#"{"case_id":"c","properties":{"a":"1"}}"#);
        check("fields.properties=b", r#"{"properties":{"b":"2"}}"#);
        check("fields=properties,properties.a", r#"{"properties":{"a":"1","b":"2"}}"#);
        check("exclude=properties", r#"{"case_id":"c","indices":{}}"#);
        check("exclude.properties=a,b", r#"{"case_id":"c","properties":{},"indices":{}}"#);
        check("exclude=properties.a,indices", r#"{"case_id":"c","properties":{"b":"2"}}"#);
        let dotted = Shape::read(&mut Query::parse("fields.properties=c.d")).unwrap();
        assert_eq!(dotted.only, [["properties", "c.d"]]);
        for query in ["fields=case_id&exclude=closed", "fields=a", "exclude=a", "fields=case_id.a"]
        {
            assert!(Shape::read(&mut Query::parse(query)).is_err(), "{query}");
        }
        assert!(Shape::read(&mut Query::parse("fields=indices.parent.case_id")).is_ok());
    }
}
