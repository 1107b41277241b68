//! Forwarded cases, read as the blocks that give their state.

use fieldpost_model::case::{
    AttachmentOrigin, BlockScope, BroughtFile, CaseAction, CaseBlock, CaseRelationship,
};

use super::{V2, case_state, kinds, made_by, texts, tie, time};
use crate::{is_documented, sample};

fn block(actions: Vec<CaseAction>) -> CaseBlock {
    CaseBlock {
        case_id: "c".to_owned(),
        user_id: "u".to_owned(),
        modified_at: Some(time("2020-01-02T03:04:05Z")),
        scope: BlockScope::State,
        actions,
    }
}

#[track_caller]
fn check(body: &str, expected: &CaseBlock) {
    assert_eq!(case_state(body).as_ref(), Ok(expected), "{body}");
}

#[track_caller]
fn refused(body: &str, code: &str) {
    assert_eq!(case_state(body).unwrap_err().code, code, "{body}");
    assert!(is_documented(code), "{code}");
}

#[test]
fn the_samples_are_states() {
    let [xml, json] = ["commcare-case.xml", "commcare-case.json"].map(|name| {
        let body = sample(name);
        let state = case_state(std::str::from_utf8(&body).unwrap()).unwrap();
        made_by(state, time("2020-01-01T00:00:00Z"))
    });
    assert_eq!((xml.name.as_str(), xml.case_type.as_str()), ("Trees", "mscase"));
    assert_eq!(json.opened_at, Some(time("2012-03-13T18:21:52Z")));
    let mut as_xml = json;
    as_xml.opened_at = xml.opened_at;
    assert_eq!(as_xml, xml);
}

#[test]
fn a_block_with_create_is_the_whole_state() {
    let create = CaseAction::Create(texts(&[("case_name", "n"), ("case_type", "t")]));
    let update = CaseAction::Update(texts(&[("a", "1"), ("owner_id", "o")]));
    check(
        &format!(
            "<case xmlns='{V2}' case_id='c' user_id='u' date_modified='2020-01-02T03:04:05Z'>
             <create><case_type>t</case_type><case_name>n</case_name></create>
             <update><a>1</a><owner_id>o</owner_id></update></case>"
        ),
        &block(vec![create.clone(), update.clone()]),
    );
    check(
        "<case><case_id>c</case_id><date_modified>2020-01-02T03:04:05Z</date_modified>
         <create><case_type_id>t</case_type_id><user_id>u</user_id><case_name>n</case_name></create>
         <update><a>1</a><owner_id>o</owner_id></update></case>",
        &block(vec![create, update]),
    );
}

#[test]
fn a_block_without_create_is_a_change() {
    let closing = CaseBlock { scope: BlockScope::Change, ..block(vec![CaseAction::Close(None)]) };
    check(
        &format!(
            "<case xmlns='{V2}' case_id='c' user_id='u' date_modified='2020-01-02T03:04:05Z'>
             <close/></case>"
        ),
        &closing,
    );
    let closed_at = Some(time("2020-01-01T00:00:00Z"));
    let closing = CaseBlock { actions: vec![CaseAction::Close(closed_at)], ..closing };
    check(
        r#"{"case_id":"c","user_id":"u","date_modified":"2020-01-02T03:04:05Z","closed":true,
            "date_closed":"2020-01-01T00:00:00Z","properties":{}}"#,
        &closing,
    );
}

#[test]
fn json_gives_the_whole_state() {
    let body = r##"{"case_id":"c","user_id":"u","date_modified":"2020-01-02T03:04:05Z","closed":true,
        "date_closed":null,
        "properties":{"case_type":"t","case_name":"n","owner_id":"o","external_id":null,
          "age":7,"well":true,"note":{"@a":"1","#text":"t"},"list":["1"]},
        "indices":{"host":{"case_id":"h","case_type":"ht","relationship":"extension"},"gone":{}},
        "attachments":{"photo":{"url":"https://x.example/1","content_type":"image/jpeg"},
          "lost":{}}}"##;
    let photo = BroughtFile {
        origin: AttachmentOrigin::Remote,
        source: "https://x.example/1".to_owned(),
        content_type: Some("image/jpeg".to_owned()),
    };
    check(
        body,
        &block(vec![
            CaseAction::Create(texts(&[("case_name", "n"), ("case_type", "t"), ("owner_id", "o")])),
            CaseAction::Update(texts(&[
                ("age", "7"),
                ("external_id", ""),
                ("list", r#"["1"]"#),
                ("note", "t"),
                ("well", "true"),
            ])),
            CaseAction::Close(None),
            CaseAction::Index(
                [("host".to_owned(), Some(tie("h", "ht", CaseRelationship::Extension)))].into(),
            ),
            CaseAction::Attachment(
                [("photo".to_owned(), Some(photo)), ("lost".to_owned(), None)].into(),
            ),
        ]),
    );
    assert_eq!(kinds(&case_state(body).unwrap()).len(), 5);
}

#[test]
fn what_a_state_cannot_be() {
    refused("<case/>", "case-without-id");
    refused(&format!("<case xmlns='{V2}'/>"), "case-without-id");
    refused("{}", "case-without-id");
    refused("[]", "case-without-id");
    refused("<case case_id='c' date_modified='soon'/>", "case-date");
    refused(r#"{"case_id":"c","date_modified":"soon"}"#, "case-date");
    refused(r#"{"case_id":"c","closed":true,"date_closed":"soon"}"#, "case-date");
    for name in ["a b", "", "1", "@a", "a:b"] {
        refused(
            &format!(r#"{{"case_id":"c","properties":{{"{name}":"1"}}}}"#),
            "case-property-name",
        );
        refused(&format!(r#"{{"case_id":"c","indices":{{"{name}":{{}}}}}}"#), "case-property-name");
    }
    let index = r#"{"case_id":"c","indices":{"p":{"case_id":"h","relationship":"x"}}}"#;
    refused(index, "case-index");
}
