//! Cases that programs make and change, by version 2 of CommCare HQ's Case API.
//!
//! Each request becomes one form of the hub's own, which is taken in like any other: judged by the rules of
//! cases, kept as a message, filed and forwarded; all of it, or nothing.
//!
//! An upsert by external id has a real key. The id of a case that it makes follows from the project and the
//! external id, so that two that race, at whichever hubs, make the same case; the filing of the later one
//! finds it there and changes it. CommCare HQ makes two.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use fieldpost_model::case::{BlockScope, CaseAction, CaseBlock, CaseIndex};
use fieldpost_model::json::Value;
use http::StatusCode;
use uuid::Uuid;

use super::case_rows::{Row, Target, external_id, read_row, refused};
use super::cases::{Shape, by_id, find_external, parsed, texts_of};
use super::query::Query;
use super::{Asked, answer};
use crate::api::shortened;
use crate::case_ids::Named;
use crate::problem::Problem;
use crate::{body, case_ids};

/// Cases that one request changes at most.
const MOST_ROWS: usize = 100;
/// What a new case must have.
const NEEDED: [&str; 3] = ["case_name", "case_type", "owner_id"];

/// The id of the case that an upsert makes.
async fn free_id(asked: &Asked<'_>, external_id: &str) -> Result<String, Problem> {
    let named = Named { case_type: None, id: external_id, external_id };
    let found = case_ids::free(asked.app.hub.store(), asked.project(), named).await?;
    found.ok_or_else(|| {
        let detail = format!(
            "{} cases that are deleted or called otherwise by now were made by the external ID '{}'",
            case_ids::MOST,
            shortened(external_id)
        );
        refused(detail).hint("make the case with POST, which gives it a new id")
    })
}

/// A row with the case that it is about.
struct Settled {
    row: Row,
    case_id: String,
    is_new: bool,
}

/// Finds out which case a row is about.
async fn settle(asked: &Asked<'_>, row: Row) -> Result<Settled, Problem> {
    let is_there = match &row.case_id {
        Some(id) => by_id(asked, &[id]).await?.contains_key(id),
        None => false,
    };
    let missing = |what: &str, id: &str| {
        let detail = format!("No case found with {what} '{}'", shortened(id));
        Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
    };
    let settled = match (row.create, row.case_id.clone(), row.external_id().map(str::to_owned)) {
        (Some(true), Some(_), _) => {
            return Err(refused("'case_id' cannot be given for a new case: the hub gives it one"));
        }
        (Some(true), None, _) => Settled { row, case_id: Uuid::new_v4().to_string(), is_new: true },
        (_, Some(id), _) if is_there => Settled { row, case_id: id, is_new: false },
        (_, Some(id), _) => return Err(missing("ID", &id)),
        (create, None, Some(external)) => match find_external(asked, &external).await? {
            Some(found) => Settled { row, case_id: found.case.id, is_new: false },
            None if create == Some(false) => return Err(missing("external ID", &external)),
            None => {
                let case_id = free_id(asked, &external).await?;
                Settled { row, case_id, is_new: true }
            }
        },
        (_, None, None) => {
            return Err(refused("A case must have either a 'case_id' or an 'external_id'"));
        }
    };
    if settled.is_new {
        for name in NEEDED {
            if settled.row.known.get(name).is_none_or(String::is_empty) {
                return Err(refused(format!("Property '{name}' is required for a new case")));
            }
        }
    }
    Ok(settled)
}

/// What the form asks for of a case.
async fn block(
    asked: &Asked<'_>,
    settled: &Settled,
    all: &[Settled],
) -> Result<CaseBlock, Problem> {
    let Settled { row, case_id, is_new } = settled;
    let mut actions = Vec::new();
    let mut update = row.properties.clone();
    let mut create = BTreeMap::new();
    for (name, value) in row.known.iter().filter(|(name, _)| *name != "user_id") {
        let belongs = *is_new && NEEDED.contains(&name.as_str());
        let place = if belongs { &mut create } else { &mut update };
        place.insert(name.clone(), value.clone());
    }
    if !create.is_empty() {
        actions.push(CaseAction::Create(create));
    }
    if !update.is_empty() {
        actions.push(CaseAction::Update(update));
    }
    if row.close {
        actions.push(CaseAction::Close(None));
    }
    let mut ties = BTreeMap::new();
    for (name, tie) in &row.indices {
        let tie = match tie {
            Some(tie) => Some(CaseIndex {
                case_id: target(asked, name, &tie.to, all).await?,
                case_type: tie.case_type.clone(),
                relationship: tie.relationship,
            }),
            None => None,
        };
        ties.insert(name.clone(), tie);
    }
    if !ties.is_empty() {
        actions.push(CaseAction::Index(ties));
    }
    let user = row.known.get("user_id").filter(|id| !id.is_empty());
    Ok(CaseBlock {
        case_id: case_id.clone(),
        user_id: user.unwrap_or(&asked.caller.who.name).clone(),
        modified_at: Some(asked.app.hub.now()),
        scope: BlockScope::Change,
        actions,
    })
}

/// The case that a tie points to.
async fn target(
    asked: &Asked<'_>,
    name: &str,
    to: &Target,
    all: &[Settled],
) -> Result<String, Problem> {
    let here = |is_it: &dyn Fn(&Row) -> bool| {
        all.iter().find(|settled| is_it(&settled.row)).map(|settled| settled.case_id.clone())
    };
    let (found, what, id) = match to {
        Target::Id(id) => (Some(id.clone()), "ID", id),
        Target::Temporary(id) => {
            (here(&|row| row.temporary_id.as_ref() == Some(id)), "temporary ID", id)
        }
        Target::External(id) => {
            let found = match here(&|row| row.external_id() == Some(id.as_str())) {
                Some(found) => Some(found),
                None => find_external(asked, id).await?.map(|found| found.case.id),
            };
            (found, "external ID", id)
        }
    };
    found.ok_or_else(|| {
        refused(format!("Error with index '{name}'. No case found with {what} '{}'", shortened(id)))
    })
}

/// Makes a case, or changes many.
pub(super) async fn post(asked: &Asked<'_>, body: Body) -> Result<Response, Problem> {
    Query::of(asked.parts).end()?;
    let value = read(asked, body).await?;
    let is_put = asked.parts.method == http::Method::PUT;
    if let Value::Array(rows) = &value {
        return many(asked, rows).await;
    }
    let mut row = read_row(&value)?;
    // A POST of one makes it, a PUT changes it; either says so by itself.
    row.create = Some(!is_put);
    let settled = settle(asked, row).await?;
    change_one(asked, settled).await
}

async fn many(asked: &Asked<'_>, rows: &[Value<'_>]) -> Result<Response, Problem> {
    if rows.len() > MOST_ROWS {
        return Err(Problem::bad_request("payload-too-large", "Payload too large")
            .hint(format!("up to {MOST_ROWS} cases in one request")));
    }
    if rows.is_empty() {
        return Err(refused("the list is empty").hint("send the cases that are to be changed"));
    }
    let mut problems = Vec::new();
    let mut all = Vec::with_capacity(rows.len());
    for (number, value) in (1..).zip(rows) {
        let settled = match read_row(value).and_then(needs_create) {
            Ok(row) => settle(asked, row).await,
            Err(problem) => Err(problem),
        };
        match settled {
            Ok(settled) => all.push(settled),
            Err(problem) if problem.status().is_client_error() => {
                problems.push(format!("Error in row {number}: {}", problem.detail()));
            }
            Err(problem) => return Err(problem),
        }
    }
    let mut blocks = Vec::with_capacity(all.len());
    if problems.is_empty() {
        for (number, settled) in (1..).zip(&all) {
            match block(asked, settled, &all).await {
                Ok(block) => blocks.push(block),
                Err(problem) if problem.status().is_client_error() => {
                    problems.push(format!("Error in row {number}: {}", problem.detail()));
                }
                Err(problem) => return Err(problem),
            }
        }
    }
    if !problems.is_empty() {
        return Err(refused(problems.join("; "))
            .hint("nothing was changed: mend the rows, and send all again"));
    }
    let form = changed(asked, &blocks).await?;
    let ids: Vec<&str> = all.iter().map(|settled| settled.case_id.as_str()).collect();
    let cases = texts_of(asked, &Shape::default(), &ids).await?.join(",");
    let form = Value::from(form).to_json();
    Ok(answer::text(StatusCode::OK, format!("{{\"xform_id\":{form},\"cases\":[{cases}]}}")))
}

/// Only an upsert, by external id, may leave it open whether a case is made.
fn needs_create(row: Row) -> Result<Row, Problem> {
    if row.create.is_none() && (row.case_id.is_some() || row.external_id().is_none()) {
        return Err(refused(
            "A 'create' flag is required for each update, unless it has an 'external_id' and no 'case_id'",
        ));
    }
    Ok(row)
}

/// Changes the case of an address.
pub(super) async fn put(asked: &Asked<'_>, id: &str, body: Body) -> Result<Response, Problem> {
    Query::of(asked.parts).end()?;
    let mut row = read_row(&read(asked, body).await?)?;
    if row.case_id.as_deref().is_some_and(|other| other != id) {
        return Err(refused("the `case_id` is another one than that of the address"));
    }
    (row.case_id, row.create) = (Some(id.to_owned()), Some(false));
    change_one(asked, settle(asked, row).await?).await
}

/// Changes the case of an external id, or makes it.
pub(super) async fn upsert(asked: &Asked<'_>, id: &str, body: Body) -> Result<Response, Problem> {
    Query::of(asked.parts).end()?;
    external_id(id)?;
    let mut row = read_row(&read(asked, body).await?)?;
    if row.external_id().is_some_and(|other| other != id) {
        return Err(refused("the `external_id` is another one than that of the address"));
    }
    if row.case_id.is_some() {
        return Err(refused("the address names the case by its external id: leave `case_id` out"));
    }
    row.known.insert("external_id".to_owned(), id.to_owned());
    row.create = None;
    change_one(asked, settle(asked, row).await?).await
}

async fn read(asked: &Asked<'_>, body: Body) -> Result<Value<'static>, Problem> {
    let bytes = body::read(body, &asked.parts.headers, asked.app.bounds()).await?;
    parsed(&bytes)
}

async fn change_one(asked: &Asked<'_>, settled: Settled) -> Result<Response, Problem> {
    let all = [settled];
    let [settled] = &all;
    let form = changed(asked, &[block(asked, settled, &all).await?]).await?;
    let found = by_id(asked, &[&settled.case_id]).await?;
    let case = found.get(&settled.case_id);
    let shape = Shape::default();
    Ok(answer::json(&Value::object([
        ("xform_id", Value::from(form)),
        ("case", case.map_or(Value::Null, |found| shape.of(asked, found))),
    ])))
}

/// Changes the cases: all of them, or none. The answer is the id of the form that did.
async fn changed(asked: &Asked<'_>, blocks: &[CaseBlock]) -> Result<String, Problem> {
    let user = &asked.caller.who.name;
    let changed = case_ids::change(asked.app, asked.project(), blocks, user).await?;
    let form_id = changed.map_err(refused)?;
    let (place, who) = ((asked.project(), asked.parts), asked.caller.who.clone());
    case_ids::note(asked.app, place, who, blocks, &form_id).await;
    Ok(form_id)
}
