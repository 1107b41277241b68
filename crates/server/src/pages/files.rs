//! The files of a submission, for whoever filled it in: those that they gave with their answers, and those that were
//! added since and are not kept from them. They are handed out by their content, below the page of the submission,
//! so that the cookie of that page opens them and nothing else does.

use axum::response::Response;
use fieldpost_engine::Followed;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::hexadecimal;
use fieldpost_model::progress::{Part, StoredFile};
use fieldpost_store::StoreError;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH};

use super::record;
use super::visit::{Turned, Visit};
use crate::api::file_answer;
use crate::uploaded;
use crate::wcs::add_files;

/// What stands before the digest of a file in the addresses of files.
pub(super) const FILES: &str = "files";

/// The files that were given with the answers. What somebody else added under the name of one that has not come
/// is not it: a name alone says nothing.
pub(super) async fn given<'f>(
    visit: &Visit,
    followed: &'f Followed,
) -> Result<Vec<&'f StoredFile>, StoreError> {
    let record = &followed.record;
    let mut named = Vec::new();
    add_files(&record.submission.values, &mut named);
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let store = visit.app.hub.store();
    let came = store.files_of(&visit.routing.project, followed.submission).await?;
    let is_given = |file: &&StoredFile| {
        let is_it = |came: &fieldpost_store::StoredFile| {
            came.name == file.name && came.sha256 == Some(file.sha256)
        };
        named.contains(&file.name) && came.iter().any(is_it)
    };
    Ok(record.files.iter().filter(is_given).collect())
}

/// The files that were added since, and are for whoever filled it in.
fn added<'f>(
    visit: &Visit,
    definition: &FormDefinition,
    followed: &'f Followed,
) -> impl Iterator<Item = &'f StoredFile> {
    let parts = followed.record.progress.history.iter().flat_map(|entry| &entry.parts);
    parts.filter_map(|part| match part {
        Part::Attachment { file, visible_to, .. }
            if record::is_for(visit, definition, followed, visible_to) =>
        {
            Some(file)
        }
        _ => None,
    })
}

/// The address of a file.
pub(super) fn address(visit: &Visit, form: &str, followed: &Followed, file: &StoredFile) -> String {
    let page = visit.path_of(form, &followed.record.progress);
    format!("{page}{FILES}/{}", hexadecimal::encode(&file.sha256))
}

/// Hands out a file.
pub(super) async fn show(
    visit: &Visit,
    form: &str,
    id: &str,
    digest: &str,
) -> Result<Response, Turned> {
    let (form, followed) = record::find(visit, form, id).await?;
    let given = given(visit, &followed).await?;
    let file = given
        .into_iter()
        .chain(added(visit, &form.definition, &followed))
        .find(|file| hexadecimal::encode(&file.sha256) == digest)
        .ok_or(Turned::NotFound)?;
    let opened = visit.app.hub.store().files().open(&file.sha256).await?;
    let opened = opened.ok_or(Turned::NotFound)?;
    let length = HeaderValue::from(opened.bytes());
    let mut response =
        file_answer(Some(&file.content_type), uploaded::streamed(opened), &file.name);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, length);
    // Whoever uses the browser next must not find it there.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
