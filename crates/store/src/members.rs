//! What users may do in which project.
//!
//! Whoever changes a level has seen one, and decided by it whether they may. So a change names the
//! level that was seen, and nothing is changed where another one is there by now. Where the last
//! owner must not go, changes of owners of one project come one after the other: two owners who
//! take each other out at once are not both obeyed.

use fieldpost_model::ProjectName;
use fieldpost_model::access::Access;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::statement::{Batch, Row};

/// The text of the conflict where nobody would be left who can make owners.
pub const LAST_OWNER: &str = "this is the last owner of the project";
/// The text of the conflict where somebody's level is another one than was seen.
pub(crate) const CHANGED_MEMBER: &str = "what they may do was changed meanwhile";

/// What a user may do in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The project.
    pub project: ProjectName,
    /// The user.
    pub account: Uuid,
    /// The level.
    pub access: Access,
    /// Since when.
    pub since: Timestamp,
}

/// A change of what somebody may do in a project.
#[derive(Clone, Copy, Debug)]
pub struct MemberChange<'c> {
    /// The project.
    pub project: &'c str,
    /// The user.
    pub account: Uuid,
    /// What they may do, as far as whoever changes it knows; none is nothing.
    pub before: Option<Access>,
    /// What they may do from now on; none is nothing.
    pub after: Option<Access>,
    /// Whether the project may be left without an owner.
    pub last_owner_may_go: bool,
}

fn read_membership(row: &Row<'_>) -> Result<Membership, StoreError> {
    Ok(Membership {
        project: row.text(0)?.into(),
        account: row.id(1)?,
        access: row.named(2, Access::from_name)?,
        since: row.time(3)?,
    })
}

impl Store {
    /// What a user may do, by project.
    pub async fn memberships(&self, account: Uuid) -> Result<Vec<Membership>, StoreError> {
        let sql = "SELECT project, account, access, since FROM members WHERE account = $1
                   ORDER BY project";
        self.query(sql.to_owned(), vec![account.into()], read_membership).await
    }

    /// What all users may do, by user and project.
    pub async fn all_memberships(&self) -> Result<Vec<Membership>, StoreError> {
        let sql = "SELECT project, account, access, since FROM members ORDER BY account, project";
        self.query(sql.to_owned(), Vec::new(), read_membership).await
    }

    /// Who may do what in a project.
    pub async fn members(&self, project: &str) -> Result<Vec<Membership>, StoreError> {
        let sql = "SELECT project, account, access, since FROM members WHERE project = $1
                   ORDER BY account";
        self.query(sql.to_owned(), vec![project.into()], read_membership).await
    }

    /// Changes what a user may do in a project. A conflict where they may do something else than
    /// was seen, or are gone; [`LAST_OWNER`] where that one must stay.
    pub async fn change_member(&self, change: MemberChange<'_>) -> Result<(), StoreError> {
        let MemberChange { project, account, before, after, last_owner_may_go } = change;
        let mut batch = Batch::default();
        let owner_goes = before == Some(Access::Owner) && after != Some(Access::Owner);
        let owner_must_stay = owner_goes && !last_owner_may_go;
        if owner_must_stay {
            // Holds the project's row, so that whoever comes second sees what the first one did.
            batch.any("UPDATE projects SET title = title WHERE project = $1", vec![project.into()]);
        }
        match (before, after) {
            (None, None) => {}
            (None, Some(access)) => self.add_member(&mut batch, project, account, access),
            (Some(before), Some(after)) => batch.one(
                CHANGED_MEMBER,
                "UPDATE members SET access = $4 WHERE project = $1 AND account = $2 AND access = $3",
                vec![project.into(), account.into(), before.name().into(), after.name().into()],
            ),
            (Some(before), None) => batch.one(
                CHANGED_MEMBER,
                "DELETE FROM members WHERE project = $1 AND account = $2 AND access = $3",
                vec![project.into(), account.into(), before.name().into()],
            ),
        }
        if owner_must_stay {
            batch.one(
                LAST_OWNER,
                "UPDATE projects SET title = title WHERE project = $1 AND EXISTS (
                     SELECT 1 FROM members m JOIN users u ON u.id = m.account
                     WHERE m.project = $1 AND m.access = 'owner' AND u.disabled = 0)",
                vec![project.into()],
            );
        }
        self.change(batch).await.map(drop)
    }

    fn add_member(&self, batch: &mut Batch, project: &str, account: Uuid, access: Access) {
        // Who invited somebody to one project may hold the link, and must not come by it to another.
        batch.any(
            "DELETE FROM invitations WHERE account = $2
             AND EXISTS (SELECT 1 FROM members WHERE account = $2 AND project <> $1)
             AND NOT EXISTS (SELECT 1 FROM members WHERE account = $2 AND project = $1)",
            vec![project.into(), account.into()],
        );
        batch.one(
            CHANGED_MEMBER,
            format!(
                "INSERT INTO members (project, account, access, since)
                 SELECT $1, id, $3, {} FROM users WHERE id = $2
                 ON CONFLICT (project, account) DO NOTHING",
                self.now_sql()
            ),
            vec![project.into(), account.into(), access.name().into()],
        );
    }
}
