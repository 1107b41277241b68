//! What forms with a lifecycle need of their project: the definitions of the forms, its roles, the people
//! that it names, each with the number that documents know them by, and the keys that programs come with.

use std::sync::Arc;

use fieldpost_dialects::wcs::Tz;
use fieldpost_dialects::wcs::read::UserClaim;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::person::{Role, User, UserReference};
use fieldpost_model::project::{ApiAccess, Language};
use fieldpost_rules::definition::ProjectDefinition;
use fieldpost_store::{Configuration, DefinitionKind, StoreError};

use crate::routing::ProjectRouting;

/// Somebody whom a project names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: User,
    /// The number that the hub gave them, for good.
    pub number: u64,
}

impl Person {
    /// How a record names them.
    pub fn reference(&self) -> UserReference {
        UserReference {
            number: self.number,
            name: self.user.name.clone(),
            email: self.user.email.clone(),
            name_ids: self.user.name_ids.clone(),
        }
    }
}

/// The people of a project with their numbers, in the order of its definitions.
pub(crate) fn numbered(
    definition: &ProjectDefinition,
    configuration: &Configuration,
) -> Result<Vec<Person>, StoreError> {
    let with_number = |user: &User| {
        let mut all = configuration.definitions.iter();
        let stored = all.find(|it| it.kind == DefinitionKind::User && it.name == user.id);
        let number = stored.and_then(|stored| stored.number).ok_or_else(|| {
            StoreError::Refused(format!("the stored user \"{}\" has no number", user.id))
        })?;
        Ok(Person { user: user.clone(), number })
    };
    definition.users.iter().map(with_number).collect()
}

impl ProjectRouting {
    /// The definition of a form, where the project has one of that name.
    pub fn form_definition(&self, name: &str) -> Option<&Arc<FormDefinition>> {
        self.definition.forms.iter().find(|form| form.name == name)
    }

    /// The definitions of the project's forms.
    pub fn form_definitions(&self) -> &[Arc<FormDefinition>] {
        &self.definition.forms
    }

    /// The project's roles.
    pub fn roles(&self) -> &[Role] {
        &self.definition.roles
    }

    /// The role of that id.
    pub fn role(&self, id: &str) -> Option<&Role> {
        self.definition.roles.iter().find(|role| role.id == id)
    }

    /// The people whom the project names.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Somebody by their key within the project.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.user.id == id)
    }

    /// Somebody by their number.
    pub fn person_by_number(&self, number: u64) -> Option<&Person> {
        self.people.iter().find(|person| person.number == number)
    }

    /// Somebody by their mail address, in capitals or not.
    pub fn person_by_email(&self, email: &str) -> Option<&Person> {
        self.people.iter().find(|person| {
            person.user.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(email))
        })
    }

    /// Whom a record says that it is of: by an id at the identity provider, else by the mail address.
    pub fn person_claimed(&self, claim: &UserClaim) -> Option<&Person> {
        let by_id = claim.name_ids.iter().find_map(|id| self.person_by_name_id(id));
        by_id.or_else(|| claim.email.as_deref().and_then(|email| self.person_by_email(email)))
    }

    /// Somebody by an id at the identity provider.
    pub fn person_by_name_id(&self, name_id: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.user.name_ids.iter().any(|own| own == name_id))
    }

    /// Everybody who has that role.
    pub fn people_with_role<'p>(&'p self, role: &'p str) -> impl Iterator<Item = &'p Person> {
        self.people.iter().filter(move |person| person.user.roles.iter().any(|own| own == role))
    }

    /// The time zone that the project's forms tell times in.
    pub fn time_zone(&self) -> Tz {
        let zone = self.definition.settings.time_zone.as_deref();
        zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC)
    }

    /// The language that the project's forms tell dates in.
    pub fn language(&self) -> Language {
        self.definition.settings.language
    }

    /// A key by which programs prove themselves.
    pub fn access(&self, key: &str) -> Option<&ApiAccess> {
        self.definition.settings.api_access.iter().find(|access| access.name == key)
    }
}
