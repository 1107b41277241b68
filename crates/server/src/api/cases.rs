//! Cases: things that forms follow over time, as they are now.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use fieldpost_model::case;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{CaseOrder, CasePage, CasePlace, CaseQuery, CaseTie, Criterion};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::audited::Audited;
use super::erasures::{self, DryRun, Outcome};
use super::fields;
use super::list::{List, ListedByText, Turn, bad_cursor, text_cursor};
use super::names::{CaseOrderName, CaseRelationshipName};
use super::parameters::{NoParameters, Parameters, boolean, named, shortened, switch, time};
use super::path::Path;
use super::principal::Caller;
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Cases that point to one, which are told with it.
const MOST_POINTING: usize = 100;

/// A thing that forms follow over time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Case {
    /// Its id, as its phone gave it.
    #[schema(example = "7f1c2a4e-90a1-4a6e-8a2c-3d1f5b6c7d8e")]
    id: String,
    /// What kind of thing it is; empty while no form has created it.
    #[schema(example = "household")]
    r#type: String,
    /// What people call it.
    name: String,
    /// The id of the user, group or place that it belongs to.
    owner: String,
    /// Its id in another system; empty where it has none.
    external_id: String,
    /// Whether it is closed.
    closed: bool,
    /// When it was opened, by the clock of the phone.
    #[schema(required, format = DateTime)]
    opened_at: Option<String>,
    /// The user who opened it.
    opened_by: String,
    /// When it was changed last, by the clock of the phone.
    #[schema(required, format = DateTime)]
    modified_at: Option<String>,
    /// The user who changed it last.
    modified_by: String,
    /// When it was closed, by the clock of the phone.
    #[schema(required, format = DateTime)]
    closed_at: Option<String>,
    /// The user who closed it; null while it is open.
    #[schema(required)]
    closed_by: Option<String>,
    /// When the hub received what changed it last.
    #[schema(format = DateTime)]
    server_modified_at: String,
    /// What else is known about it; all values are texts.
    properties: BTreeMap<String, String>,
    /// The cases that it points to, by the name of the tie.
    indices: BTreeMap<String, CaseIndex>,
    /// Its files, by name.
    attachments: BTreeMap<String, CaseFile>,
    /// Whether all forms that touched it are gone.
    deleted: bool,
}

/// What a case points to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseIndex {
    /// The other case.
    case_id: String,
    /// The type of the other case, as the form gave it.
    case_type: String,
    /// What the other case is to this one.
    #[schema(value_type = CaseRelationshipName)]
    relationship: &'static str,
}

/// A file of a case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseFile {
    /// Where it is: `local`, among the files of the form that brought it; `remote`, at an address;
    /// `inline`, in the form itself.
    #[schema(example = "local")]
    origin: &'static str,
    /// Its name among the form's files, or its address.
    source: String,
    /// What it is, where its sender says.
    #[schema(required)]
    content_type: Option<String>,
    /// What the sender calls the form that brought it.
    form_id: String,
}

impl From<case::CaseIndex> for CaseIndex {
    fn from(index: case::CaseIndex) -> Self {
        let case::CaseIndex { case_id, case_type, relationship } = index;
        Self { case_id, case_type, relationship: relationship.name() }
    }
}

impl From<case::CaseAttachment> for CaseFile {
    fn from(file: case::CaseAttachment) -> Self {
        let case::CaseAttachment { origin, source, content_type, form_id } = file;
        Self { origin: origin.name(), source, content_type, form_id }
    }
}

impl From<case::Case> for Case {
    fn from(case: case::Case) -> Self {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Self {
            closed: case.is_closed(),
            id: case.id,
            r#type: case.case_type,
            name: case.name,
            owner: case.owner,
            external_id: case.external_id,
            opened_at: time(case.opened_at),
            opened_by: case.opened_by,
            modified_at: time(case.modified_at),
            modified_by: case.modified_by,
            closed_at: time(case.closing.as_ref().map(|closing| closing.at)),
            closed_by: case.closing.map(|closing| closing.by),
            server_modified_at: case.server_modified_at.to_string(),
            properties: case.properties,
            indices: texts(case.indices),
            attachments: texts(case.attachments),
            deleted: case.deleted,
        }
    }
}

/// The same by the same names.
fn texts<F, T: From<F>>(map: BTreeMap<String, F>) -> BTreeMap<String, T> {
    map.into_iter().map(|(name, value)| (name, value.into())).collect()
}

impl Case {
    pub(super) fn id(&self) -> String {
        self.id.clone()
    }
}

/// Which cases are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CaseFilter {
    /// Of this type only.
    r#type: Option<String>,
    /// Of this owner only.
    owner: Option<String>,
    /// `true`: only closed ones; `false`: only open ones.
    #[param(value_type = Option<bool>)]
    closed: Option<String>,
    /// Of this name only.
    name: Option<String>,
    /// With this id in another system only.
    external_id: Option<String>,
    /// That point to this case.
    parent: Option<String>,
    /// Changed last at this time or later, as the hub received it.
    #[param(format = DateTime)]
    modified_since: Option<String>,
    /// Changed last before this time.
    #[param(format = DateTime)]
    modified_until: Option<String>,
    /// With this text in the id, the name or the external id, in upper or lower case.
    text: Option<String>,
    /// With this in a property, as `properties.village=Kibera`: a path, how it compares (`=` or `:`, `!=`,
    /// `~` for a part, `<`, `<=`, `>`, `>=`), and with what. A path alone asks whether there is the
    /// property, one with `!` before it whether there is none. Properties are texts, and compare as
    /// such. May stand several times.
    r#where: Option<Vec<String>>,
    /// Those that all forms which touched them are gone of, instead of those that are there.
    #[param(value_type = Option<bool>)]
    deleted: Option<String>,
    /// What the list is sorted by; `last-changed` unless given.
    #[param(value_type = Option<CaseOrderName>)]
    sort: Option<String>,
}

/// What the properties stand below, in an item of a list.
const ROOT: &str = "properties";
const EXAMPLE: &str = "properties.village=Kibera";

impl CaseFilter {
    /// What is asked for, and in which order, where that is said.
    pub(super) fn read(self) -> Result<(CaseQuery, Option<CaseOrder>), Problem> {
        let order = named("sort", self.sort.as_deref(), CaseOrder::ALL, CaseOrder::name)?;
        let query = CaseQuery {
            case_type: self.r#type,
            owner: self.owner,
            external_id: self.external_id,
            is_closed: switch("closed", self.closed.as_deref())?,
            name: self.name,
            modified_since: time("modified_since", self.modified_since.as_deref())?,
            modified_until: time("modified_until", self.modified_until.as_deref())?,
            parent: self.parent,
            tie: None,
            modified_by: None,
            times: Vec::new(),
            text: self.text.filter(|text| !text.is_empty()),
            properties: fields::conditions(self.r#where, ROOT, EXAMPLE)?,
            is_deleted: boolean("deleted", self.deleted.as_deref())?,
        };
        Ok((query, order))
    }
}

/// What leads to the page behind a case.
fn cursor(place: &CasePlace) -> String {
    text_cursor(&format!("{}:{}", place.indexed_at.0, place.id))
}

fn read_cursor(text: &str) -> Option<CasePlace> {
    let (time, id) = text.split_once(':')?;
    Some(CasePlace { indexed_at: Timestamp(time.parse().ok()?), id: id.to_owned() })
}

/// Cases, the one that was changed last first
///
/// What no index tells is looked for in up to 20,000 cases; then the page ends, and `next` goes on from
/// there: it may have few items, or none.
#[utoipa::path(
    get,
    path = "/projects/{project}/cases",
    operation_id = "list_cases",
    tag = "cases",
    params(("project" = String, Path), CaseFilter, Turn),
    responses((status = 200, body = List<Case>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    ListedByText { filter, after, limit }: ListedByText<CaseFilter>,
) -> Result<Json<List<Case>>, Problem> {
    let (query, order) = filter.read()?;
    let after = after.map(|text| read_cursor(&text).ok_or_else(bad_cursor)).transpose()?;
    app.hub.project(&project).await?;
    let page = CasePage { order: order.unwrap_or(CaseOrder::LastChanged), after, limit };
    let found = app.hub.store().list_cases(&project, &query, &page).await?;
    let ids: Vec<String> = found.found.into_iter().map(|listed| listed.id).collect();
    let items = states(&app, &project, &ids).await?;
    Ok(Json(List::turned(items, found.next.as_ref().map(cursor))))
}

/// Cases as they are, in the order of their ids here.
pub(super) async fn states(app: &App, project: &str, ids: &[String]) -> Result<Vec<Case>, Problem> {
    let wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut found = app.hub.store().cases(project, &wanted).await?;
    Ok(ids.iter().filter_map(|id| found.remove(id)).map(|case| case.value.into()).collect())
}

/// A case, and what points to it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseInFull {
    #[serde(flatten)]
    case: Case,
    /// The cases that point to it, a hundred at the most.
    reverse_indices: Vec<ReverseIndex>,
    /// Whether there are more; the list of cases has them all by `parent`.
    reverse_indices_are_more: bool,
}

/// A case that points to another.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReverseIndex {
    /// The case that points here.
    case_id: String,
    /// The name of the tie, such as `parent`.
    name: String,
    /// What this case is to the other.
    #[schema(value_type = CaseRelationshipName)]
    relationship: &'static str,
}

impl From<CaseTie> for ReverseIndex {
    fn from(tie: CaseTie) -> Self {
        let CaseTie { case_id, name, relationship, .. } = tie;
        Self { case_id, name, relationship: relationship.name() }
    }
}

/// One case, with the cases that it points to and those that point to it
#[utoipa::path(
    get,
    path = "/projects/{project}/cases/{case}",
    operation_id = "get_case",
    tag = "cases",
    params(("project" = String, Path), ("case" = String, Path)),
    responses((status = 200, body = CaseInFull), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, case)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<CaseInFull>, Problem> {
    let case = find(&app, &project, &case).await?;
    let mut ties = app.hub.store().ties_to(&project, &case.id, None, MOST_POINTING + 1).await?;
    let are_more = ties.len() > MOST_POINTING;
    ties.truncate(MOST_POINTING);
    Ok(Json(CaseInFull {
        case,
        reverse_indices: ties.into_iter().map(ReverseIndex::from).collect(),
        reverse_indices_are_more: are_more,
    }))
}

/// The case that an address names.
pub(super) async fn find(app: &App, project: &str, id: &str) -> Result<Case, Problem> {
    let mut found = app.hub.store().cases(project, &[id]).await?;
    let case = found.pop_first().map(|(_, case)| case.value.into());
    case.ok_or_else(|| Problem::not_found("case", shortened(id)))
}

/// Erase a case
///
/// With the messages that brought the forms which touched it, all that these brought beside it, and their
/// deliveries and attempts. Other cases are made anew from the forms that remain. What waits is cancelled
/// first. It is an erasure like others, and stands in the book of erasures.
#[utoipa::path(
    delete,
    path = "/projects/{project}/cases/{case}",
    operation_id = "erase_case",
    tag = "cases",
    params(("project" = String, Path), ("case" = String, Path), DryRun),
    responses((status = 200, body = Outcome), Problem),
)]
pub(super) async fn erase(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path((project, case)): Path<(String, String)>,
    Parameters(dry_run): Parameters<DryRun>,
) -> Result<Json<Outcome>, Problem> {
    let case = find(&app, &project, &case).await?;
    let criterion = Criterion::Key(case.id);
    erasures::carry_out(&app, &caller, &audited, &project, &criterion, dry_run.read()?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_time_and_an_id() {
        let place = CasePlace { indexed_at: Timestamp(7), id: "a:b".to_owned() };
        assert_eq!(read_cursor("7:a:b"), Some(place));
        assert_eq!(read_cursor("a"), None);
        assert_eq!(read_cursor("x:a"), None);
    }
}
