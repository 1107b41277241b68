//! What happened, and may set something off.

use crate::names;

names! {
    /// The events that deliveries and runs come of.
    pub enum Event {
        /// A message was kept.
        Message = "message",
        /// A form was submitted.
        Form = "form",
        /// A case was touched by a form.
        Case = "case",
        /// A case was made.
        CaseCreated = "case-created",
        /// A case that was there already was touched.
        CaseUpdated = "case-updated",
        /// A form was submitted; only its id and its cases' ids are told.
        FormStub = "form-stub",
        /// An application was saved or built.
        AppSchema = "app-schema",
        /// A submission was kept.
        Submission = "submission",
        /// The lifecycle of a submission makes a call. Nobody is told of it but whom it calls.
        Call = "call",
    }
}

impl Event {
    /// Those that a forwarder or a workflow can be told to act on.
    pub const OFFERED: &'static [Self] = &[
        Self::Message,
        Self::Form,
        Self::Case,
        Self::CaseCreated,
        Self::CaseUpdated,
        Self::FormStub,
        Self::AppSchema,
        Self::Submission,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_a_call_is_offered() {
        let others: Vec<Event> =
            Event::ALL.iter().copied().filter(|event| *event != Event::Call).collect();
        assert_eq!(Event::OFFERED, others);
    }
}
