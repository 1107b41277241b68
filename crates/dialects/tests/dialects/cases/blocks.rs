//! `CommCare`'s case rules for reading the blocks of a form, in XML and in JSON.

use fieldpost_dialects::commcare::{MAX_BLOCK_ENTRIES, MAX_CASE_BLOCKS, blocks_of_view};
use fieldpost_dialects::{Received, decode};
use fieldpost_model::case::{
    AttachmentOrigin, BlockScope, CaseAction, CaseBlock, CaseRelationship,
};
use fieldpost_model::source::Dialect;

use super::{V2, file, form, kinds, texts, tie, time};
use crate::{is_documented, sample};

/// A form with these elements, and `case` in the namespace of case blocks under the prefix `c`.
fn in_form(elements: &str) -> String {
    format!(
        "<data xmlns='http://openrosa.org/formdesigner/F' xmlns:c='{V2}'>{elements}\
         <meta><instanceID>i</instanceID><userID>meta-user</userID></meta></data>"
    )
}

/// The one block of a form, read from XML and from its view in JSON alike.
#[track_caller]
fn only(elements: &str) -> CaseBlock {
    let body = in_form(elements);
    let mut blocks = form(&body).unwrap_or_else(|error| panic!("{error}"));
    let received = Received { content_type: None, body: body.as_bytes() };
    let view = decode(Dialect::CommcareForm, &received).unwrap().view.to_json();
    assert_eq!(form(&view).as_ref(), Ok(&blocks), "the same from JSON");
    let document = decode(Dialect::Xml, &received).unwrap().view;
    assert_eq!(blocks_of_view(document.get("data").unwrap()).as_ref(), Ok(&blocks));
    assert_eq!(blocks.len(), 1);
    blocks.remove(0)
}

/// What the one block asks for.
#[track_caller]
fn actions(content: &str) -> Vec<CaseAction> {
    only(&format!("<c:case case_id='c'>{content}</c:case>")).actions
}

#[track_caller]
fn refused(elements: &str, code: &str, words: &str) {
    let error = form(&in_form(elements)).unwrap_err();
    assert_eq!(error.code, code);
    assert!(error.reason.contains(words), "{} lacks {words}", error.reason);
    assert!(is_documented(code), "{code}");
}

#[test]
fn the_samples_have_a_block_each() {
    for name in ["commcare-form.xml", "commcare-form.json"] {
        let body = sample(name);
        let blocks = form(std::str::from_utf8(&body).unwrap()).unwrap();
        assert_eq!(blocks.len(), 1, "{name}");
        assert!(blocks[0].modified_at.is_some() && !blocks[0].actions.is_empty(), "{name}");
    }
    let body = sample("commcare-form.xml");
    let block = form(std::str::from_utf8(&body).unwrap()).unwrap().remove(0);
    let expected = CaseBlock {
        case_id: "b0916685-7247-4c44-b712-633d3d64e0c0".to_owned(),
        user_id: "d0e472a6b36dfd3ee5059222e12b8c1b".to_owned(),
        modified_at: Some(time("2015-04-17T20:04:54.950Z")),
        scope: BlockScope::Change,
        actions: vec![CaseAction::Create(texts(&[
            ("case_name", "Trees"),
            ("case_type", "mscase"),
            ("owner_id", "d0e472a6b36dfd3ee5059222e12b8c1b"),
        ]))],
    };
    assert_eq!(block, expected);
}

#[test]
fn a_block_has_an_id_a_user_and_a_time() {
    let block =
        only("<c:case case_id='c' user_id='u' date_modified='2015-04-17T16:04:54.950-04'/>");
    assert_eq!((block.case_id.as_str(), block.user_id.as_str()), ("c", "u"));
    assert_eq!(block.modified_at, Some(time("2015-04-17T20:04:54.950Z")));
    assert!(block.actions.is_empty(), "CommCare's case rules, 2: a touch");
    for without in ["<c:case case_id='c'/>", "<c:case case_id='c' user_id='' date_modified=' '/>"] {
        let block = only(without);
        assert_eq!((block.user_id.as_str(), block.modified_at), ("meta-user", None), "{without}");
    }
    assert_eq!(only("<c:case case_id=''/>").case_id, "", "the rules refuse it");
}

#[test]
fn blocks_are_found_at_any_depth_in_the_order_of_the_document() {
    let body = in_form(
        "<c:case case_id='1'/><group><deep><c:case case_id='2'/></deep></group>
         <c:case case_id='3'><c:update><a>1</a></c:update></c:case>
         <item><c:case case_id='4'/></item><item><c:case case_id='1'/></item>
         <case><q>a question of that name</q><c:case case_id='5'/></case><case>text</case>
         <case><case_id>a question too</case_id><q/></case>",
    );
    let ids = |blocks: Vec<CaseBlock>| -> Vec<String> {
        blocks.into_iter().map(|block| block.case_id).collect()
    };
    assert_eq!(ids(form(&body).unwrap()), ["1", "2", "3", "4", "1", "5"]);
    let received = Received { content_type: None, body: body.as_bytes() };
    let view = decode(Dialect::CommcareForm, &received).unwrap().view;
    assert_eq!(ids(blocks_of_view(&view).unwrap()), ["1", "3", "5", "2", "4", "1"], "by name");
    assert!(form("<data><q>1</q></data>").unwrap().is_empty());
    assert!(form(r#"{"id":"f","form":{"q":"1"}}"#).unwrap().is_empty());
}

#[test]
fn json_has_one_block_as_an_object_and_many_as_a_list() {
    let block = |id: &str| format!(r#"{{"@case_id":"{id}","@xmlns":"{V2}","close":""}}"#);
    let (one, many) = (block("1"), format!("[{},{}]", block("1"), block("2")));
    for (case, count) in [(one, 1), (many, 2)] {
        let body = format!(
            r##"{{"id":"f","metadata":{{}},"form":{{"#type":"data","case":{case},
               "meta":{{"userID":"u"}}}}}}"##
        );
        let blocks = form(&body).unwrap();
        assert_eq!(blocks.len(), count);
        assert!(blocks.iter().all(|block| block.user_id == "u" && kinds(block) == ["close"]));
    }
    let inherited = format!(r#"{{"form":{{"g":{{"@xmlns":"{V2}","case":{{"@case_id":"1"}}}}}}}}"#);
    assert_eq!(form(&inherited).unwrap().len(), 1);
}

#[test]
fn actions_come_in_one_order_whatever_the_document_says() {
    let all = actions(
        "<c:attachment><p src='1.jpg' from='local'/></c:attachment><c:close/>
         <c:index><parent case_type='t'>h</parent></c:index>
         <c:update><a>1</a></c:update><c:create><c:case_type>t</c:case_type></c:create>",
    );
    let kinds: Vec<&str> = all.iter().map(|action| action.kind().name()).collect();
    assert_eq!(kinds, ["create", "update", "close", "index", "attachment"]);
}

#[test]
fn what_is_empty_asks_for_nothing() {
    assert_eq!(actions("<c:create/><c:update> </c:update><c:index/><c:attachment/>"), []);
    assert_eq!(actions("<c:other><a>1</a></c:other>"), []);
    assert_eq!(actions("<c:close/>"), [CaseAction::Close(None)]);
    assert_eq!(actions("<c:close>1</c:close>"), [CaseAction::Close(None)]);
}

#[test]
fn values_are_texts_and_the_last_counts() {
    let create = "<c:create><c:case_type>t</c:case_type><c:case_name/></c:create>";
    assert_eq!(
        actions(create),
        [CaseAction::Create(texts(&[("case_name", ""), ("case_type", "t")]))]
    );
    let update = "<c:update><a>1</a><b/><a>2</a><d x='y'>3</d><e> é &lt; </e><f><g>4</g></f>\
                  </c:update><c:update><b>5</b></c:update>";
    assert_eq!(
        actions(update),
        [CaseAction::Update(texts(&[
            ("a", "2"),
            ("b", "5"),
            ("d", "3"),
            ("e", " é < "),
            ("f", r#"{"g":"4"}"#)
        ]))]
    );
}

#[test]
fn indices_and_attachments() {
    use AttachmentOrigin::{Inline, Local, Remote};
    use CaseRelationship::{Child, Extension};
    let index = "<c:index><parent case_type='h'> h1 </parent>
         <host case_type='h' relationship='extension'>h2</host>
         <x case_type='' relationship='child'>h3</x><gone case_type='h'/></c:index>";
    assert_eq!(
        actions(index),
        [CaseAction::Index(
            [
                ("parent".to_owned(), Some(tie("h1", "h", Child))),
                ("host".to_owned(), Some(tie("h2", "h", Extension))),
                ("x".to_owned(), Some(tie("h3", "", Child))),
                ("gone".to_owned(), None),
            ]
            .into()
        )]
    );
    let attachment = "<c:attachment><a src='1.jpg' from='local'/><b src='https://x.example/1'/>
         <d from='inline' name='n'/><e src='2.jpg' from='elsewhere'/><f/><g>text</g>
         </c:attachment>";
    assert_eq!(
        actions(attachment),
        [CaseAction::Attachment(
            [
                ("a".to_owned(), Some(file(Local, "1.jpg"))),
                ("b".to_owned(), Some(file(Remote, "https://x.example/1"))),
                ("d".to_owned(), Some(file(Inline, "n"))),
                ("e".to_owned(), Some(file(Local, "2.jpg"))),
                ("f".to_owned(), None),
                ("g".to_owned(), None),
            ]
            .into()
        )]
    );
}

#[test]
fn what_a_block_cannot_be() {
    refused("<c:case/>", "case-without-id", "case_id");
    refused("<case case_id='c'/>", "case-version-1", "VersionNotSupported");
    for part in ["date_modified", "create", "update", "close", "referral"] {
        let block = format!("<case><case_id>c</case_id><{part}/></case>");
        refused(&block, "case-version-1", "version 1");
    }
    refused("<case xmlns='http://x.example' case_id='c'/>", "case-version-1", V2);
    refused("<c:case case_id='c'><c:referral/></c:case>", "case-referral", "UsesReferrals");
    refused("<c:case case_id='c' date_modified='soon'/>", "case-date", "'soon'");
    let index = |index: &str| format!("<c:case case_id='c'><c:index>{index}</c:index></c:case>");
    refused(&index("<p>h</p>"), "case-index", "must have a case type attribute");
    refused(&index("<p case_type='t' relationship='x'>h</p>"), "case-index", "'x'");
    for broken in ["<a>", "<a></b>", "<a/><b/>", "<!-- -->", "<a"] {
        assert_eq!(form(broken).unwrap_err().code, "xml-syntax", "{broken}");
    }
    assert_eq!(form("<!DOCTYPE a><a/>").unwrap_err().code, "xml-doctype");
    assert_eq!(form("{").unwrap_err().code, "json-syntax");
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    assert_eq!(form(&deep).unwrap_err().code, "xml-depth");
}

#[test]
fn blocks_and_their_entries_are_bounded() {
    let many = "<c:case case_id='c'/>".repeat(MAX_CASE_BLOCKS);
    assert_eq!(form(&in_form(&many)).unwrap().len(), MAX_CASE_BLOCKS);
    refused(&format!("{many}<c:case case_id='d'/>"), "case-blocks", "10000");
    let full = "<a/>".repeat(MAX_BLOCK_ENTRIES);
    let block = |entries: &str| {
        format!("<c:case case_id='c'><c:update>{entries}</c:update><c:create/></c:case>")
    };
    assert_eq!(form(&in_form(&block(&full))).unwrap().len(), 1);
    refused(&block(&format!("{full}<b/>")), "case-entries", "10000");
}
