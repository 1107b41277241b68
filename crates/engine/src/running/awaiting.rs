//! What a run has come to, for those who wait for it or look at it: its answer, and what went into
//! its steps.

use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::run::{Run, RunInput, RunStep};
use fieldpost_store::{Payload, Signal, StateSide, StoreError};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use uuid::Uuid;

use super::input::{self, NoInput};
use crate::error::HubError;
use crate::hub::Hub;

/// What a run answers to the sender who waited for it.
#[derive(Clone, Debug)]
pub struct RunAnswer {
    /// The run, which has ended.
    pub run: Run,
    /// What it has left, as JSON; `None` where that is nothing.
    pub final_state: Option<Bytes>,
    /// The `webhookResponse` of the last step that left one, as JSON.
    pub webhook_response: Option<Bytes>,
}

#[derive(Deserialize)]
struct Answering {
    #[serde(rename = "webhookResponse")]
    response: Option<Box<RawValue>>,
}

/// What is kept for the sender of a run of which nothing is kept beyond that.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeptAnswer {
    /// What the run has left.
    State,
    /// The `webhookResponse` of the last step that left one.
    Response,
}

impl KeptAnswer {
    /// It as it is kept, of its JSON.
    pub(super) fn of(self, json: &str) -> Bytes {
        let key = match self {
            Self::State => "state",
            Self::Response => "response",
        };
        format!("{{\"{key}\":{json}}}").into()
    }
}

/// Reads what [`KeptAnswer`] has written.
#[derive(Deserialize)]
struct Kept {
    state: Option<Box<RawValue>>,
    response: Option<Box<RawValue>>,
}

/// The `webhookResponse` of a state.
pub(super) fn response_of(state: &[u8]) -> Option<Bytes> {
    let state: Answering = serde_json::from_slice(state).ok()?;
    state.response.map(|response| Bytes::from(response.get().to_owned()))
}

fn answer_as_kept(run: Run, kept: &[u8]) -> RunAnswer {
    let kept: Option<Kept> = serde_json::from_slice(kept).ok();
    let (state, response) = kept.map_or((None, None), |kept| (kept.state, kept.response));
    let bytes = |json: Option<Box<RawValue>>| json.map(|json| Bytes::from(json.get().to_owned()));
    RunAnswer { run, final_state: bytes(state), webhook_response: bytes(response) }
}

impl Hub {
    /// Waits until a run has ended, wherever it goes on. `None`: it has not within this time, and goes on.
    pub async fn await_run(
        &self,
        project: &str,
        run: Uuid,
        patience: Duration,
    ) -> Result<Option<RunAnswer>, HubError> {
        let deadline = Instant::now() + patience;
        // Listening begins before the first look, so that nothing falls between.
        let mut signals = self.store().listen();
        let mut poll = tokio::time::interval(self.settings().poll_interval);
        loop {
            tokio::select! {
                _ = poll.tick() => {}
                signal = signals.recv() => match signal {
                    Ok(Signal::Run { id, state, .. }) if id == run && state.is_final() => {}
                    Err(RecvError::Lagged(_)) => {}
                    Ok(_) => continue,
                    Err(RecvError::Closed) => return Ok(None),
                },
                () = tokio::time::sleep_until(deadline) => return Ok(None),
            }
            let found = match self.store().run(project, run).await {
                Ok(found) => found.ok_or_else(|| HubError::not_found("run", &run))?,
                // The message is kept, and so is the run: there is time to look again.
                Err(error) if error.is_temporary() => continue,
                Err(error) => return Err(error.into()),
            };
            if found.state.is_final() {
                return Ok(Some(self.answer_of(project, found).await?));
            }
        }
    }

    async fn answer_of(&self, project: &str, run: Run) -> Result<RunAnswer, StoreError> {
        let store = self.store();
        if let Some(kept) = store.run_answer(project, run.id).await? {
            // What was kept only to be answered is not kept longer; what is not dropped here is swept.
            if let Err(error) = store.drop_run_answer(project, run.id).await {
                tracing::warn!(%error, run = %run.id, "an answer could not be dropped; it is later");
            }
            return Ok(answer_as_kept(run, &kept));
        }
        let final_state = store.final_state(project, run.id).await?;
        let mut webhook_response = final_state.as_deref().and_then(response_of);
        if webhook_response.is_none() {
            let mut steps = store.run_steps(project, run.id).await?;
            steps.sort_by_key(|step| std::cmp::Reverse(step.finished_at));
            for step in steps {
                let side = StateSide::Output;
                let output = store.step_state(project, run.id, step.number, side).await?;
                webhook_response = output.as_deref().and_then(response_of);
                if webhook_response.is_some() {
                    break;
                }
            }
        }
        Ok(RunAnswer { run, final_state, webhook_response })
    }

    /// What went into an execution of a step, as JSON; `None` where it is not kept. What a run itself
    /// began with is not kept twice: it is told from the message.
    pub async fn step_input(
        &self,
        project: &str,
        run: &Run,
        number: u32,
    ) -> Result<Option<Bytes>, HubError> {
        let store = self.store();
        if let Some(kept) = store.step_state(project, run.id, number, StateSide::Input).await? {
            return Ok(Some(kept));
        }
        let steps = store.run_steps(project, run.id).await?;
        let Some(step) = steps.iter().find(|step| step.number == number) else {
            return Err(HubError::not_found("step", &number));
        };
        let RunStep { after, .. } = step;
        match (after, run.input, run.message) {
            (None, RunInput::Message, Some(message)) if run.from_step.is_none() => {
                self.state_of_message(project, message).await
            }
            _ => Ok(None),
        }
    }

    /// The state that a run begins with that a message sets off; `None` where its bytes are gone.
    pub async fn state_of_message(
        &self,
        project: &str,
        message: Uuid,
    ) -> Result<Option<Bytes>, HubError> {
        let routing = self.project(project).await?;
        let store = self.store();
        let found = store.message(project, message).await?;
        let found = found.ok_or_else(|| HubError::not_found("message", &message))?;
        let Some((request, body)) = store.message_content(project, message).await? else {
            return Ok(None);
        };
        let content = Payload {
            source: found.source,
            content_type: found.content_type,
            bytes: found.bytes,
            body: None,
        };
        match input::of_message(&routing, request, &content, body.into()).await {
            Ok(state) => Ok(Some(Bytes::from(state.get().to_owned()))),
            Err(NoInput::Ends(_)) => Ok(None),
            Err(NoInput::Store(error)) => Err(error.into()),
        }
    }
}
