//! From bytes to text: content types, byte order marks and encodings.
//!
//! Everything modern is UTF-8. What claims or shows another encoding is refused by name rather
//! than guessed at, with one exception: ISO-8859-1 in XML, which old systems still declare and
//! which maps to Unicode one to one.

use std::borrow::Cow;

use crate::unreadable::excerpt;
use crate::{Received, Unreadable};

/// How far into a document its XML declaration is looked for, in bytes.
const DECLARATION_LENGTH: usize = 256;

const UTF_8_BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The content type without its parameters, in lower case.
pub(crate) fn media_type(content_type: Option<&str>) -> Option<String> {
    let essence = content_type?.split(';').next()?.trim();
    (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
}

/// Whether the body's first character says that it is XML.
pub(crate) fn looks_like_xml(body: &[u8]) -> bool {
    without_byte_order_mark(body).trim_ascii_start().starts_with(b"<")
}

/// The body as text, for dialects that are always UTF-8.
pub(crate) fn utf_8<'a>(
    received: &Received<'a>,
    code: &'static str,
) -> Result<&'a str, Unreadable> {
    refuse_utf_16(received.body, code)?;
    let body = without_byte_order_mark(received.body);
    if let Some(name) = charset(received.content_type)
        && encoding_of(name, body) != Encoding::Utf8
    {
        return Err(unsupported(name, code));
    }
    from_utf_8(body, code)
}

/// The body as text, for XML: the charset parameter counts before the XML declaration.
pub(crate) fn xml<'a>(received: &Received<'a>) -> Result<Cow<'a, str>, Unreadable> {
    let code = "xml-encoding";
    refuse_utf_16(received.body, code)?;
    let body = without_byte_order_mark(received.body);
    let marked = body.len() != received.body.len();
    let named = charset(received.content_type).or_else(|| declared_encoding(body));
    match named {
        Some(name) if !marked => match encoding_of(name, body) {
            Encoding::Utf8 => from_utf_8(body, code).map(Cow::Borrowed),
            Encoding::Latin1 => Ok(body.iter().copied().map(char::from).collect()),
            Encoding::Other => Err(unsupported(name, code)),
        },
        _ => from_utf_8(body, code).map(Cow::Borrowed),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Latin1,
    Other,
}

/// What a body in the encoding of that name has to be read as. A body of nothing but ASCII is the
/// same in all the one-byte encodings of the West, and so in UTF-8.
fn encoding_of(name: &str, body: &[u8]) -> Encoding {
    let name = name.to_ascii_lowercase();
    let extends_ascii = ["iso-8859-", "windows-125", "latin"].iter().any(|s| name.starts_with(s));
    match name.as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Encoding::Utf8,
        _ if extends_ascii && body.is_ascii() => Encoding::Utf8,
        "iso-8859-1" | "latin1" => Encoding::Latin1,
        _ => Encoding::Other,
    }
}

fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(UTF_8_BYTE_ORDER_MARK).unwrap_or(body)
}

/// UTF-16 shows itself: by its byte order mark, or by the zero beside its first character, which
/// in JSON, XML and forms is always an ASCII one.
fn refuse_utf_16(body: &[u8], code: &'static str) -> Result<(), Unreadable> {
    match body {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..] => {
            Err(unsupported("UTF-16", code))
        }
        _ => Ok(()),
    }
}

fn from_utf_8<'a>(body: &'a [u8], code: &'static str) -> Result<&'a str, Unreadable> {
    std::str::from_utf8(body).map_err(|error| {
        Unreadable::new(
            code,
            format!(
                "The body is not UTF-8: byte {} cannot stand there. It may be ISO-8859-1 or \
                 windows-1252; let the sender write UTF-8.",
                error.valid_up_to() + 1
            ),
        )
    })
}

fn unsupported(name: &str, code: &'static str) -> Unreadable {
    Unreadable::new(
        code,
        format!("The body is in the encoding {:?}; let the sender write UTF-8.", excerpt(name)),
    )
}

/// The value of the content type's `charset` parameter.
fn charset(content_type: Option<&str>) -> Option<&str> {
    content_type?.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    })
}

/// The encoding that an XML declaration at the very beginning names.
fn declared_encoding(body: &[u8]) -> Option<&str> {
    let beginning = body.get(..body.len().min(DECLARATION_LENGTH))?;
    let length = beginning.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(beginning.get(..length)?).ok()?;
    let (_, rest) = declaration.strip_prefix("<?xml")?.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest.strip_prefix(quote)?.split_once(quote).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_utf_8(content_type: Option<&str>, body: &[u8], expected: Result<&str, &str>) {
        let text = utf_8(&Received { content_type, body }, "json-encoding");
        match expected {
            Ok(expected) => assert_eq!(text.as_deref(), Ok(expected)),
            Err(named) => {
                let error = text.unwrap_err();
                assert_eq!(error.code, "json-encoding");
                assert!(error.reason.contains(named), "{} lacks {named}", error.reason);
            }
        }
    }

    #[test]
    fn utf_8_is_taken_and_everything_else_is_named() {
        check_utf_8(None, b"{}", Ok("{}"));
        check_utf_8(None, b"\xEF\xBB\xBF{}", Ok("{}"));
        check_utf_8(Some("application/json; charset=utf-8"), "é".as_bytes(), Ok("é"));
        check_utf_8(Some("application/json; Charset=\"UTF-8\""), "é".as_bytes(), Ok("é"));
        check_utf_8(Some("text/plain; charset=ISO-8859-1"), b"{}", Ok("{}"));
        check_utf_8(Some("text/plain; charset=ISO-8859-1"), b"\"\xE9\"", Err("ISO-8859-1"));
        check_utf_8(Some("text/plain; charset=utf-16"), b"{}", Err("utf-16"));
        check_utf_8(None, b"\"\xE9\"", Err("byte 2"));
        check_utf_8(None, b"\xFF\xFE{\0}\0", Err("UTF-16"));
        check_utf_8(None, b"\xFE\xFF\0{\0}", Err("UTF-16"));
        check_utf_8(None, b"{\0}\0", Err("UTF-16"));
        check_utf_8(None, b"\0{\0}", Err("UTF-16"));
    }

    #[track_caller]
    fn check_xml(content_type: Option<&str>, body: &[u8], expected: Result<&str, &str>) {
        let text = xml(&Received { content_type, body });
        match expected {
            Ok(expected) => assert_eq!(text.as_deref(), Ok(expected)),
            Err(named) => {
                let error = text.unwrap_err();
                assert_eq!(error.code, "xml-encoding");
                assert!(error.reason.contains(named), "{} lacks {named}", error.reason);
            }
        }
    }

    #[test]
    fn xml_may_declare_latin_1() {
        let latin = b"<?xml version='1.0' encoding = \"iso-8859-1\"?><a>\xE9</a>";
        let read = "<?xml version='1.0' encoding = \"iso-8859-1\"?><a>é</a>";
        check_xml(None, latin, Ok(read));
        check_xml(Some("text/xml; charset=UTF-8"), latin, Err("byte 49"));
        check_xml(Some("text/xml; charset=iso-8859-1"), b"<a>\xE9</a>", Ok("<a>é</a>"));
        check_xml(
            None,
            "<?xml encoding='UTF-8'?><a>é</a>".as_bytes(),
            Ok("<?xml encoding='UTF-8'?><a>é</a>"),
        );
        check_xml(
            None,
            b"<?xml encoding='windows-1252'?><a/>",
            Ok("<?xml encoding='windows-1252'?><a/>"),
        );
        check_xml(None, b"<?xml encoding='windows-1252'?><a>\x80</a>", Err("windows-1252"));
        check_xml(None, b"<?xml encoding='shift_jis'?><a/>", Err("shift_jis"));
        check_xml(None, b"<\0a\0/\0>\0", Err("UTF-16"));
        check_xml(None, b"<a>\xE9</a>", Err("byte 4"));
    }

    #[test]
    fn media_types_lose_their_parameters() {
        assert_eq!(media_type(Some("Text/XML; charset=utf-8")).as_deref(), Some("text/xml"));
        assert_eq!(media_type(Some(" ; x=y")), None);
        assert_eq!(media_type(None), None);
    }
}
