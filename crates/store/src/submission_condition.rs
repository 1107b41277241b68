//! Conditions on submissions that are put together with and, or, and not.
//!
//! What a list is looked through by: no index serves them. Each part is true or false and never unknown, so
//! that its opposite finds all the others.

use fieldpost_model::names;
use fieldpost_model::time::Timestamp;

use crate::Engine;
use crate::fields::{Comparison, FieldCondition, field_sql};
use crate::statement::Conditions;

names! {
    /// What is known of a submission as a text, beside its answers.
    pub enum SubmissionText {
        /// What its sender calls it.
        InstanceId = "instance-id",
        /// The name of who filled it in.
        User = "user",
        /// The version of the form.
        FormVersion = "form-version",
    }
}

impl SubmissionText {
    const fn column(self) -> &'static str {
        match self {
            Self::InstanceId => "instance_id",
            Self::User => "user_name",
            Self::FormVersion => "form_version",
        }
    }
}

/// What a submission is to meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmissionCondition {
    /// All of these; none is always met.
    All(Vec<SubmissionCondition>),
    /// One of these; none is never met.
    Any(Vec<SubmissionCondition>),
    /// Not this.
    Not(Box<SubmissionCondition>),
    /// This on an answer.
    Field(FieldCondition),
    /// Its number compares so.
    Number(Comparison, i64),
    /// When it was received for the first time compares so.
    Received(Comparison, Timestamp),
    /// The text compares so, by its characters; nothing compares with an absent one, but that it differs.
    Text(SubmissionText, Comparison, String),
    /// There is such a text.
    HasText(SubmissionText),
}

impl SubmissionCondition {
    /// Whether the answers decide.
    pub(crate) fn reads_answers(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::reads_answers),
            Self::Not(part) => part.reads_answers(),
            Self::Field(_) => true,
            Self::Number(..) | Self::Received(..) | Self::Text(..) | Self::HasText(_) => false,
        }
    }

    /// The condition as SQL, where `s` is the submission and `v` its newest version.
    pub(crate) fn sql(&self, engine: &Engine, conditions: &mut Conditions) -> String {
        match self {
            Self::All(parts) => joined(parts, "AND", "1 = 1", engine, conditions),
            Self::Any(parts) => joined(parts, "OR", "1 = 0", engine, conditions),
            Self::Not(part) => format!("NOT {}", part.sql(engine, conditions)),
            Self::Field(field) => {
                format!("({})", field_sql(engine, conditions, "v.answers", field))
            }
            Self::Number(comparison, number) => {
                format!("(s.number {} {})", comparison.sql(), conditions.bind(*number))
            }
            Self::Received(comparison, at) => {
                format!("(s.received_at {} {})", comparison.sql(), conditions.bind(*at))
            }
            Self::Text(text, comparison, value) => {
                let as_bytes = if let Engine::Postgres(_) = engine { r#"COLLATE "C""# } else { "" };
                let unknown = if *comparison == Comparison::Differs { "1 = 1" } else { "1 = 0" };
                let (column, value) = (text.column(), conditions.bind(value.as_str()));
                format!("coalesce(s.{column} {as_bytes} {} {value}, {unknown})", comparison.sql())
            }
            Self::HasText(text) => format!("(s.{} IS NOT NULL)", text.column()),
        }
    }
}

fn joined(
    parts: &[SubmissionCondition],
    word: &str,
    none: &str,
    engine: &Engine,
    conditions: &mut Conditions,
) -> String {
    let parts: Vec<String> = parts.iter().map(|part| part.sql(engine, conditions)).collect();
    if parts.is_empty() {
        format!("({none})")
    } else {
        format!("({})", parts.join(&format!(" {word} ")))
    }
}
