//! What people read: labels in the form itself, or by reference in its translations.

use std::collections::BTreeMap;
use std::sync::Arc;

use fieldpost_model::form::{Label, Labels};
use fieldpost_model::json::Value;

use super::attribute;
use crate::view::{each, text};

/// The translations of a form.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// The languages, the default first.
    pub(super) languages: Vec<String>,
    labels: BTreeMap<String, Labels>,
    /// The addresses of the pictures, sounds and films that labels show.
    pub(super) media: Vec<String>,
}

impl Texts {
    /// Reads the model's `itext`.
    pub(super) fn read(model: &Value<'_>) -> Self {
        let blocks = model.get("itext").map(each).unwrap_or_default();
        let translations: Vec<&Value<'_>> =
            blocks.iter().filter_map(|itext| itext.get("translation")).flat_map(each).collect();
        let default = translations.iter().position(|one| one.get("@default").is_some());
        let first = default.unwrap_or(0);
        let in_order = translations.get(first).into_iter().chain(
            translations.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, one)| one),
        );

        let mut texts = Self::default();
        let mut labels: BTreeMap<String, Vec<Label>> = BTreeMap::new();
        for translation in in_order {
            let language: Arc<str> = Arc::from(attribute(translation, "@lang").unwrap_or_default());
            texts.languages.push(language.to_string());
            for entry in translation.get("text").map(each).unwrap_or_default() {
                let Some(id) = attribute(entry, "@id") else { continue };
                if let Some(text) = texts.long_form(entry) {
                    let label = Label { language: Some(Arc::clone(&language)), text };
                    labels.entry(id.to_owned()).or_default().push(label);
                }
            }
        }
        texts.labels =
            labels.into_iter().map(|(id, labels)| (id, Labels(Arc::from(labels)))).collect();
        texts
    }

    /// The text to read of an entry; addresses of media are put aside.
    fn long_form(&mut self, entry: &Value<'_>) -> Option<String> {
        let mut chosen: Option<(bool, String)> = None;
        for value in entry.get("value").map(each).unwrap_or_default() {
            let form = attribute(value, "@form");
            let written = tidy(text(value).unwrap_or_default());
            if written.starts_with("jr://") {
                self.media.push(written);
                continue;
            }
            // A plain value is what people read; "long" comes next, then whatever there is.
            let is_plain = form.is_none();
            let is_better = match &chosen {
                None => true,
                Some((chosen_is_plain, _)) => is_plain && !chosen_is_plain,
            };
            if is_better && form != Some("guidance") {
                chosen = Some((is_plain, written));
            }
        }
        // pyxform writes "-" where a language has no text.
        chosen.map(|(_, text)| text).filter(|text| !text.is_empty() && text != "-")
    }

    /// The texts of an entry, by its id.
    pub(super) fn by_id(&self, id: &str) -> Labels {
        self.labels.get(id.trim()).cloned().unwrap_or_default()
    }

    /// The label of a control or choice.
    pub(super) fn label_of(&self, control: &Value<'_>) -> Labels {
        let Some(label) = control.get("label").and_then(|label| each(label).first()) else {
            return Labels::default();
        };
        match attribute(label, "@ref").and_then(itext_id) {
            Some(id) => self.by_id(id),
            None => Labels::plain(tidy(text(label).unwrap_or_default())),
        }
    }
}

/// The id in `jr:itext('/data/nom:label')`.
fn itext_id(reference: &str) -> Option<&str> {
    let (_, rest) = reference.split_once("itext(")?;
    let (id, _) = rest.rsplit_once(')')?;
    Some(id.trim().trim_matches(['\'', '"']))
}

/// The text with one blank wherever there is white space.
fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
