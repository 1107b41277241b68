//! OpenRosa: the forms of ODK, KoboToolbox, CommCare and Enketo, and the documents that their
//! servers answer with. The answers in what their clients send are read by
//! [`submission`](crate::submission).

mod documents;
mod filled;
pub(crate) mod instance;
mod left_out;
mod written;
mod xform;

pub(crate) use filled::decode;

pub use documents::{ListedFile, ListedForm, form_list, manifest, response};
pub use left_out::{LeftOut, left_out};
pub use written::write_xform;
pub use xform::{
    MAX_FORM_CHOICES, MAX_FORM_FIELDS, MAX_LIST_READINGS, MAX_PATH_LENGTH, read as read_form,
};
