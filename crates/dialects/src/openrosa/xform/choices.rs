//! What can be chosen: written beside the question, or in an instance that many questions share.

use std::collections::BTreeMap;
use std::sync::Arc;

use fieldpost_model::form::{Choice, Labels, Media};
use fieldpost_model::json::Value;

use super::attribute;
use super::texts::Texts;
use crate::Unreadable;
use crate::view::{children, each, member_text, text};

/// How many choices all the lists of a form may have together.
pub const MAX_FORM_CHOICES: usize = 100_000;

/// In how many ways the questions of a form may read one list, taking other nodes as value and label
/// each time. Each reading is a copy.
pub const MAX_LIST_READINGS: usize = 16;

/// The lists of a form.
#[derive(Debug)]
pub(super) struct Lists<'v, 'a> {
    texts: &'v Texts,
    instances: BTreeMap<&'v str, &'v Value<'a>>,
    /// The lists that questions asked for, by instance, value and label.
    made: BTreeMap<(String, String, String), Arc<[Choice]>>,
    count: usize,
}

/// The choices of a question, and the file they are in where they are not in the form.
pub(super) type Found = (Arc<[Choice]>, Option<String>);

impl<'v, 'a> Lists<'v, 'a> {
    /// The instances of the model beside the first, which is the form itself.
    pub(super) fn new(model: &'v Value<'a>, texts: &'v Texts) -> Self {
        let instances = model.get("instance").map(each).unwrap_or_default();
        let named = instances.iter().skip(1).filter_map(|one| Some((attribute(one, "@id")?, one)));
        Self { texts, instances: named.collect(), made: BTreeMap::new(), count: 0 }
    }

    /// The choices of a `select`, `select1` or `rank`.
    pub(super) fn of(&mut self, control: &Value<'_>) -> Result<Found, Unreadable> {
        if let Some(itemset) = control.get("itemset").and_then(|itemset| each(itemset).first()) {
            return self.of_itemset(itemset);
        }
        let items = control.get("item").map(each).unwrap_or_default();
        let choices: Vec<Choice> = items
            .iter()
            .map(|item| Choice {
                value: item.get("value").and_then(text).unwrap_or_default().trim().to_owned(),
                labels: self.texts.label_of(item),
            })
            .collect();
        self.counted(choices).map(|choices| (choices, None))
    }

    fn of_itemset(&mut self, itemset: &Value<'_>) -> Result<Found, Unreadable> {
        let nodeset = attribute(itemset, "@nodeset").unwrap_or_default();
        // Choices out of the answers to other questions are not known beforehand.
        let Some(id) = instance_id(nodeset) else { return Ok((Arc::default(), None)) };
        let Some(instance) = self.instances.get(id).copied() else {
            return Ok((Arc::default(), None));
        };
        if let Some(source) = attribute(instance, "@src") {
            return Ok((Arc::default(), file_name(source).map(str::to_owned)));
        }
        let reference = |name: &str| {
            itemset
                .get(name)
                .and_then(|element| attribute(each(element).first()?, "@ref"))
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let key = (id.to_owned(), reference("value"), reference("label"));
        if let Some(choices) = self.made.get(&key) {
            return Ok((Arc::clone(choices), None));
        }
        let readings = self.made.keys().filter(|(read, _, _)| *read == key.0).count();
        if readings == MAX_LIST_READINGS {
            return Err(too_many_choices());
        }
        let choices = items(instance)
            .map(|item| Choice {
                value: member_text(item, &key.1).unwrap_or_default().trim().to_owned(),
                labels: self.label(item, &key.2),
            })
            .collect();
        let choices = self.counted(choices)?;
        self.made.insert(key, Arc::clone(&choices));
        Ok((choices, None))
    }

    /// The label of an item: the id of a text, `jr:itext(itextId)`, or the text, `label`.
    fn label(&self, item: &Value<'_>, reference: &str) -> Labels {
        match reference.split_once("itext(") {
            Some((_, rest)) => {
                let member = rest.trim_end().trim_end_matches(')').trim();
                member_text(item, member).map(|id| self.texts.by_id(id)).unwrap_or_default()
            }
            None => Labels::plain(member_text(item, reference).unwrap_or_default().trim()),
        }
    }

    fn counted(&mut self, choices: Vec<Choice>) -> Result<Arc<[Choice]>, Unreadable> {
        self.count += choices.len();
        if self.count > MAX_FORM_CHOICES {
            return Err(too_many_choices());
        }
        Ok(Arc::from(choices))
    }
}

fn too_many_choices() -> Unreadable {
    Unreadable::new(
        "xform-choices",
        format!(
            "The form's lists have more than {MAX_FORM_CHOICES} choices together, or one of them is \
             read in more than {MAX_LIST_READINGS} ways; put long lists into files beside the form."
        ),
    )
}

/// The items of an instance: all that stands in its root element.
fn items<'v, 'a>(instance: &'v Value<'a>) -> impl Iterator<Item = &'v Value<'a>> {
    let roots = children(instance).flat_map(|(_, root)| each(root));
    roots.flat_map(|root| children(root).flat_map(|(_, items)| each(items)))
}

/// The id in `instance('villages')/root/item[district = /data/district]`.
fn instance_id(nodeset: &str) -> Option<&str> {
    let (_, rest) = nodeset.split_once("instance(")?;
    let (id, _) = rest.split_once(')')?;
    Some(id.trim().trim_matches(['\'', '"']))
}

/// The files that instances and labels take their content from, in the order of their names.
pub(super) fn media(model: &Value<'_>, texts: &Texts) -> Vec<Media> {
    let instances = model.get("instance").map(each).unwrap_or_default();
    let sources = instances.iter().filter_map(|instance| attribute(instance, "@src"));
    let mut media: Vec<Media> = sources
        .chain(texts.media.iter().map(String::as_str))
        .filter_map(|address| {
            let name = file_name(address)?.to_owned();
            Some(Media { name, address: address.to_owned() })
        })
        .collect();
    media.sort();
    media.dedup_by(|left, right| left.name == right.name);
    media
}

/// The name of the file at an address; `None` where the device makes it itself, as it does with
/// what was filled in last.
fn file_name(address: &str) -> Option<&str> {
    let path = address.trim().strip_prefix("jr://")?;
    let (kind, name) = path.split_once('/')?;
    let is_file =
        kind.starts_with("file") || matches!(kind, "images" | "image" | "audio" | "video");
    let name = name.rsplit('/').next()?;
    (is_file && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_files_or_nothing() {
        for (address, name) in [
            ("jr://file-csv/villages.csv", Some("villages.csv")),
            ("jr://file/villages.xml", Some("villages.xml")),
            ("jr://images/big/map.png", Some("map.png")),
            ("jr://audio/hello.mp3", Some("hello.mp3")),
            ("jr://instance/last-saved", None),
            ("jr://instance/session", None),
            ("jr://fixture/item-list:villages", None),
            ("jr://file/", None),
            ("https://example.org/villages.csv", None),
        ] {
            assert_eq!(file_name(address), name, "{address}");
        }
    }
}
