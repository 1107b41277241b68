//! The notice that an application was saved or built: nothing but its id, or the build's.

use fieldpost_model::json::Value;

use crate::{Decoded, Shape};

/// The lengths of the parts of a UUID, in digits.
const UUID_PARTS: [usize; 5] = [8, 4, 4, 4, 12];

/// Takes a body that is an id, bare or as a JSON string. It has no identity, because the same id
/// comes again with every save and each of them counts.
pub(super) fn decode(text: &str) -> Option<Decoded<'_>> {
    let unquoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let id = unquoted.unwrap_or(text);
    is_id(id).then(|| Decoded {
        key: Some(id.to_owned()),
        ..Decoded::new(Shape::AppSchema, Value::object([("app_id", id)]))
    })
}

fn is_id(text: &str) -> bool {
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_plain = text.len() == 32 && are_digits(text);
    is_plain || { text.split('-').map(str::len).eq(UUID_PARTS) && text.split('-').all(are_digits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_two_kinds() {
        for id in ["193b28e58f335f165cb3e2bbe02b3ed8", "193B28E5-8f33-5f16-5cb3-e2bbe02b3ed8"] {
            for text in [id.to_owned(), format!("\"{id}\"")] {
                let decoded = decode(&text).unwrap();
                assert_eq!(decoded.view, Value::object([("app_id", id)]));
                assert_eq!(decoded.key.as_deref(), Some(id));
                assert_eq!(decoded.identity, None);
            }
        }
        for text in [
            "",
            "193b28e58f335f165cb3e2bbe02b3ed",
            "193b28e58f335f165cb3e2bbe02b3ed8a",
            "g93b28e58f335f165cb3e2bbe02b3ed8",
            "193b28e5-8f33-5f16-5cb3-e2bbe02b3edg",
            "193b28e58-f33-5f16-5cb3-e2bbe02b3ed8",
            "\"193b28e58f335f165cb3e2bbe02b3ed8",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
