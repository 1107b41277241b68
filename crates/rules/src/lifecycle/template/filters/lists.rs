//! Filters of lists and objects, and those that ask whether there is anything.

use fieldpost_model::json::Value as Json;

use super::super::{Datum, Surroundings};
use super::argument_text;

type Filtered = Result<Datum, String>;

/// What a loop goes through: elements, names, letters.
pub(in super::super) fn elements(value: Datum) -> Vec<Datum> {
    match value {
        Datum::List(elements) => elements,
        Datum::Map(members) => members.into_iter().map(|(name, _)| Datum::Text(name)).collect(),
        Datum::Text(text) => text.chars().map(Datum::text).collect(),
        _ => Vec::new(),
    }
}

/// What Python has on objects: `items`, `keys`, `values`.
pub(in super::super) fn called(value: &Datum, name: &str) -> Option<Datum> {
    let Datum::Map(members) = value else { return None };
    let of =
        |part: fn(&(String, Datum)) -> Datum| Some(Datum::List(members.iter().map(part).collect()));
    match name {
        "items" => of(|(name, value)| Datum::List(vec![Datum::text(name.clone()), value.clone()])),
        "keys" => of(|(name, _)| Datum::text(name.clone())),
        "values" => of(|(_, value)| value.clone()),
        _ => None,
    }
}

/// The argument where there is nothing, or what counts as nothing.
pub(super) fn default(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let instead = || argument.cloned().unwrap_or(Datum::Nothing);
    Ok(if value.is_true() { value.clone() } else { instead() })
}

/// The argument where there is nothing.
pub(super) fn default_if_none(
    _: &Surroundings,
    value: &Datum,
    argument: Option<&Datum>,
) -> Filtered {
    let instead = || argument.cloned().unwrap_or(Datum::Nothing);
    Ok(if matches!(value, Datum::Nothing) { instead() } else { value.clone() })
}

/// How many elements, members or letters.
pub(super) fn length(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    let length = match value {
        Datum::List(elements) => elements.len(),
        Datum::Map(members) => members.len(),
        Datum::Text(text) => text.chars().count(),
        _ => 0,
    };
    Ok(Datum::Number(length.to_string()))
}

/// The elements as texts, with the argument between them.
pub(super) fn join(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let Datum::List(elements) = value else { return Ok(value.clone()) };
    let elements: Vec<String> = elements.iter().map(Datum::written).collect();
    Ok(Datum::text(elements.join(&argument_text(argument))))
}

/// The first element, or letter.
pub(super) fn first(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(elements(value.clone()).into_iter().next().unwrap_or_else(|| Datum::text("")))
}

/// The last element, or letter.
pub(super) fn last(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(elements(value.clone()).pop().unwrap_or_else(|| Datum::text("")))
}

/// What stands under a name or at a place.
pub(super) fn get(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    Ok(value.member(&argument_text(argument)).unwrap_or(Datum::Nothing))
}

/// What stands under a name in each element.
pub(super) fn getlist(_: &Surroundings, value: &Datum, argument: Option<&Datum>) -> Filtered {
    let name = argument_text(argument);
    let Datum::List(elements) = value else { return Ok(Datum::List(Vec::new())) };
    let of = |element: &Datum| element.member(&name).unwrap_or(Datum::Nothing);
    Ok(Datum::List(elements.iter().map(of).collect()))
}

/// Whether there is nothing in it.
pub(super) fn is_empty(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(Datum::Truth(match value {
        Datum::Nothing => true,
        Datum::Text(text) => text.trim().is_empty(),
        Datum::List(elements) => elements.is_empty(),
        Datum::Map(members) => members.is_empty(),
        _ => false,
    }))
}

/// A list of what a loop would go through.
pub(super) fn list(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    Ok(Datum::List(elements(value.clone())))
}

/// The value as the text of JSON.
pub(super) fn json_dumps(_: &Surroundings, value: &Datum, _: Option<&Datum>) -> Filtered {
    let json = value.to_json(&mut |file| Json::from(file.filename.clone()));
    Ok(Datum::text(json.to_json()))
}
