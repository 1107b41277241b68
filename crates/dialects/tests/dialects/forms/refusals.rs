//! What is no form, and forms that are too large: one past each bound.

use crate::is_documented;
use fieldpost_dialects::openrosa::{
    MAX_FORM_CHOICES, MAX_FORM_FIELDS, MAX_LIST_READINGS, MAX_PATH_LENGTH, read_form,
};
use fieldpost_dialects::{MAX_DEPTH, Received};

/// A form with that instance and that body.
fn document(instance: &str, body: &str) -> String {
    format!(
        "<html xmlns=\"http://www.w3.org/1999/xhtml\"><head><model xmlns=\"http://www.w3.org/2002/xforms\">\
         <instance><data id=\"f\">{instance}</data></instance></model></head><body>{body}</body></html>"
    )
}

/// The code that a document is refused with; `None` where it is a form.
fn refusal(document: &str) -> Option<&'static str> {
    let received = Received { content_type: None, body: document.as_bytes() };
    let code = read_form(&received).err().map(|refusal| refusal.code);
    assert!(code.is_none_or(is_documented), "{code:?}");
    code
}

#[test]
fn what_is_no_form_is_refused_with_a_reason() {
    for (document, code) in [
        ("", "xml-empty"),
        ("{}", "xml-syntax"),
        ("<html/>", "not-xform"),
        ("<html><head/></html>", "not-xform"),
        ("<data id=\"f\"><a/></data>", "not-xform"),
        ("<other><head><model/></head></other>", "not-xform"),
        ("<html><head><model/></head></html>", "xform-instance"),
        ("<html><head><model><instance/></model></head></html>", "xform-instance"),
        ("<html><head><model><instance>text</instance></model></head></html>", "xform-instance"),
        ("<!DOCTYPE html><html/>", "xml-doctype"),
        ("<html>&nbsp;</html>", "xml-entity"),
    ] {
        assert_eq!(refusal(document), Some(code), "{document}");
    }
    assert_eq!(refusal(&document("", "")), None);
    assert_eq!(refusal("<html><head><model><instance><f/></instance></model></head></html>"), None);
}

#[test]
fn a_form_has_so_many_nodes_and_no_more() {
    let nodes = |count: usize| {
        let nodes: Vec<String> = (0..count).map(|number| format!("<q{number}/>")).collect();
        document(&nodes.concat(), "")
    };
    assert_eq!(refusal(&nodes(MAX_FORM_FIELDS)), None);
    assert_eq!(refusal(&nodes(MAX_FORM_FIELDS + 1)), Some("xform-fields"));
}

/// A form with a list of so many items, so many questions that read it each in a way of its own, and
/// so many choices beside a last question.
fn choosing(items: usize, readings: usize, beside: usize) -> String {
    let question = |number: usize| {
        format!(
            "<select1 ref=\"/data/q{number}\"><itemset nodeset=\"instance('l')/root/item\">\
             <value ref=\"v{number}\"/><label ref=\"l\"/></itemset></select1>"
        )
    };
    let mut body: Vec<String> = (0..readings).map(question).collect();
    let choices = "<item><value>a</value></item>".repeat(beside);
    body.push(format!("<select1 ref=\"/data/q\">{choices}</select1>"));
    let items = "<item/>".repeat(items);
    let list = format!("</instance><instance id=\"l\"><root>{items}</root></instance>");
    document("<q/>", &body.concat()).replacen("</instance>", &list, 1)
}

#[test]
fn a_form_has_so_many_choices_and_no_more() {
    let items = MAX_FORM_CHOICES / MAX_LIST_READINGS;
    let rest = MAX_FORM_CHOICES % MAX_LIST_READINGS;
    assert_eq!(refusal(&choosing(items, MAX_LIST_READINGS, rest)), None);
    assert_eq!(refusal(&choosing(items, MAX_LIST_READINGS, rest + 1)), Some("xform-choices"));
}

#[test]
fn a_list_is_read_in_so_many_ways_and_no_more() {
    assert_eq!(refusal(&choosing(1, MAX_LIST_READINGS, 0)), None);
    assert_eq!(refusal(&choosing(1, MAX_LIST_READINGS + 1, 0)), Some("xform-choices"));
}

#[test]
fn a_path_is_so_long_and_no_longer() {
    let named = |length: usize| document(&format!("<{}/>", "q".repeat(length)), "");
    let around = "/data/".len();
    assert_eq!(refusal(&named(MAX_PATH_LENGTH - around)), None);
    assert_eq!(refusal(&named(MAX_PATH_LENGTH - around + 1)), Some("xform-path"));
}

#[test]
fn groups_stand_so_deep_inside_each_other_and_no_deeper() {
    // Around the first group stand html, head, model, instance and data.
    let groups = |depth: usize| document(&("<g>".repeat(depth) + &"</g>".repeat(depth)), "");
    assert_eq!(refusal(&groups(MAX_DEPTH - 5)), None);
    assert_eq!(refusal(&groups(MAX_DEPTH - 4)), Some("xml-depth"));
    assert_eq!(refusal(&groups(10_000)), Some("xml-depth"));
}
