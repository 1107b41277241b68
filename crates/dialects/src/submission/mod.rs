//! From the view of a message to the submission in it.
//!
//! [`read`] takes what [`decode`](crate::decode) gave and the form, if it is known. Every dialect
//! that carries submissions has one module, which brings the raw values into one shape: that of the
//! XML view. `tree` types them by the form, `untyped` takes them as they are; neither knows dialects.
//!
//! Nothing is refused here. What does not fit the form is kept beside what does: a phone may have
//! filled in last year's version, and nobody can ask it again.

mod answers;
mod commcare;
mod kobo;
mod metadata;
mod normalised;
mod odk_aggregate;
mod openrosa;
mod tree;
mod untyped;
mod wcs;

use fieldpost_model::form::Form;
use fieldpost_model::json::Value;
use fieldpost_model::source::Dialect;
use fieldpost_model::submission::Submission;

use crate::odk_central;

pub use normalised::{stored, stored_position};
pub use wcs::take_asked;

pub(crate) use answers::{moment_with_offset, position};

/// The submissions in a view, typed by the form where there is one. ODK Aggregate's envelope may
/// have several; what is no submission (a case, a stub, any JSON) has none.
pub fn read(dialect: Dialect, view: &Value<'_>, form: Option<&Form>) -> Vec<Submission> {
    match dialect {
        Dialect::Xml | Dialect::Openrosa => of_document(view, form).into_iter().collect(),
        Dialect::Kobo => kobo::submission(view, form).into_iter().collect(),
        Dialect::OdkAggregate => odk_aggregate::submissions(view, form),
        // What is in an event was read when it came in.
        Dialect::OdkCentral => {
            odk_central::submission(view, form).ok().flatten().into_iter().collect()
        }
        Dialect::Commcare | Dialect::CommcareForm => {
            commcare::submission(view, form).into_iter().collect()
        }
        Dialect::Normalised => normalised::submission(view, form).into_iter().collect(),
        Dialect::Wcs => wcs::submission(view, form).into_iter().collect(),
        Dialect::CommcareCase | Dialect::Json | Dialect::Form | Dialect::Raw => Vec::new(),
    }
}

/// The submission that an XML document is: its view has the root element as the one member.
pub fn of_document(view: &Value<'_>, form: Option<&Form>) -> Option<Submission> {
    match view.as_object()? {
        [(root, content)] => Some(openrosa::submission(Some(root), content, form)),
        _ => None,
    }
}
