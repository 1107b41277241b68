//! What jobs are told of a remote API beyond the keys of its connection, read and written.
//!
//! Which fields there are the adaptor says, not the hub. So all of them count as secret, and a value of
//! any kind is kept, as its JSON text.

use fieldpost_model::json::Value;
use fieldpost_model::secret::{PLACEHOLDER, Secret};

use super::fields::Field;
use super::write::Secrets;

/// How many fields there can be.
const MAX_FIELDS: usize = 50;

/// The longest name of a field, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// The longest value of a field, as JSON text, in bytes: more than a key with its certificate takes.
const MAX_VALUE_BYTES: usize = 32_768;

/// Reads the fields. No value shows in a message.
pub(super) fn read_credential(field: &Field<'_, '_>) -> Vec<(String, Secret)> {
    let entries = field.entries();
    if entries.len() > MAX_FIELDS {
        let message = format!("at most {MAX_FIELDS} fields can be given, not {}", entries.len());
        field.place.report::<()>("out-of-range", message);
    }
    entries.into_iter().filter_map(|(name, field)| read_field(name, &field)).collect()
}

fn read_field(name: &str, field: &Field<'_, '_>) -> Option<(String, Secret)> {
    let fits = (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.contains(char::is_control);
    if !fits {
        let message = format!("the name of a field has 1 to {MAX_NAME_BYTES} bytes");
        return field.place.report("wrong-value", message);
    }
    let text = match field.value {
        Value::String(text) if text == PLACEHOLDER => text.to_string(),
        value => value.to_json(),
    };
    if text.len() > MAX_VALUE_BYTES {
        let message = format!("a field has at most {MAX_VALUE_BYTES} bytes of JSON");
        return field.place.report("out-of-range", message);
    }
    Some((name.to_owned(), Secret::new(text)))
}

/// Writes the fields.
pub(super) fn write_credential(fields: &[(String, Secret)], secrets: Secrets) -> Value<'static> {
    let write = |secret: &Secret| match secrets {
        // What is no JSON is the placeholder itself.
        Secrets::Shown => Value::parse(secret.expose().as_bytes())
            .map_or_else(|_| Value::from(PLACEHOLDER), Value::into_owned),
        Secrets::Hidden | Secrets::HiddenWithAddresses => Value::from(PLACEHOLDER),
    };
    let members = fields.iter().map(|(name, secret)| (name.clone().into(), write(secret)));
    Value::Object(members.collect())
}
