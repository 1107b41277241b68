//! What CommCare forwards beyond the samples, and what it does not.

use crate::{is_documented, json, sample};
use fieldpost_dialects::{Decoded, Received, Shape, Unreadable, decode};
use fieldpost_model::source::Dialect;

fn commcare(dialect: Dialect, body: &str) -> Result<Decoded<'_>, Unreadable> {
    decode(dialect, &Received { content_type: None, body: body.as_bytes() })
}

#[track_caller]
fn check(body: &str, shape: Shape, key: Option<&str>, view: &str) {
    let decoded = commcare(Dialect::Commcare, body).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(decoded.shape, shape, "{body}");
    assert_eq!(decoded.key.as_deref(), key, "{body}");
    assert_eq!(decoded.view.canonical(), json(view.as_bytes()).canonical(), "{body}");
}

#[test]
fn a_whole_case_block_becomes_case_json() {
    check(
        r#"<case case_id="c1" date_modified="2020-01-02T03:04:05Z" user_id="u1"
              xmlns="http://commcarehq.org/case/transaction/v2">
             <create><case_type>child</case_type><case_name>A</case_name><owner_id/></create>
             <update><external_id>x</external_id><case_name>B</case_name><note a="1">t</note></update>
             <update><age>7</age></update>
             <index><parent case_type="household">h1</parent>
                    <host case_type="h" relationship="extension">h2</host>
                    <gone case_type="h"/></index>
             <attachment><photo src="https://x.example/p.jpg" from="remote"/><lost/></attachment>
             <close/>
           </case>"#,
        Shape::Case,
        Some("c1"),
        r##"{"case_id":"c1","user_id":"u1","date_modified":"2020-01-02T03:04:05Z","closed":true,
             "properties":{"case_type":"child","case_name":"B","owner_id":"","external_id":"x",
               "note":{"@a":"1","#text":"t"},"age":"7"},
             "indices":{"parent":{"case_id":"h1","case_type":"household","relationship":"child"},
               "host":{"case_id":"h2","case_type":"h","relationship":"extension"}},
             "attachments":{"photo":{"url":"https://x.example/p.jpg"}}}"##,
    );
}

#[test]
fn a_closed_case_may_be_just_a_close_block() {
    check(
        r#"<n:case case_id="c1" xmlns:n="http://commcarehq.org/case/transaction/v2"><n:close/></n:case>"#,
        Shape::Case,
        Some("c1"),
        r#"{"case_id":"c1","closed":true,"properties":{},"indices":{}}"#,
    );
}

#[test]
fn case_blocks_of_version_1_are_read() {
    check(
        "<case><case_id>c1</case_id><date_modified>2020-01-02</date_modified>
           <create><case_type_id>child</case_type_id><user_id>u1</user_id>
             <case_name>A</case_name><external_id/></create>
           <update><owner_id>o1</owner_id></update></case>",
        Shape::Case,
        Some("c1"),
        r#"{"case_id":"c1","user_id":"u1","date_modified":"2020-01-02","closed":false,
            "properties":{"case_type":"child","case_name":"A","external_id":"","owner_id":"o1"},
            "indices":{}}"#,
    );
}

#[test]
fn each_state_of_a_case_has_its_own_identity() {
    let identity = |modified: &str, name: &str| {
        let body = format!(
            "<case case_id='c1' date_modified='{modified}'><update><name>{name}</name></update></case>"
        );
        commcare(Dialect::CommcareCase, &body).unwrap().identity.unwrap()
    };
    let first = identity("2020", "A");
    assert!(first.starts_with("c1/2020/"), "{first}");
    assert_eq!(first, identity("2020", "A"));
    assert_ne!(first, identity("2021", "A"));
    assert_ne!(first, identity("2020", "B"));
}

#[test]
fn any_xml_with_an_instance_id_is_a_form() {
    check(
        r#"<survey id="s1" version="3"><q>1</q><orx:meta xmlns:orx="http://openrosa.org/xforms">
             <orx:instanceID>uuid:19d7</orx:instanceID></orx:meta></survey>"#,
        Shape::Form,
        Some("uuid:19d7"),
        r##"{"id":"uuid:19d7","type":"survey","version":"3","metadata":{"instanceID":"uuid:19d7"},
             "form":{"#type":"survey","@id":"s1","@version":"3","q":"1",
               "meta":{"@xmlns":"http://openrosa.org/xforms","instanceID":"uuid:19d7"}}}"##,
    );
    check(
        "<d><meta><q>1</q></meta><meta><instanceID>i</instanceID></meta></d>",
        Shape::Form,
        Some("i"),
        r##"{"id":"i","type":"d","metadata":{"instanceID":"i"},
             "form":{"#type":"d","meta":[{"q":"1"},{"instanceID":"i"}]}}"##,
    );
}

#[test]
fn forms_are_known_by_their_namespace_too() {
    for name in ["http://openrosa.org/formdesigner/F7", "http://code.javarosa.org/devicereport"] {
        let body = format!("<report xmlns='{name}'><q>1</q></report>");
        let view = format!(
            r##"{{"type":"report","form":{{"#type":"report","@xmlns":"{name}","q":"1"}}}}"##
        );
        check(&body, Shape::Form, None, &view);
        let decoded = commcare(Dialect::CommcareForm, &body).unwrap();
        assert_eq!((decoded.identity, decoded.form.as_deref()), (None, Some(name)));
    }
}

#[test]
fn form_json_has_its_id_in_one_of_three_places() {
    for body in [
        r#"{"id":"f1","form":{}}"#,
        r#"{"metadata":{"instanceID":"f1"},"form":{}}"#,
        r#"{"metadata":{},"form":{"meta":{"instanceID":"f1"}}}"#,
    ] {
        check(body, Shape::Form, Some("f1"), body);
    }
    check(r#"{"metadata":{},"form":{}}"#, Shape::Form, None, r#"{"metadata":{},"form":{}}"#);
}

#[test]
fn stubs_need_a_form_and_its_cases_or_its_time() {
    for body in [
        r#"{"form_id":"f1","case_ids":[]}"#,
        r#"{"form_id":"f1","received_on":"2015-04-17T20:14:34.046462Z"}"#,
    ] {
        check(body, Shape::FormStub, Some("f1"), body);
    }
}

#[test]
fn application_ids_may_be_quoted_and_spaced() {
    let id = "193b28e58f335f165cb3e2bbe02b3ed8";
    let view = format!(r#"{{"app_id":"{id}"}}"#);
    for body in [id.to_owned(), format!("\"{id}\""), format!(" {id}\r\n"), format!("\u{feff}{id}")]
    {
        check(&body, Shape::AppSchema, Some(id), &view);
    }
}

#[test]
fn a_source_of_one_kind_says_what_came_instead() {
    for (dialect, name, code, hint) in [
        (Dialect::CommcareForm, "commcare-case.xml", "is-case", "This is a case"),
        (Dialect::CommcareForm, "commcare-case.json", "is-case", "takes forms only"),
        (Dialect::CommcareForm, "commcare-stub.json", "is-form-stub", "a form stub"),
        (Dialect::CommcareForm, "commcare-app-id.txt", "is-app-schema", "an application id"),
        (Dialect::CommcareCase, "commcare-form.xml", "is-form", "takes cases only"),
        (Dialect::CommcareCase, "commcare-form.json", "is-form", "This is a form"),
        (Dialect::CommcareCase, "commcare-stub.json", "is-form-stub", "dialect commcare"),
        (Dialect::CommcareCase, "commcare-app-id.txt", "is-app-schema", "an application id"),
    ] {
        let body = sample(name);
        let error = decode(dialect, &Received { content_type: None, body: &body }).unwrap_err();
        assert_eq!(error.code, code, "{name}");
        assert!(is_documented(code), "{code}");
        assert!(error.reason.contains(hint), "{} lacks {hint}", error.reason);
    }
}

#[test]
fn other_payloads_are_refused() {
    for (body, code) in [
        ("", "json-empty"),
        ("  ", "json-empty"),
        ("hello", "not-commcare"),
        ("12", "not-commcare"),
        ("[]", "not-commcare"),
        ("\"hello\"", "not-commcare"),
        ("{}", "not-commcare"),
        (r#"{"form":"my_form","body":{}}"#, "not-commcare"),
        (r#"{"form":{}}"#, "not-commcare"),
        (r#"{"case_id":"c1"}"#, "not-commcare"),
        (r#"{"case_id":7,"properties":{}}"#, "not-commcare"),
        (r#"{"form_id":"f1"}"#, "not-commcare"),
        ("{\"case_id\":\"c1\",}", "json-syntax"),
        ("<html/>", "not-commcare"),
        ("<case/>", "not-commcare"),
        ("<case xmlns='http://commcarehq.org/case/transaction/v2'/>", "case-without-id"),
        ("<case case_id=''/>", "case-without-id"),
        ("<case", "xml-syntax"),
    ] {
        for dialect in [Dialect::Commcare, Dialect::CommcareForm, Dialect::CommcareCase] {
            assert_eq!(commcare(dialect, body).unwrap_err().code, code, "{body}");
            assert!(is_documented(code), "{code}");
        }
    }
}

/// What a copy of the documentation's sample looks like: the reason must lead to the place.
#[test]
fn no_break_spaces_and_trailing_commas_are_no_json() {
    let error = commcare(Dialect::Commcare, "{ \"case_id\" : \"c1\", \u{c2}\u{a0}\n}").unwrap_err();
    assert_eq!(error.code, "json-syntax");
    assert!(error.reason.contains("line 1, column 21"), "{}", error.reason);
}
