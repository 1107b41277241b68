//! What somebody uploaded, as an answer: read while it is sent, and never run by a browser.

use axum::body::Body;
use fieldpost_store::{OpenFile, StoreError};
use futures_util::stream;
use http::header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue};

/// A file as the body of an answer, read while it is sent.
pub(crate) fn streamed(file: OpenFile) -> Body {
    Body::from_stream(stream::try_unfold(file, |mut file| async move {
        let piece = file.next().await?;
        Ok::<_, StoreError>(piece.map(|piece| (piece, file)))
    }))
}

/// Has a browser take an answer for what its type says, and run nothing of it.
pub(crate) fn never_run(headers: &mut HeaderMap) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
}
