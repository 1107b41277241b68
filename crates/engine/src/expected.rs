//! What somebody who changes a definition expects to find there, so that no two editors overwrite
//! each other without a word.
//!
//! Every definition remembers the version of the project's definitions that it was saved with. Who
//! saw it says which one; a change that finds another is not made. The number tells nothing of what
//! is in the definition, secrets least of all.

use fieldpost_store::{Configuration, DefinitionKind};

use crate::error::HubError;

/// What is to be there for a change to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whatever there is.
    #[default]
    Anything,
    /// Nothing of that name yet.
    Nothing,
    /// Something of that name.
    Something,
    /// The definition as one of these versions of the project saved it.
    SavedIn(Vec<i64>),
}

impl Expected {
    /// Refuses a change of what is not as expected.
    pub(crate) fn check(
        &self,
        configuration: &Configuration,
        kind: DefinitionKind,
        name: &str,
    ) -> Result<(), HubError> {
        let found = saved_in(configuration, kind, name);
        match (self, found) {
            (Self::Anything, _) | (Self::Nothing, None) | (Self::Something, Some(_)) => Ok(()),
            (Self::SavedIn(versions), Some(found)) if versions.contains(&found) => Ok(()),
            (Self::Nothing, Some(_)) => Err(HubError::NotAsExpected {
                code: "exists-already",
                message: format!("there is a {kind} \"{name}\" already"),
                hint: "take another name, or open the one that is there and change it",
            }),
            (Self::SavedIn(_), Some(_)) => Err(HubError::NotAsExpected {
                code: "changed-meanwhile",
                message: format!("somebody else has changed the {kind} \"{name}\" meanwhile"),
                hint: "get it again, look at what is different, and make the change in that one",
            }),
            (Self::Something | Self::SavedIn(_), None) => Err(HubError::NotAsExpected {
                code: "changed-meanwhile",
                message: format!("there is no {kind} \"{name}\" any more"),
                hint: "where it is still wanted, make it anew, without the condition",
            }),
        }
    }
}

/// The version that a definition was saved with.
pub(crate) fn saved_in(
    configuration: &Configuration,
    kind: DefinitionKind,
    name: &str,
) -> Option<i64> {
    let found = configuration.definitions.iter().find(|it| it.kind == kind && it.name == name);
    found.map(|it| it.saved_in)
}
