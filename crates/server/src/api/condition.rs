//! Conditions of a change: no two editors overwrite each other without a word.
//!
//! A definition is shown with an `ETag`. Who gives it back in `If-Match` changes nothing but what was
//! seen; who says `If-None-Match: *` makes something new or nothing. The tag is the number of a
//! save: it has nothing of the definition in it, and so no secret.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use fieldpost_engine::Expected;
use http::header::{ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use utoipa::IntoParams;

use super::parameters::shortened;
use crate::problem::Problem;

/// Tags that one condition names at most; nobody has seen more than a few.
const MOST_TAGS: usize = 20;

/// The headers by which a change is made only where it is still wanted.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "this describes the headers; [`Condition`] reads them")]
pub(super) struct Conditions {
    /// The `ETag` of the definition that the change was made in: where somebody else has saved
    /// another one since, the answer is 412 `changed-meanwhile`, and nothing is changed.
    #[param(rename = "if-match", example = "\"17\"")]
    if_match: Option<String>,
    /// `*`: where there is one of that name, the answer is 412 `exists-already`.
    #[param(rename = "if-none-match", example = "*")]
    if_none_match: Option<String>,
}

/// What a request expects to find.
pub(super) struct Condition(pub(super) Expected);

impl<S: Sync> FromRequestParts<S> for Condition {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.headers).map(Self)
    }
}

/// The text of a header, its lines joined.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines: Vec<_> = headers
        .get_all(name)
        .into_iter()
        .map(|it| String::from_utf8_lossy(it.as_bytes()))
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}

fn read(headers: &HeaderMap) -> Result<Expected, Problem> {
    match (text(headers, &IF_MATCH), text(headers, &IF_NONE_MATCH)) {
        (None, None) => Ok(Expected::Anything),
        (Some(tags), None) if tags.trim() == "*" => Ok(Expected::Something),
        (Some(tags), None) => read_tags(&tags),
        (None, Some(tags)) if tags.trim() == "*" => Ok(Expected::Nothing),
        (None, Some(tags)) => Err(bad("if-none-match", &tags, "`*` is what it takes here")),
        (Some(tags), Some(_)) => {
            Err(bad("if-match", &tags, "send either `If-Match` or `If-None-Match`"))
        }
    }
}

/// The versions that the tags stand for. A tag that this hub never gave stands for none.
fn read_tags(text: &str) -> Result<Expected, Problem> {
    let hint = "give back the `ETag` as it came, with its quotation marks";
    let tags: Vec<&str> = text.split(',').map(str::trim).collect();
    if tags.len() > MOST_TAGS {
        return Err(bad("if-match", text, format!("it takes {MOST_TAGS} tags at most")));
    }
    let is_quoted = |tag: &&str| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"')
    };
    if !tags.iter().all(is_quoted) {
        return Err(bad("if-match", text, hint));
    }
    let number = |tag: &str| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
    Ok(Expected::SavedIn(tags.into_iter().filter_map(number).collect()))
}

fn bad(header: &str, value: &str, hint: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    let detail = format!("`{}` is no value of the header `{header}` here", shortened(value));
    Problem::bad_request("bad-condition", detail).hint(hint)
}

/// A definition with the tag of its save.
pub(super) struct Tagged<T>(pub(super) Option<i64>, pub(super) T);

impl<T: IntoResponse> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        let tag = self.0.map(|saved_in| HeaderValue::try_from(format!("\"{saved_in}\"")));
        if let Some(Ok(tag)) = tag {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&HeaderName, &str)], expected: Result<Expected, &str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let read = read(&map).map_err(|problem| problem.to_value()["hint"].clone());
        assert_eq!(read, expected.map_err(serde_json::Value::from), "{headers:?}");
    }

    #[test]
    fn conditions_are_read_strictly() {
        check(&[], Ok(Expected::Anything));
        check(&[(&IF_MATCH, "*")], Ok(Expected::Something));
        check(&[(&IF_MATCH, "\"17\"")], Ok(Expected::SavedIn(vec![17])));
        check(&[(&IF_MATCH, "\"17\", \"18\"")], Ok(Expected::SavedIn(vec![17, 18])));
        let lines = [(&IF_MATCH, "\"17\""), (&IF_MATCH, "\"18\"")];
        check(&lines, Ok(Expected::SavedIn(vec![17, 18])));
        // A weak tag is never what was seen, byte for byte; nor is what nobody gave out.
        check(&[(&IF_MATCH, "W/\"17\"")], Ok(Expected::SavedIn(vec![])));
        check(&[(&IF_MATCH, "\"else\"")], Ok(Expected::SavedIn(vec![])));
        let quotes = "give back the `ETag` as it came, with its quotation marks";
        for wrong in ["17", "\"17", "\"", "", "\"17\",", "*, \"17\""] {
            check(&[(&IF_MATCH, wrong)], Err(quotes));
        }
        check(&[(&IF_NONE_MATCH, "*")], Ok(Expected::Nothing));
        check(&[(&IF_NONE_MATCH, "\"17\"")], Err("`*` is what it takes here"));
        let both = [(&IF_MATCH, "\"17\""), (&IF_NONE_MATCH, "*")];
        check(&both, Err("send either `If-Match` or `If-None-Match`"));
        let most = vec!["\"1\""; MOST_TAGS].join(",");
        check(&[(&IF_MATCH, &most)], Ok(Expected::SavedIn(vec![1; MOST_TAGS])));
        check(&[(&IF_MATCH, &format!("{most},\"1\""))], Err("it takes 20 tags at most"));
    }
}
