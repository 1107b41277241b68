//! Who calls, and for whom the call acts.
//!
//! | proof | the query names | the call acts for |
//! |---|---|---|
//! | signature, key with roles | whatever | the roles of the key |
//! | signature, key without | `email=` or `NameID=` of somebody | that user |
//! | signature, key without | `email=` or `NameID=`, empty | somebody unknown, explicitly |
//! | signature, key without | nobody | no user |
//! | HTTP Basic | whatever | the roles of the key, also where it has none |
//! | a session of the hub | whatever | who is logged in |
//! | none | whatever | no user |
//!
//! To look a user up is for the caller, so it goes in two steps: [`named`] says whom to look up, and
//! [`acts_for`] takes what was found.

use fieldpost_model::access::Access;
use fieldpost_model::person::User;
use fieldpost_model::project::ApiAccess;

use super::query::Once;
use super::{Parameters, Refusal};

/// How a call proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof<'a> {
    /// Not at all.
    Nothing,
    /// By the signature of its query, with this key.
    Signature(&'a ApiAccess),
    /// By HTTP Basic, with this key as user and password.
    Basic(&'a ApiAccess),
    /// By a session of the hub, of this user.
    Session(&'a User),
}

/// Whom the query names, as far as that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'p> {
    /// Nobody, or it does not matter.
    Nobody,
    /// Explicitly nobody who is known.
    Unknown,
    /// The first user with this mail address.
    Email(&'p str),
    /// The user with this name identifier.
    NameId(&'p str),
}

/// For whom a call acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActsFor {
    /// No user: for itself, as far as that goes.
    Itself,
    /// Explicitly somebody who is not known.
    Unknown,
    /// This user.
    User(Box<User>),
    /// Whoever has these roles; it is nobody in particular.
    Roles(Vec<String>),
}

/// A call, with its proof and for whom it acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller<'a> {
    /// How it proves itself.
    pub proof: Proof<'a>,
    /// For whom it acts.
    pub acts_for: ActsFor,
}

/// Whom the query of a call names, if that matters with its proof.
pub fn named<'p>(proof: Proof<'_>, parameters: &'p Parameters) -> Result<Named<'p>, Refusal> {
    match proof {
        Proof::Signature(key) if key.roles.is_empty() => {}
        _ => return Ok(Named::Nobody),
    }
    let email = once(parameters, "email")?;
    let name_id = once(parameters, "NameID")?;
    Ok(match (email, name_id) {
        (Some(email), _) if !email.is_empty() => Named::Email(email),
        (_, Some(name_id)) if !name_id.is_empty() => Named::NameId(name_id),
        (None, None) => Named::Nobody,
        _ => Named::Unknown,
    })
}

fn once<'p>(parameters: &'p Parameters, name: &str) -> Result<Option<&'p str>, Refusal> {
    match parameters.once(name) {
        Once::Absent => Ok(None),
        Once::Value(value) => Ok(Some(value)),
        Once::Repeated(_) => Err(Refusal::denied(format!("Multiple {name} field."))),
    }
}

/// For whom a call acts, with the user that was found for whom it names.
pub fn acts_for(
    proof: Proof<'_>,
    named: Named<'_>,
    found: Option<User>,
) -> Result<ActsFor, Refusal> {
    match (proof, named) {
        (Proof::Session(user), _) => Ok(ActsFor::User(Box::new(user.clone()))),
        (Proof::Basic(key), _) => Ok(ActsFor::Roles(key.roles.clone())),
        (Proof::Signature(key), _) if !key.roles.is_empty() => {
            Ok(ActsFor::Roles(key.roles.clone()))
        }
        (Proof::Nothing, _) | (Proof::Signature(_), Named::Nobody) => Ok(ActsFor::Itself),
        (Proof::Signature(_), Named::Unknown) => Ok(ActsFor::Unknown),
        (Proof::Signature(_), Named::Email(_)) => {
            let user = found.ok_or_else(|| Refusal::denied("Unknown email."))?;
            Ok(ActsFor::User(Box::new(user)))
        }
        (Proof::Signature(_), Named::NameId(_)) => {
            let user = found.ok_or_else(Refusal::unknown_name_id)?;
            Ok(ActsFor::User(Box::new(user)))
        }
    }
}

impl Caller<'_> {
    /// The key that the call came with.
    pub fn key(&self) -> Option<&ApiAccess> {
        match self.proof {
            Proof::Signature(key) | Proof::Basic(key) => Some(key),
            Proof::Nothing | Proof::Session(_) => None,
        }
    }

    /// Whether the query is signed.
    pub fn is_signed(&self) -> bool {
        matches!(self.proof, Proof::Signature(_))
    }

    /// Whether the key gives records without the names of people only.
    pub fn is_anonymised_only(&self) -> bool {
        self.key().is_some_and(|key| key.anonymised_only)
    }

    /// Refuses a key that gives records without the names of people only: what else there is, is not for it.
    pub fn require_unrestricted(&self) -> Result<(), Refusal> {
        if self.is_anonymised_only() {
            return Err(Refusal::restricted());
        }
        Ok(())
    }

    /// Whether mail addresses of roles, and what else is to be known of them, are told to the call.
    pub fn may_know_addresses(&self) -> bool {
        let is_somebody = self.is_signed() || self.is_administrator() || !self.roles().is_empty();
        is_somebody && !self.is_anonymised_only()
    }

    /// Whether somebody who runs the project calls by their own session.
    pub fn is_administrator(&self) -> bool {
        matches!(self.proof, Proof::Session(user) if user.access >= Access::Admin)
    }

    /// The user, where the call acts for one.
    pub fn user(&self) -> Option<&User> {
        match &self.acts_for {
            ActsFor::User(user) => Some(user),
            _ => None,
        }
    }

    /// The roles that the call has in forms.
    pub fn roles(&self) -> &[String] {
        match &self.acts_for {
            ActsFor::User(user) => &user.roles,
            ActsFor::Roles(roles) => roles,
            ActsFor::Itself | ActsFor::Unknown => &[],
        }
    }

    /// Whether the call has one of these roles.
    pub fn has_one_of<'r>(&self, roles: impl IntoIterator<Item = &'r str>) -> bool {
        let own = self.roles();
        roles.into_iter().any(|role| own.iter().any(|has| has == role))
    }
}

/// The user whose own things an address under `/api/user/` gives. What is refused there, is refused
/// with status 200, where a page asks that cannot know whether the user has been here.
pub fn own_user<'c>(caller: &'c Caller<'_>) -> Result<&'c User, Refusal> {
    caller.require_unrestricted()?;
    match &caller.acts_for {
        ActsFor::User(user) => Ok(user),
        ActsFor::Roles(_) => Err(Refusal::restricted()),
        ActsFor::Itself | ActsFor::Unknown if caller.proof == Proof::Nothing => {
            Err(Refusal::denied("User not authenticated."))
        }
        ActsFor::Itself | ActsFor::Unknown => Err(Refusal::missing_user()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reading::tests::{key, user};
    use super::*;

    fn outcome(proof: Proof<'_>, query: &str) -> Result<ActsFor, String> {
        let parameters = Parameters::of_query(query);
        let known = |named: Named<'_>| {
            let is_known = matches!(named, Named::Email("a@b") | Named::NameId("0123456789"));
            is_known.then(|| user("desk", &["agents"]))
        };
        named(proof, &parameters)
            .and_then(|named| acts_for(proof, named, known(named)))
            .map_err(|it| it.description)
    }

    #[test]
    fn calls_act_for_whom_they_name() {
        let (plain, with_roles) = (key(&[], false), key(&["clerks"], false));
        let desk = || Ok(ActsFor::User(Box::new(user("desk", &["agents"]))));
        let clerks = || Ok(ActsFor::Roles(vec!["clerks".to_owned()]));
        let refused = |text: &str| Err(text.to_owned());
        let (signed, keyed) = (Proof::Signature(&plain), Proof::Signature(&with_roles));
        let session = user("admin", &[]);
        for (proof, query, expected) in [
            (signed, "email=a%40b", desk()),
            (signed, "NameID=0123456789", desk()),
            (signed, "email=a%40b&NameID=nobody", desk()),
            (signed, "email=&NameID=0123456789", desk()),
            (signed, "email=x%40y", refused("Unknown email.")),
            (signed, "email=a%40b&email=a%40b", refused("Multiple email field.")),
            (signed, "NameID=nobody", refused("Unknown NameID.")),
            (signed, "NameID=1&NameID=1", refused("Multiple NameID field.")),
            (signed, "email=", Ok(ActsFor::Unknown)),
            (signed, "NameID=", Ok(ActsFor::Unknown)),
            (signed, "email=&NameID=", Ok(ActsFor::Unknown)),
            (signed, "", Ok(ActsFor::Itself)),
            // What the query says matters only beside a signature whose key has no roles.
            (keyed, "email=x%40y&email=z", clerks()),
            (Proof::Basic(&with_roles), "NameID=nobody", clerks()),
            (Proof::Basic(&plain), "email=a%40b", Ok(ActsFor::Roles(Vec::new()))),
            (Proof::Session(&session), "email=a%40b", Ok(ActsFor::User(Box::new(session.clone())))),
            (Proof::Nothing, "email=a%40b", Ok(ActsFor::Itself)),
        ] {
            assert_eq!(outcome(proof, query), expected, "{proof:?} {query}");
        }
    }

    #[test]
    fn an_unknown_name_identifier_has_a_code_of_its_own() {
        let key = key(&[], false);
        let refusal = acts_for(Proof::Signature(&key), Named::NameId("x"), None).unwrap_err();
        assert_eq!((refusal.status, refusal.code), (403, "unknown-name-id"));
    }

    #[test]
    fn what_is_somebodys_own_is_given_to_them_alone() {
        let (plain, restricted) = (key(&[], false), key(&[], true));
        let desk = || ActsFor::User(Box::new(user("desk", &[])));
        let roles = ActsFor::Roles(vec!["agents".to_owned()]);
        for (proof, acts_for, expected) in [
            (Proof::Signature(&plain), desk(), None),
            (Proof::Signature(&restricted), desk(), Some((403, "Restricted API access."))),
            (Proof::Signature(&plain), roles, Some((403, "Restricted API access."))),
            (Proof::Signature(&plain), ActsFor::Itself, Some((200, "No user specified."))),
            (Proof::Signature(&plain), ActsFor::Unknown, Some((200, "No user specified."))),
            (Proof::Nothing, ActsFor::Itself, Some((403, "User not authenticated."))),
        ] {
            let caller = Caller { proof, acts_for };
            let refusal = own_user(&caller).err();
            let told = refusal.as_ref().map(|it| (it.status, it.description.as_str()));
            assert_eq!(told, expected, "{caller:?}");
        }
    }
}
