//! What reading a schema collects: everything that does not come to stand in the form.

use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::Who;

use super::keys::{Keys, filled, says_something, written};
use super::missing::{Missing, MissingCode};
use crate::openfn::names::{MAX_NAME, slug};

/// What has been found to be missing so far.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) missing: Vec<Missing>,
}

impl Reader {
    /// Tells of something that the schema does not say.
    pub(super) fn miss(&mut self, code: MissingCode, place: &str, path: String) {
        self.missing.push(Missing::silent(code, place, path));
    }

    /// Tells of something that the schema says otherwise than it could be taken over.
    pub(super) fn miss_said(
        &mut self,
        code: MissingCode,
        place: &str,
        path: String,
        value: &Value<'_>,
    ) {
        self.missing.push(Missing::said(code, place, path, value));
    }

    /// Tells what nobody took of an object.
    pub(super) fn leave(&mut self, keys: Keys<'_>, path: &str) {
        for (key, value) in keys.rest() {
            self.leave_out(key, path, value);
        }
    }

    /// Tells of one thing that is left out, if it says anything.
    pub(super) fn leave_out(&mut self, key: &str, path: &str, value: &Value<'_>) {
        if says_something(value) {
            let way = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            self.miss_said(MissingCode::LeftOut, key, way, value);
        }
    }

    /// Takes a list, as far as its elements are understood; the others are told by their numbers.
    pub(super) fn list<'v, T>(
        &mut self,
        keys: &mut Keys<'v>,
        key: &str,
        path: &str,
        understand: impl FnMut(&'v Value<'v>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let elements = keys.take(key, Value::as_array)?;
        let way = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        Some(self.elements(elements, &way, understand))
    }

    /// The elements that are understood; the others are told by their numbers.
    pub(super) fn elements<'v, T>(
        &mut self,
        elements: &'v [Value<'v>],
        path: &str,
        mut understand: impl FnMut(&'v Value<'v>) -> Option<T>,
    ) -> Vec<T> {
        self.each(elements, path, |_, element, _| understand(element))
    }

    /// The same, where understanding an element may have something to tell of its place.
    fn each<'v, T>(
        &mut self,
        elements: &'v [Value<'v>],
        path: &str,
        mut understand: impl FnMut(&mut Self, &'v Value<'v>, &str) -> Option<T>,
    ) -> Vec<T> {
        let mut understood = Vec::with_capacity(elements.len());
        for (element, number) in elements.iter().zip(1_u64..) {
            match understand(self, element, &format!("{path}.{number}")) {
                Some(it) => understood.push(it),
                None => self.leave_out(&number.to_string(), path, element),
            }
        }
        understood
    }

    /// The id of a role. One that no role can have here becomes one that is as like as can be, and is told: were it
    /// left out, what is open to that role alone would be open to everybody.
    pub(super) fn role(&mut self, value: &Value<'_>, path: &str) -> Option<String> {
        let written = filled(value)?;
        if is_role(&written) {
            return Some(written);
        }
        let id = slug(&written.to_lowercase(), MAX_NAME);
        if !is_role(&id) {
            return None;
        }
        self.miss_said(MissingCode::Renamed, &id, path.to_owned(), value);
        Some(id)
    }

    /// Takes a list of roles.
    pub(super) fn roles(&mut self, keys: &mut Keys<'_>, key: &str) -> Vec<String> {
        let elements = keys.take(key, Value::as_array).unwrap_or_default();
        self.each(elements, key, Self::role)
    }

    /// Takes a list of texts.
    pub(super) fn texts(&mut self, keys: &mut Keys<'_>, key: &str, path: &str) -> Vec<String> {
        self.list(keys, key, path, written).unwrap_or_default()
    }

    /// Takes a list of those who see something on a page.
    pub(super) fn people(&mut self, keys: &mut Keys<'_>, key: &str, path: &str) -> Vec<Who> {
        let elements = keys.take(key, Value::as_array).unwrap_or_default();
        self.each(elements, &format!("{path}.{key}"), |reader, value, path| {
            match Who::from_name(value.as_str()?) {
                Who::SignedCalls | Who::Anyone => None,
                Who::Role(_) => reader.role(value, path).map(Who::Role),
                who => Some(who),
            }
        })
    }
}

/// Whether a role of a project can be called so.
fn is_role(id: &str) -> bool {
    !id.is_empty()
        && !id.starts_with('_')
        && id.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        })
}

/// A colour as it is written here, `#rrggbb`. w.c.s. writes some without the sign.
pub(super) fn colour(value: &Value<'_>) -> Option<String> {
    let digits = value.as_str()?;
    let digits = digits.strip_prefix('#').unwrap_or(digits);
    let is_colour = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_colour.then(|| format!("#{}", digits.to_ascii_lowercase()))
}
