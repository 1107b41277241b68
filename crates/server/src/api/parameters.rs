//! Query parameters, read strictly: a filter with a typing mistake must not turn into no filter.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use fieldpost_model::time::Timestamp;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::IntoParams;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

use crate::problem::Problem;

/// How alike a wrong name must be to a right one for the right one to be suggested.
const ALIKE: f64 = 0.7;
/// Ids that one parameter names at most.
const MOST_IDS: usize = 500;

/// The query parameters of a request. What may stand there is what the API's description lists:
/// all of it is text, and the handler reads it with [`time`], [`id`], [`named`] and [`boolean`],
/// which know how to say what is wrong.
pub(super) struct Parameters<T>(pub(super) T);

/// For addresses that take no parameters.
#[derive(serde::Deserialize, IntoParams)]
pub(super) struct NoParameters {}

impl<T, S> FromRequestParts<S> for Parameters<T>
where
    T: DeserializeOwned + IntoParams,
    S: Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn read<T: DeserializeOwned + IntoParams>(query: &str) -> Result<T, Problem> {
    read_both::<T, NoParameters>(query).map(|(parameters, _)| parameters)
}

/// Reads a query that two sets of parameters make up together.
pub(super) fn read_both<A, B>(query: &str) -> Result<(A, B), Problem>
where
    A: DeserializeOwned + IntoParams,
    B: DeserializeOwned + IntoParams,
{
    let lists: Vec<String> = A::into_params(|| None)
        .into_iter()
        .chain(B::into_params(|| None))
        .filter(|parameter| matches!(parameter.schema, Some(RefOr::T(Schema::Array(_)))))
        .map(|parameter| parameter.name)
        .collect();
    let names = |parameters: Vec<Parameter>| -> Vec<String> {
        parameters.into_iter().map(|parameter| parameter.name).collect()
    };
    let of_the_first = names(A::into_params(|| None));
    let of_the_second = names(B::into_params(|| None));
    let (mut first, mut second) = (Map::new(), Map::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let values = if of_the_first.iter().any(|other| *other == name) {
            &mut first
        } else if of_the_second.iter().any(|other| *other == name) {
            &mut second
        } else {
            return Err(unknown(&name, &[of_the_first, of_the_second].concat()));
        };
        if lists.iter().any(|list| *list == name) {
            let list = values.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(elements) = list {
                elements.push(value.into_owned().into());
            }
            continue;
        }
        if values.insert(name.to_string(), value.into_owned().into()).is_some() {
            let detail = format!("the parameter `{name}` is there more than once");
            return Err(
                Problem::bad_request("repeated-parameter", detail).hint("leave one of them")
            );
        }
    }
    Ok((filled(first)?, filled(second)?))
}

fn filled<T: DeserializeOwned>(values: Map<String, Value>) -> Result<T, Problem> {
    serde_json::from_value(values.into())
        .map_err(|error| Problem::bad_request("bad-parameter", error.to_string()))
}

/// The known name that somebody may have meant.
pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    known
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, nearest)| nearest)
}

fn unknown(name: &str, known: &[String]) -> Problem {
    let nearest = nearest(name, known.iter().map(String::as_str));
    let hint = match nearest {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "this address takes no parameters".to_owned(),
        None => format!("this address takes: {}", known.join(", ")),
    };
    let detail = format!("there is no parameter `{}` here", shortened(name));
    Problem::bad_request("unknown-parameter", detail).hint(hint)
}

/// The most characters of a wrong value that an answer repeats.
const SHOWN_CHARACTERS: usize = 100;

pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.split_at(end).0)),
        None => Cow::Borrowed(text),
    }
}

/// A value that is not what the parameter takes.
pub(super) fn bad(name: &str, value: &str, hint: impl Into<Cow<'static, str>>) -> Problem {
    let detail = format!("`{}` is no value of `{name}`", shortened(value));
    Problem::bad_request("bad-parameter", detail).hint(hint)
}

/// A point in time.
pub(super) fn time(name: &str, value: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let read = |value| {
        Timestamp::parse(value)
            .ok_or_else(|| bad(name, value, "write a time as 2026-01-31T14:02:11Z"))
    };
    value.map(read).transpose()
}

/// An id.
pub(super) fn id(name: &str, value: Option<&str>) -> Result<Option<Uuid>, Problem> {
    let read = |value| {
        Uuid::try_parse(value).map_err(|_| bad(name, value, "an id is a UUID, as lists show it"))
    };
    value.map(read).transpose()
}

/// Ids with commas between them.
pub(super) fn ids(name: &str, value: Option<&str>) -> Result<Vec<Uuid>, Problem> {
    let Some(value) = value else { return Ok(Vec::new()) };
    if value.split(',').count() > MOST_IDS {
        return Err(bad(name, value, format!("at most {MOST_IDS} ids; a filter describes more")));
    }
    value.split(',').map(|each| id(name, Some(each))).filter_map(Result::transpose).collect()
}

/// A member of an enumeration, by its name.
pub(super) fn named<T: Copy>(
    name: &str,
    value: Option<&str>,
    all: &[T],
    name_of: fn(T) -> &'static str,
) -> Result<Option<T>, Problem> {
    let read = |value| {
        all.iter().copied().find(|member| name_of(*member) == value).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|member| name_of(*member)).collect();
            bad(name, value, format!("one of {}", names.join(", ")))
        })
    };
    value.map(read).transpose()
}

/// A switch; absent is off, and its bare name is on.
pub(super) fn boolean(name: &str, value: Option<&str>) -> Result<bool, Problem> {
    match value {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1" | "") => Ok(true),
        Some(other) => Err(bad(name, other, "one of true, false")),
    }
}

/// A switch that leaves open what is meant where it is absent.
pub(super) fn switch(name: &str, value: Option<&str>) -> Result<Option<bool>, Problem> {
    value.map(|text| boolean(name, Some(text))).transpose()
}

/// The id in a path. What is no id is the id of nothing.
pub(super) fn path_id(noun: &str, text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| Problem::not_found(noun, shortened(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize, IntoParams)]
    struct Wanted {
        limit: Option<String>,
        source: Option<String>,
        value: Option<Vec<String>>,
    }

    #[track_caller]
    fn check_refused(query: &str, code: &str, hint: &str) {
        let problem = read::<Wanted>(query).unwrap_err();
        let told = problem.to_value();
        assert_eq!((told["code"].as_str(), told["hint"].as_str()), (Some(code), Some(hint)));
    }

    #[test]
    fn takes_what_is_described() {
        let wanted: Wanted = read("limit=5&source=a%20b").unwrap();
        assert_eq!(wanted.limit.as_deref(), Some("5"));
        assert_eq!(wanted.source.as_deref(), Some("a b"));
        assert!(read::<Wanted>("").unwrap().limit.is_none());
        assert!(wanted.value.is_none());
        let values: Wanted = read("value=a%3D1&source=b&value=c").unwrap();
        assert_eq!(values.value.unwrap(), ["a=1", "c"]);
    }

    #[test]
    fn refuses_what_is_not() {
        check_refused("limt=5", "unknown-parameter", "did you mean `limit`?");
        check_refused("x=5", "unknown-parameter", "this address takes: limit, source, value");
        check_refused("limit=5&limit=6", "repeated-parameter", "leave one of them");
        assert!(read::<NoParameters>("x=1").is_err());
    }

    #[test]
    fn ids_stand_between_commas_up_to_a_bound() {
        let all = |count| vec![Uuid::from_u128(7).to_string(); count].join(",");
        assert_eq!(ids("ids", None).unwrap(), [] as [Uuid; 0]);
        assert_eq!(ids("ids", Some(&all(2))).unwrap(), [Uuid::from_u128(7); 2]);
        assert_eq!(ids("ids", Some(&all(MOST_IDS))).unwrap().len(), MOST_IDS);
        for wrong in ["", "7", &format!("{},", all(1)), &all(MOST_IDS + 1)] {
            let told = ids("ids", Some(wrong)).unwrap_err().to_value();
            assert_eq!(told["code"], "bad-parameter");
        }
    }

    #[test]
    fn switches_are_on_or_off() {
        for (value, expected) in [
            (None, Some(false)),
            (Some(""), Some(true)),
            (Some("1"), Some(true)),
            (Some("x"), None),
        ] {
            assert_eq!(boolean("prune", value).ok(), expected, "{value:?}");
        }
    }
}
