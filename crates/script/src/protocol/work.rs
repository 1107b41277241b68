//! The pieces of work, and what becomes of them.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One step to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Step {
    /// Tells the answers of this piece of work from those of an earlier one.
    pub work: u64,
    /// The step's id in its workflow: the key of its error in `state.errors`.
    pub id: String,
    /// What people call the step; errors name it by this where it is there.
    pub name: Option<String>,
    /// The job as a module, as the compiler wrote it.
    pub code: String,
    /// The operations of the module in their order, so that an error of an adaptor can say where
    /// the job called it.
    pub operations: Vec<Operation>,
    /// The modules that the job may import.
    pub modules: Vec<String>,
    /// The state that comes from the step before, or from the message.
    pub state: Box<RawValue>,
    /// The step's credential: it becomes `state.configuration`.
    pub configuration: Option<Box<RawValue>>,
    /// The credentials of the workflow, beneath those of the step.
    pub credentials: Option<Box<RawValue>>,
    /// The step's own state, beneath the one that comes in.
    pub defaults: Option<Box<RawValue>>,
    /// The keys that are taken from the state when the step has ended.
    pub remove: Vec<String>,
    /// The lowest level of lines that are sent.
    pub log_level: Level,
    /// What the step takes for the present and for chance, where it is to do the same each time.
    pub moment: Option<Moment>,
    /// What the step may take.
    pub limits: StepLimits,
}

/// A present that does not pass, and a chance that is known: a job that has both does the same each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The time, in milliseconds since 1970.
    pub time_ms: i64,
    /// What random numbers and ids are made of.
    pub seed: u32,
}

/// One operation of a job, as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The function's name.
    pub name: String,
    /// The line of the call, from one.
    pub line: u32,
}

/// Conditions of edges that are to be judged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decide {
    /// Tells the answers of this piece of work from those of an earlier one.
    pub work: u64,
    /// The state that the step left.
    pub state: Option<Box<RawValue>>,
    /// The step that left it.
    pub upstream: String,
    /// The conditions: expressions of JavaScript.
    pub conditions: Vec<String>,
    /// What all of them together may take.
    pub limits: StepLimits,
}

/// What one piece of work may take. [`crate::sandbox::Limits`] says where the numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepLimits {
    /// How many bytes the script's values may take.
    pub memory_bytes: u64,
    /// How many bytes of stack nested calls may take.
    pub stack_bytes: u64,
    /// How many milliseconds the work may last, calls to the hub included.
    pub time_ms: u64,
    /// How many bytes of JSON the state may have when the step has ended.
    pub state_bytes: u64,
    /// How many lines the step may log.
    pub log_lines: u64,
    /// How many bytes one line of the log may have.
    pub log_line_bytes: u64,
    /// How many calls may wait for their answer at once.
    pub calls: u64,
    /// How many bytes the arguments of one call may have.
    pub call_bytes: u64,
}

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For whoever looks for a mistake.
    Debug,
    /// What a job says of its work.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something went wrong.
    Error,
}

/// One line of a step's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// Who says it: `JOB` for the script, `R/T` for the runtime.
    pub source: String,
    /// What is said.
    pub message: String,
}

/// Something that a step wants of the hub.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// Tells this call from others of the same step.
    pub call: u64,
    /// What is wanted, for example `http`.
    pub name: String,
    /// With what.
    pub arguments: Box<RawValue>,
}

/// The answer to a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    /// The work that the call came from.
    pub work: u64,
    /// The call.
    pub call: u64,
    /// What came of it.
    pub result: Result<Box<RawValue>, CallError>,
}

/// Why a call came to nothing. The script sees it as an error that it can catch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallError {
    /// A word for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// A piece of work has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Done {
    /// Which one.
    pub work: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// Which conditions hold, where conditions were asked for.
    pub holds: Vec<bool>,
    /// Whether the worker takes more work. One whose script had to be stopped does not: a process
    /// costs less than the doubt.
    pub again: bool,
}

/// What came of a step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// The state that the step leaves, cleaned. Absent where the last operation returned nothing,
    /// and after a crash or a kill.
    pub state: Option<Box<RawValue>>,
    /// What went wrong.
    pub error: Option<StepError>,
}

/// What an error does to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The step failed; the run goes on along the edges that want it.
    Fail,
    /// The run ends: the job cannot work.
    Crash,
    /// The run ends: it was stopped.
    Kill,
    /// The run ends, and it is the hub's fault.
    Exception,
}

/// A place in a text, both from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// What went wrong in a step, with OpenFn's names.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepError {
    /// Always `runtime`, as OpenFn has it.
    pub source: String,
    /// The kind, for example `JobError`.
    pub name: String,
    /// Where in the job.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pos: Option<Position>,
    /// The step's name, where the place is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub step: Option<String>,
    /// What it does to the run.
    pub severity: Severity,
    /// The kind of the error that JavaScript threw.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subtype: Option<String>,
    /// What went wrong.
    pub message: String,
    /// The line of the operation that failed inside its adaptor.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    /// The name of that operation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation_name: Option<String>,
    /// What the adaptor's error carried.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub details: Option<Box<RawValue>>,
    /// How it can be mended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fix: Option<String>,
}

impl StepError {
    /// An error of this kind without a place.
    pub fn new(name: &str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            source: "runtime".to_owned(),
            name: name.to_owned(),
            pos: None,
            step: None,
            severity,
            subtype: None,
            message: message.into(),
            line: None,
            operation_name: None,
            details: None,
            fix: None,
        }
    }

    /// The step took longer than it may.
    pub fn timeout(milliseconds: u64) -> Self {
        let message = format!("Job took longer than {milliseconds}ms to complete");
        Self::new("TimeoutError", Severity::Kill, message)
    }

    /// The step took more memory than it may.
    pub fn out_of_memory() -> Self {
        Self::new("OOMError", Severity::Kill, "Run exceeded maximum memory usage")
    }
}

impl Outcome {
    /// The work ended with nothing but an error.
    pub fn ended(error: StepError) -> Self {
        Self { state: None, error: Some(error) }
    }
}
