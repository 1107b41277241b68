//! Events, and what their deliveries carry.

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::event::Event;

/// What the deliveries of an event carry.
pub const fn payload_of(event: Event) -> PayloadKind {
    match event {
        Event::Message => PayloadKind::Message,
        Event::Form | Event::Submission | Event::FormStub => PayloadKind::Submission,
        Event::Case | Event::CaseCreated | Event::CaseUpdated => PayloadKind::Case,
        Event::AppSchema => PayloadKind::Application,
        Event::Call => PayloadKind::Call,
    }
}
