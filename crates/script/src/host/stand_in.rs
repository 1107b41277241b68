//! Somebody who answers what steps ask of the world, in its place: for a run that is to send nothing.

use std::fmt;

use serde_json::value::RawValue;
use uuid::Uuid;

use crate::protocol::CallError;

/// The step that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The workflow.
    pub workflow: String,
    /// Its run.
    pub run: Uuid,
    /// The step's id in the workflow.
    pub step: String,
    /// The number of the step's execution within the run.
    pub number: u32,
}

/// Answers in the place of the world.
pub trait StandIn: fmt::Debug + Send + Sync {
    /// Answers a call. It is told of the calls of a step in the order in which the step makes them. `None`
    /// leaves the call to the service that is there for it.
    fn answer(
        &self,
        asker: &Asker,
        name: &str,
        arguments: &RawValue,
    ) -> Option<Result<Box<RawValue>, CallError>>;
}
