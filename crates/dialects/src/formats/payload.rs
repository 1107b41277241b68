//! What is written, and what comes out.

use std::collections::BTreeMap;

use fieldpost_model::case::Case;
use fieldpost_model::form::Form;
use fieldpost_model::submission::Submission;
use fieldpost_model::time::Timestamp;

use super::ServerFacts;

/// What a format made: the body of a request, and what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The body.
    pub bytes: Vec<u8>,
    /// The value of its `Content-Type`.
    pub content_type: String,
}

impl Written {
    pub(super) fn json(value: &fieldpost_model::json::Value<'_>) -> Self {
        Self { bytes: value.to_json().into_bytes(), content_type: "application/json".to_owned() }
    }

    pub(super) fn xml(text: String) -> Self {
        // As CommCare HQ and phones call it; receivers of theirs look at it.
        Self { bytes: text.into_bytes(), content_type: "text/xml".to_owned() }
    }
}

/// A filled form that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct FormPayload<'p> {
    /// What it is called: by its sender, else by the hub.
    pub id: &'p str,
    /// The name of its form, which is there whether it is defined or not.
    pub form_name: &'p str,
    /// What was answered, less what is withheld.
    pub submission: &'p Submission,
    /// The document as it came, with its content type. `None` where something is withheld, or where it
    /// is not there any more: then it is written from the submission.
    pub original: Option<(&'p [u8], Option<&'p str>)>,
    /// What the hub knows beside.
    pub facts: &'p ServerFacts<'p>,
    /// The cases that it touched.
    pub case_ids: &'p [String],
    /// Its definition, where there is one.
    pub form: Option<&'p Form>,
}

/// The state of a case that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct CasePayload<'p> {
    /// The case, less what is withheld.
    pub case: &'p Case,
    /// The project that it is in.
    pub domain: &'p str,
    /// The id of the form that brought this state; empty where none is known.
    pub form: &'p str,
    /// Where its files can be had, by their names in the case. One that is not here is told by its
    /// source.
    pub files: &'p BTreeMap<String, String>,
}

/// An application that was saved or built.
#[derive(Clone, Copy, Debug)]
pub struct ApplicationPayload<'p> {
    /// What is told of it: its id when it was saved, the id of the build when it was built.
    pub id: &'p str,
    /// The project that it is in.
    pub domain: &'p str,
    /// The application.
    pub application: Option<&'p str>,
    /// The build, where it was built.
    pub build: Option<&'p str>,
    /// When it was saved or built.
    pub saved_at: Timestamp,
    /// Its forms.
    pub forms: &'p [Form],
}
