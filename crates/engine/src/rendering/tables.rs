//! Rendering of rows: what a submission or a case is in the tables of a database.

use bytes::Bytes;
use fieldpost_dialects::rows::{RowFacts, case_rows, submission_rows};
use fieldpost_model::case::Case;
use fieldpost_model::form::Form;
use fieldpost_model::forwarder::Rendering;
use fieldpost_model::rows::Rows;
use fieldpost_model::submission::Submission;

use crate::events::FormFacts;
use crate::payload::Body;

/// The rows of a submission. The error is a sentence.
pub(super) fn rows_of_form(
    submission: &Submission,
    form: Option<&Form>,
    facts: &FormFacts,
    rendering: &Rendering,
) -> Result<Body, String> {
    let id = facts.submission.to_string();
    let known = RowFacts {
        submission: &id,
        form: &facts.form,
        version: facts.version.unsigned_abs(),
        received_at: facts.received_at,
        modified_at: facts.edited_at.unwrap_or(facts.received_at),
    };
    submission_rows(submission, form, &known, rendering.table.as_deref()).map(body)
}

/// The row of a case. The error is a sentence.
pub(super) fn row_of_case(case: &Case, rendering: &Rendering) -> Result<Body, String> {
    case_rows(case, rendering.table.as_deref()).map(body)
}

/// Rows, and what people see of them.
fn body(rows: Rows) -> Body {
    Body {
        bytes: Bytes::from(rows.to_json().to_json()),
        content_type: Some("application/json".to_owned()),
        is_payload: false,
        rows: Some(rows),
    }
}
