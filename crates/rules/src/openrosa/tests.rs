//! Every row of the tables, for every flavour.

use super::*;

use Decision::{
    AddFiles, Conflict, Duplicate, Edit, FileConflict, OriginalOutdated, OriginalUnknown, Store,
};

/// What the three flavours (ODK, Kobo, CommCare) make of an arrival, and the status of each.
#[track_caller]
fn check(known: Known, files: Files, original: Original, expected: [(Decision, u16); 3]) {
    let arrival = Arrival { known, files, original };
    for (flavour, expected) in Flavour::ALL.iter().zip(expected) {
        let decision = decide(*flavour, arrival);
        assert_eq!((decision, status(*flavour, decision)), expected, "{flavour}: {arrival:?}");
    }
}

#[test]
fn what_is_new_is_stored() {
    let stored = [(Store, 201); 3];
    check(Known::Nothing, Files::NothingNew, Original::NotNamed, stored);
    check(Known::Nothing, Files::New, Original::NotNamed, stored);
}

#[test]
fn the_same_again_is_a_duplicate_and_its_new_files_are_added() {
    for original in Original::ALL {
        check(
            Known::SameBody,
            Files::NothingNew,
            *original,
            [(Duplicate, 202), (Duplicate, 202), (Duplicate, 201)],
        );
        check(Known::SameBody, Files::New, *original, [(AddFiles, 201); 3]);
        check(Known::SameBody, Files::Conflicting, *original, [(FileConflict, 409); 3]);
    }
}

#[test]
fn other_content_is_a_conflict_and_to_commcare_an_edit() {
    for original in Original::ALL {
        for files in Files::ALL {
            check(
                Known::OtherBody,
                *files,
                *original,
                [(Conflict, 409), (Conflict, 409), (Edit, 201)],
            );
            check(Known::Elsewhere, *files, *original, [(Conflict, 409); 3]);
        }
    }
}

#[test]
fn an_edit_names_the_newest_state_of_what_it_replaces() {
    for files in [Files::NothingNew, Files::New] {
        let replaces = |original, odk, kobo| {
            check(Known::Nothing, files, original, [odk, kobo, (Store, 201)]);
        };
        replaces(Original::Newest, (Edit, 201), (Edit, 201));
        replaces(Original::Unknown, (OriginalUnknown, 404), (OriginalUnknown, 404));
        replaces(Original::Outdated, (OriginalOutdated, 409), (OriginalOutdated, 410));
    }
}

#[test]
fn the_nature_of_an_answer_goes_with_its_status() {
    for flavour in Flavour::ALL {
        for decision in Decision::ALL {
            let reply = reply(*flavour, ProtocolVersion::Three, *decision);
            assert_eq!(reply.status, status(*flavour, *decision), "{flavour} {decision}");
            assert_eq!(
                (reply.nature == Nature::SubmitSuccess, reply.status < 300),
                (decision.is_taken(), decision.is_taken()),
                "{flavour} {decision}"
            );
            assert!(!reply.message.is_empty(), "{flavour} {decision}");
        }
    }
}

/// CommCare's answers, row by row: version 2, version 3.
#[test]
fn commcare_is_told_by_status_and_nature() {
    use Nature::{PostProcessingFailure, ProcessingFailure, SubmitError, SubmitSuccess};
    let why = || "Case '349' references non-existent case '976'".to_owned();
    for (outcome, two, three) in [
        (Outcome::Taken, (201, SubmitSuccess), (201, SubmitSuccess)),
        (Outcome::Ignored, (201, SubmitSuccess), (201, SubmitSuccess)),
        (Outcome::NotProcessable(why()), (201, SubmitError), (422, ProcessingFailure)),
        (Outcome::NotFollowedUp(why()), (201, SubmitSuccess), (422, PostProcessingFailure)),
        (Outcome::Unreadable(why()), (422, ProcessingFailure), (422, ProcessingFailure)),
    ] {
        for (version, expected) in [(ProtocolVersion::Two, two), (ProtocolVersion::Three, three)] {
            let reply = commcare_reply(version, &outcome);
            assert_eq!((reply.status, reply.nature), expected, "{outcome:?}, version {version}");
            let tells_why = reply.message.contains("non-existent");
            assert_eq!(tells_why, reply.nature != SubmitSuccess, "{outcome:?}: {}", reply.message);
        }
    }
}

#[test]
fn what_is_pushed_is_never_refused() {
    for files in Files::ALL {
        for original in Original::ALL {
            let decision =
                |known| decide_pushed(Arrival { known, files: *files, original: *original });
            let same = if *files == Files::NothingNew { Duplicate } else { AddFiles };
            let new = if *original == Original::Newest { Edit } else { Store };
            assert_eq!(
                Known::ALL.iter().copied().map(decision).collect::<Vec<_>>(),
                [new, same, Edit, new]
            );
        }
    }
}
