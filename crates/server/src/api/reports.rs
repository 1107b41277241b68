//! Reports on demand: what people get once a day or a week, to be looked at before.

use axum::Json;
use axum::extract::State;
use fieldpost_model::incident::NoticeState;
use fieldpost_model::json::Value;
use fieldpost_model::project::ReportEvery;
use fieldpost_rules::definition::read_settings;
use fieldpost_store::NewNotice;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::Input;
use super::list::List;
use super::names::NoticeStateName;
use super::parameters::{NoParameters, Parameters, named};
use super::path::Path;
use crate::app::Shared;
use crate::problem::Problem;

/// Which report is written, and for whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportOrder {
    /// `day`, about the last 24 hours; or `week`, about the last 7 days.
    #[schema(example = "day")]
    every: String,
    /// The one mail address to which it goes, instead of those that the project names.
    #[schema(example = "lead@example.org")]
    to: Option<String>,
}

/// A report that was written to somebody.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Written {
    /// The id of its notice.
    id: Uuid,
    /// To whom it goes.
    recipient: String,
    /// Where it stands.
    #[schema(value_type = NoticeStateName)]
    state: &'static str,
    /// Why it cannot be sent.
    #[schema(required)]
    last_error: Option<String>,
}

impl From<NewNotice> for Written {
    fn from(notice: NewNotice) -> Self {
        let state = match notice.impossible {
            None => NoticeState::Pending,
            Some(_) => NoticeState::NotSent,
        };
        let NewNotice { id, recipient, impossible, .. } = notice;
        Self { id, recipient, state: state.name(), last_error: impossible }
    }
}

/// Send a report now
///
/// It counts up to the present and is marked as a preview. The regular reports come as before.
#[utoipa::path(
    post,
    path = "/projects/{project}/reports",
    operation_id = "send_report",
    tag = "incidents",
    params(("project" = String, Path)),
    request_body = ReportOrder,
    responses((status = 200, body = List<Written>), Problem),
)]
pub(super) async fn send(
    State(app): State<Shared>,
    Path(project): Path<String>,
    _: Parameters<NoParameters>,
    Input(order): Input<ReportOrder>,
) -> Result<Json<List<Written>>, Problem> {
    let every = named("every", Some(&order.every), ReportEvery::ALL, ReportEvery::name)?;
    let every = every.unwrap_or(ReportEvery::Day);
    if let Some(to) = &order.to {
        // An address is one where a project file could name it as well.
        let to = Value::Array(vec![Value::from(to.clone())]);
        let reports = Value::object([(every.name(), to)]);
        read_settings(&Value::object([("reports", reports)])).map_err(Problem::invalid)?;
    }
    let written = app.hub.preview_report(&project, every, order.to).await?;
    Ok(Json(List::whole(written.into_iter().map(Written::from))))
}
