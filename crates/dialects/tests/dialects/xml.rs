//! XML into views, and the documents that are refused.

use std::fmt::Write;

use crate::{is_documented, json};
use fieldpost_dialects::{MAX_ATTRIBUTES, MAX_DEPTH, NAMESPACE_GROWTH, Received, decode};
use fieldpost_model::source::Dialect;

#[track_caller]
fn check(document: &str, view: &str) {
    let received = Received { content_type: None, body: document.as_bytes() };
    let decoded = decode(Dialect::Xml, &received).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(decoded.view, json(view.as_bytes()), "{document}");
}

#[track_caller]
fn check_refused(document: &str, code: &str, hint: &str) {
    let received = Received { content_type: None, body: document.as_bytes() };
    let error = decode(Dialect::Xml, &received).unwrap_err();
    assert_eq!(error.code, code, "{document:.200}: {error}");
    assert!(is_documented(code), "{code}");
    assert!(error.reason.contains(hint), "{:?} lacks {hint:?}", error.reason);
    assert!(error.reason.chars().count() < 250, "{:?} is too long", error.reason);
}

#[test]
fn elements_become_objects_strings_and_arrays() {
    check("<a/>", r#"{"a":""}"#);
    check("<a></a>", r#"{"a":""}"#);
    check("<a> 1 </a>", r#"{"a":" 1 "}"#);
    check("<a>\n\t</a>", r#"{"a":""}"#);
    check("<a>\n <b>1</b>\n <c>2</c>\n</a>", r#"{"a":{"b":"1","c":"2"}}"#);
    check("<a><b>1</b><c/><b>2</b><b>3</b></a>", r#"{"a":{"b":["1","2","3"],"c":""}}"#);
    check("<a><b/><b x='1'/></a>", r#"{"a":{"b":["",{"@x":"1"}]}}"#);
    check("<a x='1'>t</a>", r##"{"a":{"@x":"1","#text":"t"}}"##);
    check("<a>one<b/>two</a>", r##"{"a":{"b":"","#text":"onetwo"}}"##);
    check("<a>8</a>", r#"{"a":"8"}"#);
    check("<prénom>é</prénom>", r#"{"prénom":"é"}"#);
}

/// The example of `docs/dialects.md`.
#[test]
fn the_documented_example_holds() {
    check(
        r#"<visit date="2026-01-12" xmlns="http://example.org/visits">
             <child>Ann</child>
             <child>Bo</child>
             <note lang="fr">bien</note>
             <weight/>
           </visit>"#,
        r##"{"visit":{"@date":"2026-01-12","@xmlns":"http://example.org/visits",
             "child":["Ann","Bo"],"note":{"@lang":"fr","#text":"bien"},"weight":""}}"##,
    );
}

#[test]
fn references_and_character_data_are_resolved() {
    check("<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x42;</a>", r#"{"a":"<>&'\"AB"}"#);
    check("<a x='&lt;&#10;&quot;'/>", r#"{"a":{"@x":"<\n\""}}"#);
    check("<a x='1\n2\t3'/>", r#"{"a":{"@x":"1 2 3"}}"#);
    check("<a><![CDATA[<b>&amp;]]></a>", r#"{"a":"<b>&amp;"}"#);
    check("<a>1\r\n2\r3</a>", r#"{"a":"1\n2\n3"}"#);
    check("<a>1<!-- no -->2<?no?>3</a>", r#"{"a":"123"}"#);
}

#[test]
fn prefixes_go_and_namespaces_show_where_they_change() {
    check("<a xmlns='u'><b/></a>", r#"{"a":{"@xmlns":"u","b":""}}"#);
    check("<n:a xmlns:n='u'><n:b/></n:a>", r#"{"a":{"@xmlns":"u","b":""}}"#);
    check("<a xmlns:n='u'><n:b>1</n:b></a>", r##"{"a":{"b":{"@xmlns":"u","#text":"1"}}}"##);
    check(
        "<a xmlns='u' xmlns:n='v'><n:b><c/><n:d/></n:b></a>",
        r#"{"a":{"@xmlns":"u","b":{"@xmlns":"v","c":{"@xmlns":"u"},"d":""}}}"#,
    );
    check(
        "<a xmlns='u'><b xmlns=''><c xmlns='u'/></b></a>",
        r#"{"a":{"@xmlns":"u","b":{"c":""}}}"#,
    );
    check("<a xml:lang='fr' xmlns:n='u' n:x='1'/>", r#"{"a":{"@lang":"fr","@x":"1"}}"#);
    check("<a xmlns:n='u' n:x='1' x='2'/>", r#"{"a":{"@x":["1","2"]}}"#);
    check("<a xmlns:n='u'><n:b/><b/></a>", r#"{"a":{"b":[{"@xmlns":"u"},""]}}"#);
}

#[test]
fn the_prolog_and_the_epilog_are_passed_over() {
    check(
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n<!-- c --><a/>\n<?p?>",
        r#"{"a":""}"#,
    );
    check("\u{feff}<?xml version='1.0'?><a/>", r#"{"a":""}"#);
    check("\n <a/> \n", r#"{"a":""}"#);
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for (document, hint) in [
        ("hello", "text before the root"),
        ("<!-- only -->", "no element"),
        ("<a>", "1 of its elements"),
        ("<a><b></b>", "1 of its elements"),
        ("<a><b", "breaks off"),
        ("<a x='1", "breaks off"),
        ("<a><!-- ", "breaks off"),
        ("<a><![CDATA[ ", "breaks off"),
        ("<a></b>", "'</b>' stands where '</a>'"),
        ("<a/></a>", "closes nothing"),
        ("<a/><b/>", "second root"),
        ("<a/>text", "text after the root"),
        ("<a/>&amp;", "text after the root"),
        ("<a/><![CDATA[]]>", "text after the root"),
        ("text<a/>", "text before the root"),
        ("<a x='1' x='2'/>", "one attribute twice"),
        ("<a x/>", "name=\"value\""),
        ("<a x=1/>", "name=\"value\""),
        ("<a x='<'/>", "&lt;"),
        ("<1a/>", "'1a' is not a name"),
        ("<@a/>", "not a name"),
        ("< a/>", "not a name"),
        ("<a #b='1'/>", "not a name"),
        ("<a:b:c xmlns:a='u'/>", "not a name"),
        ("<a>x & y</a>", "&amp;"),
        ("<a x='&'/>", "&amp;"),
        ("<a>]]></a>", "]]&gt;"),
        ("<a><!-- a -- b --></a>", "--"),
        (" <?xml version='1.0'?><a/>", "very beginning"),
        ("<a><?xml version='1.0'?></a>", "very beginning"),
        ("<a><? x?></a>", "no name"),
    ] {
        check_refused(document, "xml-syntax", hint);
    }
    check_refused("", "xml-empty", "empty");
    check_refused("\u{feff} \n", "xml-empty", "empty");
    check_refused("<a>\n<b>\n</a>", "xml-syntax", "(Line 3.)");
    let long = "n".repeat(10_000);
    check_refused(&format!("<{long}></x>"), "xml-syntax", "nnn");
    check_refused(&format!("<a>&{long};</a>"), "xml-entity", "nnn");
    check_refused(&format!("<{long}:a/>"), "xml-namespace", "nnn");
    check_refused(&format!("<@{long}/>"), "xml-syntax", "nnn");
}

#[test]
fn document_types_are_refused_whatever_they_hold() {
    for document in [
        "<!DOCTYPE a><a/>",
        "<!doctype a><a/>",
        "<!DOCTYPE a SYSTEM 'http://evil.example/a.dtd'><a/>",
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://evil.example/x'> %x;]><a/>",
        "<!DOCTYPE l [<!ENTITY l 'lol'><!ENTITY m '&l;&l;&l;&l;'><!ENTITY n '&m;&m;&m;&m;'>]><l>&n;</l>",
        "<!DOCTYPE a [",
    ] {
        check_refused(document, "xml-doctype", "document type");
    }
}

#[test]
fn only_known_entities_and_characters_are_taken() {
    check_refused("<a>&eacute;</a>", "xml-entity", "'&eacute;'");
    check_refused("<a x='&eacute;'/>", "xml-entity", "'&eacute;'");
    for document in [
        "<a>&#0;</a>",
        "<a>&#1;</a>",
        "<a>&#xD800;</a>",
        "<a>&#xFFFF;</a>",
        "<a>&#x110000;</a>",
        "<a>&#zz;</a>",
        "<a x='&#1;'/>",
        "<a>\u{1}</a>",
        "<a>\0</a>",
        "<a>\u{ffff}</a>",
    ] {
        check_refused(document, "xml-character", "character");
    }
}

#[test]
fn prefixes_must_be_declared_and_may_not_be_stolen() {
    check_refused("<n:a/>", "xml-namespace", "'n'");
    check_refused("<a n:x='1'/>", "xml-namespace", "'n'");
    check_refused("<a><n:b xmlns:n='u'/><n:b/></a>", "xml-namespace", "'n'");
    check_refused("<a xmlns:xml='u'/>", "xml-namespace", "keeps for itself");
    check_refused("<a xmlns:xmlns='u'/>", "xml-namespace", "keeps for itself");
    let declarations: String = (0..=128).fold(String::new(), |mut text, number| {
        write!(text, " xmlns:n{number}='u'").unwrap();
        text
    });
    check_refused(&format!("<a{declarations}/>"), "xml-namespace", "128 namespaces");
}

/// One long name, used by every one of many children, would be copied as often.
#[test]
fn namespaces_do_not_blow_up_the_view() {
    let document = |name_length: usize, children: usize| {
        let (name, children) = ("u".repeat(name_length), "<n:b/>".repeat(children));
        format!("<a xmlns:n='{name}'>{children}</a>")
    };
    check_is_read(&document(10_000, NAMESPACE_GROWTH));
    check_refused(&document(10_000, NAMESPACE_GROWTH + 1), "xml-namespace", "16 times");
    check_refused(&document(1_000_000, 100_000), "xml-namespace", "16 times");
    check_is_read(&document(40, 100_000));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let received = |document: &str| {
        decode(Dialect::Xml, &Received { content_type: None, body: document.as_bytes() })
            .map(|decoded| decoded.view.to_json())
    };
    assert!(received(&nested(MAX_DEPTH)).is_ok());
    check_refused(&nested(MAX_DEPTH + 1), "xml-depth", "128");
    check_refused(&nested(1_000_000), "xml-depth", "128");
    let leaf = format!("{}<b/>{}", "<a>".repeat(MAX_DEPTH - 1), "</a>".repeat(MAX_DEPTH - 1));
    assert!(received(&leaf).is_ok());
    let leaf = format!("{}<b/>{}", "<a>".repeat(MAX_DEPTH), "</a>".repeat(MAX_DEPTH));
    check_refused(&leaf, "xml-depth", "128");
}

#[test]
fn attributes_are_bounded() {
    let element = |count: usize| {
        let attributes: String = (0..count).fold(String::new(), |mut text, number| {
            write!(text, " x{number}='1'").unwrap();
            text
        });
        format!("<a{attributes}/>")
    };
    let most = element(MAX_ATTRIBUTES);
    let received = Received { content_type: None, body: most.as_bytes() };
    assert!(decode(Dialect::Xml, &received).is_ok());
    check_refused(&element(MAX_ATTRIBUTES + 1), "xml-attributes", "1000");
    check_refused(&element(500_000), "xml-attributes", "1000");
}

/// Anything quadratic in these takes hours.
#[test]
fn a_million_siblings_are_read_in_no_time() {
    check_is_read(&format!("<a>{}</a>", "<b/>".repeat(1_000_000)));
}

#[test]
fn many_different_siblings_are_read_in_no_time() {
    let siblings = (0..200_000).fold(String::new(), |mut text, number| {
        write!(text, "<b{number}/>").unwrap();
        text
    });
    check_is_read(&format!("<a>{siblings}</a>"));
}

#[test]
fn text_in_many_pieces_is_read_in_no_time() {
    check_is_read(&format!("<a>{}</a>", "x<!---->".repeat(200_000)));
}

#[track_caller]
fn check_is_read(document: &str) {
    let received = Received { content_type: None, body: document.as_bytes() };
    assert!(decode(Dialect::Xml, &received).is_ok());
}
