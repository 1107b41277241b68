//! What happened, and may set something off.

use crate::names;

names! {
    /// The events that a forwarder can be told to act on.
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
    }
}
