//! Answers that are compressed while they are sent, where the client takes that.
//!
//! Only texts are: sheets and files are compressed already, or were sent by people who know. What is there of an
//! answer is sent at once, compressed, so that a list arrives as it is read; an answer that breaks off does so
//! compressed as well, without its end.

use std::io::Write as _;

use axum::body::{Body, BodyDataStream, HttpBody as _};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, stream};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

/// What is shorter grows by it, or nearly.
const SHORTEST: u64 = 1_024;
/// Pieces of an answer are sent when so many bytes of it have gone in, and at the latest with its end: a piece of a
/// few bytes costs as much as one of many.
const AT_ONCE: usize = 16 * 1_024;
/// What texts are, beside `text/…`.
const TEXTS: [&str; 2] = ["application/json", "application/geo+json"];
/// The best there is, and the slowest.
const BEST: u32 = 9;

/// Whether the client takes an encoding: it names it, and not with a weight of nothing.
pub(crate) fn takes(headers: &HeaderMap, encoding: &str) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|choice| {
        let mut parts = choice.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

/// The answer, compressed where it is a text that is long enough and the client takes it. Level 0 is never.
pub(crate) fn answer(asked: &HeaderMap, level: u32, response: Response) -> Response {
    if level == 0 || !is_text(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Another client gets another answer to the same request.
    parts.headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    let is_short = body.size_hint().exact().is_some_and(|bytes| bytes < SHORTEST);
    let is_whole = parts.status == StatusCode::OK && !parts.headers.contains_key(CONTENT_ENCODING);
    if is_short || !is_whole || !takes(asked, "gzip") {
        return Response::from_parts(parts, body);
    }
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(parts, compressed(body, level.min(BEST)))
}

fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/") || TEXTS.contains(&kind)
}

struct Compressing {
    body: BodyDataStream,
    encoder: Option<GzEncoder<Vec<u8>>>,
}

fn compressed(body: Body, level: u32) -> Body {
    let encoder = Some(GzEncoder::new(Vec::new(), Compression::new(level)));
    let compressing = Compressing { body: body.into_data_stream(), encoder };
    Body::from_stream(stream::try_unfold(compressing, |mut compressing| async move {
        let next = compressing.next().await?;
        Ok::<_, axum::Error>(next.map(|bytes| (bytes, compressing)))
    }))
}

impl Compressing {
    async fn next(&mut self) -> Result<Option<Bytes>, axum::Error> {
        let Some(mut encoder) = self.encoder.take() else { return Ok(None) };
        let mut taken = 0;
        while taken < AT_ONCE {
            let Some(piece) = self.body.next().await.transpose()? else {
                return encoder.finish().map(|rest| Some(rest.into())).map_err(axum::Error::new);
            };
            taken += piece.len();
            encoder.write_all(&piece).map_err(axum::Error::new)?;
        }
        encoder.flush().map_err(axum::Error::new)?;
        let ready = std::mem::take(encoder.get_mut());
        self.encoder = Some(encoder);
        Ok(Some(ready.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use http_body_util::BodyExt as _;

    use super::*;

    const LONG: usize = 100_000;

    fn text(length: usize) -> String {
        "[{\"id\":1},{\"id\":22}]".chars().cycle().take(length).collect()
    }

    fn answered(kind: &'static str, length: usize, accepted: &str, level: u32) -> Response {
        let mut asked = HeaderMap::new();
        asked.insert(ACCEPT_ENCODING, accepted.parse().unwrap());
        let mut response = Response::new(Body::from(text(length)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        answer(&asked, level, response)
    }

    #[expect(clippy::disallowed_methods, reason = "it undoes what was made here")]
    fn undone(bytes: &[u8]) -> GzDecoder<&[u8]> {
        GzDecoder::new(bytes)
    }

    #[tokio::test]
    async fn texts_are_compressed_for_those_who_take_it() {
        for (kind, length, accepted, level, expected) in [
            ("application/json", LONG, "gzip", 1, true),
            ("application/json", LONG, "br;q=1, gzip;q=0.5", 9, true),
            ("text/csv; charset=utf-8", LONG, "gzip", 1, true),
            ("application/geo+json", LONG, "gzip", 99, true),
            ("application/json", 1_024, "gzip", 1, true),
            ("application/json", 1_023, "gzip", 1, false),
            ("application/json", LONG, "br", 1, false),
            ("application/json", LONG, "gzip;q=0", 1, false),
            ("application/json", LONG, "gzip", 0, false),
            ("application/vnd.oasis.opendocument.spreadsheet", LONG, "gzip", 1, false),
        ] {
            let response = answered(kind, length, accepted, level);
            let case = format!("{kind} {length} {accepted} {level}");
            let is_compressed = response.headers().contains_key(CONTENT_ENCODING);
            assert_eq!(is_compressed, expected, "{case}");
            assert_eq!(!response.headers().contains_key(CONTENT_LENGTH), expected, "{case}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let mut read = String::new();
            if is_compressed {
                assert!(body.len() < length, "{case}");
                undone(&body).read_to_string(&mut read).unwrap();
            } else {
                read = String::from_utf8(body.to_vec()).unwrap();
            }
            assert_eq!(read, text(length), "{case}");
        }
    }

    #[tokio::test]
    async fn what_is_there_is_sent_before_the_rest_is_read() {
        let first = stream::iter([Ok::<_, std::io::Error>(text(AT_ONCE))]);
        let mut body = compressed(Body::from_stream(first.chain(stream::pending())), 1);
        let piece = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let mut read = vec![0; AT_ONCE];
        undone(&piece).read_exact(&mut read).unwrap();
        assert_eq!(String::from_utf8(read).unwrap(), text(AT_ONCE));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_has_no_end() {
        let pieces = [Ok(text(LONG)), Err(std::io::Error::other("gone"))];
        let body = compressed(Body::from_stream(stream::iter(pieces)), 1);
        assert!(body.collect().await.is_err());
    }
}
