//! Records that another w.c.s. pushes: taken in as any message, and answered with the submission that they are.
//!
//! The sender stores the answer and can show the id in it, so it waits for the submission to have one: its
//! lifecycle has begun by then. What goes wrong after the record was committed is no reason to refuse it; the
//! answer says less then, and the lifecycle is begun by whoever looks next.

use fieldpost_store::StoreError;
use uuid::Uuid;

use super::happen::Subject;
use super::record::{Followed, RecordKey};
use crate::Incoming;
use crate::filing::Arrival;
use crate::flow::{Receipt, ReceiveError, TakenIn};
use crate::hub::Hub;
use crate::routing::SourceRoute;

/// A record that was taken in.
#[derive(Clone, Debug)]
pub struct ReceivedRecord {
    /// What became of the message.
    pub receipt: Receipt,
    /// The submission that it is; `None` where it names no form, or could not be read.
    pub submission: Option<Uuid>,
    /// The submission as it is by now; `None` as well where it has been erased.
    pub followed: Option<Followed>,
}

impl Hub {
    /// Takes a record in. `Ok` means: committed and synced, with everything that it calls for.
    pub async fn receive_record(
        &self,
        route: &SourceRoute,
        incoming: Incoming,
    ) -> Result<ReceivedRecord, ReceiveError> {
        let TakenIn { receipt, submission, .. } =
            Box::pin(self.take_in(route, incoming, Arrival::PUSHED)).await?;
        let project = &route.routing.project;
        let followed = match submission {
            Some(id) => Box::pin(self.followed_by_now(project, id)).await,
            None => Ok(None),
        };
        let followed = followed.unwrap_or_else(|error| {
            let id = submission.unwrap_or_default();
            tracing::warn!(%error, %project, "what became of submission {id} could not be told to its sender");
            None
        });
        Ok(ReceivedRecord { receipt, submission, followed })
    }

    /// A submission with all that became of it, once its lifecycle has begun.
    pub(crate) async fn followed_by_now(
        &self,
        project: &str,
        id: Uuid,
    ) -> Result<Option<Followed>, StoreError> {
        let fresh = self.routing();
        let Some(routing) = fresh.project(project) else { return Ok(None) };
        let Some(stored) = self.store().submission(project, id).await? else { return Ok(None) };
        let Some(form) = self.followed_form(routing, &stored.form).await? else { return Ok(None) };
        let key = RecordKey::Submission(id);
        if !form.is_tracked {
            return self.record(routing, &form, key).await;
        }
        let mut subject = Subject { routing: std::sync::Arc::clone(routing), form, key };
        self.caught_up(&mut subject).await
    }
}
