//! The history of a case: which form did what to it, in the order in which the forms count.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use fieldpost_model::case::{BlockScope, BroughtFile, CaseAction};
use fieldpost_store::CaseChange;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::cases::{self, CaseIndex};
use super::list::{List, ListedByText, Turn, bad_cursor};
use super::names::CaseActionKindName;
use super::parameters::NoParameters;
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// What one form did to a case.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseStep {
    /// Where it stands in the history; grows from one form to the next.
    position: i64,
    /// What the sender calls the form.
    form_id: String,
    /// The submission; null where a message told of the case as a whole.
    #[schema(required)]
    submission: Option<Uuid>,
    /// The message that told of the case as a whole; null where a submission changed it.
    #[schema(required)]
    message: Option<Uuid>,
    /// The user who did it; empty where the form does not say.
    user_id: String,
    /// When it was done, by the clock of the phone.
    #[schema(format = DateTime)]
    at: String,
    /// When the hub received the form for the first time.
    #[schema(format = DateTime)]
    received_at: String,
    /// What the form did, each kind once; none where it only touched the case.
    #[schema(value_type = Vec<CaseActionKindName>)]
    kinds: Vec<&'static str>,
    /// What the form asked for, in the order of its blocks.
    actions: Vec<CaseActionTold>,
}

/// One thing that a form asked for.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct CaseActionTold {
    /// What kind of thing it is.
    #[schema(value_type = CaseActionKindName)]
    kind: &'static str,
    /// Of `create` and `update`: the properties that are set.
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<BTreeMap<String, String>>,
    /// Of `close`: when, where the form says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    closed_at: Option<String>,
    /// Of `index`: the ties, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    indices: Option<BTreeMap<String, CaseIndex>>,
    /// Of `attachment`: the files, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    attachments: Option<BTreeMap<String, CaseFileBrought>>,
    /// Of `index` and `attachment`: the names of the ties or files that are taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Vec<String>>,
}

/// A file that a form brought.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseFileBrought {
    /// `local`, `remote` or `inline`.
    #[schema(example = "local")]
    origin: &'static str,
    /// Its name among the form's files, or its address.
    source: String,
    /// What it is, where its sender says.
    #[schema(required)]
    content_type: Option<String>,
}

impl From<BroughtFile> for CaseFileBrought {
    fn from(file: BroughtFile) -> Self {
        let BroughtFile { origin, source, content_type } = file;
        Self { origin: origin.name(), source, content_type }
    }
}

impl From<CaseAction> for CaseActionTold {
    fn from(action: CaseAction) -> Self {
        let told = Self { kind: action.kind().name(), ..Self::default() };
        match action {
            CaseAction::Create(properties) | CaseAction::Update(properties) => {
                Self { properties: Some(properties), ..told }
            }
            CaseAction::Close(at) => Self { closed_at: at.map(|at| at.to_string()), ..told },
            CaseAction::Index(indices) => {
                let (indices, removed) = set_and_removed(indices);
                Self { indices: Some(indices), removed: Some(removed), ..told }
            }
            CaseAction::Attachment(files) => {
                let (files, removed) = set_and_removed(files);
                Self { attachments: Some(files), removed: Some(removed), ..told }
            }
        }
    }
}

/// What is set, by its names, and the names of what is taken away.
fn set_and_removed<F, T: From<F>>(
    map: BTreeMap<String, Option<F>>,
) -> (BTreeMap<String, T>, Vec<String>) {
    let mut removed = Vec::new();
    let mut set = BTreeMap::new();
    for (name, value) in map {
        match value {
            Some(value) => {
                set.insert(name, value.into());
            }
            None => removed.push(name),
        }
    }
    (set, removed)
}

impl From<(i64, CaseChange)> for CaseStep {
    fn from((position, change): (i64, CaseChange)) -> Self {
        let CaseChange { transaction, submission, blocks } = change;
        let is_whole = blocks.iter().any(|block| block.scope == BlockScope::State);
        Self {
            position,
            form_id: transaction.form_id,
            submission: (!is_whole).then_some(submission),
            message: is_whole.then_some(submission),
            user_id: transaction.user_id,
            at: transaction.client_at.to_string(),
            received_at: transaction.server_at.to_string(),
            kinds: transaction.kinds.iter().map(|kind| kind.name()).collect(),
            actions: blocks
                .into_iter()
                .flat_map(|block| block.actions)
                .map(CaseActionTold::from)
                .collect(),
        }
    }
}

/// The forms that made a case what it is, the first one first
#[utoipa::path(
    get,
    path = "/projects/{project}/cases/{case}/history",
    operation_id = "list_case_history",
    tag = "cases",
    params(("project" = String, Path), ("case" = String, Path), Turn),
    responses((status = 200, body = List<CaseStep>), Problem),
)]
pub(super) async fn history(
    State(app): State<Shared>,
    Path((project, case)): Path<(String, String)>,
    ListedByText { filter: NoParameters {}, after, limit }: ListedByText<NoParameters>,
) -> Result<Json<List<CaseStep>>, Problem> {
    let case = cases::find(&app, &project, &case).await?.id();
    let after = after.map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
    let store = app.hub.store();
    // Positions begin at 0 or above.
    let steps = store.case_history(&project, &case, after.unwrap_or(-1), limit + 1).await?;
    Ok(Json(List::page_by_text(limit, steps, |(position, _)| position.to_string())))
}
