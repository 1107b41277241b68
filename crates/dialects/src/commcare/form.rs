//! A form, as the XML that the phone sent or as the object of HQ's Form API.

use fieldpost_model::json::Value;

use crate::view::{Members, children, each, member_text, text};
use crate::xml::Root;
use crate::{Decoded, Shape};

/// What the names of forms made with HQ's form builder begin with.
const FORM_BUILDER: &str = "http://openrosa.org/formdesigner/";
/// The name of the reports that phones send about themselves, which travel as forms.
const DEVICE_REPORT: &str = "http://code.javarosa.org/devicereport";

/// Whether the document is a form: named as one, or carrying the id of a submission.
pub(super) fn is_xml(root: &Root<'_>) -> bool {
    let name = member_text(&root.content, "@xmlns").unwrap_or_default();
    name.starts_with(FORM_BUILDER) || name == DEVICE_REPORT || meta(&root.content).is_some()
}

/// The view that the Form API gives of this form, as far as the XML tells.
pub(crate) fn of_xml(root: Root<'_>) -> Decoded<'_> {
    let mut form = Members::default();
    form.set("#type", Value::string(root.name.clone()));
    let meta = meta(&root.content).cloned();
    let id = meta.as_ref().and_then(|meta| member_text(meta, "instanceID")).map(str::to_owned);
    let name = member_text(&root.content, "@xmlns").map(str::to_owned);

    let mut view = Members::default();
    if let Some(id) = &id {
        view.set("id", Value::string(id.clone()));
    }
    view.set("type", Value::string(root.name));
    for (attribute, member) in [("@uiVersion", "uiversion"), ("@version", "version")] {
        if let Some(value) = root.content.get(attribute) {
            view.set(member, value.clone());
        }
    }
    if let Some(meta) = meta {
        view.set("metadata", metadata(&meta));
    }
    match root.content {
        Value::Object(members) => {
            for (name, value) in members {
                form.set(&name, value);
            }
        }
        text => form.set("#text", text),
    }
    view.set("form", form.into_value());
    Decoded {
        identity: id.clone(),
        key: id,
        form: name,
        ..Decoded::new(Shape::Form, view.into_value())
    }
}

/// Whether the object is one of the Form API.
pub(crate) fn is_json(view: &Value<'_>) -> bool {
    view.get("form").is_some_and(|form| form.as_object().is_some())
        && (member_text(view, "id").is_some()
            || view.get("metadata").is_some_and(|metadata| metadata.as_object().is_some()))
}

/// An object of the Form API is its own view.
pub(super) fn of_json(view: Value<'_>) -> Decoded<'_> {
    let id = member_text(&view, "id")
        .or_else(|| view.path(&["metadata", "instanceID"]).and_then(text))
        .or_else(|| view.path(&["form", "meta", "instanceID"]).and_then(text))
        .filter(|id| !id.is_empty())
        .map(str::to_owned);
    let name = view.path(&["form", "@xmlns"]).and_then(text).map(str::to_owned);
    Decoded { identity: id.clone(), key: id, form: name, ..Decoded::new(Shape::Form, view) }
}

/// The block with the submission's id. A form may have a question of its own called `meta`.
fn meta<'v, 'a>(form: &'v Value<'a>) -> Option<&'v Value<'a>> {
    each(form.get("meta")?).iter().find(|block| member_text(block, "instanceID").is_some())
}

/// The block as the Form API gives it: plain texts, without namespaces.
fn metadata<'a>(meta: &Value<'a>) -> Value<'a> {
    let mut metadata = Members::default();
    for (name, value) in children(meta) {
        let plain = match value.get("#text") {
            Some(text) => text.clone(),
            None => value.clone(),
        };
        metadata.set(name, plain);
    }
    metadata.into_value()
}
