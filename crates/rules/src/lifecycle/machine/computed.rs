//! Computed fields: what templates make of the answers, in the order of the form, so that one can be made of
//! another that stands before it.

use fieldpost_model::form_definition::{FieldType, keyed};
use fieldpost_model::json::Value as Json;
use fieldpost_model::submission::Submission;

use super::super::effects::{Effect, Record};
use super::super::template;
use super::{Machine, problem};

impl Machine<'_> {
    /// The answers with the fields that are computed of them, and what was wrong with their templates. A field
    /// whose template fails stays as it was.
    pub fn computed(&self, record: &Record) -> (Submission, Vec<Effect>) {
        let (mut record, mut problems) = (record.clone(), Vec::new());
        for (key, field) in keyed(&self.definition.fields) {
            let Some(template) = field.template.as_deref() else { continue };
            if field.field_type != FieldType::Computed {
                continue;
            }
            let facts = self.facts(&record);
            let value = match template::evaluate(template, &facts, &self.surroundings) {
                Ok(value) => value.to_json(&mut |file| Json::from(file.filename.clone())),
                Err(error) => {
                    let sentence = format!("The template of the field '{key}': {error}");
                    problems.push(problem(None, "template-failed", sentence));
                    continue;
                }
            };
            let extra = &mut record.submission.values.extra;
            match extra.iter_mut().find(|(name, _)| *name == key) {
                Some((_, known)) => *known = value,
                None => extra.push((key, value)),
            }
        }
        (record.submission, problems)
    }
}
