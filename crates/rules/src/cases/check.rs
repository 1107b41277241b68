//! Whether a form may do to cases what it asks for.
//!
//! The first thing that is wrong refuses the form, and with it everything else it asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fieldpost_model::case::{BlockScope, Case, CaseAction, CaseBlock, CaseSubmission};
use fieldpost_model::time::Timestamp;

/// How long the id, name, type, owner and external id of a case may be, in characters.
pub const MAX_NAME_LENGTH: usize = 255;

/// How many properties one case may have. Forms add to them and never take one away, so that
/// without a bound a form with generated names would make its case too large to load.
pub const MAX_CASE_PROPERTIES: usize = 5_000;

/// The names on the wire of what is bounded by [`MAX_NAME_LENGTH`], and what errors call it.
const SHORT_VALUES: [(&str, &str); 6] = [
    ("case_type", "type"),
    ("case_name", "name"),
    ("name", "name"),
    ("owner_id", "owner_id"),
    ("external_id", "external_id"),
    ("hq_user_id", "external_id"),
];

/// Why a form cannot be applied to its cases. `Display` writes what `CommCare` answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseError {
    /// A case points to one that there is not.
    InvalidCaseIndex {
        /// The case.
        case_id: String,
        /// What it points to.
        missing: String,
    },
    /// A block has no usable case id.
    IllegalCaseId {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value cannot be what it is for.
    CaseValue {
        /// What it is for.
        field: &'static str,
        /// What is wrong with it.
        problem: ValueProblem,
    },
    /// A case would have more than [`MAX_CASE_PROPERTIES`].
    TooManyProperties {
        /// The case.
        case_id: String,
    },
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueProblem {
    /// It is longer than [`MAX_NAME_LENGTH`].
    Length,
    /// It is not a time.
    Time,
}

impl CaseError {
    /// A stable kebab-case word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidCaseIndex { .. } => "invalid-case-index",
            Self::IllegalCaseId { .. } => "illegal-case-id",
            Self::CaseValue { .. } => "case-value-error",
            Self::TooManyProperties { .. } => "case-too-many-properties",
        }
    }

    /// What the person who looks after the application can do.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::InvalidCaseIndex { .. } => {
                "Send the form that makes the other case first, or make it in the same form; then \
                 replay this one."
            }
            Self::IllegalCaseId { .. } => "Give every case block the id of its case.",
            Self::CaseValue { problem: ValueProblem::Length, .. } => {
                "Keep long texts in a property of the case."
            }
            Self::CaseValue { problem: ValueProblem::Time, .. } => {
                "Write times as 2015-04-17T20:14:34.046462Z."
            }
            Self::TooManyProperties { .. } => {
                "Properties with generated names belong into cases of their own."
            }
        }
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidCaseIndex { case_id, missing } => write!(
                formatter,
                "InvalidCaseIndex: Case '{case_id}' references non-existent case '{missing}'"
            ),
            Self::IllegalCaseId { reason } => write!(formatter, "IllegalCaseId: {reason}"),
            Self::CaseValue { field, problem } => {
                write!(
                    formatter,
                    "CaseValueError: Error processing case update: Field: {field}, Error: "
                )?;
                match problem {
                    ValueProblem::Length => {
                        write!(formatter, "Value exceeds allowed length: {MAX_NAME_LENGTH}")
                    }
                    ValueProblem::Time => formatter.write_str("Value is not a date or time"),
                }
            }
            Self::TooManyProperties { case_id } => write!(
                formatter,
                "CaseValueError: Case '{case_id}' would have more than {MAX_CASE_PROPERTIES} \
                 properties"
            ),
        }
    }
}

impl std::error::Error for CaseError {}

/// Judges a form, new or edited, by the cases that it mentions and that there are. A case that this
/// form alone has made does not count as there: the form may have been edited not to make it.
pub fn check(submission: &CaseSubmission, known: &BTreeMap<String, Case>) -> Result<(), CaseError> {
    let touched: BTreeSet<&str> = submission.case_ids().into_iter().collect();
    let is_there = |case_id: &str| {
        let is_kept = |case: &Case| !case.deleted && case.forms != [submission.form_id.as_str()];
        touched.contains(case_id) || known.get(case_id).is_some_and(is_kept)
    };
    for block in &submission.blocks {
        case_id(&block.case_id)?;
        values(block)?;
        if block.scope == BlockScope::Change && !submission.is_forwarded {
            indices(block, is_there)?;
        }
    }
    Ok(())
}

/// Whether a case has become too large.
pub fn bounds(case: &Case) -> Result<(), CaseError> {
    if case.properties.len() <= MAX_CASE_PROPERTIES {
        Ok(())
    } else {
        Err(CaseError::TooManyProperties { case_id: case.id.clone() })
    }
}

fn case_id(id: &str) -> Result<(), CaseError> {
    let reason = if id.trim().is_empty() {
        "case_id must not be empty"
    } else if is_long(id) {
        "case_id must not be longer than 255 characters"
    } else if id.chars().any(char::is_control) {
        "case_id must not contain control characters"
    } else {
        return Ok(());
    };
    Err(CaseError::IllegalCaseId { reason })
}

fn values(block: &CaseBlock) -> Result<(), CaseError> {
    for action in &block.actions {
        let (CaseAction::Create(values) | CaseAction::Update(values)) = action else { continue };
        for (name, field) in SHORT_VALUES {
            if values.get(name).is_some_and(|value| is_long(value)) {
                return Err(CaseError::CaseValue { field, problem: ValueProblem::Length });
            }
        }
        let opened = values.get("date_opened").filter(|value| !value.is_empty());
        if opened.is_some_and(|value| Timestamp::parse_lenient(value).is_none()) {
            return Err(CaseError::CaseValue { field: "opened_on", problem: ValueProblem::Time });
        }
    }
    Ok(())
}

fn indices(block: &CaseBlock, is_there: impl Fn(&str) -> bool) -> Result<(), CaseError> {
    for action in &block.actions {
        let CaseAction::Index(indices) = action else { continue };
        if let Some(index) = indices.values().flatten().find(|index| !is_there(&index.case_id)) {
            return Err(CaseError::InvalidCaseIndex {
                case_id: block.case_id.clone(),
                missing: index.case_id.clone(),
            });
        }
    }
    Ok(())
}

fn is_long(text: &str) -> bool {
    text.chars().nth(MAX_NAME_LENGTH).is_some()
}
