//! Cases as records: a kind of cases is read as a form that has no lifecycle of the hub's, a case as a record of it.
//!
//! ```text
//!   the properties that the store knows of the type ──► the kind, as a form
//!   a case ─┬─► its properties                      ──► answers
//!           ├─► the cases that it is tied to        ──► choices, with what these are called
//!           └─► the files of the forms that brought its files ──► files
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use fieldpost_dialects::wcs::case::{self, Tied};
use fieldpost_engine::{Followed, FollowedForm};
use fieldpost_model::case::{AttachmentOrigin, Case};
use fieldpost_model::progress::StoredFile;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::lifecycle::Record;
use fieldpost_rules::wcs::Refusal;
use fieldpost_store::{CaseOrder, CasePage, CaseQuery, KnownProperty, StoreError};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Asked;
use super::answer::Turned;

/// Properties of one type that cards have as fields. Whatever a case has beyond them stands in its own card.
const MOST_PROPERTIES: usize = 5_000;
/// What a file is where its sender did not say it.
const ANY_FILE: &str = "application/octet-stream";

/// The kind of cases of that name, with the properties that its cases have; `None` where there is no such case.
pub(super) async fn kind(asked: &Asked, name: &str) -> Result<Option<FollowedForm>, StoreError> {
    if name.is_empty() || first(asked, of_type(name), 1).await?.is_empty() {
        return Ok(None);
    }
    known_kind(asked, name).await.map(Some)
}

/// The same, where there is such a case or there will be one.
pub(super) async fn known_kind(asked: &Asked, name: &str) -> Result<FollowedForm, StoreError> {
    let store = asked.app.hub.store();
    let properties = store.case_properties(asked.project(), name, MOST_PROPERTIES).await?;
    let kinds = properties.iter().map(|KnownProperty { name, kind }| (name.as_str(), *kind));
    let definition = case::definition(name, kinds);
    Ok(FollowedForm { definition: Arc::new(definition), form: None, is_tracked: false })
}

fn of_type(name: &str) -> CaseQuery {
    CaseQuery { case_type: Some(name.to_owned()), ..CaseQuery::default() }
}

/// The ids of the first cases that a query finds.
async fn first(asked: &Asked, query: CaseQuery, most: usize) -> Result<Vec<String>, StoreError> {
    let page = CasePage { order: CaseOrder::FirstChanged, after: None, limit: most };
    let found = asked.app.hub.store().list_cases(asked.project(), &query, &page).await?;
    Ok(found.found.into_iter().map(|found| found.id).collect())
}

/// The id of the case of a type that another system has this id for. Where several have it none is meant: whichever is
/// taken, what is written next under the same id could go to another one.
pub(super) async fn by_external_id(
    asked: &Asked,
    name: &str,
    external_id: &str,
) -> Result<Option<String>, Turned> {
    if external_id.is_empty() {
        return Ok(None);
    }
    let query = CaseQuery { external_id: Some(external_id.to_owned()), ..of_type(name) };
    let mut found = first(asked, query, 2).await?;
    let last = found.pop();
    if found.is_empty() { Ok(last) } else { Err(several(name, external_id).into()) }
}

/// Several cards are called by one id. Which they are is not told here: who asks may not be somebody who reads them.
fn several(name: &str, external_id: &str) -> Refusal {
    Refusal::ambiguous(format!(
        "Several cards of the kind \"{name}\" have the external id \"{external_id}\": name one by the id of its case. \
         /api/cards/{name}/list?filter-external_id=… tells the ids."
    ))
}

/// A case of that kind, by its id or by what it is called: the id that another system has for it.
pub(super) async fn find(asked: &Asked, name: &str, id: &str) -> Result<Option<Followed>, Turned> {
    let mut case = of_kind(asked, name, id).await?;
    if case.is_none()
        && let Some(id) = by_external_id(asked, name, id).await?
    {
        case = of_kind(asked, name, &id).await?;
    }
    let Some(case) = case else { return Ok(None) };
    let kind = known_kind(asked, name).await?;
    Ok(records(asked, &kind, vec![case]).await?.pop())
}

async fn of_kind(asked: &Asked, name: &str, id: &str) -> Result<Option<Case>, StoreError> {
    let found = asked.app.hub.store().cases(asked.project(), &[id]).await?.remove(id);
    let found = found.map(|found| found.value);
    Ok(found.filter(|case| !case.deleted && case.case_type == name))
}

/// Whole records of some cases, by their ids. Those that went away meanwhile are left out.
pub(super) async fn filled(
    asked: &Asked,
    kind: &FollowedForm,
    ids: &[&str],
) -> Result<Vec<Followed>, StoreError> {
    let found = asked.app.hub.store().cases(asked.project(), ids).await?;
    let there = found.into_values().map(|found| found.value).filter(|case| !case.deleted);
    records(asked, kind, there.collect()).await
}

/// What the records of some cases are made from beside the cases.
struct Around {
    changed: HashMap<String, Timestamp>,
    tied: BTreeMap<String, Tied>,
    files: HashMap<(String, String), StoredFile>,
}

async fn records(
    asked: &Asked,
    kind: &FollowedForm,
    cases: Vec<Case>,
) -> Result<Vec<Followed>, StoreError> {
    let targets = cases.iter().flat_map(|case| case.indices.values());
    let targets: BTreeSet<&str> = targets.map(|index| index.case_id.as_str()).collect();
    let targets: Vec<&str> = targets.into_iter().collect();
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().chain(targets.iter().copied()).collect();
    let around = Around {
        changed: asked.app.hub.store().indexing_of_cases(asked.project(), &ids).await?,
        tied: tied(asked, &targets).await?,
        files: files(asked, &cases).await?,
    };
    let fields = kind.definition.fields.iter().map(|field| field.id.as_str()).collect();
    Ok(cases.iter().map(|case| record((kind, &fields), case, &around)).collect())
}

/// What the cases are called that others are tied to, and where their cards are.
pub(super) async fn tied(
    asked: &Asked,
    ids: &[&str],
) -> Result<BTreeMap<String, Tied>, StoreError> {
    let found = asked.app.hub.store().cases(asked.project(), ids).await?;
    let there = found.into_values().map(|found| found.value).filter(|case| !case.deleted);
    let routing = &asked.admitted.routing;
    let tied = there.map(|case| {
        let text = if case.name.is_empty() { case.id.clone() } else { case.name };
        // A form goes before cases of the same name, and what has no type is no card.
        let has_card =
            !case.case_type.is_empty() && routing.form_definition(&case.case_type).is_none();
        let address = || asked.site().record_address(&case.case_type, &case.id);
        let api_url = has_card.then(address);
        (case.id.clone(), Tied { text, api_url })
    });
    Ok(tied.collect())
}

/// The files of cases that lie with the forms which brought them, by case and the name that they have in it.
async fn files(
    asked: &Asked,
    cases: &[Case],
) -> Result<HashMap<(String, String), StoredFile>, StoreError> {
    let (store, project) = (asked.app.hub.store(), asked.project());
    let key = |form_id: &str| fieldpost_dialects::instance_id(form_id);
    let local: Vec<_> = cases
        .iter()
        .flat_map(|case| case.attachments.iter().map(move |(name, file)| (case, name, file)))
        .filter(|(_, _, file)| file.origin == AttachmentOrigin::Local)
        .collect();
    let keys: BTreeSet<String> =
        local.iter().filter_map(|(_, _, file)| key(&file.form_id)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let brought = store.instances(project, &keys).await?;
    let forms: BTreeSet<Uuid> = brought.values().map(|instance| instance.submission).collect();
    let forms: Vec<Uuid> = forms.into_iter().collect();
    let stored = store.files_by_submission(project, &forms).await?;
    let found = local.into_iter().filter_map(|(case, name, file)| {
        let instance = brought.get(&key(&file.form_id)?)?;
        let of_form = stored.get(&instance.submission)?;
        let stored = of_form.iter().find(|stored| stored.name == file.source)?;
        let (sha256, bytes) = stored.sha256.zip(stored.bytes)?;
        let content_type = file.content_type.clone().or_else(|| stored.content_type.clone());
        let told = StoredFile {
            name: case::file_name(case, name).to_owned(),
            content_type: content_type.unwrap_or_else(|| ANY_FILE.to_owned()),
            bytes,
            sha256,
        };
        Some(((case.id.clone(), name.clone()), told))
    });
    Ok(found.collect())
}

fn record(
    (kind, fields): (&FollowedForm, &HashSet<&str>),
    case: &Case,
    around: &Around,
) -> Followed {
    let changed_at = changed_at(case, &around.changed);
    let mut form = kind.clone();
    let is_plain =
        case.indices.is_empty() && case.property_kinds().all(|(name, _)| fields.contains(name));
    if !is_plain {
        form.definition = Arc::new(case::own_definition(&kind.definition, case, &around.tied));
    }
    let submission = case::submission(case, &form.definition);
    let progress = case::progress(case, &kind.definition, changed_at);
    let files = case.attachments.keys();
    let files = files.filter_map(|name| around.files.get(&(case.id.clone(), name.clone())));
    Followed {
        form,
        submission: progress.uuid,
        revision: beside(case, around),
        version: changed_at.0,
        place: u64::try_from(changed_at.0).unwrap_or_default(),
        is_erased: false,
        is_behind: false,
        record: Record { submission, progress, files: files.cloned().collect() },
    }
}

/// What a card tells that is not of its case, as a number that changes with it: the cases that it is tied to, each at
/// the place of its change or gone, and the files that have come. 0 where there is nothing of that.
fn beside(case: &Case, around: &Around) -> i64 {
    if case.indices.is_empty() && case.attachments.is_empty() {
        return 0;
    }
    let mut digest = Sha256::new();
    for (name, index) in &case.indices {
        add(&mut digest, name.as_bytes());
        let at = around.changed.get(&index.case_id).map(|at| at.0.to_be_bytes());
        add(&mut digest, at.as_ref().map_or(&[], |at| at.as_slice()));
    }
    for name in case.attachments.keys() {
        add(&mut digest, name.as_bytes());
        let file = around.files.get(&(case.id.clone(), name.clone()));
        add(&mut digest, file.map_or(&[], |file| file.sha256.as_slice()));
    }
    let [number @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _]: [u8;
        32] = digest.finalize().into();
    i64::from_be_bytes(number) | 1
}

/// Adds a part, so that no two rows of parts are the same bytes.
fn add(digest: &mut Sha256, part: &[u8]) {
    digest.update(part.len().to_be_bytes());
    digest.update(part);
}

/// When the last change of a case took its place.
pub(super) fn changed_at(case: &Case, changed: &HashMap<String, Timestamp>) -> Timestamp {
    changed.get(&case.id).copied().unwrap_or(case.server_modified_at)
}
