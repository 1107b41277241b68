//! The bounds of forms that strangers fill in. Those of what they upload are the settings `max-upload`,
//! `max-file`, `max-upload-parts` and `upload-timeout`, as for every upload of several parts.

use std::time::Duration;

/// The most rows that a block or a table takes on a page.
pub(super) const MOST_ROWS: usize = 100;
/// The longest text of one control, in bytes.
pub(super) const MOST_TEXT_BYTES: usize = 64 * 1024;
/// The most bytes of all that was typed into a form, with what is written down of its files.
pub(super) const MOST_TYPED_BYTES: usize = 512 * 1024;
/// The most files of a form under way.
pub(super) const MOST_FILES: usize = 100;
/// How long a form can be filled in once it was begun. A file that no submission names is swept away after a
/// day, so it is less than that.
pub(super) const FILLING: Duration = Duration::from_hours(20);
/// How long whoever sent a form in, or followed it by its code, can look at it without the code.
pub(super) const FOLLOWING: Duration = Duration::from_hours(1);
/// How long a link with a temporary access is good for, in the way of w.c.s.
pub(super) const LOADING: Duration = Duration::from_mins(5);
/// The longest body of a page without files, in bytes.
pub(super) const MOST_SMALL_FORM_BYTES: usize = 64 * 1024;

const _: () = assert!(FILLING.as_secs() < 24 * 60 * 60, "files would be swept away under way");
