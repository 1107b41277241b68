//! What is kept of the answer to a call: each variable, each kind of error, each summary.

use fieldpost_dialects::wcs::Tz;
use fieldpost_dialects::wcs::answer::{Answer, ErrorKind, Kept, Outcome, error_part, read};
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::{Call, CallMethod, CallResponse};
use fieldpost_model::progress::{MAX_CALL_ERROR_BYTES, Part};

use super::time;

const JSON: Option<&str> = Some("application/json");

fn call() -> Call {
    Call { name: Some("v".to_owned()), ..Call::new("there") }
}

fn answer(status: u16, body: &[u8]) -> Answer<'_> {
    Answer { status, reason: "", content_type: JSON, disposition: None, error_code: None, body }
}

fn kept(call: &Call, answer: &Answer<'_>) -> Kept {
    read(call, Outcome::Answered(answer), time("2026-01-01T00:00:00.500Z"), Tz::Europe__Paris)
}

/// What is stored, but for the time.
fn stored(kept: &Kept) -> String {
    let data = kept.data.iter().filter(|(name, _)| name != "v_time");
    Value::object(data.cloned()).to_json()
}

#[test]
fn each_outcome_is_stored_under_its_variables() {
    let header = |code| Answer { error_code: Some(code), ..answer(200, b"{}") };
    for (answer, data, errors, summary) in [
        (
            answer(200, br#"{"a":1.50}"#),
            r#"{"v_status":200,"v_app_error_code":0,"v_response":{"a":1.50}}"#,
            &[][..],
            None,
        ),
        (answer(204, b""), r#"{"v_status":204,"v_app_error_code":0}"#, &[], None),
        (answer(205, br#"{"a":1}"#), r#"{"v_status":205,"v_app_error_code":0}"#, &[], None),
        (
            answer(200, br#"{"err":1,"err_desc":"some error"}"#),
            r#"{"v_status":200,"v_app_error_code":1,"v_error_response":{"err":1,"err_desc":"some error"}}"#,
            &[ErrorKind::App],
            Some("err: 1, err_desc: some error"),
        ),
        (
            answer(200, br#"{"err":"bug"}"#),
            r#"{"v_status":200,"v_app_error_code":"bug","v_error_response":{"err":"bug"}}"#,
            &[ErrorKind::App],
            Some("err: bug"),
        ),
        (
            answer(200, br#"{"err":"0"}"#),
            r#"{"v_status":200,"v_app_error_code":0,"v_response":{"err":"0"}}"#,
            &[],
            None,
        ),
        (
            answer(200, br#"{"err":null}"#),
            r#"{"v_status":200,"v_app_error_code":0,"v_response":{"err":null}}"#,
            &[],
            None,
        ),
        (
            header("7"),
            r#"{"v_status":200,"v_app_error_code":7,"v_app_error_header":"7","v_error_response":{}}"#,
            &[ErrorKind::App],
            Some("err: 7"),
        ),
        (
            header("0"),
            r#"{"v_status":200,"v_app_error_code":0,"v_app_error_header":"0","v_response":{}}"#,
            &[],
            None,
        ),
        (
            answer(404, br#"{"err":1,"err_desc":"gone"}"#),
            r#"{"v_status":404,"v_app_error_code":1,"v_error_response":{"err":1,"err_desc":"gone"}}"#,
            &[ErrorKind::App, ErrorKind::Client],
            Some("404 Not Found (err_desc: gone)"),
        ),
        (
            answer(404, b"test bytes"),
            r#"{"v_status":404,"v_app_error_code":0}"#,
            &[ErrorKind::Client],
            Some("404 Not Found"),
        ),
        (
            Answer { reason: "Teapot", ..answer(418, b"") },
            r#"{"v_status":418,"v_app_error_code":0}"#,
            &[ErrorKind::Client],
            Some("418 Teapot"),
        ),
        (
            answer(503, b"\xf1"),
            r#"{"v_status":503,"v_app_error_code":0}"#,
            &[ErrorKind::Server],
            Some("503 Service Unavailable"),
        ),
        (answer(302, b""), r#"{"v_status":302,"v_app_error_code":0}"#, &[], None),
    ] {
        let kept = kept(&call(), &answer);
        assert_eq!(stored(&kept), data);
        assert_eq!(kept.errors, errors, "{data}");
        assert_eq!(kept.summary.as_deref(), summary, "{data}");
        assert_eq!(kept.data[0].0, "v_time");
        assert_eq!(kept.data[0].1.as_str(), Some("2026-01-01T01:00:00.500000"));
    }
}

#[test]
fn what_is_no_json_is_told() {
    let kept = kept(&call(), &answer(200, b"<html>"));
    assert_eq!(stored(&kept), r#"{"v_status":200,"v_app_error_code":0}"#);
    assert_eq!(kept.errors, [ErrorKind::BadData]);
    assert!(kept.summary.unwrap().starts_with("JSONDecodeError: "));
    let nobody_asks = Call { name: None, ..call() };
    let kept = super::answers::kept(&nobody_asks, &answer(200, b"<html>"));
    assert_eq!((kept.errors, kept.data), (Vec::new(), Vec::new()));
}

#[test]
fn what_never_came_is_told() {
    let at = time("2026-01-01T00:00:00Z");
    let kept = read(&call(), Outcome::Unreached("refused"), at, Tz::UTC);
    assert_eq!(stored(&kept), r#"{"v_connection_error":"refused"}"#);
    assert_eq!(kept.errors, [ErrorKind::Network]);
    let kept = read(&call(), Outcome::NoPayload("gap"), at, Tz::UTC);
    assert_eq!(stored(&kept), r#"{"v_payload_error":"gap"}"#);
    assert_eq!(kept.errors, [ErrorKind::Payload]);
    assert_eq!(kept.data[0].1.as_str(), Some("2026-01-01T00:00:00"));
}

#[test]
fn a_post_can_be_answered_with_the_public_number() {
    for (method, body, expected) in [
        (CallMethod::Post, r#"{"display_id":"A-1"}"#, Some("A-1")),
        (CallMethod::Post, r#"{"data":{"display_id":"A-2"},"display_id":"A-1"}"#, Some("A-2")),
        (CallMethod::Post, r#"{"data":{"display_id":""},"display_id":7}"#, Some("7")),
        (CallMethod::Post, r#"{"data":[]}"#, None),
        (CallMethod::Post, r#"{"err":1,"display_id":"A-1"}"#, None),
        (CallMethod::Put, r#"{"display_id":"A-1"}"#, None),
        (CallMethod::Get, r#"{"data":{"display_id":"A-1"}}"#, None),
    ] {
        let call = Call { method, ..call() };
        let kept = kept(&call, &answer(200, body.as_bytes()));
        assert_eq!(kept.display_id.as_deref(), expected, "{body}");
    }
}

#[test]
fn an_answer_can_be_a_file() {
    let call = Call { response: CallResponse::Attachment, ..call() };
    for (disposition, content_type, name) in [
        (None, "application/pdf", "v.pdf"),
        (Some("attachment; filename=\"letter.pdf\""), "application/pdf", "letter.pdf"),
        (Some("attachment; filename=../../x.pdf; a=b"), "application/pdf", "x.pdf"),
        (Some("attachment; filename=\"..\""), "text/plain; charset=utf-8", "v.txt"),
        (None, "application/x-unknown", "v"),
    ] {
        // What a file says in `err` is its own affair.
        let body = br#"{"err":1}"#;
        let answer = Answer { disposition, content_type: Some(content_type), ..answer(200, body) };
        let kept = kept(&call, &answer);
        let file = kept.file.clone().unwrap();
        assert_eq!(file.name, name);
        let kind = content_type.split(';').next().unwrap();
        assert_eq!(file.content_type, kind);
        assert_eq!(
            stored(&kept),
            format!(
                r#"{{"v_status":200,"v_app_error_code":0,"v_content_type":"{kind}","v_length":9}}"#
            )
        );
        assert!(kept.errors.is_empty());
    }
    let refused = Answer { error_code: Some("3"), ..answer(200, b"x") };
    let kept = kept(&call, &refused);
    assert_eq!((kept.errors, kept.file), (vec![ErrorKind::App], None));
}

#[test]
fn the_history_keeps_the_beginning_of_a_failed_answer() {
    let call = Call { label: "Register".to_owned(), ..call() };
    let part = |body: &[u8]| {
        let kept = kept(&call, &answer(500, body));
        match error_part(&call, &kept, body, None) {
            Some(Part::CallError { summary, label, data, .. }) => {
                assert_eq!(summary, "500 Internal Server Error");
                assert_eq!(label.as_deref(), Some("Register"));
                data
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(part(b"short"), b"short");
    assert_eq!(part(&[b'x'; MAX_CALL_ERROR_BYTES + 1]).len(), MAX_CALL_ERROR_BYTES);
    let wide = "é".repeat(MAX_CALL_ERROR_BYTES);
    let odd = format!("x{wide}");
    assert_eq!(part(odd.as_bytes()).len(), MAX_CALL_ERROR_BYTES - 1);
    assert!(std::str::from_utf8(&part(odd.as_bytes())).is_ok());
    assert_eq!(part(&[0xf1; MAX_CALL_ERROR_BYTES + 5]).len(), MAX_CALL_ERROR_BYTES);
    let fine = kept(&call, &answer(200, b"{}"));
    assert_eq!(error_part(&call, &fine, b"{}", None), None);
}
