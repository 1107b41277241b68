//! The status that a reader is shown, where a list is asked for by statuses.
//!
//! A status can be hidden from some, who are shown the last one before it that they see. A list that went by the
//! true status would tell them what they must not know: that something is in a hidden status, and what. So where
//! a form hides anything from the reader, the store gives what may be meant, and each record is judged by what its
//! reader is shown of it. Who sees everything pays nothing for this.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress_list::{Among, Pushdown};

use super::Predicate;
use crate::lifecycle::Record;
use crate::wcs::reading::StatusReader;

/// The statuses that are asked for, as a reader is shown them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShownAs {
    reader: StatusReader,
    wanted: Wanted,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    /// Statuses, by id.
    Statuses(Among<String>),
    /// All of a kind.
    Kind(StatusKind),
}

impl ShownAs {
    /// Whether a record is shown in one of these statuses.
    pub(super) fn matches(&self, definition: &FormDefinition, record: &Record) -> bool {
        let shown = self.reader.shown(definition, &record.progress);
        match (&self.wanted, shown) {
            (Wanted::Statuses(among), Some(shown)) => among.holds(&shown.to_owned()),
            (Wanted::Statuses(among), None) => matches!(among, Among::NotIn(_)),
            (Wanted::Kind(kind), shown) => {
                let status = shown.and_then(|id| definition.lifecycle.status(id));
                status.is_some_and(|status| status.kind() == *kind)
            }
        }
    }
}

/// Asks for the records that the reader is shown in these statuses of a form.
pub(super) fn ask_for_statuses(
    (reader, definition): (&StatusReader, &FormDefinition),
    wanted: Among<String>,
    (pushdown, predicate): (&mut Pushdown, &mut Predicate),
) {
    let statuses = definition.lifecycle.statuses.iter();
    let hidden: Vec<String> =
        statuses.filter(|it| reader.may_miss(it)).map(|it| it.id.clone()).collect();
    if hidden.is_empty() {
        pushdown.statuses = Some(wanted);
        return;
    }
    // What is in a hidden status may be shown in any that came before.
    pushdown.statuses = Some(match &wanted {
        Among::In(ids) => Among::In(ids.iter().chain(&hidden).cloned().collect()),
        Among::NotIn(ids) => {
            Among::NotIn(ids.iter().filter(|id| !hidden.contains(id)).cloned().collect())
        }
    });
    predicate.shown_as = Some(ShownAs { reader: reader.clone(), wanted: Wanted::Statuses(wanted) });
}

/// Asks for the records that the reader is shown as pending, or as done.
pub(super) fn ask_for_kind<'d>(
    reader: &StatusReader,
    definitions: impl IntoIterator<Item = &'d FormDefinition>,
    kind: StatusKind,
    (pushdown, predicate): (&mut Pushdown, &mut Predicate),
) {
    let mut statuses = definitions.into_iter().flat_map(|it| &it.lifecycle.statuses);
    if statuses.any(|status| reader.may_miss(status)) {
        predicate.shown_as = Some(ShownAs { reader: reader.clone(), wanted: Wanted::Kind(kind) });
    } else {
        pushdown.standing = Some(kind);
    }
}
