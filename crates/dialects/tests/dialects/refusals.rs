//! Bodies that are hostile or broken, for every dialect that reads them: a code, never a panic.

use crate::{is_documented, sample};
use fieldpost_dialects::{Decoded, Received, Unreadable, decode};
use fieldpost_model::source::Dialect;

const JSON_DIALECTS: [Dialect; 8] = [
    Dialect::Json,
    Dialect::Kobo,
    Dialect::OdkAggregate,
    Dialect::OdkCentral,
    Dialect::Commcare,
    Dialect::CommcareForm,
    Dialect::CommcareCase,
    Dialect::Wcs,
];

const XML_DIALECTS: [Dialect; 6] = [
    Dialect::Xml,
    Dialect::Kobo,
    Dialect::Commcare,
    Dialect::CommcareForm,
    Dialect::CommcareCase,
    Dialect::Openrosa,
];

fn read<'a>(
    dialect: Dialect,
    content_type: Option<&'a str>,
    body: &'a [u8],
) -> Result<Decoded<'a>, Unreadable> {
    decode(dialect, &Received { content_type, body })
}

#[track_caller]
fn check(dialects: &[Dialect], body: &[u8], code: &str) {
    assert!(is_documented(code), "{code}");
    for dialect in dialects {
        assert_eq!(read(*dialect, None, body).unwrap_err().code, code, "{dialect}");
    }
}

#[test]
fn bad_json_is_refused_by_all_who_read_json() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    check(&JSON_DIALECTS, b"", "json-empty");
    check(&JSON_DIALECTS, b"\xEF\xBB\xBF \n", "json-empty");
    check(&JSON_DIALECTS, b"{\"a\":1", "json-syntax");
    check(&JSON_DIALECTS, b"{\"a\":1}}", "json-trailing");
    check(&JSON_DIALECTS, nested(128).as_bytes(), "json-depth");
    check(&JSON_DIALECTS, nested(1_000_000).as_bytes(), "json-depth");
    check(&JSON_DIALECTS, br#"{"a":"\ud800"}"#, "json-surrogate");
    check(&JSON_DIALECTS, b"{\"a\":\"\xE9\"}", "json-encoding");
    check(&JSON_DIALECTS, b"\xFF\xFE{\0}\0", "json-encoding");
    assert!(read(Dialect::Json, None, nested(127).as_bytes()).is_ok());
}

#[test]
fn bad_xml_is_refused_by_all_who_read_xml() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    check(&XML_DIALECTS, b"<a><b></a>", "xml-syntax");
    check(&XML_DIALECTS, b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///x'>]><a>&x;</a>", "xml-doctype");
    check(&XML_DIALECTS, b"<a>&x;</a>", "xml-entity");
    check(&XML_DIALECTS, nested(129).as_bytes(), "xml-depth");
    check(&XML_DIALECTS, b"<a>\xE9</a>", "xml-encoding");
    check(&XML_DIALECTS, b"<?xml version='1.0' encoding='EUC-JP'?><a/>", "xml-encoding");
}

#[test]
fn encodings_are_named() {
    let utf_16: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = read(Dialect::Json, Some("application/json"), &utf_16).unwrap_err();
    assert!(error.reason.contains("UTF-16"), "{}", error.reason);

    let latin = Some("application/json; charset=ISO-8859-1");
    let error = read(Dialect::Json, latin, b"{\"a\":\"\xE9\"}").unwrap_err();
    assert!(error.reason.contains("ISO-8859-1"), "{}", error.reason);

    let body = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>";
    let decoded = read(Dialect::Xml, None, body).unwrap();
    assert_eq!(decoded.view.to_json(), r#"{"a":"é"}"#);
}

#[test]
fn raw_takes_everything() {
    assert_eq!(read(Dialect::Raw, None, b"").unwrap().view.as_str(), Some(""));
    assert_eq!(read(Dialect::Raw, None, "é".as_bytes()).unwrap().view.as_str(), Some("é"));
    assert!(read(Dialect::Raw, None, b"\xFF\xFE").unwrap().view.is_null());
}

#[test]
fn json_takes_scalars_whatever_the_content_type() {
    for body in ["1", "null", "true", "\"a\"", "[]", "{}", "\u{feff}{}", " 1.10 "] {
        for content_type in [None, Some("text/xml"), Some("application/x-www-form-urlencoded")] {
            let decoded = read(Dialect::Json, content_type, body.as_bytes()).unwrap();
            let text = body.trim_start_matches('\u{feff}').trim();
            assert_eq!(decoded.view.to_json(), text);
            assert_eq!((decoded.identity, decoded.key, decoded.form), (None, None, None));
        }
    }
}

/// A sender can put anything into an id; what comes out can be stored and compared.
#[test]
fn names_that_no_store_takes_become_digests() {
    for id in ["x".repeat(5_000_000), "a\\u0000b".to_owned()] {
        for (dialect, body) in [
            (Dialect::Kobo, format!(r#"{{"_uuid":"{id}","_xform_id_string":"{id}"}}"#)),
            (Dialect::OdkAggregate, format!(r#"{{"formId":"{id}","data":[]}}"#)),
            (Dialect::Wcs, format!(r#"{{"id":"{id}"}}"#)),
            (Dialect::Commcare, format!(r#"{{"case_id":"{id}","properties":{{}}}}"#)),
            (Dialect::Commcare, format!(r#"{{"id":"{id}","form":{{"@xmlns":"{id}"}}}}"#)),
            (Dialect::Commcare, format!(r#"{{"form_id":"{id}","case_ids":[]}}"#)),
        ] {
            let decoded = read(dialect, None, body.as_bytes()).unwrap();
            let names = [decoded.identity, decoded.key, decoded.form];
            assert!(names.iter().any(Option::is_some), "{dialect}");
            for name in names.into_iter().flatten() {
                assert!(name.starts_with("sha256:"), "{dialect}: {name:.100}");
            }
        }
    }
}

/// Senders break off; half a sample must never pass for a whole one.
#[test]
fn truncated_samples_are_refused() {
    for (dialect, name) in [
        (Dialect::Kobo, "kobo.json"),
        (Dialect::Kobo, "kobo-wrapped.json"),
        (Dialect::OdkAggregate, "odk-aggregate.json"),
        (Dialect::Wcs, "wcs.json"),
        (Dialect::Commcare, "commcare-form.xml"),
        (Dialect::Commcare, "commcare-form.json"),
        (Dialect::Commcare, "commcare-case.xml"),
        (Dialect::Commcare, "commcare-case.json"),
        (Dialect::Commcare, "commcare-stub.json"),
        (Dialect::Commcare, "commcare-app-id.txt"),
    ] {
        let body = sample(name);
        for length in 0..body.trim_ascii_end().len() {
            let error = read(dialect, None, &body[..length]);
            assert!(error.is_err(), "{name} passes with {length} bytes");
        }
    }
}
