//! From an XForm to a form.
//!
//! An XForm says things about one node in three places: its *instance* has the node and its place in
//! the tree, a *bind* of its model has the type and the conditions, and a control of its *body* has
//! the label, the choices, and whether it is repeated. Here the instance leads and the other two are
//! looked up by path, so a node without bind or control is still a field.
//!
//! The document is read by the same reader as any XML: without document types, nothing to expand,
//! within the same depth. Prefixes do not count: authors bind the same namespaces to any prefix, or
//! to none.

mod binds;
mod body;
mod choices;
mod paths;
mod texts;

use fieldpost_model::form::{AnswerType, Field, FieldKind, Form, Labels, Leaf};
use fieldpost_model::json::Value;

use self::binds::{Bind, Binds};
use self::body::Body;
use self::choices::Lists;
use self::texts::Texts;
use super::instance::{XFORMS, is_case_block, is_meta};
use crate::unreadable::excerpt;
use crate::view::{children, each, member_text, text};
use crate::{Received, Unreadable, xml};

pub use choices::{MAX_FORM_CHOICES, MAX_LIST_READINGS};
pub use paths::MAX_PATH_LENGTH;

/// How many nodes a form may have.
pub const MAX_FORM_FIELDS: usize = 10_000;

/// Reads an XForm.
pub fn read(received: &Received<'_>) -> Result<Form, Unreadable> {
    let root = xml::root(received)?;
    let (Some(model), true) = (model(&root.content), root.name == "html") else {
        return Err(Unreadable::new(
            "not-xform",
            format!(
                "The document is no XForm: its root element is '{}', where 'html' with a head and \
                 a model in it was expected. An XLSForm has to be converted first.",
                excerpt(&root.name)
            ),
        ));
    };
    let Some((name, instance)) = primary_instance(model) else {
        return Err(Unreadable::new(
            "xform-instance",
            "The XForm's model has no instance with an element in it, so it asks for nothing.",
        ));
    };
    assemble(&root.content, model, name, instance)
}

fn model<'v, 'a>(html: &'v Value<'a>) -> Option<&'v Value<'a>> {
    each(html.get("head")?).iter().find_map(|head| each(head.get("model")?).first())
}

/// The root element of the model's first instance, which is what is filled in.
fn primary_instance<'v, 'a>(model: &'v Value<'a>) -> Option<(&'v str, &'v Value<'a>)> {
    let instance = each(model.get("instance")?).first()?;
    let (name, elements) = children(instance).next()?;
    Some((name, each(elements).first()?))
}

fn assemble(
    html: &Value<'_>,
    model: &Value<'_>,
    root: &str,
    instance: &Value<'_>,
) -> Result<Form, Unreadable> {
    let path = format!("/{root}");
    let texts = Texts::read(model);
    let binds = Binds::read(model, &path);
    let mut lists = Lists::new(model, &texts);
    let body = match html.get("body").and_then(|body| each(body).first()) {
        Some(body) => Body::read(body, &path, &binds, &texts, &mut lists)?,
        None => Body::default(),
    };
    let mut tree = Tree { binds, body, count: 0 };
    let fields = tree.fields(&[instance], &path)?;

    let own = |name: &str| attribute(instance, name).map(str::to_owned);
    let xmlns = own("@xmlns").filter(|name| name != XFORMS);
    let form_id = own("@id").or_else(|| xmlns.clone());
    let title = title(html).or_else(|| own("@name"));
    let name = form_id.as_deref().or(title.as_deref()).and_then(Form::name_from);
    Ok(Form {
        name: name.unwrap_or_else(|| "form".to_owned()),
        title: title.or_else(|| form_id.clone()).unwrap_or_else(|| root.to_owned()),
        form_id,
        xmlns,
        version: own("@version"),
        application: None,
        root: root.to_owned(),
        fields,
        media: choices::media(model, &texts),
        is_encrypted: is_encrypted(model),
        languages: texts.languages,
    })
}

fn title(html: &Value<'_>) -> Option<String> {
    let head = each(html.get("head")?).first()?;
    let title = each(head.get("title")?).first().and_then(text)?.trim();
    (!title.is_empty()).then(|| title.to_owned())
}

/// Whether the model's submission names a key that devices encrypt with.
fn is_encrypted(model: &Value<'_>) -> bool {
    let submissions = model.get("submission").map(each).unwrap_or_default();
    submissions.iter().any(|submission| attribute(submission, "@base64RsaPublicKey").is_some())
}

/// The tree of fields under construction.
struct Tree {
    binds: Binds,
    body: Body,
    count: usize,
}

impl Tree {
    /// The fields inside an element. Where a repeat stands there several times (its template, and
    /// what a new form begins with), the first to have a node decides its place.
    fn fields(&mut self, elements: &[&Value<'_>], path: &str) -> Result<Vec<Field>, Unreadable> {
        let mut names: Vec<&str> = Vec::new();
        let mut by_name: std::collections::BTreeMap<&str, Vec<&Value<'_>>> =
            std::collections::BTreeMap::new();
        for (name, occurrences) in elements.iter().flat_map(|element| children(element)) {
            let known = by_name.entry(name).or_insert_with(|| {
                names.push(name);
                Vec::new()
            });
            known.extend(
                each(occurrences)
                    .iter()
                    .filter(|one| !is_meta(name, one) && !is_case_block(name, one)),
            );
        }
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let occurrences = by_name.remove(name).unwrap_or_default();
            if !occurrences.is_empty() {
                fields.push(self.field(name, &occurrences, &paths::child(path, name))?);
            }
        }
        Ok(fields)
    }

    fn field(
        &mut self,
        name: &str,
        occurrences: &[&Value<'_>],
        path: &str,
    ) -> Result<Field, Unreadable> {
        self.count += 1;
        if self.count > MAX_FORM_FIELDS {
            return Err(Unreadable::new(
                "xform-fields",
                format!("The form has more than {MAX_FORM_FIELDS} nodes."),
            ));
        }
        if path.len() > MAX_PATH_LENGTH {
            return Err(Unreadable::new(
                "xform-path",
                format!(
                    "The path of the node '{}' is longer than {MAX_PATH_LENGTH} bytes; give it and \
                     the groups around it shorter names.",
                    excerpt(name)
                ),
            ));
        }
        let bind = self.binds.take(path);
        let group = self.body.take_group(path);
        let has_template = occurrences.iter().any(|one| one.get("@template").is_some());
        let has_children = occurrences.iter().any(|one| children(one).next().is_some());
        let is_repeat = self.body.is_repeat(path) || has_template;
        let (labels, kind) = if is_repeat || group.is_some() || has_children {
            let fields = self.fields(occurrences, path)?;
            let kind = if is_repeat { FieldKind::Repeat(fields) } else { FieldKind::Group(fields) };
            (group.unwrap_or_default(), kind)
        } else {
            self.leaf(path, &bind)
        };
        Ok(Field {
            name: name.to_owned(),
            labels,
            required: bind.required,
            readonly: bind.readonly,
            relevant: bind.relevant,
            kind,
        })
    }

    fn leaf(&mut self, path: &str, bind: &Bind) -> (Labels, FieldKind) {
        let control = self.body.take_control(path).unwrap_or_default();
        let (choices, choices_from) = control.choices;
        let leaf = Leaf {
            answer: control.answer.or(bind.answer).unwrap_or(AnswerType::Text),
            automatic: bind.automatic,
            choices,
            choices_from,
            media_type: control.media_type,
        };
        (control.labels, FieldKind::Leaf(leaf))
    }
}

/// An attribute of an element.
///
/// CommCare's form builder writes some attributes twice, once in a namespace of its own with
/// shorthands such as `#form/name`, which only it can read; views drop the namespaces and have both.
fn attribute<'v>(element: &'v Value<'_>, name: &str) -> Option<&'v str> {
    if let Some(values @ Value::Array(_)) = element.get(name) {
        let mut written = each(values).iter().filter_map(text);
        return written.find(|text| !text.contains("#form/") && !text.contains("#case/"));
    }
    member_text(element, name)
}
