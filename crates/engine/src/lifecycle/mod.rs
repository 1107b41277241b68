//! Lifecycles in motion: what becomes of a submission after it was kept.
//!
//! ```text
//!   keep ──► untold ─┐                                  (in the transaction of the message)
//!   caller ──────────┼──► record ──► step ──► kept      (compare-and-set, one transaction)
//!   time ────────────┤    what is    the        │
//!   end of a call ◄──┼─── there      machine    ├──► calls ──► deliver ──► outcome ──┐
//!          ▲         │                          └──► notices (mails)                 │
//!          └─────────┴───────────────────────────────────────────────────────────────┘
//! ```
//!
//! The decisions are `rules::lifecycle`'s. Here is what surrounds them: [`record`] puts a submission together
//! from what the store keeps, [`step`] keeps what was decided, [`happen`] makes a step again where somebody
//! was quicker, [`calls`] and [`outcome`] are the way of a call out and back, [`submit`] takes in what is
//! filled in here and [`pushed`] tells a sender of records what became of one, and [`mod@serve`] finds what is to be gone on with. They meet in the store: a hub that dies
//! leaves a step whole or not at all, and another goes on from there.

mod adopting;
mod calls;
mod computed;
mod drafts;
mod form;
mod happen;
mod machine;
mod notices;
mod outcome;
mod pushed;
mod record;
mod serve;
mod step;
mod submit;
mod told;

pub(crate) use serve::serve;
pub(crate) use submit::own_source;
pub(crate) use told::{Came, Told};

pub use form::FollowedForm;
pub use happen::LifecycleError;
pub use machine::machine;
pub use pushed::ReceivedRecord;
pub use record::{Followed, RecordKey};
pub use submit::{Edit, NewSubmission, OWN_SOURCE, SubmittedForm, keyed_uuid};
