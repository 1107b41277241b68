//! The order of runs that somebody begins by hand with a message: they have the keys that they would have had if
//! the message had set them off, so that runs which are about one case or one form do not overtake each other.
//!
//! A workflow that listens to messages goes by what the message calls itself. One that listens to forms or cases
//! goes by the form that the message brought, where that is one: a message with several forms is about none of them.

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::workflow::{Overlap, Trigger, Workflow};
use fieldpost_rules::event::payload_of;
use fieldpost_rules::order::{ALL_RUNS, only_case, order_of_run};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::error::HubError;
use crate::events::Kept;
use crate::filing::{FiledForm, Wanted};
use crate::hub::Hub;
use crate::receive;

/// What a run is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunKeys {
    /// What it is shown with.
    pub(crate) key: Option<String>,
    /// The case that it is about, where it is about one.
    pub(crate) case: Option<String>,
    /// The form.
    pub(crate) form: Option<String>,
}

impl RunKeys {
    /// What a run about this is kept in order with.
    pub(crate) fn order(&self, workflow: &Workflow) -> Option<String> {
        if takes_turns(workflow) {
            return Some(ALL_RUNS.to_owned());
        }
        order_of_run(workflow.order_by, self.case.as_deref(), self.form.as_deref())
    }
}

/// What a run is about that is told of a form, or of the cases that it touched.
fn of_form(form: &FiledForm, told: PayloadKind) -> RunKeys {
    let (id, case) = (form.id(), only_case(form.case_ids.iter().map(String::as_str)));
    let case = case.map(str::to_owned);
    let shown = case.clone().filter(|_| told == PayloadKind::Case);
    RunKeys { key: Some(shown.unwrap_or_else(|| id.clone())), case, form: Some(id) }
}

/// Whether all runs of a workflow go on one after the other since its clock says so.
pub(crate) fn takes_turns(workflow: &Workflow) -> bool {
    matches!(&workflow.trigger, Trigger::Cron(cron) if cron.overlap == Overlap::Queue)
}

impl Hub {
    /// What a run of this workflow is about that begins with a message. Of a message that cannot be read, nobody
    /// knows.
    pub(crate) async fn keys_of_message(
        &self,
        project: &str,
        workflow: &Workflow,
        message: Uuid,
    ) -> Result<RunKeys, HubError> {
        let (message, request, body) = self.whole_message(project, message).await?;
        let routing = self.project(project).await?;
        let told = match &workflow.trigger {
            Trigger::Event(event) => payload_of(event.on),
            Trigger::Cron(_) | Trigger::Trouble(_) | Trigger::Manual => PayloadKind::Message,
        };
        let (hub, runtime) = (self.clone(), Handle::current());
        let read = self
            .aside(move || {
                let Some(source) = routing.source(&message.source) else {
                    return Ok(RunKeys::default());
                };
                let content_type = message.content_type.as_deref();
                let Ok(decoded) = receive::read(source, content_type, &body) else {
                    return Ok(RunKeys::default());
                };
                let (key, form) = (decoded.key.clone(), decoded.identity.clone());
                let own = RunKeys { case: key.clone(), key, form };
                if matches!(told, PayloadKind::Submission | PayloadKind::Case) {
                    let kept = Kept { message: &message, request: &request, body: &body };
                    let wanted = Wanted { forms: true, cases: false };
                    let again = hub.told_again(&routing, kept, &decoded, wanted);
                    return runtime.block_on(again).map(|again| match again.forms.as_slice() {
                        [form] => of_form(form, told),
                        // The state of a case that another system forwards is no form.
                        [] => own,
                        _ => RunKeys::default(),
                    });
                }
                Ok(own)
            })
            .await?;
        Ok(read?)
    }
}
