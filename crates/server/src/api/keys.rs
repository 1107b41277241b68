//! The keys that seal secrets: their names, and what is sealed with each. Nothing that is told here
//! opens anything.

use axum::Json;
use axum::extract::State;
use fieldpost_store::{KeyStatus, KeyUse};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters::{NoParameters, Parameters};
use crate::app::Shared;
use crate::problem::Problem;

/// The keys that seal secrets.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SealingKeys {
    /// The name of the key that seals.
    #[schema(example = "15a23405")]
    active: String,
    /// Who makes the next key: `hub`, where the key file is its own, or `operator`.
    #[schema(example = "hub")]
    kept_by: &'static str,
    /// The hub's keys, the active one first, and further keys that something is sealed with.
    keys: Vec<SealingKey>,
    /// Records that are not sealed, as older versions wrote them.
    unsealed: u64,
    /// The rotation under way, or how the last one since the start of the hub ended.
    rotation: KeyRotation,
}

/// A key, by its name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SealingKey {
    /// Its name: digits that give nothing of the key away.
    #[schema(example = "15a23405")]
    id: String,
    /// Whether this hub has it.
    present: bool,
    /// Records that are sealed with it.
    records: u64,
}

/// How far a rotation has come.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyRotation {
    /// Whether it is under way.
    running: bool,
    /// Records that were sealed anew.
    resealed: u64,
    /// Records that could not be opened, and stay as they are; the log names them.
    failed: u64,
    /// Why it ended early, if it did.
    #[schema(required)]
    error: Option<String>,
}

impl From<KeyStatus> for SealingKeys {
    fn from(status: KeyStatus) -> Self {
        let KeyStatus { active, kept_by_hub, keys, unsealed, rotation } = status;
        let key =
            |KeyUse { id, present, records }| SealingKey { id: id.to_string(), present, records };
        Self {
            active: active.to_string(),
            kept_by: if kept_by_hub { "hub" } else { "operator" },
            keys: keys.into_iter().map(key).collect(),
            unsealed,
            rotation: KeyRotation {
                running: rotation.running,
                resealed: rotation.resealed,
                failed: rotation.failed,
                error: rotation.error,
            },
        }
    }
}

/// The keys that seal secrets
///
/// By their names only: no key is ever told.
#[utoipa::path(
    get,
    path = "/keys",
    operation_id = "get_keys",
    tag = "hub",
    responses((status = 200, body = SealingKeys), Problem),
)]
pub(super) async fn get(
    State(app): State<Shared>,
    _: Parameters<NoParameters>,
) -> Result<Json<SealingKeys>, Problem> {
    Ok(Json(app.hub.key_status().await?.into()))
}

/// Change the key
///
/// Where the hub keeps its key itself, it makes a new one; where the operator does, the first key
/// of the key file is taken, or the first one given at the start. From the answer on, that key
/// seals; what is sealed with other keys is sealed anew in the background.
#[utoipa::path(
    post,
    path = "/keys/rotate",
    operation_id = "rotate_key",
    tag = "hub",
    responses((status = 202, body = SealingKeys), Problem),
)]
pub(super) async fn rotate(
    State(app): State<Shared>,
    _: Parameters<NoParameters>,
) -> Result<(StatusCode, Json<SealingKeys>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(app.hub.rotate_key().await?.into())))
}
