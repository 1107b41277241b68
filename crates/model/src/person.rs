//! People and roles of a project, as its forms know them.
//!
//! A form binds its functions to roles, and people have roles; so nobody is ever named in a form.

use crate::access::Access;

/// A role: what several people may do in forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// The key within the project: what forms, people and keys of `api_access` name it by.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What is to be known of it; empty where nothing was said.
    pub details: String,
    /// Where mail to the role goes.
    pub emails: Vec<String>,
    /// Whether mail to the role goes to everybody who has it as well.
    pub emails_to_members: bool,
}

/// Somebody who takes part in what forms set going.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The key within the project.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// Their mail address, by which programs may name them.
    pub email: Option<String>,
    /// Their ids at the identity provider, by which programs may name them: `NameID` of w.c.s.
    pub name_ids: Vec<String>,
    /// The roles that they have in forms.
    pub roles: Vec<String>,
    /// What they may do in the project.
    pub access: Access,
}

/// Somebody as a record names them: as they were called when it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserReference {
    /// The number that the hub gave them: w.c.s. knows people by numbers.
    pub number: u64,
    /// What people call them.
    pub name: String,
    /// Their mail address.
    pub email: Option<String>,
    /// Their ids at the identity provider.
    pub name_ids: Vec<String>,
}
