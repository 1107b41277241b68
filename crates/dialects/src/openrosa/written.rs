//! From a form to an XForm: what phones and Enketo show of a form that was defined otherwise.
//!
//! The form leads: its groups and repeats become those of the instance and of the body, each question gets a bind
//! with its type and conditions, and a control. What is written is read back as the same questions.
//!
//! ```text
//!   html ─┬─ head ── model ─┬─ itext      labels, where the form speaks several languages
//!         │                 ├─ instance   the tree of nodes
//!         │                 └─ bind …     type, required, relevant, what the device fills in
//!         └─ body ── group, repeat, input, select1, select, rank, upload
//! ```
//!
//! No device asks a plain yes or no, so that is a choice of two. A list of which no items are known is a line of
//! text; so is one whose values have blanks, where several can be chosen: devices put a blank between them.

use fieldpost_model::form::{AnswerType, Automatic, Choice, Field, FieldKind, Form, Labels, Leaf};

use super::instance::XFORMS;
use crate::xml::{Writer, is_element_name};

const XHTML: &str = "http://www.w3.org/1999/xhtml";
const JAVAROSA: &str = "http://openrosa.org/javarosa";
const ODK: &str = "http://www.opendatakit.org/xforms";
/// The element that a submission begins with, where the form does not say.
const ROOT: &str = "data";
/// What a yes or no is written as, and called.
const TRUTHS: [(&str, &str); 2] = [("true", "Yes"), ("false", "No")];

/// Writes a form as an `XForm`. Where it has no version of its own it has this one.
pub fn write_xform(form: &Form, version: Option<&str>) -> String {
    let root = Some(form.root.as_str()).filter(|name| is_element_name(name)).unwrap_or(ROOT);
    let mut writing = Writing { form, writer: Writer::default() };
    let namespaces =
        [("xmlns", XFORMS), ("xmlns:h", XHTML), ("xmlns:jr", JAVAROSA), ("xmlns:odk", ODK)];
    writing.writer.open("h:html", &namespaces);
    writing.writer.open("h:head", &[]);
    writing.writer.leaf("h:title", &[], &form.title);
    writing.writer.open("model", &[("odk:xforms-version", "1.0.0")]);
    let path = format!("/{root}");
    writing.texts(&path);
    writing.instance(root, version);
    writing.binds(&form.fields, &path);
    let id = format!("{path}/meta/instanceID");
    let bind =
        [("nodeset", &*id), ("type", "string"), ("readonly", "true()"), ("jr:preload", "uid")];
    writing.writer.leaf("bind", &bind, "");
    writing.writer.close("model");
    writing.writer.close("h:head");
    writing.writer.open("h:body", &[]);
    writing.controls(&form.fields, &path);
    writing.writer.close("h:body");
    writing.writer.close("h:html");
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", writing.writer.finish())
}

/// What a device is asked for an answer with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    Line,
    One,
    Several,
    Ranks,
    File,
}

fn control(leaf: &Leaf) -> Control {
    let has_blanks = || leaf.choices.iter().any(|it| it.value.contains(char::is_whitespace));
    match leaf.answer {
        AnswerType::Boolean => Control::One,
        AnswerType::SelectOne if !leaf.choices.is_empty() => Control::One,
        AnswerType::SelectMany if !leaf.choices.is_empty() && !has_blanks() => Control::Several,
        AnswerType::Rank if !leaf.choices.is_empty() && !has_blanks() => Control::Ranks,
        AnswerType::File => Control::File,
        _ => Control::Line,
    }
}

/// The type of a node, as binds have it.
fn type_name(leaf: &Leaf) -> &'static str {
    match (leaf.answer, control(leaf)) {
        (AnswerType::Integer, _) => "int",
        (AnswerType::Decimal, _) => "decimal",
        (AnswerType::Date, _) => "date",
        (AnswerType::Time, _) => "time",
        (AnswerType::DateTime, _) => "dateTime",
        (AnswerType::Geopoint, _) => "geopoint",
        (AnswerType::Geotrace, _) => "geotrace",
        (AnswerType::Geoshape, _) => "geoshape",
        (AnswerType::Barcode, _) => "barcode",
        (_, Control::File) => "binary",
        (_, Control::Ranks) => "odk:rank",
        _ => "string",
    }
}

/// What a device fills in: `jr:preload` and its parameter.
const fn preload(automatic: Automatic) -> (&'static str, &'static str) {
    match automatic {
        Automatic::Start => ("timestamp", "start"),
        Automatic::End => ("timestamp", "end"),
        Automatic::Today => ("date", "today"),
        Automatic::Device => ("property", "deviceid"),
        Automatic::User => ("property", "username"),
        Automatic::PhoneNumber => ("property", "phonenumber"),
        Automatic::EmailAddress => ("property", "email"),
        Automatic::InstanceId => ("uid", ""),
    }
}

struct Writing<'f> {
    form: &'f Form,
    writer: Writer,
}

impl Writing<'_> {
    /// The labels in all languages, where there are several.
    fn texts(&mut self, path: &str) {
        if self.form.languages.is_empty() {
            return;
        }
        let mut texts = Vec::new();
        collect(&self.form.fields, path, &mut texts);
        self.writer.open("itext", &[]);
        for language in &self.form.languages {
            self.writer.open("translation", &[("lang", language)]);
            for (id, labels) in &texts {
                self.writer.open("text", &[("id", id)]);
                let text = labels.in_language(Some(language)).unwrap_or_default();
                self.writer.leaf("value", &[], text);
                self.writer.close("text");
            }
            self.writer.close("translation");
        }
        self.writer.close("itext");
    }

    fn instance(&mut self, root: &str, version: Option<&str>) {
        let form = self.form;
        let mut attributes: Vec<(&str, &str)> = Vec::new();
        attributes.extend(form.xmlns.as_deref().map(|xmlns| ("xmlns", xmlns)));
        attributes.extend(form.form_id.as_deref().map(|id| ("id", id)));
        let version = form.version.as_deref().or(version);
        attributes.extend(version.map(|version| ("version", version)));
        self.writer.open("instance", &[]);
        self.writer.open(root, &attributes);
        self.nodes(&form.fields);
        self.writer.open("meta", &[]);
        self.writer.leaf("instanceID", &[], "");
        self.writer.close("meta");
        self.writer.close(root);
        self.writer.close("instance");
    }

    fn nodes(&mut self, fields: &[Field]) {
        for field in fields {
            match &field.kind {
                FieldKind::Leaf(_) => self.writer.leaf(&field.name, &[], ""),
                FieldKind::Group(inside) => {
                    self.writer.open(&field.name, &[]);
                    self.nodes(inside);
                    self.writer.close(&field.name);
                }
                FieldKind::Repeat(inside) => {
                    self.writer.open(&field.name, &[("jr:template", "")]);
                    self.nodes(inside);
                    self.writer.close(&field.name);
                }
            }
        }
    }

    fn binds(&mut self, fields: &[Field], path: &str) {
        for field in fields {
            let path = format!("{path}/{}", field.name);
            let mut attributes = vec![("nodeset", &*path)];
            if let FieldKind::Leaf(leaf) = &field.kind {
                attributes.push(("type", type_name(leaf)));
                if let Some((what, parameter)) = leaf.automatic.map(preload) {
                    attributes.push(("jr:preload", what));
                    attributes.push(("jr:preloadParams", parameter));
                }
            }
            for (name, condition) in [
                ("required", &field.required),
                ("readonly", &field.readonly),
                ("relevant", &field.relevant),
            ] {
                attributes.extend(condition.as_deref().map(|condition| (name, condition)));
            }
            if attributes.len() > 1 {
                self.writer.leaf("bind", &attributes, "");
            }
            self.binds(field.children(), &path);
        }
    }

    fn controls(&mut self, fields: &[Field], path: &str) {
        for field in fields {
            let path = format!("{path}/{}", field.name);
            match &field.kind {
                FieldKind::Group(inside) => {
                    self.writer.open("group", &[("ref", &path)]);
                    self.label(&field.labels, &field.name, &path);
                    self.controls(inside, &path);
                    self.writer.close("group");
                }
                FieldKind::Repeat(inside) => {
                    self.writer.open("group", &[("ref", &path)]);
                    self.label(&field.labels, &field.name, &path);
                    self.writer.open("repeat", &[("nodeset", &path)]);
                    self.controls(inside, &path);
                    self.writer.close("repeat");
                    self.writer.close("group");
                }
                // What the device fills in is asked of nobody.
                FieldKind::Leaf(leaf) if leaf.automatic.is_some() => {}
                FieldKind::Leaf(leaf) => self.question(field, leaf, &path),
            }
        }
    }

    fn question(&mut self, field: &Field, leaf: &Leaf, path: &str) {
        let (name, media_type) = match control(leaf) {
            Control::Line => ("input", None),
            Control::One => ("select1", None),
            Control::Several => ("select", None),
            Control::Ranks => ("odk:rank", None),
            Control::File => {
                ("upload", Some(leaf.media_type.as_deref().unwrap_or("application/*")))
            }
        };
        let media_type = media_type.map(|media_type| ("mediatype", media_type));
        let attributes: Vec<_> = [("ref", path)].into_iter().chain(media_type).collect();
        self.writer.open(name, &attributes);
        self.label(&field.labels, &field.name, path);
        if leaf.answer == AnswerType::Boolean {
            for (value, text) in TRUTHS {
                self.item(value, |writer| writer.leaf("label", &[], text));
            }
        } else if control(leaf) != Control::Line {
            let is_translated = !self.form.languages.is_empty();
            for (place, choice) in leaf.choices.iter().enumerate() {
                self.item(&choice.value, |writer| {
                    if is_translated {
                        let reference = reference(&choice_id(path, place));
                        writer.leaf("label", &[("ref", &reference)], "");
                    } else {
                        writer.leaf("label", &[], label_of(choice));
                    }
                });
            }
        }
        self.writer.close(name);
    }

    fn item(&mut self, value: &str, label: impl FnOnce(&mut Writer)) {
        self.writer.open("item", &[]);
        label(&mut self.writer);
        self.writer.leaf("value", &[], value);
        self.writer.close("item");
    }

    fn label(&mut self, labels: &Labels, name: &str, path: &str) {
        if self.form.languages.is_empty() {
            let text = labels.in_language(None).filter(|text| !text.is_empty()).unwrap_or(name);
            self.writer.leaf("label", &[], text);
        } else {
            self.writer.leaf("label", &[("ref", &reference(&label_id(path)))], "");
        }
    }
}

fn reference(id: &str) -> String {
    format!("jr:itext('{id}')")
}

fn label_id(path: &str) -> String {
    format!("{path}:label")
}

fn choice_id(path: &str, place: usize) -> String {
    format!("{path}:choice-{place}")
}

fn label_of(choice: &Choice) -> &str {
    let text = choice.labels.in_language(None).filter(|text| !text.is_empty());
    text.unwrap_or(&choice.value)
}

/// The ids of all texts with what they are in each language.
fn collect<'f>(fields: &'f [Field], path: &str, texts: &mut Vec<(String, &'f Labels)>) {
    for field in fields {
        let path = format!("{path}/{}", field.name);
        texts.push((label_id(&path), &field.labels));
        if let FieldKind::Leaf(leaf) = &field.kind {
            let choices = leaf.choices.iter().enumerate();
            texts.extend(choices.map(|(place, it)| (choice_id(&path, place), &it.labels)));
        }
        collect(field.children(), &path, texts);
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::form::Label;

    use super::*;
    use crate::openrosa::read_form;
    use crate::{Received, read_definition};

    fn written(json: &str) -> (Form, Form, String) {
        let received = Received { content_type: None, body: json.as_bytes() };
        let form = read_definition(&received).unwrap();
        let text = write_xform(&form, Some("7"));
        let again = read_form(&Received { content_type: None, body: text.as_bytes() }).unwrap();
        (form, again, text)
    }

    const BIRTHS: &str = r#"{"id":"births","title":"Births & more","questions":[
        {"path":"name","type":"text","label":"What <is> \"it\"?","required":"true()"},
        {"path":"age","type":"integer","relevant":"/data/name != ''"},
        {"path":"weight","type":"decimal"},{"path":"day","type":"date"},{"path":"at","type":"date-time"},
        {"path":"sex","type":"select-one","choices":["f",{"value":"m","label":"Boy"}]},
        {"path":"vaccines","type":"select-many","choices":["a","b"]},
        {"path":"order","type":"rank","choices":["x","y"]},
        {"path":"loc","type":"group","label":"Where"},{"path":"loc/gps","type":"geopoint"},
        {"path":"loc/track","type":"geotrace"},{"path":"photo","type":"file"},
        {"path":"people","type":"repeat","label":"People"},{"path":"people/first"},
        {"path":"started","type":"date-time","automatic":"start"}]}"#;

    #[test]
    fn what_is_written_is_read_as_the_same_questions() {
        let (form, again, text) = written(BIRTHS);
        assert_eq!((&again.title, &again.form_id), (&form.title, &form.form_id));
        assert_eq!(again.version.as_deref(), Some("7"));
        let told = |fields: &[Field]| -> Vec<String> {
            fn tell(fields: &[Field], path: &str, told: &mut Vec<String>) {
                for field in fields {
                    let path = format!("{path}/{}", field.name);
                    let kind = match &field.kind {
                        FieldKind::Group(_) => "group".to_owned(),
                        FieldKind::Repeat(_) => "repeat".to_owned(),
                        FieldKind::Leaf(leaf) => {
                            let values: Vec<&str> =
                                leaf.choices.iter().map(|it| it.value.as_str()).collect();
                            format!("{} {values:?} {:?}", leaf.answer, leaf.automatic)
                        }
                    };
                    let (required, relevant) = (&field.required, &field.relevant);
                    told.push(format!("{path}: {kind} {required:?} {relevant:?}"));
                    tell(field.children(), &path, told);
                }
            }
            let mut all = Vec::new();
            tell(fields, "", &mut all);
            all
        };
        assert_eq!(told(&again.fields), told(&form.fields), "{text}");
        let name = again.field(&["name"]).unwrap();
        assert_eq!(name.labels.in_language(None), Some("What <is> \"it\"?"));
        let sex = again.field(&["sex"]).unwrap().as_leaf().unwrap();
        assert_eq!(sex.choices[1].labels.in_language(None), Some("Boy"));
        assert!(!text.contains("ref=\"/data/started\""), "the device fills it in by itself");
        // Each bind is of a node that is there.
        assert!(text.contains("<meta><instanceID/></meta>"), "{text}");
        assert!(text.contains("<bind nodeset=\"/data/meta/instanceID\""), "{text}");
    }

    #[test]
    fn a_yes_or_no_is_a_choice_of_two_and_an_open_list_a_line() {
        let (_, again, text) = written(
            r#"{"id":"a","questions":[{"path":"agreed","type":"boolean","label":"Agreed"},
                {"path":"open","type":"select-one"},
                {"path":"blanks","type":"select-many","choices":["a b","c"]}]}"#,
        );
        let answer = |name: &str| again.field(&[name]).unwrap().as_leaf().unwrap();
        assert_eq!(answer("agreed").answer, AnswerType::SelectOne);
        let values: Vec<&str> =
            answer("agreed").choices.iter().map(|it| it.value.as_str()).collect();
        assert_eq!(values, ["true", "false"]);
        assert_eq!(answer("open").answer, AnswerType::Text, "{text}");
        assert_eq!(answer("blanks").answer, AnswerType::Text, "{text}");
    }

    #[test]
    fn labels_are_written_in_all_languages() {
        let (form, again, text) = written(
            r#"{"id":"a","languages":["en","fr"],"questions":[
                {"path":"phone","labels":{"en":"Phone","fr":"Téléphone"}},
                {"path":"sex","type":"select-one","labels":{"en":"Sex","fr":"Sexe"},
                 "choices":[{"value":"f","labels":{"en":"Girl","fr":"Fille"}}]}]}"#,
        );
        assert_eq!(again.languages, form.languages, "{text}");
        let phone = again.field(&["phone"]).unwrap();
        assert_eq!(phone.labels.in_language(Some("fr")), Some("Téléphone"));
        let sex = again.field(&["sex"]).unwrap().as_leaf().unwrap();
        let labels: Vec<&Label> = sex.choices[0].labels.0.iter().collect();
        assert_eq!(labels.len(), 2, "{labels:?}");
        assert_eq!(sex.choices[0].labels.in_language(Some("fr")), Some("Fille"));
    }

    #[test]
    fn what_a_form_is_called_can_be_anything() {
        let form = Form {
            root: "no name".to_owned(),
            form_id: Some("<\"&".to_owned()),
            title: "]]>".to_owned(),
            ..Form::default()
        };
        let text = write_xform(&form, None);
        let again = read_form(&Received { content_type: None, body: text.as_bytes() }).unwrap();
        assert_eq!((again.form_id.as_deref(), &*again.title), (Some("<\"&"), "]]>"));
        assert_eq!(again.root, ROOT);
    }
}
