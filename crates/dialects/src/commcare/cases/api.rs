//! A case in the shape of the Case API, version 2.

use fieldpost_model::case::Case;
use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;

use super::json::{indices, text_or_null, time_or_null};

/// The case as the Case API gives it. `indexed_at` is when this state could be found first.
pub fn case_api_json(case: &Case, domain: &str, indexed_at: Timestamp) -> Value<'static> {
    let text = |text: &str| Value::string(text.to_owned());
    let properties = case.properties.iter().map(|(name, value)| (name.clone(), text(value)));
    Value::object([
        ("domain", text(domain)),
        ("case_id", text(&case.id)),
        ("case_type", text(&case.case_type)),
        ("case_name", text(&case.name)),
        ("external_id", text_or_null(&case.external_id)),
        ("owner_id", text(case.owner_or_user())),
        ("date_opened", time_or_null(case.opened_at)),
        ("last_modified", time_or_null(case.modified_at)),
        ("server_last_modified", time_or_null(Some(case.server_modified_at))),
        ("indexed_on", time_or_null(Some(indexed_at))),
        ("closed", Value::Bool(case.is_closed())),
        ("date_closed", time_or_null(case.closing.as_ref().map(|closing| closing.at))),
        ("properties", Value::object(properties)),
        ("indices", indices(&case.indices)),
    ])
}
