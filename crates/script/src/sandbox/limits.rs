//! What a step may take: each bound has a name, a unit and a default.

use std::time::Duration;

use crate::protocol::StepLimits;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The bounds of a step. Each stands alone; whoever sets one leaves the others at their defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes the values of a script may take. One that wants more ends as `OOMError`.
    pub memory_bytes: u64,
    /// How many bytes of stack nested calls may take. One that wants more gets a `RangeError`.
    pub stack_bytes: u64,
    /// How long a step may last, its calls to the hub included. A longer one ends as `TimeoutError`.
    pub time: Duration,
    /// How long a script that is over its time has to end by itself, before its process is ended.
    pub grace: Duration,
    /// How many bytes of JSON a step may be given, its state and its credential together.
    pub input_bytes: u64,
    /// How many bytes of JSON a step may leave. A larger state ends it as `StateTooLargeError`.
    pub state_bytes: u64,
    /// How many lines a step may log. What is more is counted, and not kept.
    pub log_lines: u64,
    /// How many bytes a line of the log may have. What is longer is cut.
    pub log_line_bytes: u64,
    /// How many calls of a step may wait for their answer at once.
    pub calls: u64,
    /// How many bytes the arguments of one call, or its answer, may have.
    pub call_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 * MIB,
            stack_bytes: 2 * MIB,
            time: Duration::from_mins(5),
            grace: Duration::from_secs(1),
            input_bytes: 32 * MIB,
            state_bytes: 32 * MIB,
            log_lines: 10_000,
            log_line_bytes: MIB,
            calls: 64,
            call_bytes: 32 * MIB,
        }
    }
}

/// What a message has beside the text that it carries: ids, names, braces.
const AROUND_BYTES: u64 = 64 * KIB;

impl Limits {
    /// The bounds as a worker is told them.
    pub fn of_step(&self) -> StepLimits {
        StepLimits {
            memory_bytes: self.memory_bytes,
            stack_bytes: self.stack_bytes,
            time_ms: u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX),
            state_bytes: self.state_bytes,
            log_lines: self.log_lines,
            log_line_bytes: self.log_line_bytes,
            calls: self.calls,
            call_bytes: self.call_bytes,
        }
    }

    /// The longest message that an honest worker sends. A longer one ends its process.
    pub(crate) fn message_bytes(&self) -> u64 {
        // A character of a log line takes up to six bytes as JSON.
        self.state_bytes.max(self.call_bytes).max(6 * self.log_line_bytes) + AROUND_BYTES
    }

    /// How many bytes all messages of one step may have.
    pub(crate) fn traffic_bytes(&self) -> u64 {
        const CALLS_OF_A_STEP: u64 = 64;
        self.message_bytes().saturating_mul(CALLS_OF_A_STEP)
    }
}
