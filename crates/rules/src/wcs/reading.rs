//! Who may read what.
//!
//! Of forms and their submissions, by address:
//!
//! | who calls | one record | list, GeoJSON | sheets, calendar |
//! |---|---|---|---|
//! | somebody who runs the project, by session | all | all | all |
//! | a signature, and `anonymise` or a key with `anonymised_only` | without names | list: without names; GeoJSON: refused | refused |
//! | a signature that names nobody | of cards | all | of cards |
//! | whoever has one of the roles that it concerns | all | all | all |
//! | who has none of them | refused | refused | refused |
//!
//! Which roles a list concerns are those of the functions of its form; which roles a record concerns,
//! those and the ones that may act on it. Whoever sent a record in may not read it here for that.
//!
//! A status can be hidden from those who have none of certain roles; they see the last one that they
//! may, and nobody sees more than the call acts for. Who reads without names sees by roles alone, too: nothing
//! that they are told says that a record came to a hidden status.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::{Status, Who};
use fieldpost_model::progress::Progress;

use super::caller::{ActsFor, Caller, Proof};
use super::{Parameters, Refusal};
use crate::lifecycle::who::function_roles;

/// What a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// One record, with its files.
    Record,
    /// A list of records.
    List,
    /// The places of records.
    Geojson,
    /// Records as a sheet: ODS, CSV, XLSX.
    Sheet,
    /// Records as a calendar.
    Calendar,
}

/// What kind of records a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Submissions of a form.
    Form,
    /// Cases, which w.c.s. calls cards.
    Card,
}

/// What a caller gets to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether everything that says who somebody is, is left out.
    pub anonymised: bool,
    /// Whether it reads as one who runs the project: every status is visible, and nobody in
    /// particular reads.
    pub as_administrator: bool,
}

/// What a caller gets to read at an address. `concerned` are the roles that the form or the record
/// concerns.
pub fn may_read<'r>(
    caller: &Caller<'_>,
    address: Address,
    kind: Kind,
    parameters: &Parameters,
    concerned: impl IntoIterator<Item = &'r str>,
) -> Result<Reading, Refusal> {
    let anonymised = caller.is_anonymised_only() || parameters.has("anonymise");
    if anonymised && !matches!(address, Address::Record | Address::List) {
        return Err(if caller.is_anonymised_only() {
            Refusal::restricted()
        } else {
            Refusal::denied("Anonymised data is not given in this format.")
        });
    }
    let reading = |as_administrator| Ok(Reading { anonymised, as_administrator });
    if caller.is_administrator() || (anonymised && caller.is_signed()) {
        return reading(true);
    }
    match (&caller.acts_for, caller.proof) {
        (ActsFor::Itself, Proof::Signature(_))
            if kind == Kind::Card || matches!(address, Address::List | Address::Geojson) =>
        {
            reading(true)
        }
        (ActsFor::Itself | ActsFor::Unknown, _) => Err(Refusal::denied("User not authenticated.")),
        _ if caller.has_one_of(concerned) => reading(false),
        _ => Err(Refusal::denied("Unsufficient roles.")),
    }
}

/// Whether a caller may read the definition of a form: who signs may, and who runs the project.
pub fn may_read_definitions(caller: &Caller<'_>) -> Result<(), Refusal> {
    if caller.is_signed() || caller.is_administrator() {
        return Ok(());
    }
    match caller.acts_for {
        ActsFor::Itself | ActsFor::Unknown => Err(Refusal::denied("User not authenticated.")),
        ActsFor::User(_) | ActsFor::Roles(_) => Err(Refusal::denied("Unsufficient roles.")),
    }
}

/// Whether a caller may ask which record a tracking code belongs to: by a signature, or with a key that
/// has no roles, so that the page which asks for codes can have one that reads nothing else.
pub fn may_follow(caller: &Caller<'_>) -> Result<(), Refusal> {
    match caller.proof {
        Proof::Signature(_) => Ok(()),
        Proof::Basic(key) if key.roles.is_empty() => Ok(()),
        _ => Err(Refusal::denied("Missing signature.")),
    }
}

/// Whoever reads, as far as that decides which statuses of records they see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusReader {
    sees_all: bool,
    roles: Vec<String>,
    is_known: bool,
    is_signed: bool,
}

impl StatusReader {
    /// A caller, with what they get to read.
    pub fn of(caller: &Caller<'_>, reading: Reading) -> Self {
        Self {
            sees_all: caller.is_administrator()
                || (reading.as_administrator && !reading.anonymised),
            roles: caller.roles().to_vec(),
            is_known: caller.user().is_some(),
            is_signed: caller.is_signed(),
        }
    }

    /// Whether they do not see of some record that it is in that status. Functions are bound to other roles in
    /// some records than in others.
    pub fn may_miss(&self, status: &Status) -> bool {
        !self.sees(&status.visible_to, |_| Vec::new())
    }

    /// Whether they see that a record is in a status which is visible to these. `roles_of` gives the roles of a
    /// function in this record.
    fn sees(&self, visible_to: &[Who], roles_of: impl Fn(&str) -> Vec<String>) -> bool {
        if visible_to.is_empty() || self.sees_all {
            return true;
        }
        visible_to.iter().any(|who| match who {
            Who::Anyone => true,
            Who::LoggedIn => self.is_known,
            Who::SignedCalls => self.is_signed,
            Who::Role(role) => self.roles.contains(role),
            Who::Function(function) => {
                roles_of(function).iter().any(|role| self.roles.contains(role))
            }
            // Nobody reads here as the one who sent it in.
            Who::Submitter => false,
        })
    }

    /// Whether they see that records of a form are in a status, as far as the form says whose its functions are.
    pub fn sees_in(&self, definition: &FormDefinition, status: &str) -> bool {
        self.sees_of(definition, status, |function| {
            let function = definition.lifecycle.function(function);
            function.and_then(|function| function.role.clone()).into_iter().collect()
        })
    }

    fn sees_of(
        &self,
        definition: &FormDefinition,
        status: &str,
        roles_of: impl Fn(&str) -> Vec<String>,
    ) -> bool {
        let status = definition.lifecycle.status(status);
        self.sees(status.map_or(&[][..], |status| &status.visible_to), roles_of)
    }

    /// The status that they are shown of a record: its own, else the last of those that it came to which they
    /// see. `None` where there is none.
    pub fn shown<'p>(
        &self,
        definition: &FormDefinition,
        progress: &'p Progress,
    ) -> Option<&'p str> {
        let roles_of = |function: &str| function_roles(definition, progress, function);
        let sees = |id: &str| self.sees_of(definition, id, roles_of);
        let came_to = progress.history.iter().filter_map(|entry| entry.status.as_deref());
        let own = progress.status.as_deref();
        own.filter(|id| sees(id)).or_else(|| came_to.rev().find(|id| sees(id)))
    }

    /// Takes out of the way of a record what they do not see: it is in the status that they are shown, and came to
    /// no other than those that they see.
    pub fn hide(&self, definition: &FormDefinition, progress: &mut Progress) {
        if !definition.lifecycle.statuses.iter().any(|status| self.may_miss(status)) {
            return;
        }
        let shown = self.shown(definition, progress).map(str::to_owned);
        let history = std::mem::take(&mut progress.history);
        let roles_of = |function: &str| function_roles(definition, progress, function);
        let sees = |id: &str| self.sees_of(definition, id, roles_of);
        let seen = history.into_iter().filter(|entry| entry.status.as_deref().is_none_or(sees));
        let seen = seen.collect();
        (progress.status, progress.history) = (shown, seen);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use fieldpost_model::access::Access;
    use fieldpost_model::connection::SigningAlgorithm;
    use fieldpost_model::person::User;
    use fieldpost_model::progress::HistoryEntry;
    use fieldpost_model::project::{ApiAccess, NonceRule};
    use fieldpost_model::secret::Secret;
    use fieldpost_model::time::Timestamp;

    use super::*;

    pub(in super::super) fn key(roles: &[&str], anonymised_only: bool) -> ApiAccess {
        ApiAccess {
            name: "partner".to_owned(),
            secret: Secret::new("s3cret"),
            algorithms: vec![SigningAlgorithm::Sha256],
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
            anonymised_only,
            nonce: NonceRule::Required,
        }
    }

    pub(in super::super) fn user(id: &str, roles: &[&str]) -> User {
        User {
            id: id.to_owned(),
            name: id.to_owned(),
            email: None,
            name_ids: Vec::new(),
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
            access: if id == "admin" { Access::Admin } else { Access::Viewer },
        }
    }

    const ADDRESSES: [Address; 5] =
        [Address::Record, Address::List, Address::Geojson, Address::Sheet, Address::Calendar];

    /// What the addresses of forms answer, in their order: `all`, `own` (by roles), `anonymous`, or
    /// a refusal.
    #[track_caller]
    fn check(proof: Proof<'_>, acts_for: ActsFor, kind: Kind, query: &str, expected: [&str; 5]) {
        let parameters = Parameters::of_query(query);
        let caller = Caller { proof, acts_for };
        for (address, expected) in ADDRESSES.into_iter().zip(expected) {
            let reading = may_read(&caller, address, kind, &parameters, ["agents", "clerks"]);
            let told = match &reading {
                Ok(Reading { anonymised: true, as_administrator: true }) => "anonymous",
                Ok(Reading { anonymised: true, .. }) => "own, anonymous",
                Ok(Reading { as_administrator: true, .. }) => "all",
                Ok(_) => "own",
                Err(refusal) => {
                    assert_eq!((refusal.status, refusal.code), (403, "access-denied"));
                    refusal.description.as_str()
                }
            };
            assert_eq!(told, expected, "{address:?} {caller:?}");
        }
    }

    const NO_USER: &str = "User not authenticated.";
    const NO_ROLE: &str = "Unsufficient roles.";
    const RESTRICTED: &str = "Restricted API access.";
    const NO_FORMAT: &str = "Anonymised data is not given in this format.";

    #[test]
    fn everybody_reads_what_is_theirs_to_read() {
        use ActsFor::{Itself, Unknown};
        let (plain, restricted) = (key(&[], false), key(&[], true));
        let (signed, signed_restricted) = (Proof::Signature(&plain), Proof::Signature(&restricted));
        let admin = user("admin", &[]);
        let viewer = user("viewer", &["agents"]);
        let acts = |user: &User| ActsFor::User(Box::new(user.clone()));
        let agents = || ActsFor::Roles(vec!["agents".to_owned()]);
        let others = || ActsFor::Roles(vec!["others".to_owned()]);
        let form = Kind::Form;

        check(Proof::Session(&admin), acts(&admin), form, "", ["all"; 5]);
        check(Proof::Session(&viewer), acts(&viewer), form, "", ["own"; 5]);
        check(Proof::Nothing, Itself, form, "", [NO_USER; 5]);
        check(
            Proof::Nothing,
            Itself,
            form,
            "anonymise&email=x",
            [NO_USER, NO_USER, NO_FORMAT, NO_FORMAT, NO_FORMAT],
        );
        // A signature alone reads lists of forms, and all of cards.
        check(signed, Itself, form, "", [NO_USER, "all", "all", NO_USER, NO_USER]);
        check(signed, Itself, Kind::Card, "", ["all"; 5]);
        check(signed, Unknown, form, "", [NO_USER; 5]);
        check(signed, Unknown, Kind::Card, "", [NO_USER; 5]);
        // Users and keys read what concerns their roles.
        check(signed, acts(&viewer), form, "", ["own"; 5]);
        check(signed, acts(&user("b", &["others"])), form, "", [NO_ROLE; 5]);
        check(signed, acts(&user("b", &[])), form, "", [NO_ROLE; 5]);
        check(Proof::Basic(&plain), agents(), form, "", ["own"; 5]);
        check(Proof::Basic(&plain), others(), form, "", [NO_ROLE; 5]);
        check(Proof::Basic(&plain), ActsFor::Roles(Vec::new()), form, "", [NO_ROLE; 5]);
        // Without names a signature is enough, in the two formats that have that.
        let anonymous = ["anonymous", "anonymous", NO_FORMAT, NO_FORMAT, NO_FORMAT];
        check(signed, Itself, form, "anonymise", anonymous);
        check(signed, acts(&user("b", &[])), form, "full=on&anonymise=whatever", anonymous);
        let anonymous = ["anonymous", "anonymous", RESTRICTED, RESTRICTED, RESTRICTED];
        check(signed_restricted, Itself, form, "", anonymous);
        check(signed_restricted, others(), form, "", anonymous);
        // A password is no signature: it needs its roles.
        let own = ["own, anonymous", "own, anonymous", RESTRICTED, RESTRICTED, RESTRICTED];
        check(Proof::Basic(&restricted), agents(), form, "", own);
        let none = [NO_ROLE, NO_ROLE, RESTRICTED, RESTRICTED, RESTRICTED];
        check(Proof::Basic(&restricted), ActsFor::Roles(Vec::new()), form, "", none);
    }

    #[test]
    fn definitions_and_codes_have_rules_of_their_own() {
        let (plain, with_roles) = (key(&[], false), key(&["agents"], false));
        let (admin, viewer) = (user("admin", &[]), user("viewer", &[]));
        for (proof, definitions, codes) in [
            (Proof::Signature(&plain), true, true),
            (Proof::Signature(&with_roles), true, true),
            (Proof::Basic(&plain), false, true),
            (Proof::Basic(&with_roles), false, false),
            (Proof::Session(&admin), true, false),
            (Proof::Session(&viewer), false, false),
            (Proof::Nothing, false, false),
        ] {
            let acts_for =
                super::super::caller::acts_for(proof, super::super::caller::Named::Nobody, None)
                    .unwrap();
            let caller = Caller { proof, acts_for };
            assert_eq!(may_read_definitions(&caller).is_ok(), definitions, "{caller:?}");
            let follow = may_follow(&caller);
            assert_eq!(follow.is_ok(), codes, "{caller:?}");
            if let Err(refusal) = follow {
                assert_eq!(refusal, Refusal::denied("Missing signature."));
            }
        }
    }

    #[test]
    fn hidden_statuses_are_shown_to_those_who_may_see_them() {
        let plain = key(&[], false);
        let agent = ActsFor::User(Box::new(user("a", &["agents"])));
        let clerks = ActsFor::Roles(vec!["clerks".to_owned()]);
        let own = Reading { anonymised: false, as_administrator: false };
        let all = Reading { anonymised: false, as_administrator: true };
        let nameless = Reading { anonymised: true, as_administrator: true };
        let reader = |proof, acts_for: &ActsFor, reading| {
            StatusReader::of(&Caller { proof, acts_for: acts_for.clone() }, reading)
        };
        let signed = reader(Proof::Signature(&plain), &agent, own);
        let keyed = reader(Proof::Basic(&plain), &clerks, own);
        let everything = reader(Proof::Basic(&plain), &clerks, all);
        let without_names = reader(Proof::Signature(&plain), &ActsFor::Itself, nameless);
        let roles_of = |function: &str| match function {
            "_receiver" => vec!["agents".to_owned()],
            _ => Vec::new(),
        };
        for (name, agent_sees, key_sees) in [
            ("_receiver", true, false),
            ("_manager", false, false),
            ("agents", true, false),
            ("clerks", false, true),
            ("logged-users", true, false),
            ("_signed_calls", true, false),
            ("_submitter", false, false),
            ("anyone", true, true),
        ] {
            let who = [Who::from_name(name)];
            assert_eq!(signed.sees(&who, roles_of), agent_sees, "{name}");
            assert_eq!(keyed.sees(&who, roles_of), key_sees, "{name}");
            assert!(everything.sees(&who, roles_of), "{name}");
            let is_for_anybody = ["_signed_calls", "anyone"].contains(&name);
            assert_eq!(without_names.sees(&who, roles_of), is_for_anybody, "{name}");
        }
        assert!(keyed.sees(&[], roles_of));
    }

    #[test]
    fn a_hidden_status_is_reported_as_the_last_visible_one() {
        let hidden = Status {
            id: "fraud".to_owned(),
            visible_to: vec![Who::Role("clerks".to_owned())],
            ..Status::default()
        };
        let mut definition = FormDefinition::default();
        definition.lifecycle.statuses = vec![hidden];
        let time = Timestamp(0);
        for (came_to, expected) in [
            (&["new"][..], Some("new")),
            (&["new", "fraud"], Some("new")),
            (&["new", "accepted", "fraud", "fraud"], Some("accepted")),
            (&["new", "fraud", "finished"], Some("finished")),
            (&["fraud"], None),
            (&[], None),
        ] {
            let mut progress = Progress::draft(uuid::Uuid::nil(), 1, time);
            let entry = |id: &&str| HistoryEntry {
                time,
                last_jump_at: None,
                who: None,
                status: Some((*id).to_owned()),
                parts: Vec::new(),
            };
            progress.history = came_to.iter().map(entry).collect();
            progress.status = came_to.last().map(|id| (*id).to_owned());
            let reader = StatusReader::default();
            assert_eq!(reader.shown(&definition, &progress), expected, "{came_to:?}");
            let mut told = progress.clone();
            reader.hide(&definition, &mut told);
            let visible: Vec<&str> = came_to.iter().copied().filter(|id| *id != "fraud").collect();
            let history: Vec<&str> =
                told.history.iter().filter_map(|entry| entry.status.as_deref()).collect();
            assert_eq!((told.status.as_deref(), history), (expected, visible), "{came_to:?}");
            let clerk = StatusReader { roles: vec!["clerks".to_owned()], ..reader };
            let own = came_to.last().copied();
            assert_eq!(clerk.shown(&definition, &progress), own, "{came_to:?}");
        }
    }
}
