//! What happens to a submission, told to its lifecycle: read, decide, keep, and again where somebody else was
//! quicker.

use std::sync::Arc;
use std::time::Duration;

use fieldpost_dialects::wcs;
use fieldpost_model::progress::Progress;
use fieldpost_rules::lifecycle::{Available, Caller, Happening, Machine};
use fieldpost_rules::wcs::Refusal;
use fieldpost_store::StoreError;
use thiserror::Error;
use uuid::Uuid;

use super::form::FollowedForm;
use super::machine::machine;
use super::record::{Followed, RecordKey};
use super::step::{Advanced, Ground, Next, next_of};
use super::told::Told;
use crate::flow::ReceiveError;
use crate::hub::Hub;
use crate::routing::ProjectRouting;

/// How often a step is made again that somebody else's step overtook.
const MOST_TRIES: u32 = 50;
/// The pause before it is made again grows by this.
const PAUSE: Duration = Duration::from_millis(2);

/// Why nothing happened.
#[derive(Debug, Error)]
pub enum LifecycleError {
    /// The lifecycle does not allow it.
    #[error("{}", .0.description)]
    Refused(Refusal),
    /// There is no such submission, or none any more.
    #[error("there is no such submission")]
    NotFound,
    /// It could not be taken in.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The store could not be asked, or others were quicker all the time.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for LifecycleError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A submission that something is to happen to.
pub(super) struct Subject<'s> {
    pub(super) routing: Arc<ProjectRouting>,
    pub(super) form: FollowedForm,
    pub(super) key: RecordKey<'s>,
}

impl Hub {
    /// Lets something happen to a submission. The answer is the submission as it is then; `None` where it is
    /// gone by that.
    pub async fn happen(
        &self,
        routing: &Arc<ProjectRouting>,
        form: &FollowedForm,
        key: RecordKey<'_>,
        caller: &Caller,
        happening: Happening,
    ) -> Result<Option<Followed>, LifecycleError> {
        let subject = Subject { routing: Arc::clone(routing), form: form.clone(), key };
        Box::pin(self.make_happen(subject, caller, &Next::Happening(happening), None)).await
    }

    /// The same, for the end of a call as well.
    pub(super) async fn make_happen(
        &self,
        mut subject: Subject<'_>,
        caller: &Caller,
        next: &Next,
        ended_call: Option<Uuid>,
    ) -> Result<Option<Followed>, LifecycleError> {
        for tries in 0..MOST_TRIES {
            let Some(followed) = self.caught_up(&mut subject).await? else {
                return Err(LifecycleError::NotFound);
            };
            let ground = Ground { routing: &subject.routing, caller, told: Vec::new(), ended_call };
            match Box::pin(self.advance(&ground, &followed, next)).await?? {
                Advanced::Kept(followed) => return Ok(Some(*followed)),
                Advanced::Deleted => return Ok(None),
                Advanced::Moved => tokio::time::sleep(PAUSE * tries).await,
                Advanced::Stale => self.renew(&mut subject).await?,
            }
        }
        Err(StoreError::Busy.into())
    }

    /// The submission, once its lifecycle has been told everything that happened before.
    pub(super) async fn caught_up(
        &self,
        subject: &mut Subject<'_>,
    ) -> Result<Option<Followed>, StoreError> {
        let mut is_read_again = false;
        for tries in 0..MOST_TRIES {
            let routing = &subject.routing;
            let Some(followed) = self.record(routing, &subject.form, subject.key).await? else {
                return Ok(None);
            };
            let project = &routing.project;
            if followed.revision > 0 && !followed.is_behind {
                return Ok(Some(followed));
            }
            let untold = self.store().untold_of(project, followed.submission).await?;
            let Some(first) = untold.into_iter().next() else {
                // Somebody else may have told it between the two looks: then that is read now.
                if is_read_again {
                    return Ok(Some(followed));
                }
                is_read_again = true;
                continue;
            };
            let told = Told::read(&first.happening, first.version > 1);
            let (caller, next) = next_of(told);
            let told = vec![first.version];
            let ground = Ground { routing, caller: &caller, told, ended_call: None };
            let advanced = match Box::pin(self.advance(&ground, &followed, &next)).await? {
                Ok(advanced) => advanced,
                // It came twice, say: that is committed, and the lifecycle goes on from how it is.
                Err(refusal) => {
                    tracing::debug!(refusal.description, "a lifecycle could not be told");
                    let changed = Next::Happening(Happening::Changed);
                    match Box::pin(self.advance(&ground, &followed, &changed)).await? {
                        Ok(advanced) => advanced,
                        Err(refusal) => return Err(StoreError::Refused(refusal.description)),
                    }
                }
            };
            match advanced {
                Advanced::Kept(_) => {}
                Advanced::Deleted => return Ok(None),
                Advanced::Moved => tokio::time::sleep(PAUSE * tries).await,
                Advanced::Stale => self.renew(subject).await?,
            }
        }
        Err(StoreError::Busy)
    }

    /// Reads the definitions again.
    async fn renew(&self, subject: &mut Subject<'_>) -> Result<(), StoreError> {
        let project = subject.routing.project.clone();
        self.refresh_beyond(&project, Some(subject.routing.version)).await?;
        if let Some(routing) = self.routing().project(&project) {
            subject.routing = Arc::clone(routing);
            let name = subject.form.definition.name.clone();
            if let Some(form) = self.followed_form(&subject.routing, &name).await? {
                subject.form = form;
            }
        }
        Ok(())
    }

    /// Asks the machine of a submission something.
    pub fn with_machine<T>(
        &self,
        routing: &ProjectRouting,
        followed: &Followed,
        ask: impl FnOnce(&Machine<'_>) -> T,
    ) -> T {
        let definition = &followed.form.definition;
        let progress: &Progress = &followed.record.progress;
        let addresses = self.addresses(&routing.project, &definition.name, progress);
        let surroundings = self.surroundings(routing, self.now());
        ask(&machine(definition, &addresses, surroundings))
    }

    /// What a caller can do now with a submission, as documents tell it.
    pub fn offers(
        &self,
        routing: &ProjectRouting,
        followed: &Followed,
        caller: &Caller,
    ) -> Vec<wcs::Offer> {
        let available =
            self.with_machine(routing, followed, |it| it.available(&followed.record, caller));
        available.into_iter().filter_map(offer).collect()
    }
}

fn offer(available: Available) -> Option<wcs::Offer> {
    match available {
        Available::Hook(id) => Some(wcs::Offer::Hook(id)),
        Available::Trigger(name) => Some(wcs::Offer::Trigger(name)),
        Available::Edit(status, action) => Some(wcs::Offer::Edit { status, action }),
        // These are for pages alone.
        Available::GlobalAction(_)
        | Available::Button(..)
        | Available::Comment(..)
        | Available::Attach(..) => None,
    }
}
