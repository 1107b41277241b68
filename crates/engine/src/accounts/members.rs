//! Changing what people may do in a project.

use std::time::Duration;

use fieldpost_store::{LAST_OWNER, MemberChange, StoreError, Tried};
use uuid::Uuid;

use super::AccountError;
use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::digest;

/// People that somebody may add to projects within a window. The answer tells whether a mail
/// address has an account here, since it shows the new member: this bounds how many can be tried.
pub const MOST_ADDED: u32 = 60;
/// The window.
const WINDOW: Duration = Duration::from_mins(15);

impl Hub {
    /// Changes what a user may do in a project, if it still is what was seen.
    pub async fn change_member(&self, change: MemberChange<'_>) -> Result<(), AccountError> {
        self.store().change_member(change).await.map_err(|error| match error {
            StoreError::Conflict(conflict) if conflict == LAST_OWNER => HubError::NotAllowed {
                code: "last-owner",
                message: conflict,
                hint: "make somebody else an owner first; who runs the installation may also \
                       leave the project without one"
                    .to_owned(),
            }
            .into(),
            error => error.into(),
        })
    }

    /// Counts that somebody adds a person to a project.
    pub async fn count_added_member(&self, by: Uuid) -> Result<(), AccountError> {
        let subject = digest(&format!("members-added-by/{by}"));
        let tried = [Tried { subject, limit: MOST_ADDED }];
        match self.store().count_try(&tried, WINDOW).await? {
            Some(wait) => Err(AccountError::TooManyTries(wait)),
            None => Ok(()),
        }
    }
}
