//! A workflow: a graph of steps, and what sets it off.
//!
//! The nouns are OpenFn's, whose projects run here as they are: a trigger, steps with a job each, and
//! edges between them. What is here beyond OpenFn (filters, events, order, retries, joins that wait) has
//! a default under which a workflow behaves as it does there.

use std::time::Duration;

use crate::event::Event;
use crate::forwarder::{Format, MessageFilter};
use crate::names;

/// A workflow as a project defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct Workflow {
    /// The name within the project.
    pub name: String,
    /// What people call it; empty where nothing was said.
    pub title: String,
    /// What sets it off.
    pub trigger: Trigger,
    /// A paused workflow still makes its runs; they wait.
    pub paused: bool,
    /// Where a run begins: from the trigger to the first steps.
    pub start: Vec<Edge>,
    /// The steps, in the order of the definition.
    pub steps: Vec<Step>,
    /// How many runs go on at once, over all hubs. `None`: as many as there is room for.
    pub concurrency: Option<u32>,
    /// Which runs go on strictly one after the other.
    pub order_by: RunOrder,
    /// How a step with several edges into it is begun.
    pub join: Join,
    /// How long a run may take from its start, waiting for retries not counted. `None`: the hub's bound.
    pub timeout: Option<Duration>,
    /// What is kept of the states that went into steps and came out of them.
    pub keep: KeepStates,
}

/// What sets a workflow off.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Something that came in, or followed from it: a message, a form, a case.
    Event(EventTrigger),
    /// The time.
    Cron(CronTrigger),
    /// Trouble of the project's own: what nobody sent.
    Trouble(Trouble),
    /// A person or a program, through page, command or API.
    Manual,
}

/// What a workflow listens to.
#[derive(Clone, Debug, PartialEq)]
pub struct EventTrigger {
    /// The event.
    pub on: Event,
    /// Which of those it wants.
    pub filter: MessageFilter,
    /// What `state.data` is made of, for events that are no message.
    pub format: Format,
    /// What the sender of the message is answered. Only for `message`.
    pub reply: Option<Reply>,
}

/// An answer that waits for the run: OpenFn's `after_completion`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status when the run ended well; 201 where nothing was said.
    pub success_code: u16,
    /// The status when it did not; 201 where nothing was said, as at OpenFn.
    pub error_code: u16,
}

/// Points in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronTrigger {
    /// Five fields: minute, hour, day of the month, month, day of the week.
    pub expression: String,
    /// The time zone that the fields are read in, by its IANA name; `UTC` where nothing was said.
    pub time_zone: String,
    /// What happens when the last run is not done yet.
    pub overlap: Overlap,
    /// What happens with points in time at which no hub was running.
    pub catch_up: CatchUp,
    /// The step whose final state of the last good run the next one begins with; `None`: the run's.
    pub cursor_step: Option<String>,
}

names! {
    /// What happens at a point in time while an earlier run still waits or goes on.
    pub enum Overlap {
        /// Nothing: this point in time is left out.
        Skip = "skip",
        /// The run waits for the earlier one.
        Queue = "queue",
        /// Both go on.
        Parallel = "parallel",
    }
}

names! {
    /// What happens with points in time that were missed.
    pub enum CatchUp {
        /// They are gone.
        None = "none",
        /// One run stands for all of them.
        One = "one",
        /// Each has its run, up to a bound.
        All = "all",
    }
}

names! {
    /// Trouble of the project's own that sets workflows off.
    pub enum Trouble {
        /// A delivery was given up, refused or could not be built.
        DeliveryEnded = "delivery-ended",
        /// An incident was opened.
        IncidentOpened = "incident-opened",
        /// An incident is over.
        IncidentClosed = "incident-closed",
    }
}

/// One node of a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The id within the workflow: the key of its error in `state.errors`.
    pub id: String,
    /// What people call it; empty where nothing was said.
    pub name: String,
    /// The adaptors whose functions the job uses, as OpenFn writes them: `http`, `dhis2@8.2.1`.
    pub adaptors: Vec<String>,
    /// The connection whose credential becomes `state.configuration`.
    pub connection: Option<String>,
    /// The job, in OpenFn's dialect.
    pub job: String,
    /// What follows.
    pub next: Vec<Edge>,
    /// When a failed step is tried again; `None`: never, as at OpenFn.
    pub retry: Option<StepRetry>,
    /// How long one try may take. `None`: the hub's bound.
    pub timeout: Option<Duration>,
    /// How many bytes the job's values may take. `None`: the hub's bound.
    pub memory_bytes: Option<u64>,
}

/// When a failed step is tried again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRetry {
    /// How many tries there are, the first included.
    pub tries: u32,
    /// The pause after the first failure.
    pub first: Duration,
    /// What each further pause grows by.
    pub factor: f64,
    /// The longest pause.
    pub max: Duration,
}

/// The way to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The step that it leads to.
    pub to: String,
    /// When it is taken.
    pub when: When,
    /// What people call it; empty where nothing was said.
    pub label: String,
    /// Whether it is never taken.
    pub disabled: bool,
}

/// When an edge is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Always,
    /// When the step before ended well.
    OnJobSuccess,
    /// When the step before failed.
    OnJobFailure,
    /// When this JavaScript expression over `state` is true.
    Expression(String),
}

names! {
    /// Which runs of a workflow go on strictly one after the other.
    pub enum RunOrder {
        /// None.
        None = "none",
        /// Those about the same case.
        Case = "case",
        /// Those about the same form.
        Form = "form",
        /// All.
        Workflow = "workflow",
    }
}

names! {
    /// How a step with several edges into it is begun.
    pub enum Join {
        /// Once for each path that leads to it, as OpenFn does.
        EachPath = "each-path",
        /// Once, when all paths that can still lead to it have: with the states of all of them.
        All = "all",
    }
}

names! {
    /// What is kept of the states that went into steps and came out of them.
    pub enum KeepStates {
        /// All of them.
        All = "all",
        /// Those of runs that did not end well.
        Failed = "failed",
        /// None, once the run has ended.
        Nothing = "nothing",
    }
}
