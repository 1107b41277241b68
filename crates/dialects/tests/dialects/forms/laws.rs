//! What holds whatever comes in: nothing panics, and nothing that was sent is lost.

use crate::{fixture, sample, xform};
use fieldpost_dialects::formats::{ServerFacts, form_json, form_xml, geojson, kobo, normalised};
use fieldpost_dialects::openrosa::read_form;
use fieldpost_dialects::{Received, decode, submission};
use fieldpost_model::form::Form;
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::{Group, Node};
use fieldpost_model::time::Timestamp;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::sync::LazyLock;

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    ["births", "household", "every_type", "trees", "vellum", "odd"].map(xform).to_vec()
});

const DIALECTS: [(Dialect, &str); 5] = [
    (Dialect::Kobo, "kobo.json"),
    (Dialect::OdkAggregate, "odk-aggregate.json"),
    (Dialect::Commcare, "commcare-form.json"),
    (Dialect::Commcare, "commcare-form.xml"),
    (Dialect::Xml, "commcare-form.xml"),
];

const PIECES: [&str; 16] = [
    "<a>",
    "</a>",
    "<repeat>",
    "/",
    "..",
    "[",
    "]",
    "\"",
    ":",
    "jr:itext('",
    "instance('",
    "()",
    "meta",
    "null",
    "é",
    "&#9;",
];

/// The bytes with a few places overwritten by pieces that mean something to a reader.
fn edited(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<Index>(), 0..12_usize, select(&PIECES[..]));
    prop::collection::vec(edit, 0..4).prop_map(move |edits| {
        let mut bytes = bytes.clone();
        for (start, length, piece) in edits {
            let start = start.index(bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, piece.bytes());
        }
        bytes
    })
}

fn facts() -> ServerFacts<'static> {
    let time = Timestamp(0);
    ServerFacts {
        number: None,
        project: "p",
        received_at: time,
        modified_at: time,
        indexed_at: time,
        resource: None,
        application: None,
        build: None,
        edited_at: None,
        is_from_device: false,
        sender_address: None,
        files: &[],
    }
}

/// A document of answers, known and unknown to the form "births", in any order and number.
fn answered() -> impl Strategy<Value = String> {
    let name = select(vec!["nom", "age", "sym", "loc", "gps", "contact", "cname", "pic", "gone"]);
    let leaf = "[a-z0-9 ;.]{0,6}".prop_map(|text| text.trim().to_owned());
    let content = leaf.prop_recursive(4, 24, 4, move |inside| {
        prop::collection::vec((name.clone(), inside), 0..4).prop_map(|children| {
            let elements =
                children.iter().map(|(name, content)| format!("<{name}>{content}</{name}>"));
            elements.collect::<Vec<_>>().concat()
        })
    });
    content.prop_map(|content| {
        format!("<data id=\"births\">{content}<meta><instanceID>uuid:1</instanceID></meta></data>")
    })
}

/// The texts of a submission's answers, and of what its form does not know, sorted.
fn texts_of(group: &Group, texts: &mut Vec<String>) {
    for (_, node) in &group.members {
        texts_of_node(node, texts);
    }
    for (_, value) in &group.extra {
        texts_of_value(value, texts);
    }
}

fn texts_of_node(node: &Node, texts: &mut Vec<String>) {
    match node {
        Node::Answer(answer) => texts.push(answer.written().to_owned()),
        Node::Group(group) => texts_of(group, texts),
        Node::Repeat(nodes) => nodes.iter().for_each(|node| texts_of_node(node, texts)),
    }
}

fn texts_of_value(value: &Value<'_>, texts: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (_, value) in members {
                texts_of_value(value, texts);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts_of_value(value, texts)),
        other => texts.push(other.as_str().unwrap_or_default().to_owned()),
    }
}

/// The texts without the empty ones, in one order. Choices that stood apart are joined by blanks,
/// so it is words that are compared.
fn words(texts: &[String]) -> Vec<&str> {
    let mut words: Vec<&str> = texts.iter().flat_map(|text| text.split_whitespace()).collect();
    words.sort_unstable();
    words
}

proptest! {
    #[test]
    fn forms_are_read_or_refused(
        body in select(vec!["births", "household", "every_type", "villages", "vellum", "odd"])
            .prop_flat_map(|name| edited(fixture(&format!("xforms/{name}.xml"))))
    ) {
        let received = Received { content_type: None, body: &body };
        match read_form(&received) {
            Ok(form) => prop_assert!(!form.name.is_empty() && !form.title.is_empty()),
            Err(refusal) => prop_assert!(!refusal.reason.is_empty()),
        }
    }

    #[test]
    fn submissions_are_read_and_written_whatever_is_in_them(
        (dialect, body) in select(&DIALECTS[..])
            .prop_flat_map(|(dialect, name)| (Just(dialect), edited(sample(name)))),
        form in prop::option::of(any::<Index>()),
    ) {
        let form = form.map(|index| index.get(&FORMS));
        let received = Received { content_type: None, body: &body };
        if let Ok(decoded) = decode(dialect, &received) {
            for submission in submission::read(dialect, &decoded.view, form) {
                prop_assert_eq!(submission.is_untyped, form.is_none());
                for written in [
                    normalised(&submission),
                    kobo(&submission, &facts()).unwrap(),
                    geojson(&submission, None),
                ] {
                    let text = written.to_json();
                    prop_assert!(Value::parse(text.as_bytes()).is_ok(), "{}", text);
                }
            }
            // The Form API takes any XML, and any form of its own.
            let written = form_json(&decoded.view, &facts());
            prop_assert!(written.is_none_or(|form| form.get("form").is_some()));
        }
    }

    #[test]
    fn nothing_that_was_sent_is_lost(document in answered()) {
        let received = Received { content_type: None, body: document.as_bytes() };
        let view = decode(Dialect::Xml, &received).unwrap().view;
        let mut sent = Vec::new();
        let content = &view.as_object().unwrap()[0].1;
        for (_, value) in
            content.as_object().unwrap().iter().filter(|(name, _)| name != "meta" && name != "@id")
        {
            texts_of_value(value, &mut sent);
        }
        for form in [None, FORMS.first()] {
            let submission = submission::of_document(&view, form).unwrap();
            let mut kept = Vec::new();
            texts_of(&submission.values, &mut kept);
            prop_assert_eq!(words(&sent), words(&kept), "typed: {}", form.is_some());
        }
    }

    #[test]
    fn what_is_written_as_xml_is_read_back_as_the_same_submission(document in answered()) {
        let view = |body: &str| {
            let received = Received { content_type: None, body: body.as_bytes() };
            decode(Dialect::Xml, &received).map(|decoded| decoded.view.into_owned())
        };
        let sent = view(&document).unwrap();
        for form in [None, FORMS.first()] {
            let submission = submission::of_document(&sent, form).unwrap();
            let written = form_xml(&submission);
            let read = submission::of_document(&view(&written).unwrap(), form).unwrap();
            prop_assert_eq!(read, submission, "typed: {}, {}", form.is_some(), written);
        }
    }

    #[test]
    fn whatever_came_in_is_written_as_xml_that_can_be_read(
        (dialect, body) in select(&DIALECTS[..])
            .prop_flat_map(|(dialect, name)| (Just(dialect), edited(sample(name)))),
        form in prop::option::of(any::<Index>()),
    ) {
        let form = form.map(|index| index.get(&FORMS));
        let received = Received { content_type: None, body: &body };
        if let Ok(decoded) = decode(dialect, &received) {
            for submission in submission::read(dialect, &decoded.view, form) {
                let written = form_xml(&submission);
                let received = Received { content_type: None, body: written.as_bytes() };
                let read = decode(Dialect::Xml, &received);
                prop_assert!(read.is_ok(), "{:?}: {}", read, written);
            }
        }
    }
}
