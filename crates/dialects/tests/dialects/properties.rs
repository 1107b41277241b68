//! Whatever comes in, `decode` gives an answer, and the answer obeys the rules.

use crate::{is_documented, sample};
use fieldpost_dialects::{Content, MAX_NAME_LENGTH, Received, decode};
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const SAMPLES: [&str; 10] = [
    "commcare-app-id.txt",
    "commcare-case.json",
    "commcare-case.xml",
    "commcare-form.json",
    "commcare-form.xml",
    "commcare-stub.json",
    "kobo-wrapped.json",
    "kobo.json",
    "odk-aggregate.json",
    "wcs.json",
];

/// Pieces that mean something to one of the readers.
const PIECES: [&str; 24] = [
    "<",
    ">",
    "</",
    "/>",
    "<a>",
    "</a>",
    "<!DOCTYPE a>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&amp;",
    "&#x1;",
    "\"",
    "{",
    "}",
    "[",
    ":",
    ",",
    "\\ud800",
    "%",
    "&",
    "\r\n--b\r\n",
    "\u{feff}",
];

fn content_type() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        Just(Some("application/json".to_owned())),
        Just(Some("text/xml; charset=iso-8859-1".to_owned())),
        Just(Some("application/x-www-form-urlencoded".to_owned())),
        Just(Some("multipart/form-data; boundary=b".to_owned())),
        "\\PC*".prop_map(Some),
    ]
}

/// Bytes without sense, pieces with some, and samples with a few bytes or pieces changed.
pub(crate) fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = || select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec());
    let noise = || prop::collection::vec(any::<u8>(), 0..4);
    let edit = (any::<Index>(), any::<Index>(), prop_oneof![piece(), noise()]);
    let edited =
        (select(&SAMPLES[..]), prop::collection::vec(edit, 1..4)).prop_map(|(name, edits)| {
            let mut body = sample(name);
            for (start, length, replacement) in edits {
                let start = start.index(body.len() + 1);
                let end = start + length.index((body.len() - start).min(8) + 1);
                body.splice(start..end, replacement);
            }
            body
        });
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(piece(), 0..20).prop_map(|pieces| pieces.concat()),
        edited,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_body_has_an_answer(content_type in content_type(), body in body()) {
        let received = Received { content_type: content_type.as_deref(), body: &body };
        for dialect in Dialect::ALL {
            match decode(*dialect, &received) {
                Ok(decoded) => {
                    let written = decoded.view.to_json();
                    let again = Value::parse(written.as_bytes());
                    prop_assert_eq!(again.as_ref(), Ok(&decoded.view), "the view is JSON");
                    prop_assert_eq!(decoded.content_hash(&body), decoded.content_hash(&body));
                    prop_assert_eq!(decoded.content == Content::Bytes, *dialect == Dialect::Raw);
                    for id in [&decoded.identity, &decoded.key, &decoded.form].into_iter().flatten() {
                        prop_assert!(!id.is_empty() && id.len() <= MAX_NAME_LENGTH);
                        prop_assert!(!id.chars().any(char::is_control));
                    }
                }
                Err(unreadable) => {
                    let is_kebab = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
                    prop_assert!(unreadable.code.bytes().all(is_kebab), "{}", unreadable.code);
                    prop_assert!(is_documented(unreadable.code), "{}", unreadable.code);
                    prop_assert!(unreadable.reason.chars().count() < 250, "{}", unreadable.reason);
                    prop_assert!(!unreadable.reason.contains('\n'), "{}", unreadable.reason);
                }
            }
        }
    }

    /// Every text survives as an element's and as an attribute's, however it has to be escaped.
    #[test]
    fn texts_survive_xml(text in "[^\\p{Cc}\u{fffe}\u{ffff}]*") {
        let escaped: Vec<String> =
            text.chars().map(|character| format!("&#{};", u32::from(character))).collect();
        let escaped = escaped.concat();
        let body = format!("<a x='{escaped}'><b>{escaped}</b></a>");
        let received = Received { content_type: None, body: body.as_bytes() };
        let view = decode(Dialect::Xml, &received).unwrap().view;
        prop_assert_eq!(view.path(&["a", "@x"]).and_then(Value::as_str), Some(&*text));
        let expected = if text.trim().is_empty() { "" } else { &*text };
        prop_assert_eq!(view.path(&["a", "b"]).and_then(Value::as_str), Some(expected));
    }

    /// Every pair of texts survives a web form.
    #[test]
    fn fields_survive_forms(fields in prop::collection::btree_map("\\PC+", "\\PC*", 0..5)) {
        let escape = |text: &str| {
            text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
        };
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        let body = body.join("&");
        let received = Received {
            content_type: Some("application/x-www-form-urlencoded"),
            body: body.as_bytes(),
        };
        let view = decode(Dialect::Form, &received).unwrap().view;
        let expected = Value::object(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        prop_assert_eq!(view.canonical(), expected.canonical());
    }
}
