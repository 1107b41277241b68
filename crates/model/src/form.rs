//! Forms: what may be asked and what kind of answer each question takes.
//!
//! A form is a tree. Groups put questions together, repeats let them be asked any number of times,
//! and leaves take the answers. What the hub does not evaluate (conditions, constraints) is kept as
//! the text that the form's author wrote. Labels and choices are shared, not copied, because a form
//! may use one list of ten thousand villages in a hundred questions.

use std::sync::Arc;

use crate::names;

names! {
    /// What kind of answer a leaf takes.
    pub enum AnswerType {
        /// Any text.
        Text = "text",
        /// A whole number.
        Integer = "integer",
        /// A number.
        Decimal = "decimal",
        /// Yes or no.
        Boolean = "boolean",
        /// A day.
        Date = "date",
        /// A time of day.
        Time = "time",
        /// A day and a time of day.
        DateTime = "date-time",
        /// One of several choices.
        SelectOne = "select-one",
        /// Any number of several choices.
        SelectMany = "select-many",
        /// All choices, in an order.
        Rank = "rank",
        /// A position.
        Geopoint = "geopoint",
        /// A line of positions.
        Geotrace = "geotrace",
        /// An area inside a line of positions.
        Geoshape = "geoshape",
        /// A file: photo, sound, film, signature, document.
        File = "file",
        /// What a barcode says.
        Barcode = "barcode",
    }
}

names! {
    /// What a device fills in by itself.
    pub enum Automatic {
        /// When the form was opened.
        Start = "start",
        /// When it was finished.
        End = "end",
        /// The day on which it was filled in.
        Today = "today",
        /// The device.
        Device = "device",
        /// Who is logged in at the device.
        User = "user",
        /// The device's telephone number.
        PhoneNumber = "phone-number",
        /// Who is logged in, by e-mail address.
        EmailAddress = "email-address",
        /// The id of the submission.
        InstanceId = "instance-id",
    }
}

/// A form's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// The key within the project: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The id that submissions name it by.
    pub form_id: Option<String>,
    /// The namespace that submissions name it by, where they do.
    pub xmlns: Option<String>,
    /// The version, as its author counts.
    pub version: Option<String>,
    /// The application that it is part of.
    pub application: Option<String>,
    /// The name of a submission's outermost element.
    pub root: String,
    /// The languages of its labels, the default first. Empty where labels have no language.
    pub languages: Vec<String>,
    /// What it asks, in its order.
    pub fields: Vec<Field>,
    /// The files that a device needs to show it.
    pub media: Vec<Media>,
    /// Whether devices encrypt what is filled in, so that only the key's owner can read it.
    pub is_encrypted: bool,
}

/// One node of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name among its siblings.
    pub name: String,
    /// What people read.
    pub labels: Labels,
    /// When an answer is required: a condition, `true()` for always.
    pub required: Option<String>,
    /// When the answer cannot be changed: a condition.
    pub readonly: Option<String>,
    /// When it is asked at all: a condition.
    pub relevant: Option<String>,
    /// What it is.
    pub kind: FieldKind,
}

/// What a node of a form is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Questions that belong together.
    Group(Vec<Field>),
    /// Questions that are asked any number of times.
    Repeat(Vec<Field>),
    /// A question.
    Leaf(Leaf),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What kind of answer it takes.
    pub answer: AnswerType,
    /// Where the device answers by itself: with what.
    pub automatic: Option<Automatic>,
    /// What can be chosen, where the form says it.
    pub choices: Arc<[Choice]>,
    /// The file that the choices are in, where they are not in the form.
    pub choices_from: Option<String>,
    /// What files it takes, as a media type such as `image/*`.
    pub media_type: Option<String>,
}

impl Leaf {
    /// A question with nothing but a type.
    pub fn of(answer: AnswerType) -> Self {
        Self {
            answer,
            automatic: None,
            choices: Arc::default(),
            choices_from: None,
            media_type: None,
        }
    }
}

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What a submission says.
    pub value: String,
    /// What people read.
    pub labels: Labels,
}

/// One thing to read, in several languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(pub Arc<[Label]>);

/// A text in a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The language, as the form calls it; `None` where the form has only one text.
    pub language: Option<Arc<str>>,
    /// The text.
    pub text: String,
}

impl Labels {
    /// One text for everybody; no label at all where it is empty.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            return Self::default();
        }
        Self(Arc::from([Label { language: None, text }]))
    }

    /// The text in that language; else the one without a language; else the first.
    pub fn in_language(&self, language: Option<&str>) -> Option<&str> {
        let wanted = self.0.iter().find(|label| label.language.as_deref() == language);
        let label = wanted
            .or_else(|| self.0.iter().find(|label| label.language.is_none()))
            .or_else(|| self.0.first())?;
        Some(&label.text)
    }
}

/// A file that a form needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Media {
    /// The file's name, as devices ask for it.
    pub name: String,
    /// How the form writes it: `jr://images/map.png`.
    pub address: String,
}

impl Field {
    /// A node with nothing but a name and a kind.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.into(),
            labels: Labels::default(),
            required: None,
            readonly: None,
            relevant: None,
            kind,
        }
    }

    /// The nodes inside it.
    pub fn children(&self) -> &[Self] {
        match &self.kind {
            FieldKind::Group(fields) | FieldKind::Repeat(fields) => fields,
            FieldKind::Leaf(_) => &[],
        }
    }

    /// The question that it is, where it is one.
    pub fn as_leaf(&self) -> Option<&Leaf> {
        match &self.kind {
            FieldKind::Leaf(leaf) => Some(leaf),
            _ => None,
        }
    }
}

impl Form {
    /// The node at the end of a path of names, `["contact", "name"]`.
    pub fn field(&self, path: &[&str]) -> Option<&Field> {
        let (first, rest) = path.split_first()?;
        let first = self.fields.iter().find(|field| field.name == *first)?;
        rest.iter().try_fold(first, |field, name| {
            field.children().iter().find(|child| child.name == *name)
        })
    }

    /// The text as a form's name: in lower case, everything unusual turned into `-`, at most 64
    /// bytes. `None` where nothing is left.
    pub fn name_from(text: &str) -> Option<String> {
        let mut name = String::new();
        for character in text.chars().flat_map(char::to_lowercase) {
            match character {
                'a'..='z' | '0'..='9' | '_' => name.push(character),
                _ if name.is_empty() || name.ends_with('-') => {}
                _ => name.push('-'),
            }
            if name.len() == MAX_NAME_LENGTH {
                break;
            }
        }
        let name = name.trim_end_matches('-');
        (!name.is_empty()).then(|| name.to_owned())
    }
}

/// How long a form's name may be, in bytes.
const MAX_NAME_LENGTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_what_people_write() {
        let longest = "n".repeat(MAX_NAME_LENGTH);
        for (text, name) in [
            ("Births", Some("births")),
            ("Birth registration, v2", Some("birth-registration-v2")),
            ("http://openrosa.org/formdesigner/B9C4", Some("http-openrosa-org-formdesigner-b9c4")),
            ("naître_2", Some("na-tre_2")),
            ("  --  ", None),
            ("", None),
            (&longest, Some(&*longest)),
            (&format!("{longest}n"), Some(&*longest)),
        ] {
            assert_eq!(Form::name_from(text).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn a_label_is_found_in_the_language_or_in_another() {
        let label = |language: Option<&str>, text: &str| Label {
            language: language.map(Arc::from),
            text: text.to_owned(),
        };
        let both = Labels(Arc::from([label(Some("fr"), "Nom"), label(Some("en"), "Name")]));
        assert_eq!(both.in_language(Some("en")), Some("Name"));
        assert_eq!(both.in_language(Some("de")), Some("Nom"));
        assert_eq!(both.in_language(None), Some("Nom"));
        assert_eq!(Labels::plain("Name").in_language(Some("en")), Some("Name"));
        assert_eq!(Labels::plain("").in_language(None), None);
    }

    #[test]
    fn fields_are_found_by_their_path() {
        let leaf = Field::new("name", FieldKind::Leaf(Leaf::of(AnswerType::Text)));
        let form = Form {
            fields: vec![Field::new("contact", FieldKind::Repeat(vec![leaf.clone()]))],
            ..Form::default()
        };
        assert_eq!(form.field(&["contact", "name"]), Some(&leaf));
        assert_eq!(form.field(&["contact", "other"]), None);
        assert_eq!(form.field(&["contact", "name", "more"]), None);
        assert_eq!(form.field(&[]), None);
    }
}
