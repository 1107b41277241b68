//! What a run has to tell and was not recorded yet: lines of its log, and executions of its steps.

use std::collections::BTreeMap;

use fieldpost_model::run::RunStep;
use fieldpost_model::time::Timestamp;
use fieldpost_script::protocol::{Level, LogLine};
use fieldpost_store::{RunLogLine, StepRecord};

/// The journal of a run.
#[derive(Debug)]
pub(super) struct Journal {
    /// The number of the last line.
    last_line: u32,
    /// How many bytes more its log may have.
    room: u64,
    most: u64,
    /// Whether more was logged than there is room for.
    is_full: bool,
    lines: Vec<RunLogLine>,
    /// How many lines each execution of a step has logged.
    counts: BTreeMap<u32, u32>,
    steps: BTreeMap<u32, StepRecord>,
}

/// What is to be recorded.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) steps: Vec<StepRecord>,
    pub(super) lines: Vec<RunLogLine>,
}

impl Journal {
    /// A journal that goes on behind a line, and takes so many bytes of log.
    pub(super) fn new(last_line: u32, most: u64) -> Self {
        Self {
            last_line,
            room: most,
            most,
            is_full: false,
            lines: Vec::new(),
            counts: BTreeMap::new(),
            steps: BTreeMap::new(),
        }
    }

    /// A step has logged a line.
    pub(super) fn log(&mut self, step: u32, at: Timestamp, line: LogLine) {
        let LogLine { level, source, message } = line;
        if self.is_full {
            return;
        }
        let bytes = message.len() as u64;
        if bytes > self.room {
            self.is_full = true;
            let most = self.most;
            let message = format!("The log of the run has {most} bytes; what follows is left out");
            self.push(step, at, Level::Warn, "R/T".to_owned(), message);
            return;
        }
        self.room -= bytes;
        self.push(step, at, level, source, message);
    }

    fn push(&mut self, step: u32, at: Timestamp, level: Level, source: String, message: String) {
        self.last_line += 1;
        *self.counts.entry(step).or_default() += 1;
        self.lines.push(RunLogLine {
            number: self.last_line,
            step_number: Some(step),
            at,
            level: level_name(level).to_owned(),
            source,
            message,
        });
    }

    /// How an execution of a step stands. A later word on the same one takes the place of an earlier.
    pub(super) fn step(&mut self, mut record: StepRecord) {
        let RunStep { number, log_lines, .. } = &mut record.step;
        *log_lines = self.counts.get(number).copied().unwrap_or(0);
        self.steps.insert(*number, record);
    }

    /// An execution has another name in the final state than it began under. What went in and came
    /// out stays as it was recorded.
    pub(super) fn rename(&mut self, step: RunStep) {
        match self.steps.get_mut(&step.number) {
            Some(record) => record.step.name_in_state = step.name_in_state,
            None => self.step(StepRecord { step, input: None, output: None }),
        }
    }

    /// Whether there is nothing to record.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.steps.is_empty()
    }

    /// All that is to be recorded: it is not told again.
    pub(super) fn take(&mut self) -> Entries {
        Entries {
            steps: std::mem::take(&mut self.steps).into_values().collect(),
            lines: std::mem::take(&mut self.lines),
        }
    }
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: &str) -> LogLine {
        LogLine { level: Level::Info, source: "JOB".to_owned(), message: message.to_owned() }
    }

    #[test]
    fn lines_go_on_behind_those_of_before_and_end_at_the_bound() {
        let mut journal = Journal::new(7, 10);
        for text in ["12345", "12345", "1", "2"] {
            journal.log(1, Timestamp(0), line(text));
        }
        let lines = journal.take().lines;
        let told: Vec<_> = lines.iter().map(|line| (line.number, line.message.as_str())).collect();
        let end = "The log of the run has 10 bytes; what follows is left out";
        assert_eq!(told, [(8, "12345"), (9, "12345"), (10, end)]);
        assert!(journal.is_empty());
    }
}
