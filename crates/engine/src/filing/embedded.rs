//! Files that stand in the text of a submission, in Base64, as ODK Aggregate sends small ones: they
//! are written to the folder of files before anything names them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use fieldpost_model::submission::AttachmentContent;
use fieldpost_store::{FileError, Store, StoreError};

use super::files::ArrivedFile;
use super::reading::Said;

/// Senders leave the padding out, or do not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Files that one message may have in its text: each of them is synced by itself.
const MOST_FILES: usize = 100;

/// Writes the files in the text of these submissions. What is no Base64, or one too many, stays in the
/// message alone, and the file counts as one that has not come.
pub(super) async fn write(store: &Store, said: &mut Said) -> Result<(), StoreError> {
    let mut written = 0;
    for said in &mut said.submissions {
        for attachment in &mut said.submission.attachments {
            let AttachmentContent::Embedded(text) = &attachment.content else { continue };
            // Long texts are broken into lines by some.
            let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            attachment.content = AttachmentContent::Expected;
            let decoded = BASE64.decode(text).ok().filter(|_| written < MOST_FILES);
            let Some(bytes) = decoded else { continue };
            written += 1;
            let kept = keep(store, &bytes).await?;
            said.files.push(ArrivedFile {
                name: attachment.name.clone(),
                content_type: attachment.content_type.clone(),
                sha256: kept.sha256,
                bytes: kept.bytes,
            });
        }
    }
    Ok(())
}

async fn keep(store: &Store, bytes: &[u8]) -> Result<fieldpost_store::KeptFile, StoreError> {
    let most = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut file = store.files().begin(most).await?;
    match file.write(bytes).await {
        Ok(()) => file.finish().await,
        Err(FileError::Store(error)) => Err(error),
        Err(error) => Err(StoreError::Refused(error.to_string())),
    }
}
