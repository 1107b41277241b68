//! The files of a submission, for whoever filled it in: those that they gave with their answers, and those that were
//! added since and are not kept from them. They are handed out by their content, below the page of the submission,
//! so that the cookie of that page opens them and nothing else does.

use axum::response::Response;
use fieldpost_engine::Followed;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::hexadecimal;
use fieldpost_model::progress::{Part, StoredFile};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH};

use super::record;
use super::visit::{Turned, Visit};
use crate::api::file_answer;
use crate::uploaded;
use crate::wcs::add_files;

/// What stands before the digest of a file in the addresses of files.
pub(super) const FILES: &str = "files";

/// The files of a submission that are for whoever filled it in.
fn theirs<'f>(
    visit: &Visit,
    definition: &FormDefinition,
    followed: &'f Followed,
) -> Vec<&'f StoredFile> {
    let record = &followed.record;
    let mut given = Vec::new();
    add_files(&record.submission.values, &mut given);
    let mut files: Vec<&StoredFile> =
        record.files.iter().filter(|file| given.contains(&file.name)).collect();
    let parts = record.progress.history.iter().flat_map(|entry| &entry.parts);
    files.extend(parts.filter_map(|part| match part {
        Part::Attachment { file, visible_to, .. }
            if record::is_for(visit, definition, followed, visible_to) =>
        {
            Some(file)
        }
        _ => None,
    }));
    files
}

/// The address of a file.
pub(super) fn address(visit: &Visit, form: &str, followed: &Followed, file: &StoredFile) -> String {
    let page = visit.path_of(form, &followed.record.progress);
    format!("{page}{FILES}/{}", hexadecimal::encode(&file.sha256))
}

/// The address of the file that an answer names; `None` where it is not there.
pub(super) fn address_of(
    visit: &Visit,
    form: &str,
    followed: &Followed,
    name: &str,
) -> Option<String> {
    let file = followed.record.files.iter().find(|file| file.name == name)?;
    Some(address(visit, form, followed, file))
}

/// Hands out a file.
pub(super) async fn show(
    visit: &Visit,
    form: &str,
    id: &str,
    digest: &str,
) -> Result<Response, Turned> {
    let (form, followed) = record::find(visit, form, id).await?;
    let file = theirs(visit, &form.definition, &followed)
        .into_iter()
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
