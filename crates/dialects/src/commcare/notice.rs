//! Writing notices: that a form came in, and that an application was saved or built.

use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;

/// The notice that a form came in, with the ids of the cases that it touches.
pub fn form_stub(form_id: &str, received_at: Timestamp, case_ids: &[&str]) -> Value<'static> {
    let case_ids = case_ids.iter().map(|id| Value::string((*id).to_owned())).collect();
    Value::object([
        ("form_id", Value::string(form_id.to_owned())),
        ("received_on", Value::string(received_at.to_string())),
        ("case_ids", Value::Array(case_ids)),
    ])
}

/// The notice that an application was saved or built: its id, or the build's, and nothing else. It
/// travels as `text/xml`.
pub fn app_schema(id: &str) -> String {
    id.to_owned()
}
