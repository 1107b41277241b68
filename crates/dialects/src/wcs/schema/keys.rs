//! An object of which every key counts: whoever reads it takes keys out, and what nobody took is still there.
//!
//! A reader that asks an object for the keys that it knows never hears of the others, so what somebody wrote
//! is lost without a word. Here a key is only taken once its value was understood. What is left over at the end,
//! unknown keys and values that make no sense alike, can be told.

use fieldpost_model::json::Value;

/// The keys of an object that nobody has taken yet, in their order.
pub(super) struct Keys<'v> {
    left: Vec<(&'v str, &'v Value<'v>)>,
}

impl<'v> Keys<'v> {
    /// The keys of an object; `None` where it is none.
    pub(super) fn of(value: &'v Value<'v>) -> Option<Self> {
        let members = value.as_object()?.iter();
        Some(Self { left: members.map(|(key, value)| (&**key, value)).collect() })
    }

    /// Takes a key, if it is there and its value is understood.
    pub(super) fn take<T>(
        &mut self,
        key: &str,
        understand: impl FnOnce(&'v Value<'v>) -> Option<T>,
    ) -> Option<T> {
        let place = self.left.iter().position(|(name, _)| *name == key)?;
        let understood = understand(self.left.get(place)?.1)?;
        self.left.remove(place);
        Some(understood)
    }

    /// Takes a text that is not empty; ids are numbers at times.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.take(key, filled)
    }

    /// Takes yes or no.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        self.take(key, Value::as_bool)
    }

    /// What a key says, which stays there.
    pub(super) fn peek(&self, key: &str) -> Option<&'v Value<'v>> {
        self.left.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// All that is left.
    pub(super) fn rest(self) -> impl Iterator<Item = (&'v str, &'v Value<'v>)> {
        self.left.into_iter()
    }
}

/// Whether a value says anything: what is null or empty does not.
pub(super) fn says_something(value: &Value<'_>) -> bool {
    match value {
        Value::Null => false,
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => value.as_str() != Some(""),
    }
}

/// A text, which may be empty, or a number as one.
pub(super) fn written(value: &Value<'_>) -> Option<String> {
    value.as_str().or_else(|| value.as_number()).map(str::to_owned)
}

/// A text that is not empty, or a number as one.
pub(super) fn filled(value: &Value<'_>) -> Option<String> {
    written(value).filter(|text| !text.is_empty())
}
