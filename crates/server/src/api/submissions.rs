//! Submissions: filled forms, whatever dialect they came in by.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use fieldpost_store::{
    Criterion, MessageQuery, StoreError, StoredSubmission, SubmissionContent, SubmissionOrder,
    SubmissionPage, SubmissionPlace, SubmissionQuery, WantedVersion,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::audited::Audited;
use super::erasures::{self, DryRun, Outcome};
use super::exact::ExactJson;
use super::list::{List, Listed, Turn, cursor_at};
use super::names::SubmissionOrderName;
use super::parameters::{NoParameters, Parameters, bad, named, path_id, switch, time};
use super::path::Path;
use super::principal::Caller;
use super::{fields, known};
use crate::app::{App, Shared};
use crate::problem::Problem;

/// Submissions whose answers are read at once.
const AT_ONCE: usize = 25;
/// Bytes of answers after which a page ends, though it may have fewer items than were asked for.
const MOST_PAGE_BYTES: usize = 8 * 1_024 * 1_024;

/// A filled form.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Submission {
    /// Its id; ids sort by time of receipt.
    id: Uuid,
    /// Its form.
    #[schema(example = "births")]
    form: String,
    /// Its number among the submissions of its form, from 1 on.
    number: u64,
    /// What its sender calls it, as it was sent.
    #[schema(required, example = "uuid:7f1c2a4e-90a1-4a6e-8a2c-3d1f5b6c7d8e")]
    instance_id: Option<String>,
    /// When it was received for the first time.
    #[schema(format = DateTime)]
    received_at: String,
    /// When its newest version was received.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Where it stands in the life that its form gives it; null where the form gives none.
    #[schema(required)]
    status: Option<String>,
    /// How often it was said, edits included: 1 for what was never edited.
    version: i64,
    /// The answers, typed by the form's definition; null where they have been erased.
    #[schema(required, value_type = Option<Object>)]
    values: Option<ExactJson>,
    /// What the form does not know; null where it has been erased.
    #[schema(required, value_type = Option<Object>)]
    extra: Option<ExactJson>,
    /// Where it was filled in: a geometry of GeoJSON.
    #[schema(required, value_type = Option<Object>)]
    geo: Option<ExactJson>,
    /// The name of who filled it in.
    #[schema(required)]
    user: Option<String>,
    /// The id of who filled it in.
    #[schema(required)]
    user_id: Option<String>,
    /// The message that brought the newest version.
    message: Uuid,
    /// The source that the first version came in by.
    source: String,
    /// The version of the form, as the submission says.
    #[schema(required)]
    form_version: Option<String>,
    /// The application that it was filled in with.
    #[schema(required)]
    application: Option<String>,
    /// Whether no definition gave the answers a type: all of them are texts then.
    untyped: bool,
    /// Whether the answers are encrypted: there are only files that hold them.
    encrypted: bool,
    /// What else the sender says of it; null where it has been erased.
    #[schema(required, value_type = Option<Object>)]
    metadata: Option<ExactJson>,
}

impl Submission {
    /// A submission with its answers, unless they have been erased.
    pub(super) fn new(stored: StoredSubmission, content: Option<&SubmissionContent>) -> Self {
        let metadata = content.map(|content| parsed(&content.metadata));
        let instance_id = metadata.as_ref().and_then(instance_id).or(stored.instance_id);
        Self {
            id: stored.id,
            form: stored.form,
            number: stored.number,
            instance_id,
            received_at: stored.received_at.to_string(),
            updated_at: stored.modified_at.to_string(),
            status: None,
            version: stored.version,
            values: content.map(|content| parsed(&content.values).into()),
            extra: content.map(|content| parsed(&content.extra).into()),
            geo: stored.position.as_deref().map(|position| parsed(position).into()),
            user: stored.user,
            user_id: stored.user_id,
            message: stored.message,
            source: stored.source,
            form_version: stored.form_version,
            application: stored.application,
            untyped: stored.is_untyped,
            encrypted: stored.is_encrypted,
            metadata: metadata.map(ExactJson::from),
        }
    }
}

/// JSON that the store gave; what cannot be read is nothing.
pub(crate) fn parsed(text: &str) -> Value<'static> {
    Value::parse(text.as_bytes()).map_or(Value::Null, Value::into_owned)
}

/// The id as it was sent. The store's own column has it without what all ids begin with.
pub(super) fn instance_id(metadata: &Value<'_>) -> Option<String> {
    metadata.get("instance_id").and_then(Value::as_str).map(str::to_owned)
}

/// Which submissions are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SubmissionFilter {
    /// Of this form only.
    form: Option<String>,
    /// With this id, given by the sender, in any version; with or without `uuid:`.
    instance_id: Option<String>,
    /// Whose first version came in by this source.
    source: Option<String>,
    /// Filled in by the user of this name.
    user: Option<String>,
    /// Filled in by the user of this id.
    user_id: Option<String>,
    /// Received at this time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Received before this time.
    #[param(format = DateTime)]
    until: Option<String>,
    /// Whose newest version was received at this time or later.
    #[param(format = DateTime)]
    modified_since: Option<String>,
    /// Whose newest version was received before this time.
    #[param(format = DateTime)]
    modified_until: Option<String>,
    /// With this text in the sender's id or the user, in upper or lower case, or with this beginning of
    /// the id.
    text: Option<String>,
    /// `true`: only those that have a place, which a map shows; `false`: only those that have none.
    #[param(value_type = Option<bool>)]
    has_position: Option<String>,
    /// With this in an answer, as `values.village=Kibera`: a path, how it compares (`=` or `:`, `!=`, `~`
    /// for a part, `<`, `<=`, `>`, `>=`), and with what. A path alone asks whether there is an answer, one
    /// with `!` before it whether there is none. May stand several times.
    r#where: Option<Vec<String>>,
    /// What the list is sorted by; `newest` unless given.
    #[param(value_type = Option<SubmissionOrderName>)]
    sort: Option<String>,
}

/// What the answers stand below, in an item of a list.
const ROOT: &str = "values";
const EXAMPLE: &str = "values.village=Kibera";

impl SubmissionFilter {
    fn read(self) -> Result<(SubmissionQuery, SubmissionOrder), Problem> {
        let all = SubmissionOrder::ALL;
        let order = named("sort", self.sort.as_deref(), all, SubmissionOrder::name)?;
        let bare = |id: String| fieldpost_dialects::instance_id(&id).unwrap_or(id);
        let query = SubmissionQuery {
            form: self.form,
            instance_id: self.instance_id.map(bare),
            source: self.source,
            user_id: self.user_id,
            user: self.user,
            application: None,
            xmlns: None,
            case: None,
            number_from: None,
            number_to: None,
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            modified_since: time("modified_since", self.modified_since.as_deref())?,
            modified_until: time("modified_until", self.modified_until.as_deref())?,
            has_position: switch("has_position", self.has_position.as_deref())?,
            text: self.text.filter(|text| !text.is_empty()),
            fields: fields::conditions(self.r#where, ROOT, EXAMPLE)?,
            condition: None,
        };
        let order = order.unwrap_or(SubmissionOrder::Newest);
        let is_by_number =
            matches!(order, SubmissionOrder::HighestNumber | SubmissionOrder::LowestNumber);
        if is_by_number && query.form.is_none() {
            return Err(bad("sort", order.name(), "numbers are those of one form: give `form`"));
        }
        Ok((query, order))
    }
}

/// Which submissions of one form are meant.
pub(super) struct Stretch {
    pub(super) since: Option<String>,
    pub(super) until: Option<String>,
    pub(super) has_position: Option<String>,
    pub(super) r#where: Option<Vec<String>>,
}

impl Stretch {
    /// The submissions of a form that are meant.
    pub(super) fn of(self, form: &str) -> Result<SubmissionQuery, Problem> {
        let Self { since, until, has_position, r#where } = self;
        let filter = SubmissionFilter {
            form: Some(form.to_owned()),
            since,
            until,
            has_position,
            r#where,
            ..SubmissionFilter::default()
        };
        Ok(filter.read()?.0)
    }
}

/// Submissions, newest first
///
/// With their newest answers. What no index tells is looked for in up to 20,000 submissions; then the
/// page ends, and `next` goes on from there: it may have few items, or none. So it does after some
/// megabytes of answers.
#[utoipa::path(
    get,
    path = "/projects/{project}/submissions",
    operation_id = "list_submissions",
    tag = "submissions",
    params(("project" = String, Path), SubmissionFilter, Turn),
    responses((status = 200, body = List<Submission>), Problem),
)]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(project): Path<String>,
    Listed { filter, wanted }: Listed<SubmissionFilter>,
) -> Result<Json<List<Submission>>, Problem> {
    let (query, order) = filter.read()?;
    let after = wanted.after_place()?.map(|(key, id)| SubmissionPlace { key: key.0, id });
    let source = MessageQuery { source: query.source.clone(), ..MessageQuery::default() };
    known::messages(&app, &project, &source).await?;
    if let Some(form) = &query.form {
        known::form(&app, &project, form).await?;
    }
    let page = SubmissionPage { order, after, limit: wanted.limit() };
    let found = app.hub.store().submissions(&project, &query, page).await?;
    let mut next = found.next;
    let mut items = Vec::with_capacity(found.found.len());
    let mut bytes = 0;
    let mut left = found.found.into_iter().peekable();
    while left.peek().is_some() {
        let some: Vec<StoredSubmission> = left.by_ref().take(AT_ONCE).collect();
        let last = some.last().map(|last| last.place(order));
        let contents = contents(&app, &project, &some).await?;
        bytes += contents.values().map(length).sum::<usize>();
        items.extend(some.into_iter().map(|stored| {
            let content = contents.get(&stored.id);
            Submission::new(stored, content)
        }));
        if bytes > MOST_PAGE_BYTES && left.peek().is_some() {
            next = last;
            break;
        }
    }
    let next = next.map(|place| cursor_at(Timestamp(place.key), place.id));
    Ok(Json(List::turned(items, next)))
}

/// The newest answers of some submissions.
pub(super) async fn contents(
    app: &App,
    project: &str,
    submissions: &[StoredSubmission],
) -> Result<HashMap<Uuid, SubmissionContent>, StoreError> {
    let ids: Vec<Uuid> = submissions.iter().map(|submission| submission.id).collect();
    app.hub.store().submission_contents(project, &ids).await
}

fn length(content: &SubmissionContent) -> usize {
    content.values.len() + content.extra.len() + content.metadata.len()
}

/// One submission
#[utoipa::path(
    get,
    path = "/projects/{project}/submissions/{submission}",
    operation_id = "get_submission",
    tag = "submissions",
    params(("project" = String, Path), ("submission" = Uuid, Path)),
    responses((status = 200, body = Submission), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((project, submission)): Path<(String, String)>,
    _: Parameters<NoParameters>,
) -> Result<Json<Submission>, Problem> {
    let stored = find(&app, &project, &submission).await?;
    let newest = WantedVersion::Newest;
    let content = app.hub.store().submission_content(&project, stored.id, newest).await?;
    Ok(Json(Submission::new(stored, content.as_ref())))
}

/// The submission that an address names.
pub(super) async fn find(app: &App, project: &str, id: &str) -> Result<StoredSubmission, Problem> {
    let found = app.hub.store().submission(project, path_id("submission", id)?).await?;
    found.ok_or_else(|| Problem::not_found("submission", id))
}

/// Erase a submission
///
/// With the messages that brought its versions, all that these brought beside it, and their deliveries
/// and attempts; cases are made anew from the submissions that remain. What waits is cancelled first. It
/// is an erasure like others, and stands in the book of erasures.
#[utoipa::path(
    delete,
    path = "/projects/{project}/submissions/{submission}",
    operation_id = "erase_submission",
    tag = "submissions",
    params(("project" = String, Path), ("submission" = Uuid, Path), DryRun),
    responses((status = 200, body = Outcome), Problem),
)]
pub(super) async fn erase(
    State(app): State<Shared>,
    caller: Caller,
    audited: Audited,
    Path((project, submission)): Path<(String, String)>,
    Parameters(dry_run): Parameters<DryRun>,
) -> Result<Json<Outcome>, Problem> {
    let stored = find(&app, &project, &submission).await?;
    let criterion = Criterion::Message(stored.message);
    erasures::carry_out(&app, &caller, &audited, &project, &criterion, dry_run.read()?).await
}
