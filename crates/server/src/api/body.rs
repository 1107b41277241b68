//! Bodies of requests to the API: read whole, within the same bounds as a message.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use fieldpost_model::json::Value;
use serde::de::DeserializeOwned;

use crate::app::Shared;
use crate::body;
use crate::problem::Problem;

/// A body of one of our own types.
pub(super) struct Input<T>(pub(super) T);

/// A body of one of our own types; no body at all is its default.
pub(super) struct Optional<T>(pub(super) T);

/// A body that is a definition: any JSON, with numbers as they were written.
pub(super) struct Document(Bytes);

impl Document {
    /// The JSON in it.
    pub(super) fn value(&self) -> Result<Value<'_>, Problem> {
        Value::parse(&self.0).map_err(|error| {
            Problem::bad_request(error.code, format!("the body is not valid JSON: {error}"))
        })
    }

    /// What it says, as one of our own types.
    fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.0).map_err(|error| {
            Problem::bad_request("bad-body", format!("the body cannot be read: {error}"))
                .hint("/api/docs shows what this address takes")
        })
    }
}

impl FromRequest<Shared> for Document {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        Ok(Self(body::read(body, &parts.headers, app.bounds()).await?))
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        Document::from_request(request, app).await?.read().map(Self)
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Shared> for Optional<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Problem> {
        let document = Document::from_request(request, app).await?;
        if document.0.is_empty() { Ok(Self(T::default())) } else { document.read().map(Self) }
    }
}
