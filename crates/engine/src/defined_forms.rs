//! Forms that a project defines, as forms of the hub: their submissions are typed, listed and exported as
//! those of any other form, whatever way they come in.
//!
//! What is kept of such a form is the definition that uploads in JSON have, made of what the project says;
//! each change of what it asks is a new version. It is written together with the project's definitions. A
//! form that is taken out of the project stays as it is known, with its submissions.

use std::sync::Arc;

use fieldpost_dialects::formats::form_schema;
use fieldpost_dialects::{Received, read_definition};
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::submission::FormReference;
use fieldpost_rules::definition::Problem;
use fieldpost_store::{DefinedForm, DefinitionChange, FormHead, FormOrigin};

use crate::error::HubError;
use crate::form_upload::{JSON, put_form};
use crate::hub::Hub;

/// What is to be done so that forms are known, and what is in the way of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckedForms {
    /// The changes, none where nothing is different.
    pub(crate) changes: Vec<DefinitionChange>,
    /// The problems.
    pub(crate) problems: Vec<Problem>,
}

impl Hub {
    /// Compares the forms of a draft with those that the project has.
    pub(crate) async fn checked_forms(
        &self,
        project: &str,
        definitions: &[Arc<FormDefinition>],
    ) -> Result<CheckedForms, HubError> {
        let mut checked = CheckedForms::default();
        for definition in definitions {
            match self.checked_form(project, definition).await? {
                Ok(change) => checked.changes.extend(change),
                Err(problem) => checked.problems.push(problem),
            }
        }
        Ok(checked)
    }

    async fn checked_form(
        &self,
        project: &str,
        definition: &FormDefinition,
    ) -> Result<Result<Option<DefinitionChange>, Problem>, HubError> {
        let bytes = match kept_as(definition) {
            Ok(bytes) => bytes,
            Err(problem) => return Ok(Err(problem)),
        };
        let name = &definition.name;
        let there = self.store().form(project, name).await?;
        if let Some(other) = self.other_form(project, definition, there.as_ref()).await? {
            return Ok(Err(taken(name, &other)));
        }
        let is_kept = match (&there, &bytes) {
            (Some(head), Some(bytes)) => self.is_newest(project, head, bytes).await?,
            (Some(head), None) => head.title == definition.title,
            (None, _) => false,
        };
        let is_defined = there.as_ref().is_some_and(|head| head.origin == FormOrigin::Defined);
        if is_kept && is_defined {
            return Ok(Ok(None));
        }
        let application = there.and_then(|head| head.application);
        let bytes = bytes.filter(|_| !is_kept).map(|bytes| (JSON.to_owned(), bytes));
        let form = definition.form();
        let form = put_form(&form, name.clone(), application, bytes, FormOrigin::Defined);
        // Of a project that is being made nobody has asked to be told anything.
        let routing = self.routing();
        let work = routing.project(project).map(|routing| self.work_of(routing, &form, None));
        let work = work.unwrap_or_default();
        let defined = DefinedForm { form, at: self.now(), work };
        Ok(Ok(Some(DefinitionChange::Form(Box::new(defined)))))
    }

    /// The form that is in the way of a definition: one of its name that submissions name otherwise, or one
    /// of another name that they name so.
    async fn other_form(
        &self,
        project: &str,
        definition: &FormDefinition,
        there: Option<&FormHead>,
    ) -> Result<Option<FormHead>, HubError> {
        let is_other = |head: &&FormHead| head.form_id.as_deref() != Some(&*definition.name);
        if let Some(other) = there.filter(is_other) {
            return Ok(Some(other.clone()));
        }
        let id = Some(definition.name.clone());
        let reference = FormReference { id, ..FormReference::default() };
        let named_so = self.store().find_form(project, &reference).await?;
        Ok(named_so.filter(|head| head.name != definition.name))
    }
}

/// The bytes that a definition is kept as; none where it asks nothing.
fn kept_as(definition: &FormDefinition) -> Result<Option<Vec<u8>>, Problem> {
    let form = definition.form();
    if form.fields.is_empty() {
        return Ok(None);
    }
    let bytes = form_schema(&form).to_json().into_bytes();
    match read_definition(&Received { content_type: Some(JSON), body: &bytes }) {
        Ok(_) => Ok(Some(bytes)),
        Err(unreadable) => Err(Problem {
            path: format!("forms.{}.fields", definition.name),
            code: "unusable-form",
            message: unreadable.reason,
            hint: Some("ask less of one form, or in other words".to_owned()),
        }),
    }
}

/// What is said where another form is in the way.
pub(crate) fn taken(name: &str, other: &FormHead) -> Problem {
    let known = match (&other.form_id, &other.xmlns) {
        (Some(id), _) => format!(", which submissions name by the id `{id}`"),
        (None, Some(xmlns)) => format!(", which submissions name by `{xmlns}`"),
        (None, None) => String::new(),
    };
    Problem {
        path: format!("forms.{name}"),
        code: "form-taken",
        message: format!("the project has another form `{}` already{known}", other.name),
        hint: Some("give this one another name".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use fieldpost_model::form_definition::{FieldType, FormField, Item};

    use super::*;

    #[test]
    fn what_is_kept_of_a_definition_is_the_form_that_it_makes() {
        let fields = FieldType::ALL.iter().map(|field_type| {
            let mut field = FormField::new(field_type.name().replace('-', "_"), *field_type);
            field.required = *field_type == FieldType::Email;
            if field_type.has_items() {
                field.items = vec![Item::new("a", "An item"), Item::new("b", "")];
            }
            if field_type.has_columns() {
                field.columns = vec!["From".to_owned(), "To".to_owned()];
            }
            if *field_type == FieldType::Block {
                field.fields = vec![FormField::new("inside", FieldType::Date)];
            }
            field
        });
        let definition = FormDefinition {
            name: "request".to_owned(),
            title: "A request".to_owned(),
            fields: fields.collect(),
            ..FormDefinition::default()
        };
        let bytes = kept_as(&definition).unwrap().unwrap();
        let read = read_definition(&Received { content_type: Some(JSON), body: &bytes }).unwrap();
        assert_eq!(read, definition.form());
        assert_eq!(read.fields.len(), FieldType::ALL.len() - 5);
        let bare = FormDefinition { fields: Vec::new(), ..definition };
        assert_eq!(kept_as(&bare).unwrap(), None);
    }
}
