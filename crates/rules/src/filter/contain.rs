//! The containment of JSON in JSON, as PostgreSQL's `@>` decides it.

use fieldpost_model::json::{Value, numbers_equal};

/// Whether the body contains the fragment.
pub fn contains(body: &Value<'_>, fragment: &Value<'_>) -> bool {
    match (body, fragment) {
        (_, Value::Array(_) | Value::Object(_)) => contains_within(body, fragment),
        (Value::Array(elements), scalar) => {
            elements.iter().any(|element| scalars_equal(element, scalar))
        }
        (body, scalar) => scalars_equal(body, scalar),
    }
}

/// The same below the top level, where an array contains no bare scalar.
pub(super) fn contains_within(value: &Value<'_>, fragment: &Value<'_>) -> bool {
    match (value, fragment) {
        (Value::Object(_), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| {
            value.get(key).is_some_and(|found| contains_within(found, wanted))
        }),
        (Value::Array(elements), Value::Array(wanted)) => wanted
            .iter()
            .all(|wanted| elements.iter().any(|element| contains_within(element, wanted))),
        (value, fragment) => scalars_equal(value, fragment),
    }
}

/// Whether two values are the same scalar. Arrays and objects equal nothing here.
fn scalars_equal(left: &Value<'_>, right: &Value<'_>) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Number(left), Value::Number(right)) => numbers_equal(left, right),
        (Value::String(left), Value::String(right)) => left == right,
        _ => false,
    }
}
