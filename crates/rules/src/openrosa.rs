//! What becomes of a submission whose id is known already, and what its sender is told.
//!
//! Clients send one submission several times: because the answer was lost, because its files do not
//! fit into one request, or because somebody corrected it. Only the first two may be told apart by
//! the id and the content; a correction names the submission that it takes the place of
//! (`deprecatedID`).
//!
//! | the id is | the content is | `deprecatedID` | what becomes of it |
//! |---|---|---|---|
//! | new | | none | stored |
//! | new | | of the newest state | an edit |
//! | new | | of an older state | refused: somebody else was quicker |
//! | new | | of nothing we have | refused |
//! | known | the same | any | a duplicate; new files are added |
//! | known | the same, but a file of a known name has other bytes | any | refused |
//! | known | other | | refused; CommCare: an edit |
//!
//! How a refusal is told depends on the [flavour](Flavour): senders act on the status.

use fieldpost_model::openrosa::{Nature, ProtocolVersion, Reply};

use fieldpost_model::names;

names! {
    /// Whose rules a source follows.
    pub enum Flavour {
        /// ODK's servers, and the hub's own choice: Collect, Enketo.
        Odk = "odk",
        /// KoboToolbox: KoboCollect, Enketo.
        Kobo = "kobo",
        /// CommCare HQ.
        Commcare = "commcare",
    }
}

names! {
    /// What is there already under the submission's id.
    pub enum Known {
        /// Nothing.
        Nothing = "nothing",
        /// The same document.
        SameBody = "same-body",
        /// Another document.
        OtherBody = "other-body",
        /// A document of another project; ids are the world's, so this is a mistake.
        Elsewhere = "elsewhere",
    }
}

names! {
    /// The files that come with a submission, beside those that are there.
    pub enum Files {
        /// None that is not there.
        NothingNew = "nothing-new",
        /// Some that were not there.
        New = "new",
        /// One of a name that is there, with other bytes.
        Conflicting = "conflicting",
    }
}

names! {
    /// What the submission that is to be replaced is to us.
    pub enum Original {
        /// None is named.
        NotNamed = "not-named",
        /// The newest state of a submission.
        Newest = "newest",
        /// A state that was replaced already.
        Outdated = "outdated",
        /// Nothing that we have.
        Unknown = "unknown",
    }
}

/// What came in, as far as the decision needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// What is there under its id.
    pub known: Known,
    /// The files that come with it.
    pub files: Files,
    /// What it takes the place of.
    pub original: Original,
}

names! {
    /// What becomes of a submission.
    pub enum Decision {
        /// It is new and kept.
        Store = "store",
        /// It was there, with all its files.
        Duplicate = "duplicate",
        /// It was there; its new files are kept.
        AddFiles = "add-files",
        /// It takes the place of an earlier state.
        Edit = "edit",
        /// Its id belongs to other content.
        Conflict = "conflict",
        /// A file of its has a name that belongs to other bytes.
        FileConflict = "file-conflict",
        /// What it would take the place of is not here.
        OriginalUnknown = "original-unknown",
        /// What it would take the place of was replaced already.
        OriginalOutdated = "original-outdated",
    }
}

impl Decision {
    /// Whether anything of it is kept among the submissions.
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Store | Self::Duplicate | Self::AddFiles | Self::Edit)
    }
}

/// What becomes of a submission.
pub const fn decide(flavour: Flavour, arrival: Arrival) -> Decision {
    match (arrival.known, flavour) {
        (Known::SameBody, _) => match arrival.files {
            Files::NothingNew => Decision::Duplicate,
            Files::New => Decision::AddFiles,
            Files::Conflicting => Decision::FileConflict,
        },
        (Known::Elsewhere, _) | (Known::OtherBody, Flavour::Odk | Flavour::Kobo) => {
            Decision::Conflict
        }
        (Known::OtherBody, Flavour::Commcare) => Decision::Edit,
        // CommCare corrects under the same id and takes no notice of what a form says beside it.
        (Known::Nothing, Flavour::Commcare) => Decision::Store,
        (Known::Nothing, Flavour::Odk | Flavour::Kobo) => match arrival.original {
            Original::NotNamed => Decision::Store,
            Original::Newest => Decision::Edit,
            Original::Outdated => Decision::OriginalOutdated,
            Original::Unknown => Decision::OriginalUnknown,
        },
    }
}

/// What becomes of a submission that another system pushes to an inbox. It was taken there already, so
/// nobody can be told no: other content is a later state, and what is replaced may never have come.
pub const fn decide_pushed(arrival: Arrival) -> Decision {
    match (arrival.known, arrival.files, arrival.original) {
        (Known::SameBody, Files::NothingNew, _) => Decision::Duplicate,
        (Known::SameBody, Files::New | Files::Conflicting, _) => Decision::AddFiles,
        (Known::OtherBody, ..) | (Known::Nothing | Known::Elsewhere, _, Original::Newest) => {
            Decision::Edit
        }
        (Known::Nothing | Known::Elsewhere, ..) => Decision::Store,
    }
}

/// The HTTP status that tells a sender.
pub const fn status(flavour: Flavour, decision: Decision) -> u16 {
    match (decision, flavour) {
        (Decision::Store | Decision::AddFiles | Decision::Edit, _)
        | (Decision::Duplicate, Flavour::Commcare) => 201,
        // Both are success to every client; 202 lets those who look see that nothing was new.
        (Decision::Duplicate, Flavour::Odk | Flavour::Kobo) => 202,
        (Decision::OriginalUnknown, _) => 404,
        (Decision::OriginalOutdated, Flavour::Kobo) => 410,
        (Decision::Conflict | Decision::FileConflict | Decision::OriginalOutdated, _) => 409,
    }
}

/// What a sender of OpenRosa is told of a decision.
pub fn reply(flavour: Flavour, version: ProtocolVersion, decision: Decision) -> Reply {
    if let (Flavour::Commcare, true) = (flavour, decision.is_taken()) {
        return commcare_reply(version, &Outcome::Taken);
    }
    let nature = match (decision.is_taken(), flavour) {
        (true, _) => Nature::SubmitSuccess,
        (false, Flavour::Commcare) => Nature::SubmitError,
        (false, _) => Nature::Error,
    };
    let message = match decision {
        Decision::Store => "The submission was received.",
        Decision::Duplicate => "The submission was received before; nothing is new.",
        Decision::AddFiles => "The submission was received before; its new files were added.",
        Decision::Edit => "The submission takes the place of an earlier one.",
        Decision::Conflict => {
            "A submission with this instance ID, but other content, is here \
                               already. To correct one, send it with a new instance ID and the old \
                               one as deprecatedID."
        }
        Decision::FileConflict => {
            "A file of this submission is here already under this name, with \
                                   other content."
        }
        Decision::OriginalUnknown => {
            "The submission that this one is to replace (deprecatedID) is \
                                      not here."
        }
        Decision::OriginalOutdated => {
            "The submission that this one is to replace (deprecatedID) \
                                       was replaced by another before."
        }
    };
    Reply { status: status(flavour, decision), nature, message: message.to_owned() }
}

/// What became of a form that CommCare's rules apply to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken, or had been before.
    Taken,
    /// It was taken and set aside, because a rule says so.
    Ignored,
    /// It can never be processed, as it changes a case that is not there; why.
    NotProcessable(String),
    /// It was kept, but what follows from it was not done; why.
    NotFollowedUp(String),
    /// It is no XML; why.
    Unreadable(String),
}

/// What CommCare's clients are told. Before version 3 they look at nothing but the status, and what
/// is not taken they send for ever; so they are told that it was taken, with a nature that says
/// otherwise.
pub fn commcare_reply(version: ProtocolVersion, outcome: &Outcome) -> Reply {
    use ProtocolVersion::{Three, Two};
    let (status, nature, message) = match (outcome, version) {
        (Outcome::Taken, _) | (Outcome::NotFollowedUp(_), Two) => {
            (201, Nature::SubmitSuccess, "   √   ")
        }
        (Outcome::Ignored, _) => (201, Nature::SubmitSuccess, "√ (this submission was ignored)"),
        (Outcome::NotProcessable(reason), Two) => (201, Nature::SubmitError, reason.as_str()),
        (Outcome::NotProcessable(reason), Three) => {
            (422, Nature::ProcessingFailure, reason.as_str())
        }
        (Outcome::NotFollowedUp(reason), Three) => {
            (422, Nature::PostProcessingFailure, reason.as_str())
        }
        (Outcome::Unreadable(reason), _) => {
            let message = format!("There was an error processing the form: {reason}");
            return Reply { status: 422, nature: Nature::ProcessingFailure, message };
        }
    };
    Reply { status, nature, message: message.to_owned() }
}

#[cfg(test)]
mod tests;
