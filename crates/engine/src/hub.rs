//! The running hub: the store, the client, the routing table, and the loops that use them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use fieldpost_model::ProjectName;
use fieldpost_model::secret::Secret;
use fieldpost_model::source::Dialect;
use fieldpost_model::time::Timestamp;
use fieldpost_outbound::Client;
use fieldpost_store::{Lane, Project, Signal, Store, StoreError};
use tokio::sync::{Notify, OnceCell, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::accounts::Passwords;
use crate::deliver::Dispatcher;
use crate::filing::{FormBook, Turns};
use crate::ids::new_secret;
use crate::lanes::Standing;
use crate::parking::Misplaced;
use crate::routing::{ProjectRouting, Routing, SourceRoute};
use crate::settings::HubSettings;
use crate::tallies::{self, Tallies};
use crate::watch::{self, Watch};
use crate::{
    bulk, fetching, indexing, lifecycle, news, orphans, parking, retention, running, timers,
};

/// The fact that holds the key of receivers' questions.
const RECEIVER_KEY: &str = "receiver-key";

/// An address that nobody knows makes the hub look for new definitions at most this often.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// A project whose definitions cannot be read: one of them does not open, or was written by another
/// version. What was read of it before stays in force, but nothing is sent: nobody knows where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableProject {
    /// The project.
    pub project: ProjectName,
    /// The version of its definitions that cannot be read.
    pub version: i64,
    /// Why not, in a sentence that shows nothing secret.
    pub reason: String,
}

/// A running hub. Clones are handles to the same one.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<Store>,
    outbound: Client,
    settings: HubSettings,
    routing: ArcSwap<Routing>,
    /// The projects that the table lacks, or has in an older version only.
    unreadable: ArcSwap<Vec<UnreadableProject>>,
    /// Refreshing reads and then swaps: one at a time, so that no older table follows a newer.
    refreshing: tokio::sync::Mutex<()>,
    looked_at: Mutex<Option<Instant>>,
    /// Wakes the dispatcher when the table was swapped.
    routing_changed: Notify,
    /// Wakes the loop that works off actions.
    bulk_started: Notify,
    /// What lies in the wrong lane, one by one.
    misplaced: Misplaced,
    /// Held by whoever walks through a queue to end what waits for a forwarder that is no more.
    cancelling: tokio::sync::Mutex<()>,
    stopping: CancellationToken,
    tasks: TaskTracker,
    /// The loops that must run for as long as the hub does.
    workers: Mutex<Vec<JoinHandle<()>>>,
    bounds: Bounds,
    /// How the lanes stood when the dispatcher last looked.
    standings: ArcSwap<HashMap<Lane, Standing>>,
    /// Digests of passwords, so many at once.
    passwords: Passwords,
    /// What attempts say about their destinations.
    watch: Watch,
    /// What is counted for charts.
    tallies: Tallies,
    /// The forms that submissions are of.
    form_book: FormBook,
    /// What this installation signs the questions of its receivers with, once it was needed.
    receiver_key: OnceCell<Secret>,
    /// Who plans what becomes of a submission or a case.
    turns: Turns,
}

/// What may be held in memory beyond what the lanes and the store bound by themselves.
pub(crate) struct Bounds {
    /// Attempts that were made and are not recorded yet.
    pub(crate) unrecorded: Arc<Semaphore>,
    /// Kilobytes of large payloads that are being sent.
    pub(crate) payload_kilobytes: Arc<Semaphore>,
    /// Large bodies that are being read at once: each takes a processor for a while.
    pub(crate) large_bodies: Arc<Semaphore>,
}

/// Attempts that may wait to be recorded, in multiples of the calls that may be under way.
const UNRECORDED: usize = 4;
/// Kilobytes of payloads too large to be claimed with their deliveries: 128 MiB.
pub(crate) const PAYLOAD_KILOBYTES: usize = 128 * 1_024;

impl Bounds {
    fn new(settings: &HubSettings) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            unrecorded: Arc::new(Semaphore::new(UNRECORDED * settings.delivery_concurrency)),
            payload_kilobytes: Arc::new(Semaphore::new(PAYLOAD_KILOBYTES)),
            large_bodies: Arc::new(Semaphore::new(processors)),
        }
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Hub").field("store", &self.shared.store).finish_non_exhaustive()
    }
}

impl Hub {
    /// Reads the definitions and starts the loops.
    pub async fn start(
        store: Arc<Store>,
        outbound: Client,
        settings: HubSettings,
    ) -> Result<Self, StoreError> {
        let bounds = Bounds::new(&settings);
        let hub = Self {
            shared: Arc::new(Shared {
                store,
                outbound,
                settings,
                bounds,
                routing_changed: Notify::new(),
                bulk_started: Notify::new(),
                misplaced: Misplaced::default(),
                cancelling: tokio::sync::Mutex::default(),
                workers: Mutex::default(),
                passwords: Passwords::default(),
                watch: Watch::default(),
                tallies: Tallies::default(),
                form_book: FormBook::default(),
                receiver_key: OnceCell::new(),
                turns: Turns::default(),
                routing: ArcSwap::default(),
                unreadable: ArcSwap::default(),
                refreshing: tokio::sync::Mutex::default(),
                looked_at: Mutex::default(),
                stopping: CancellationToken::new(),
                tasks: TaskTracker::new(),
                standings: ArcSwap::default(),
            }),
        };
        // Listening begins before the first look, so that nothing falls between.
        let dispatcher = Dispatcher::new(hub.clone());
        let signals = hub.store().listen();
        hub.refresh().await?;
        let skew = timers::Skew::of(&hub).await?;
        let tasks = &hub.shared.tasks;
        let workers = vec![
            tasks.spawn(dispatcher.serve()),
            tasks.spawn(watch_definitions(hub.clone(), signals)),
            tasks.spawn(parking::serve(hub.clone())),
            tasks.spawn(watch::serve(hub.clone())),
            tasks.spawn(watch::post::serve(hub.clone())),
            tasks.spawn(bulk::serve(hub.clone())),
            tasks.spawn(tallies::serve(hub.clone())),
            tasks.spawn(news::serve(hub.clone())),
            tasks.spawn(orphans::serve(hub.clone())),
            tasks.spawn(indexing::serve(hub.clone())),
            tasks.spawn(fetching::serve(hub.clone())),
            tasks.spawn(running::serve(hub.clone())),
            tasks.spawn(timers::serve(hub.clone(), skew)),
            tasks.spawn(lifecycle::serve(hub.clone())),
            tasks.spawn(retention::serve(hub.clone())),
            tasks.spawn(retention::serve_news(hub.clone(), hub.store().listen())),
        ];
        *hub.shared.workers.lock().unwrap_or_else(PoisonError::into_inner) = workers;
        Ok(hub)
    }

    /// Whether every loop that delivers and watches is running.
    pub fn workers_alive(&self) -> bool {
        let workers = self.shared.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.iter().all(|worker| !worker.is_finished())
    }

    /// Stops taking work, gives attempts under way the time of `stop-timeout`, and gives back
    /// what is not done by then. Nothing gets a final state for the sake of stopping.
    pub async fn stop(&self) {
        self.shared.stopping.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        self.settle_the_last().await;
        if let Err(error) = self.write_tallies().await {
            tracing::warn!(%error, "the last counts of charts could not be written");
        }
    }

    /// The store.
    pub fn store(&self) -> &Arc<Store> {
        &self.shared.store
    }

    /// The settings.
    pub fn settings(&self) -> &HubSettings {
        &self.shared.settings
    }

    /// What this installation signs the questions of its receivers with: a secret that all its hubs
    /// share, and that tells nothing of anybody's password.
    pub async fn receiver_key(&self) -> Result<&Secret, StoreError> {
        let made = || self.store().secret_fact_or_make(RECEIVER_KEY, new_secret);
        self.shared.receiver_key.get_or_try_init(made).await
    }

    /// The forms that submissions are of.
    pub(crate) fn form_book(&self) -> &FormBook {
        &self.shared.form_book
    }

    /// The turns of those who plan what is filed.
    pub(crate) fn turns(&self) -> &Turns {
        &self.shared.turns
    }

    /// Cancelled when the hub begins to stop.
    pub fn stopping(&self) -> &CancellationToken {
        &self.shared.stopping
    }

    /// The routing table of now.
    pub fn routing(&self) -> Arc<Routing> {
        self.shared.routing.load_full()
    }

    /// The projects whose definitions could not be read when that was last tried.
    pub fn unreadable_projects(&self) -> Arc<Vec<UnreadableProject>> {
        self.shared.unreadable.load_full()
    }

    /// Whether a project's definitions of today cannot be read.
    pub(crate) fn is_unreadable(&self, project: &str) -> bool {
        self.shared.unreadable.load().iter().any(|unreadable| *unreadable.project == *project)
    }

    /// The source with that inbox secret. Where nobody knows it, another hub may have made it a
    /// moment ago: the store is asked before the answer is no.
    pub async fn find_inbox(&self, secret: &str) -> Result<Option<SourceRoute>, StoreError> {
        self.find(|routing| routing.inbox(secret)).await
    }

    /// The source with that webhook id.
    pub async fn find_webhook(&self, id: Uuid) -> Result<Option<SourceRoute>, StoreError> {
        self.find(|routing| routing.webhook(id)).await
    }

    /// The source of that project with that custom webhook path.
    pub async fn find_webhook_path(
        &self,
        project: &str,
        path: &str,
    ) -> Result<Option<SourceRoute>, StoreError> {
        self.find(|routing| routing.webhook_path(project, path)).await
    }

    /// The source that owns the receiver paths of a dialect in that project.
    pub async fn find_receiver(
        &self,
        project: &str,
        dialect: Dialect,
    ) -> Result<Option<SourceRoute>, StoreError> {
        self.find(|routing| routing.receiver(project, dialect)).await
    }

    async fn find<T>(&self, look: impl Fn(&Routing) -> Option<T>) -> Result<Option<T>, StoreError> {
        if let Some(found) = look(&self.shared.routing.load()) {
            return Ok(Some(found));
        }
        if self.may_look_again() {
            self.refresh().await?;
        }
        let routing = self.shared.routing.load();
        let found = look(&routing);
        // A sender that is told that its address is unknown may never come back.
        let unreadable = self.shared.unreadable.load();
        let is_left_out = |it: &UnreadableProject| routing.project(&it.project).is_none();
        if found.is_none() && unreadable.iter().any(is_left_out) {
            let why = "the definitions of a project cannot be read, and this may be its address";
            return Err(StoreError::Unavailable(why.to_owned()));
        }
        Ok(found)
    }

    fn may_look_again(&self) -> bool {
        let mut looked_at = self.shared.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if looked_at.is_some_and(|last| now.duration_since(last) < LOOK_AGAIN) {
            return false;
        }
        *looked_at = Some(now);
        true
    }

    /// Shows how the lanes stand.
    pub(crate) fn show_lanes(&self, standings: HashMap<Lane, Standing>) {
        self.shared.standings.store(Arc::new(standings));
    }

    pub(crate) fn standings(&self) -> Arc<HashMap<Lane, Standing>> {
        self.shared.standings.load_full()
    }

    pub(crate) fn tallies(&self) -> &Tallies {
        &self.shared.tallies
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.shared.passwords
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.shared.watch
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.shared.bounds
    }

    /// Waits until the routing table was swapped since the last time.
    pub(crate) async fn routing_changed(&self) {
        self.shared.routing_changed.notified().await;
    }

    /// What lies in the wrong lane, one by one.
    pub(crate) fn misplaced(&self) -> &Misplaced {
        &self.shared.misplaced
    }

    /// Held by whoever walks through a queue to end what waits for a forwarder that is no more.
    pub(crate) fn cancelling(&self) -> &tokio::sync::Mutex<()> {
        &self.shared.cancelling
    }

    /// Tells the loop that works off actions that there is a new one.
    pub(crate) fn bulk_was_started(&self) {
        self.shared.bulk_started.notify_one();
    }

    /// Waits until an action was started since the last time.
    pub(crate) async fn bulk_started(&self) {
        self.shared.bulk_started.notified().await;
    }

    pub(crate) fn outbound(&self) -> &Client {
        &self.shared.outbound
    }

    /// The present, by the hub's clock.
    pub fn now(&self) -> Timestamp {
        (self.shared.settings.clock)()
    }

    /// Starts a task that a stopping hub waits for.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.shared.tasks.spawn(task);
    }

    /// Reads what has changed in any project. One that cannot be read is tried again each time, and
    /// does not keep the others from being read.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.shared.refreshing.lock().await;
        let current = self.routing();
        let projects = self.store().projects().await?;
        let mut routed: Vec<Arc<ProjectRouting>> = Vec::with_capacity(projects.len());
        let mut unreadable = Vec::new();
        let mut changed = false;
        for Project { name, configuration_version: version, .. } in projects {
            let known = current.project(&name);
            if let Some(known) = known.filter(|known| known.version == version) {
                routed.push(Arc::clone(known));
                continue;
            }
            match self.read_project(&name).await {
                Ok(fresh) => {
                    routed.extend(fresh);
                    changed = true;
                }
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => {
                    routed.extend(known.cloned());
                    let reason = error.to_string();
                    unreadable.push(UnreadableProject { project: name, version, reason });
                }
            }
        }
        changed |= routed.len() != current.projects().count();
        changed |= self.note_unreadable(unreadable);
        if changed {
            self.swap(Routing::new(routed));
        }
        Ok(())
    }

    /// Notes which projects cannot be read, and tells of those that are new among them. The answer
    /// is whether there are other ones now.
    fn note_unreadable(&self, unreadable: Vec<UnreadableProject>) -> bool {
        let before = self.shared.unreadable.load();
        for UnreadableProject { project, version, reason } in &unreadable {
            let is_told =
                before.iter().any(|told| told.project == *project && told.version == *version);
            if !is_told {
                tracing::error!(
                    %project,
                    version,
                    "the definitions of `{project}` cannot be read, and nothing of it is sent: {reason}"
                );
            }
        }
        let changed = **before != unreadable;
        self.shared.unreadable.store(Arc::new(unreadable));
        changed
    }

    /// Reads one project anew.
    pub(crate) async fn refresh_project(&self, project: &str) -> Result<(), StoreError> {
        self.refresh_beyond(project, None).await
    }

    /// Reads one project anew, unless the table already has it newer than `version`: of many who
    /// found the same version too old, one reads and the others find it read.
    pub(crate) async fn refresh_beyond(
        &self,
        project: &str,
        version: Option<i64>,
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.shared.refreshing.lock().await;
        let current = self.routing();
        let known = current.project(project).map(|known| known.version);
        if version.is_some_and(|version| known.is_some_and(|known| known > version)) {
            return Ok(());
        }
        let fresh = self.read_project(project).await?;
        let unreadable = self.shared.unreadable.load();
        let unreadable = unreadable.iter().filter(|it| *it.project != *project).cloned();
        self.note_unreadable(unreadable.collect());
        let others = current.projects().filter(|other| *other.project != *project).cloned();
        self.swap(Routing::new(others.chain(fresh)));
        Ok(())
    }

    fn swap(&self, routing: Routing) {
        self.shared.routing.store(Arc::new(routing));
        self.shared.routing_changed.notify_one();
    }

    async fn read_project(&self, project: &str) -> Result<Option<Arc<ProjectRouting>>, StoreError> {
        let Some(configuration) = self.store().configuration(project).await? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(ProjectRouting::new(&configuration, self.outbound(), self.tallies())?)))
    }
}

/// Keeps the routing table fresh: at a hint at once, else at every poll.
async fn watch_definitions(hub: Hub, mut signals: tokio::sync::broadcast::Receiver<Signal>) {
    use tokio::sync::broadcast::error::RecvError;
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => return,
            _ = poll.tick() => {}
            signal = signals.recv() => match signal {
                Ok(Signal::Configuration(_)) | Err(RecvError::Lagged(_)) => {}
                Ok(_) => continue,
                Err(RecvError::Closed) => return,
            },
        }
        if let Err(error) = hub.refresh().await {
            tracing::warn!(%error, "the definitions could not be read; the last ones stay in force");
        }
    }
}
