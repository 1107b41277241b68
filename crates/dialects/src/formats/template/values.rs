//! Between JSON and the values of templates, without losing digits or the order of members.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fieldpost_model::json::{MAX_DEPTH, Value as Json, number, numbers_equal};
use minijinja::Error;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value, ValueKind};

use super::Run;

/// Bytes that a member or an element counts at least.
const ENTRY: usize = 16;

/// The value as templates see it. `missing` is told of names that are asked for and are not there;
/// `numbers` gets the digits of those that machines would write otherwise.
pub(super) fn convert(
    json: &Json<'_>,
    missing: &Arc<Mutex<Option<String>>>,
    numbers: &mut HashMap<u64, String>,
) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(truth) => Value::from(*truth),
        Json::Number(text) => number_of(text, numbers),
        Json::String(text) => Value::from(&**text),
        Json::Array(elements) => {
            let elements = elements.iter().map(|element| convert(element, missing, numbers));
            Value::from(elements.collect::<Vec<_>>())
        }
        Json::Object(members) => {
            let members: Vec<(String, Value)> = members
                .iter()
                .map(|(name, value)| (name.to_string(), convert(value, missing, numbers)))
                .collect();
            let places = members.iter().map(|(name, _)| name.clone()).zip(0..).collect();
            Value::from_object(Members { list: members, places, missing: Arc::clone(missing) })
        }
    }
}

/// A number that can be compared and calculated with, if it means the same to a machine; else its digits.
fn number_of(text: &str, numbers: &mut HashMap<u64, String>) -> Value {
    if let Ok(whole) = text.parse::<i128>()
        && whole.to_string() == text
    {
        return Value::from(whole);
    }
    if let Ok(float) = text.parse::<f64>()
        && float.is_finite()
        && numbers_equal(&float.to_string(), text)
    {
        let value = Value::from(float);
        if value.to_string() != text {
            numbers.entry(float.to_bits()).or_insert_with(|| text.to_owned());
        }
        return value;
    }
    Value::from_object(Digits(text.to_owned()))
}

/// An object with its members in the order in which they were sent.
#[derive(Debug)]
struct Members {
    list: Vec<(String, Value)>,
    places: BTreeMap<String, usize>,
    missing: Arc<Mutex<Option<String>>>,
}

impl Object for Members {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let place = self.places.get(key).and_then(|place| self.list.get(*place));
        if place.is_none() {
            let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
            *missing = Some(key.to_owned());
        }
        place.map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.list.iter().map(|(name, _)| Value::from(&**name)).collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.list.len())
    }
}

/// A number that no machine number is equal to. It can be written, and not calculated with.
#[derive(Debug)]
pub(super) struct Digits(pub(super) String);

impl Object for Digits {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Run {
    /// Writes a value as JSON.
    pub(super) fn write_json(&self, value: &Value, text: &mut String) -> Result<(), Error> {
        self.write_nested(value, text, 0)
    }

    fn write_nested(&self, value: &Value, text: &mut String, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(self.refuse("a list or an object stands too deep in others"));
        }
        self.charge(ENTRY + value.as_str().map_or(0, str::len))?;
        if let Some(digits) = value.downcast_object_ref::<Digits>() {
            text.push_str(&digits.0);
            return Ok(());
        }
        match value.kind() {
            ValueKind::Undefined => {
                return Err(Error::from(minijinja::ErrorKind::UndefinedError));
            }
            ValueKind::None => text.push_str("null"),
            ValueKind::Bool => text.push_str(if value.is_true() { "true" } else { "false" }),
            ValueKind::Number => text.push_str(&self.digits(value)?),
            ValueKind::String => {
                text.push_str(&Json::from(value.as_str().unwrap_or_default()).to_json());
            }
            ValueKind::Map => {
                text.push('{');
                for (place, key) in value.try_iter()?.enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    let name = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                    text.push_str(&Json::from(name).to_json());
                    text.push(':');
                    self.write_nested(&value.get_item(&key)?, text, depth + 1)?;
                }
                text.push('}');
            }
            ValueKind::Seq | ValueKind::Iterable => {
                text.push('[');
                for (place, element) in value.try_iter()?.enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    self.write_nested(&element, text, depth + 1)?;
                }
                text.push(']');
            }
            _ => return Err(self.refuse("something in it is no value of JSON")),
        }
        Ok(())
    }

    /// The digits of a number: as they were sent, or as a machine writes what was calculated.
    fn digits(&self, value: &Value) -> Result<String, Error> {
        if !value.is_integer()
            && let Ok(float) = f64::try_from(value.clone())
            && let Some(digits) = self.numbers.get(&float.to_bits())
        {
            return Ok(digits.clone());
        }
        let written = value.to_string();
        if number::is_number(&written) {
            return Ok(written);
        }
        Err(self.refuse("a number in it is none of JSON's"))
    }
}
