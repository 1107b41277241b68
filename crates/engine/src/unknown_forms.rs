//! Unknown forms: what is told to whoever has a forwarder or a workflow wait for forms that nobody knows.
//!
//! It is no mistake to name a form before the first submission of it makes it known. But a slip of the
//! pen looks the same, and who waits for it is silent for ever; so it is told when it is saved. A
//! project that knows no forms at all is only being set up, and is spared.

use std::collections::BTreeSet;

use fieldpost_model::forwarder::Forwarder;
use fieldpost_model::submission::FormReference;
use fieldpost_model::workflow::Workflow;
use fieldpost_rules::definition::Problem;
use fieldpost_store::{FormHead, StoreError};

use crate::error::HubError;
use crate::hub::Hub;
use crate::matching::event_trigger;

/// How many forms are looked for at the most; each takes a look or two at the database.
const MOST_LOOKED_FOR: usize = 200;

impl Hub {
    /// Warns of forwarders that name forms which the project does not know.
    pub async fn unknown_form_warnings(
        &self,
        project: &str,
        drafts: &[Forwarder],
    ) -> Result<Vec<Problem>, HubError> {
        let waiting = drafts.iter().map(|draft| {
            (format!("forwarders.{}.forms", draft.name), draft.filter.forms.as_slice())
        });
        self.unknown_among(project, &waiting.collect::<Vec<_>>()).await
    }

    /// Warns of workflows that name forms which the project does not know.
    pub(crate) async fn unknown_forms_of_workflows(
        &self,
        project: &str,
        workflows: &[Workflow],
    ) -> Result<Vec<Problem>, HubError> {
        let waiting = workflows.iter().filter_map(|workflow| {
            let trigger = event_trigger(workflow)?;
            let place = format!("workflows.{}.trigger.forms", workflow.name);
            Some((place, trigger.filter.forms.as_slice()))
        });
        self.unknown_among(project, &waiting.collect::<Vec<_>>()).await
    }

    /// Warns of those among lists of forms, each with its place, that the project does not know.
    async fn unknown_among(
        &self,
        project: &str,
        lists: &[(String, &[String])],
    ) -> Result<Vec<Problem>, HubError> {
        let named: BTreeSet<&str> =
            lists.iter().flat_map(|(_, forms)| *forms).map(String::as_str).collect();
        if named.is_empty() || !self.store().has_forms(project, 1).await? {
            return Ok(Vec::new());
        }
        let mut unknown = BTreeSet::new();
        for name in named.into_iter().take(MOST_LOOKED_FOR) {
            if self.form_called(project, name).await?.is_none() {
                unknown.insert(name);
            }
        }
        let warnings = lists.iter().flat_map(|(path, forms)| {
            let names = forms.iter().enumerate();
            let names = names.filter(|(_, name)| unknown.contains(name.as_str()));
            names.map(move |(place, name)| warning(format!("{path}[{place}]"), name))
        });
        Ok(warnings.collect())
    }

    /// The form that has that name, that id or that namespace.
    pub(crate) async fn form_called(
        &self,
        project: &str,
        name: &str,
    ) -> Result<Option<FormHead>, StoreError> {
        if let Some(form) = self.store().form(project, name).await? {
            return Ok(Some(form));
        }
        for reference in [
            FormReference { id: Some(name.to_owned()), ..FormReference::default() },
            FormReference { xmlns: Some(name.to_owned()), ..FormReference::default() },
        ] {
            if let Some(form) = self.store().find_form(project, &reference).await? {
                return Ok(Some(form));
            }
        }
        Ok(None)
    }
}

fn warning(path: String, name: &str) -> Problem {
    Problem {
        path,
        code: "unknown-form",
        message: format!(
            "no form is known by the name, id or namespace `{name}`: until one is, nothing comes \
             of it"
        ),
        hint: Some("`fieldpost forms list` tells which there are".to_owned()),
    }
}
