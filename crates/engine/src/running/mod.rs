//! Run: claims runs of workflows, and takes each along its steps.
//!
//! ```text
//!   dispatch ── claims ──► run ── made ready ──► drive ──► conclude ──► recorder ──► store
//!      ▲  │                (input, prepared)      │  ▲                  (many runs at once)
//!      │  └ room, turns, leases                   ▼  │
//!    signals                                    step: a process of the pool
//! ```
//!
//! It works as with deliveries: what is due lies in the store, is claimed with a lease and a fence,
//! and whoever has lost the lease writes nothing. Each step that has ended is recorded before what
//! follows it begins, so a run whose hub was killed goes on behind its last finished step. What a
//! step does may thus happen twice, when a hub dies between a request and its record, and is never
//! forgotten.

mod awaiting;
mod collections;
mod credential;
mod dispatch;
mod drive;
mod going;
mod input;
mod journal;
mod prepared;
mod progress;
mod recorder;
mod records;
mod run;
mod settings;
mod step;
mod suspects;
mod telling;
mod under_way;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use fieldpost_outbound::sql::SqlPool;
use fieldpost_script::npm::NodePools;
use fieldpost_script::sandbox::Pool;

pub use awaiting::RunAnswer;
pub use settings::{JobSettings, Rehearsal};

use crate::hub::Hub;
use dispatch::Dispatcher;
use going::{ROOM_KILOBYTES, Runner};
use prepared::Shelf;
use recorder::Recorder;
use suspects::Suspects;
use tokio::sync::Semaphore;

/// Runs workflows for as long as the hub does.
pub(crate) async fn serve(hub: Hub) {
    let settings = hub.settings().jobs.clone();
    let Some(pool) = settings.pool() else {
        return hub.stopping().cancelled().await;
    };
    let under_way = Arc::<AtomicUsize>::default();
    let recorder = Recorder::start(&hub, Arc::clone(&under_way));
    let runner = Runner {
        pool: Pool::new(pool),
        room: Arc::new(Semaphore::new(ROOM_KILOBYTES)),
        recorder,
        under_way,
        databases: SqlPool::new(hub.outbound().clone()),
        node: NodePools::new(settings.node(), hub.outbound().clone()),
        shelf: Shelf::default(),
        suspects: Suspects::default(),
        settings,
        hub,
    };
    Dispatcher::new(Arc::new(runner)).serve().await;
}
