//! Cases that a person or a program changes, without a form that somebody filled in: the hub writes the
//! form itself. It goes the way of any other, so that it is judged by the same rules, filed, forwarded
//! and seen like all of them.

use fieldpost_dialects::commcare::system_form;
use fieldpost_model::case::CaseBlock;
use fieldpost_model::source::Dialect;
use fieldpost_rules::openrosa::Flavour;

use super::{FormPost, FormReceipt};
use crate::error::HubError;
use crate::flow::ReceiveError;
use crate::hub::Hub;
use crate::ids::new_id;
use crate::receive::Incoming;
use crate::routing::SourceRoute;

/// The device that forms of this kind name.
const DEVICE: &str = "Fieldpost-case-changes";
/// What the form is kept as.
const XML: &str = "text/xml";

/// Cases that were changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedCases {
    /// The id of the form that changed them.
    pub form_id: String,
    /// What became of it.
    pub receipt: FormReceipt,
}

/// Why cases were not changed. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such project, or no source to take it in.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// It could not be taken in.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
}

impl Hub {
    /// Changes cases: all of them, or none. The form is taken in by the source of that name; without
    /// one, by the first of the dialect `commcare`. `Ok` means: committed and synced, or refused by the
    /// rules of cases, kept as quarantined with the reason.
    pub async fn change_cases(
        &self,
        project: &str,
        source: Option<&str>,
        blocks: &[CaseBlock],
        user: &str,
    ) -> Result<ChangedCases, ChangeError> {
        let route = self.source_of_changes(project, source).await?;
        let now = self.now();
        let form_id = new_id(now).to_string();
        let xml = system_form(&form_id, DEVICE, user, now, blocks);
        let incoming = Incoming {
            method: "POST".to_owned(),
            path: format!("/a/{project}/receiver/"),
            query: Vec::new(),
            headers: vec![("content-type".to_owned(), XML.to_owned())],
            body: xml.into_bytes().into(),
        };
        let post = FormPost { flavour: Flavour::Commcare, application: None, files: &[] };
        let receipt = self.receive_form(&route, incoming, post).await?;
        Ok(ChangedCases { form_id, receipt })
    }

    async fn source_of_changes(
        &self,
        project: &str,
        source: Option<&str>,
    ) -> Result<SourceRoute, HubError> {
        self.project(project).await?;
        let takes_forms = |dialect| matches!(dialect, Dialect::Commcare | Dialect::CommcareForm);
        let found = self.routing().source_where(project, |it| match source {
            Some(name) => it.name == name && takes_forms(it.dialect),
            None => takes_forms(it.dialect),
        });
        found.ok_or_else(|| HubError::NotAllowed {
            code: "no-commcare-source",
            message: match source {
                Some(name) => format!("there is no source \"{name}\" of the dialect commcare"),
                None => "the project has no source of the dialect commcare, and changes of cases \
                         are taken in by one"
                    .to_owned(),
            },
            hint: "add a source with `dialect: commcare` to the project".to_owned(),
        })
    }
}
