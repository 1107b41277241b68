//! Unknown fields: what is told to whoever withholds a field that nothing of a forwarder has.
//!
//! A slip of the pen in `withhold` lets out what was to stay in the house, and nothing would say so. What the
//! paths are held against are the definitions of the forms and the newest of what they filed, or the newest
//! cases; where nothing is known yet, nothing is said.

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::form::Form;
use fieldpost_model::forwarder::{Format, Forwarder};
use fieldpost_model::submission::FormReference;
use fieldpost_rules::definition::Problem;
use fieldpost_rules::event::payload_of;
use fieldpost_rules::withhold::KnownFields;
use fieldpost_store::{
    CaseOrder, CasePage, CaseQuery, FormHead, FormQuery, SubmissionOrder, SubmissionPage,
    SubmissionQuery,
};
use uuid::Uuid;

use crate::error::HubError;
use crate::filing::Wanted;
use crate::hub::Hub;
use crate::routing::ProjectRouting;

/// Forms whose fields are gathered. A forwarder of more is not warned: the others may have the field.
const MOST_FORMS: usize = 40;
/// Submissions of each form that are looked at, the newest.
const SUBMISSIONS: usize = 3;
/// Messages that are larger are not read for this.
const MOST_BYTES: u64 = 1024 * 1024;
/// Cases that are looked at, the newest.
const CASES: usize = 100;

impl Hub {
    /// Warns of forwarders that withhold, or place by, fields which nothing that they send has.
    pub async fn unknown_field_warnings(
        &self,
        project: &str,
        drafts: &[Forwarder],
    ) -> Result<Vec<Problem>, HubError> {
        let names_fields =
            |draft: &&Forwarder| !draft.withhold.is_empty() || !draft.rendering.position.is_empty();
        let drafts: Vec<&Forwarder> = drafts.iter().filter(names_fields).collect();
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let routing = match self.project(project).await {
            Ok(routing) => routing,
            Err(HubError::NotFound { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut warnings = Vec::new();
        for draft in drafts {
            let known = match payload_of(draft.on) {
                PayloadKind::Submission => self.fields_of_forms(&routing, draft).await?,
                PayloadKind::Case => self.fields_of_cases(project, draft).await?,
                PayloadKind::Message | PayloadKind::Application | PayloadKind::Call => continue,
            };
            if !known.is_empty() {
                warnings.extend(unknown_fields(draft, &known));
            }
        }
        Ok(warnings)
    }

    /// What the forms that a forwarder wants ask, and what was filled in. Empty where that is not known.
    async fn fields_of_forms(
        &self,
        routing: &ProjectRouting,
        draft: &Forwarder,
    ) -> Result<KnownFields, HubError> {
        let mut known = KnownFields::default();
        for head in self.forms_wanted_by(&routing.project, draft).await? {
            let reference = FormReference {
                id: head.form_id.clone(),
                xmlns: head.xmlns.clone(),
                ..FormReference::default()
            };
            let found = self.form_book().find(self.store(), &routing.project, &reference).await?;
            let definition = found.and_then(|found| found.definition);
            if let Some(Form { fields, .. }) = definition.as_deref() {
                known.add_form(fields);
            }
            self.add_filed(routing, draft, &head.name, &mut known).await?;
        }
        if !known.is_empty() {
            known.add_metadata();
        }
        Ok(known)
    }

    /// The forms that a forwarder wants, of those that are there; none where they are too many.
    async fn forms_wanted_by(
        &self,
        project: &str,
        draft: &Forwarder,
    ) -> Result<Vec<FormHead>, HubError> {
        let mut forms = Vec::new();
        if draft.filter.forms.is_empty() {
            forms =
                self.store().forms(project, &FormQuery::default(), None, MOST_FORMS + 1).await?;
        } else {
            for name in draft.filter.forms.iter().take(MOST_FORMS + 1) {
                forms.extend(self.form_called(project, name).await?);
            }
        }
        Ok(if forms.len() > MOST_FORMS { Vec::new() } else { forms })
    }

    /// Adds what the newest submissions of a form tell.
    async fn add_filed(
        &self,
        routing: &ProjectRouting,
        draft: &Forwarder,
        form: &str,
        known: &mut KnownFields,
    ) -> Result<(), HubError> {
        let query = SubmissionQuery { form: Some(form.to_owned()), ..SubmissionQuery::default() };
        let page =
            SubmissionPage { order: SubmissionOrder::Newest, after: None, limit: SUBMISSIONS };
        let newest = self.store().submissions(&routing.project, &query, page).await?;
        for submission in newest.found {
            if !self.is_small(&routing.project, submission.message).await? {
                continue;
            }
            let wanted = Wanted { forms: true, cases: false };
            let source = match self.source_told(routing, submission.message, wanted).await {
                Ok(source) => source,
                // It is gone by now, or its source is, or reads it otherwise.
                Err(
                    HubError::Erased { .. }
                    | HubError::NotFound { .. }
                    | HubError::NotAllowed { .. },
                ) => continue,
                Err(error) => return Err(error),
            };
            for filed in source.told.forms.iter().filter(|filed| filed.form == form) {
                known.add_submission(&filed.filled);
            }
            if draft.format == Format::Json {
                source.add_view(routing, known);
            }
        }
        Ok(())
    }

    async fn is_small(&self, project: &str, message: Uuid) -> Result<bool, HubError> {
        let message = self.store().message(project, message).await?;
        Ok(message.is_some_and(|it| it.erased_at.is_none() && it.bytes <= MOST_BYTES))
    }

    /// What the newest cases of the types tell that a forwarder wants.
    async fn fields_of_cases(
        &self,
        project: &str,
        draft: &Forwarder,
    ) -> Result<KnownFields, HubError> {
        let mut known = KnownFields::default();
        let types = &draft.filter.case_types;
        let types: Vec<Option<&String>> =
            if types.is_empty() { vec![None] } else { types.iter().map(Some).collect() };
        for case_type in types.into_iter().take(MOST_FORMS) {
            let query = CaseQuery { case_type: case_type.cloned(), ..CaseQuery::default() };
            let page = CasePage { order: CaseOrder::LastChanged, after: None, limit: CASES };
            let newest = self.store().list_cases(project, &query, &page).await?;
            let ids: Vec<&str> = newest.found.iter().map(|case| case.id.as_str()).collect();
            for case in self.store().cases(project, &ids).await?.values() {
                known.add_case(&case.value);
            }
        }
        Ok(known)
    }
}

/// The fields that a forwarder names and that are not among the known ones.
fn unknown_fields(draft: &Forwarder, known: &KnownFields) -> Vec<Problem> {
    let what = if payload_of(draft.on) == PayloadKind::Case { "case" } else { "form" };
    let place = |key: String| format!("forwarders.{}.{key}", draft.name);
    let withheld = draft.withhold.iter().filter(|withheld| !known.knows(&withheld.path));
    let withheld = withheld.map(|withheld| {
        let path = withheld.path.join("/");
        let message = format!(
            "no {what} that is known has the field `{path}`: nothing is withheld by this, and what was \
             meant is sent"
        );
        (place(format!("withhold.{path}")), message, &withheld.path)
    });
    let position = &draft.rendering.position;
    let is_known = position.is_empty()
        || if what == "case" {
            position.last().is_none_or(|last| known.knows(std::slice::from_ref(last)))
        } else {
            known.knows_whole(position)
        };
    let placed = (!is_known).then(|| {
        let message = format!(
            "no {what} that is known has the field `{}`: what is sent has no place",
            position.join("/")
        );
        (place("position".to_owned()), message, position)
    });
    let problem = |(path, message, field): (String, String, &Vec<String>)| Problem {
        path,
        code: "unknown-field",
        message,
        hint: Some(known.hint(field)),
    };
    withheld.chain(placed).map(problem).collect()
}
