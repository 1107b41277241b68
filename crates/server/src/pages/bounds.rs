//! The bounds of forms that strangers fill in. Those of what they upload are the settings `max-upload`,
//! `max-file`, `max-upload-parts` and `upload-timeout`, as for every upload of several parts.

use std::time::Duration;

/// How much a form that is filled in on a page takes, and for how long its pages are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageBounds {
    /// The most rows that a block or a table takes.
    pub max_rows: usize,
    /// The longest text of one control, in bytes.
    pub max_text: usize,
    /// The most bytes of all that was typed into a form, with what is written down of its files.
    pub max_typed: usize,
    /// The most files of a form under way.
    pub max_files: usize,
    /// How long a form can be filled in once it was begun; at most [`LONGEST_FILLING`](Self::LONGEST_FILLING).
    pub filling_time: Duration,
    /// How long whoever sent a form in, or followed it by its code, can look at it without the code.
    pub following_time: Duration,
    /// How long a link with a temporary access is good for, in the way of w.c.s.
    pub link_time: Duration,
}

impl PageBounds {
    /// The longest that a form may be filled in: a file that no submission names is swept away after a day,
    /// and the last of them may have come at the first moment.
    pub const LONGEST_FILLING: Duration = Duration::from_hours(23);
}

impl Default for PageBounds {
    fn default() -> Self {
        Self {
            max_rows: 100,
            max_text: 64 * 1024,
            max_typed: 512 * 1024,
            max_files: 100,
            filling_time: Duration::from_hours(20),
            following_time: Duration::from_hours(1),
            link_time: Duration::from_mins(5),
        }
    }
}

/// The longest body of a page without files, in bytes: a code, or the word that a button says, beside what
/// was typed so far.
pub(super) const MOST_SMALL_FORM_BYTES: usize = 64 * 1024;
