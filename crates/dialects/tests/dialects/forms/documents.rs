//! What an OpenRosa server answers with.

use fieldpost_dialects::openrosa::{ListedFile, ListedForm, form_list, manifest, response};
use fieldpost_dialects::{Received, decode};
use fieldpost_model::openrosa::{Nature, Reply};
use fieldpost_model::source::Dialect;

fn form(name: &str) -> ListedForm {
    ListedForm {
        form_id: "births".to_owned(),
        name: name.to_owned(),
        version: Some("20260101".to_owned()),
        md5: "a648".to_owned(),
        download_url: "https://hub.example/births.xml?a=1&b=2".to_owned(),
        manifest_url: None,
    }
}

/// The view of a document that we wrote.
#[track_caller]
fn read_back(text: &str) -> String {
    let received = Received { content_type: Some("text/xml"), body: text.as_bytes() };
    decode(Dialect::Xml, &received).unwrap_or_else(|error| panic!("{error}: {text}")).view.to_json()
}

#[test]
fn the_list_names_forms_with_their_hashes() {
    assert_eq!(
        form_list(&[form("Births & <deaths>")]),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <xforms xmlns=\"http://openrosa.org/xforms/xformsList\"><xform><formID>births</formID>\
         <name>Births &amp; &lt;deaths&gt;</name><version>20260101</version><hash>md5:a648</hash>\
         <downloadUrl>https://hub.example/births.xml?a=1&amp;b=2</downloadUrl></xform></xforms>"
    );
    let other = ListedForm {
        version: None,
        manifest_url: Some("https://hub.example/m".to_owned()),
        ..form("B")
    };
    let list = form_list(&[other]);
    assert!(list.contains("<version/>"), "{list}");
    assert!(list.contains("<manifestUrl>https://hub.example/m</manifestUrl></xform>"), "{list}");
    assert_eq!(
        read_back(&form_list(&[])),
        r#"{"xforms":{"@xmlns":"http://openrosa.org/xforms/xformsList"}}"#
    );
}

#[test]
fn the_manifest_names_files_with_their_hashes() {
    let file = ListedFile {
        name: "villages \"north\".csv".to_owned(),
        md5: "b1".to_owned(),
        download_url: "https://hub.example/v".to_owned(),
    };
    assert_eq!(
        read_back(&manifest(&[file])),
        r#"{"manifest":{"@xmlns":"http://openrosa.org/xforms/xformsManifest","mediaFile":{"filename":"villages \"north\".csv","hash":"md5:b1","downloadUrl":"https://hub.example/v"}}}"#
    );
}

#[test]
fn a_response_has_a_nature_and_a_message() {
    for (nature, message, written) in [
        (Nature::SubmitSuccess, "   √   ", "nature=\"submit_success\">   √   </message>"),
        (Nature::SubmitError, "a < b", "nature=\"submit_error\">a &lt; b</message>"),
        (Nature::ProcessingFailure, "no", "nature=\"processing_failure\">no</message>"),
        (Nature::PostProcessingFailure, "no", "nature=\"post_processing_failure\">no</message>"),
        (Nature::Error, "no", "nature=\"error\">no</message>"),
    ] {
        let text = response(&Reply { status: 201, nature, message: message.to_owned() });
        assert!(text.contains(written), "{text}");
        assert!(text.contains("<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\">"));
        read_back(&text);
    }
}

#[test]
fn no_name_breaks_a_document() {
    for name in ["]]>", "<!--", "\u{0}\u{1}\u{FFFF}", "&amp;", "'\"", "\r\n\t", "é√🌍"] {
        read_back(&form_list(&[form(name)]));
    }
}
