//! What a caller is shown of one record: the status that they may see, what they may do, who plays which part.

use fieldpost_dialects::wcs::{Offer, StatusSeen, Viewer};
use fieldpost_engine::Followed;
use fieldpost_rules::wcs::caller::Caller;
use fieldpost_rules::wcs::reading::{Reading, StatusReader};

use super::{Asked, forms};

/// What a caller is shown of a record.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    visible_status: Option<String>,
    offers: Vec<Offer>,
    concerned: Vec<String>,
    acting: Vec<String>,
}

impl Shown {
    /// The same for whoever writes documents.
    pub(super) fn viewer(&self) -> Viewer<'_> {
        Viewer {
            status: self.visible_status.as_deref().map_or(StatusSeen::Hidden, StatusSeen::This),
            offers: &self.offers,
            concerned: &self.concerned,
            acting: &self.acting,
        }
    }
}

/// The roles that a record concerns.
pub(super) fn concerned(asked: &Asked, followed: &Followed) -> Vec<String> {
    if followed.form.is_tracked {
        asked.app.hub.with_machine(&asked.admitted.routing, followed, |machine| {
            machine.concerned(&followed.record).roles
        })
    } else {
        forms::concerned(asked, &followed.form)
    }
}

/// What a caller is shown of a record.
pub(super) fn look(
    asked: &Asked,
    followed: &Followed,
    caller: &Caller<'_>,
    reading: Reading,
) -> Shown {
    let progress = &followed.record.progress;
    let definition = &*followed.form.definition;
    let visible = StatusReader::of(caller, reading).shown(definition, progress);
    if !followed.form.is_tracked {
        let concerned = forms::concerned(asked, &followed.form);
        let visible_status = visible.map(str::to_owned);
        return Shown { visible_status, concerned, ..Shown::default() };
    }
    let actor = asked.admitted.actor();
    let (hub, routing) = (&asked.app.hub, &asked.admitted.routing);
    hub.with_machine(routing, followed, |machine| Shown {
        visible_status: visible.map(str::to_owned),
        offers: hub.offers(routing, followed, &actor),
        concerned: machine.concerned(&followed.record).roles,
        acting: machine.acting(&followed.record).roles,
    })
}

/// Takes out of a record what its reader must not find in it, where they read without names: that it came to a status
/// which is hidden from them.
pub(super) fn hide(asked: &Asked, followed: &mut Followed, reading: Reading) {
    if reading.anonymised {
        let reader = StatusReader::of(&asked.admitted.caller(), reading);
        reader.hide(&followed.form.definition, &mut followed.record.progress);
    }
}
