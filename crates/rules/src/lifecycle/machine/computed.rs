//! Computed fields: what templates make of the answers, in the order of the form, so that one can be made of
//! another that stands before it.
//!
//! They are made when the lifecycle begins, and anew with each edit. What follows from that alone which was sent can
//! be made before, and is the same whenever it is made: which fields these are is seen from what their templates
//! name, not from what they make, because two days may well look the same to a template that asks for the day.

use fieldpost_model::form_definition::{FieldType, keyed};
use fieldpost_model::json::Value as Json;
use fieldpost_model::submission::Submission;

use super::super::effects::{Effect, Record};
use super::super::template;
use super::super::variables::is_there_when_sent;
use super::{Machine, problem};

impl Machine<'_> {
    /// The answers with the fields that are computed of them, and what was wrong with their templates. A field
    /// whose template fails stays as it was.
    pub fn computed(&self, record: &Record) -> (Submission, Vec<Effect>) {
        let mut record = record.clone();
        let templates = self.templates().into_iter();
        let problems = templates.filter_map(|(key, it)| self.compute(&mut record, key, it));
        let problems = problems.collect();
        (record.submission, problems)
    }

    /// The answers with those computed fields alone that follow from what was sent. Any other has no value yet,
    /// whatever was sent for it.
    pub fn computed_when_sent(&self, record: &Record) -> Submission {
        let mut record = record.clone();
        let templates = self.templates();
        let backoffice = keyed(&self.definition.lifecycle.backoffice_fields);
        let backoffice = backoffice.into_iter().map(|(key, _)| key);
        let mut later: Vec<String> =
            templates.iter().map(|(key, _)| key.clone()).chain(backoffice).collect();
        for (key, template) in templates {
            // What cannot be read fails whenever it is tried.
            let Ok(reads) = template::reads(template, &self.surroundings.limits) else { continue };
            if !reads.time && reads.names.iter().all(|name| is_there_when_sent(name, &later)) {
                later.retain(|other| *other != key);
                self.compute(&mut record, key, template);
            } else {
                record.submission.values.extra.retain(|(name, _)| *name != key);
            }
        }
        record.submission
    }

    /// The computed fields of the form, by key, with their templates.
    fn templates(&self) -> Vec<(String, &str)> {
        let fields = keyed(&self.definition.fields).into_iter();
        let computed = fields.filter(|(_, field)| field.field_type == FieldType::Computed);
        computed.filter_map(|(key, field)| Some((key, field.template.as_deref()?))).collect()
    }

    /// Computes one field, and tells what is wrong with its template.
    fn compute(&self, record: &mut Record, key: String, template: &str) -> Option<Effect> {
        let facts = self.facts(record);
        let value = match template::evaluate(template, &facts, &self.surroundings) {
            Ok(value) => value.to_json(&mut |file| Json::from(file.filename.clone())),
            Err(error) => {
                let sentence = format!("The template of the field '{key}': {error}");
                return Some(problem(None, "template-failed", sentence));
            }
        };
        let extra = &mut record.submission.values.extra;
        match extra.iter_mut().find(|(name, _)| *name == key) {
            Some((_, known)) => *known = value,
            None => extra.push((key, value)),
        }
        None
    }
}
