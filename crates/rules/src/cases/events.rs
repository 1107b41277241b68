//! What follows from a change of a case.

use fieldpost_model::case::Case;
use fieldpost_model::event::Event;

/// Why a case has a new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A form came that touches it.
    Submission,
    /// A form that had touched it was edited or archived, and the case was made anew.
    Rebuild,
}

/// The events of a case's new state. A case is created by the first form that touches it and updated
/// by every later one, and by an edit of any. A case whose forms are all gone sets nothing off.
pub fn events(case: &Case, occasion: Occasion) -> &'static [Event] {
    match (case.deleted, occasion, case.forms.len()) {
        (true, _, _) => &[],
        (false, Occasion::Submission, 0 | 1) => &[Event::Case, Event::CaseCreated],
        (false, Occasion::Submission | Occasion::Rebuild, _) => &[Event::Case, Event::CaseUpdated],
    }
}
