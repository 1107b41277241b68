//! What people do with workflows and runs: begin one by hand, begin one again, end one.

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::json::Value;
use fieldpost_model::run::{Run, RunInput, RunOrigin};
use fieldpost_model::workflow::Workflow;
use fieldpost_rules::definition::read_workflow;
use fieldpost_rules::order;
use fieldpost_store::NewRun;
use uuid::Uuid;

use crate::asked::Asked;
use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::new_id;
use crate::run_order::RunKeys;

/// The code of the refusal to begin with what is not there any more.
pub(crate) const STATE_NOT_KEPT: &str = "state-not-kept";
/// The text of a cancellation by a person.
const CANCELLED: &str = "cancelled by a person";

/// What a run that somebody begins by hand is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum GivenInput {
    /// An empty state.
    #[default]
    Nothing,
    /// This state: a JSON object.
    State(Bytes),
    /// A message, as if it had set the workflow off.
    Message(Uuid),
    /// What went into a step of an earlier run, by its number there.
    Step(Uuid, u32),
}

/// A run that somebody begins by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByHand {
    /// What it is given.
    pub input: GivenInput,
    /// The step that it begins with; none: where the workflow begins.
    pub from_step: Option<String>,
    /// The version of the workflow; none: the newest.
    pub version: Option<i64>,
}

/// Which version of its workflow a run is begun again with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryVersion {
    /// The one that it ran.
    #[default]
    Same,
    /// The newest.
    Newest,
}

impl Hub {
    /// Begins a run by hand.
    pub async fn run_by_hand(
        &self,
        project: &str,
        workflow: &str,
        by_hand: ByHand,
        asked: &Asked,
    ) -> Result<Run, HubError> {
        let ByHand { input, from_step, version } = by_hand;
        let definition = self.definition_of(project, workflow, version).await?;
        check_step(&definition, from_step.as_deref())?;
        let id = new_id(self.now());
        let mut run = NewRun::new(id, workflow, RunOrigin::Manual, RunInput::State);
        let mut message = None;
        let mut keys = RunKeys::default();
        match input {
            GivenInput::Nothing => run.state = Some(Bytes::from_static(b"{}")),
            GivenInput::State(state) => run.state = Some(checked_state(state)?),
            GivenInput::Message(given) => {
                keys = self.keys_of_message(project, &definition, given).await?;
                run.input = RunInput::Message;
                message = Some(given);
            }
            GivenInput::Step(earlier, number) => {
                let earlier = self.run(project, earlier).await?;
                run.state = Some(self.kept_input(project, &earlier, number).await?);
                // With the payload, an erasure of what it tells of finds the state.
                let again = self.run_once_more(project, earlier.id, id).await?;
                keys = keys_again(&earlier, again.order_key.as_deref());
                run.payload = again.payload;
                message = earlier.message;
            }
        }
        run.order_key = keys.order(&definition);
        run.key = keys.key;
        run.version = version;
        run.from_step = from_step;
        run.by = Some(asked.by.clone());
        self.start_run(project, message, run).await
    }

    /// Begins a run again: from its start, or from an execution of a step, by its number.
    pub async fn retry_run(
        &self,
        project: &str,
        run: Uuid,
        from_step: Option<u32>,
        version: RetryVersion,
        asked: &Asked,
    ) -> Result<Run, HubError> {
        let earlier = self.run(project, run).await?;
        if !earlier.state.is_final() {
            return Err(HubError::NotAllowed {
                code: "run-not-ended",
                message: format!("the run goes on still: it is {}", earlier.state),
                hint: "wait until it has ended, or cancel it".to_owned(),
            });
        }
        let version = match version {
            RetryVersion::Same => Some(earlier.version),
            RetryVersion::Newest => None,
        };
        let definition = self.definition_of(project, &earlier.workflow, version).await?;
        let id = new_id(self.now());
        let mut again = self.run_as_given(project, &earlier, from_step, id).await?;
        check_step(&definition, again.from_step.as_deref())?;
        again.order_key = order_again(&definition, &earlier, again.order_key.as_deref());
        again.version = version;
        again.by = Some(asked.by.clone());
        self.start_run(project, earlier.message, again).await
    }

    /// A run like an earlier one: with what that one, or an execution of a step of it, was given.
    ///
    /// It keeps the payload of the earlier one also where it begins with a state that came of it, so that an
    /// erasure of what the payload tells of finds the state.
    pub(crate) async fn run_as_given(
        &self,
        project: &str,
        earlier: &Run,
        from_step: Option<u32>,
        id: Uuid,
    ) -> Result<NewRun, HubError> {
        let mut again = self.run_once_more(project, earlier.id, id).await?;
        if let Some(number) = from_step {
            let steps = self.store().run_steps(project, earlier.id).await?;
            let step = steps.into_iter().find(|step| step.number == number);
            let step = step.ok_or_else(|| HubError::not_found("step", &number))?;
            again.input = RunInput::State;
            again.state = Some(self.kept_input(project, earlier, number).await?);
            again.from_step = Some(step.step);
            return Ok(again);
        }
        match earlier.input {
            RunInput::Message => {
                if let Some(message) = earlier.message {
                    self.unerased(project, message).await?;
                }
            }
            RunInput::State if again.state.is_none() => {
                // What the clock's run went on from stands with its first step.
                let given = self.step_input_of_first(project, earlier).await?;
                let has_begun = earlier.origin != RunOrigin::Cron || earlier.started_at.is_some();
                let given = given.or_else(|| (!has_begun).then(|| Bytes::from_static(b"{}")));
                again.state = Some(given.ok_or_else(not_kept)?);
            }
            RunInput::State | RunInput::Submission | RunInput::Case | RunInput::Application => {}
        }
        Ok(again)
    }

    /// The same run once more, as far as the store knows it.
    async fn run_once_more(
        &self,
        project: &str,
        earlier: Uuid,
        id: Uuid,
    ) -> Result<NewRun, HubError> {
        let again = self.store().run_again(project, earlier, id).await?;
        again.ok_or_else(|| HubError::not_found("run", &earlier))
    }

    async fn step_input_of_first(
        &self,
        project: &str,
        run: &Run,
    ) -> Result<Option<Bytes>, HubError> {
        let steps = self.store().run_steps(project, run.id).await?;
        match steps.iter().find(|step| step.after.is_none()) {
            Some(first) => self.step_input(project, run, first.number).await,
            None => Ok(None),
        }
    }

    /// Ends a run. One that goes on is ended by the hub that has it, in a moment. The answer is the run as it
    /// is then.
    pub async fn cancel_run(
        &self,
        project: &str,
        run: Uuid,
        _asked: &Asked,
    ) -> Result<Run, HubError> {
        let found = self.run(project, run).await?;
        if found.state.is_final() {
            return Err(HubError::NotAllowed {
                code: "run-ended",
                message: format!("the run has ended already: {}", found.state),
                hint: "there is nothing to cancel; `retry` begins it again".to_owned(),
            });
        }
        let name = ProjectName::from(project);
        self.store().cancel_run(&name, &found, CANCELLED).await?;
        self.run(project, run).await
    }

    /// The run of that id.
    pub async fn run(&self, project: &str, run: Uuid) -> Result<Run, HubError> {
        let found = self.store().run(project, run).await?;
        found.ok_or_else(|| HubError::not_found("run", &run))
    }

    async fn start_run(
        &self,
        project: &str,
        message: Option<Uuid>,
        run: NewRun,
    ) -> Result<Run, HubError> {
        let id = run.id;
        let name = ProjectName::from(project);
        self.store().start_runs(&name, message, vec![run]).await?;
        self.run(project, id).await
    }

    async fn kept_input(&self, project: &str, run: &Run, number: u32) -> Result<Bytes, HubError> {
        self.step_input(project, run, number).await?.ok_or_else(not_kept)
    }

    /// A version of a workflow, or the newest.
    async fn definition_of(
        &self,
        project: &str,
        workflow: &str,
        version: Option<i64>,
    ) -> Result<Workflow, HubError> {
        let routing = self.project(project).await?;
        let newest = routing.definition.workflows.iter().find(|it| it.name == workflow);
        let newest = newest.ok_or_else(|| HubError::not_found("workflow", &workflow))?;
        let Some(version) = version else { return Ok(newest.clone()) };
        let found = self.store().workflow_version(project, workflow, version).await?;
        let (_, text) = found.ok_or_else(|| HubError::not_found("version", &version))?;
        let value =
            Value::parse(text.as_bytes()).map_err(|_| HubError::not_found("version", &version))?;
        read_workflow(workflow, &value).map_err(HubError::Invalid)
    }
}

pub(crate) fn check_step(workflow: &Workflow, step: Option<&str>) -> Result<(), HubError> {
    match step {
        Some(step) if !workflow.steps.iter().any(|it| it.id == step) => {
            Err(HubError::not_found("step", &step))
        }
        _ => Ok(()),
    }
}

/// What a run that is begun again is kept in order with: by the definition that it runs now. Of the form that it is
/// about only the order of the earlier one tells.
pub(crate) fn order_again(
    workflow: &Workflow,
    earlier: &Run,
    before: Option<&str>,
) -> Option<String> {
    keys_again(earlier, before).order(workflow)
}

/// What an earlier run was about, which was kept in order with this.
fn keys_again(earlier: &Run, before: Option<&str>) -> RunKeys {
    let of = |kind: &str| before.and_then(|before| before.strip_prefix(kind)).map(str::to_owned);
    let key = earlier.key.clone();
    RunKeys { case: of(order::CASE).or_else(|| key.clone()), form: of(order::FORM), key }
}

/// A state that a run can begin with. What steps prove themselves with comes of their connections alone, so that
/// whoever begins a run can neither turn off what a connection checks nor lead it elsewhere.
fn checked_state(state: Bytes) -> Result<Bytes, HubError> {
    const CONFIGURATION: &str = "configuration";
    let Ok(Value::Object(mut members)) = Value::parse(&state) else {
        return Err(HubError::NotAllowed {
            code: "bad-state",
            message: "the state to begin with is no JSON object".to_owned(),
            hint: "give an object such as {\"data\": {}}".to_owned(),
        });
    };
    if members.iter().all(|(name, _)| name != CONFIGURATION) {
        drop(members);
        return Ok(state);
    }
    members.retain(|(name, _)| name != CONFIGURATION);
    Ok(Value::Object(members).to_json().into())
}

fn not_kept() -> HubError {
    HubError::NotAllowed {
        code: STATE_NOT_KEPT,
        message: "what went into this is not kept".to_owned(),
        hint:
            "the workflow's `keep` or the retention of the project dropped it; begin the run again \
               from its start, or by hand with a state"
                .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_state_brings_no_configuration() {
        for (given, taken) in [
            (r#"{ "data": 1.50 }"#, Some(r#"{ "data": 1.50 }"#)),
            (r#"{"configuration":{"hostUrl":"x"},"data":1.50}"#, Some(r#"{"data":1.50}"#)),
            (r#"{"a":1,"c\u006fnfiguration":{"tls":{}},"configuration":2}"#, Some(r#"{"a":1}"#)),
            (r#"{"data":{"configuration":1}}"#, Some(r#"{"data":{"configuration":1}}"#)),
            ("[1]", None),
            ("{", None),
        ] {
            let state = checked_state(Bytes::copy_from_slice(given.as_bytes()));
            let expected = taken.map(|taken| Bytes::copy_from_slice(taken.as_bytes()));
            assert_eq!(state.ok(), expected, "{given}");
        }
    }
}
