//! Fetch: the files that submissions only link to are brought to the folder of files.
//!
//! An order to fetch is no delivery, since it sends nothing, answers to no forwarder and brings something
//! home: it is the row of the file itself, written in the transaction that keeps the submission, and it goes
//! when that is erased. This loop claims what is due, a few at once, by a lease that outlives the longest
//! fetch, so that a hub that is killed leaves its work to whoever comes next. The bytes stream through the
//! guarded client into a file that is whole and synced before its row names it; what is cut off leaves nothing
//! behind. What fails is tried again by the schedule of deliveries, and given up where that says so: then the
//! row tells which file is missing and why, until a person asks for it again. The submission is there from the
//! first moment, whatever becomes of its files.
//!
//! No server holds up another: each connection of a project has a few of the places, and one that is paused has
//! none. What is a page where a file was expected, as a page to sign in is, or nothing at all, is no file.
//!
//! The connection is that of today: one that is paused, mended or moved counts as it is when the try begins.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_model::ProjectName;
use fieldpost_model::attempt::{AttemptError, ErrorKind};
use fieldpost_model::delivery::DeliveryState;
use fieldpost_model::retry::{CodePattern, RetryPolicy};
use fieldpost_outbound::{Exchange, Fetch, Prepared};
use fieldpost_rules::retry;
use fieldpost_store::{FetchOutcome, FileError, HeldFetch, KeptFile, StoreError};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use crate::error::HubError;
use crate::hub::Hub;
use crate::ids::jitter;
use crate::record::outcome_of;

/// Files that are fetched at once.
const AT_ONCE: usize = 16;
/// Files that are fetched at once by one connection of a project: a server that hangs delays only its own.
const AT_ONCE_EACH: usize = 2;
/// Pieces of a file that wait to be written.
const PIECES: usize = 8;
/// What a lease is longer than the longest fetch: time to sync the file and to write what came of it.
const LEASE_BEYOND: Duration = Duration::from_mins(2);
/// How long a file waits whose project cannot be read, or whose connection was paused this moment.
const LATER: Duration = Duration::from_mins(1);
/// Refusals that a person mends at the connection, or the server by itself a moment later: they are tried
/// again as well.
const MENDED_ELSEWHERE: [u16; 3] = [401, 403, 404];

/// What the names of files end with that are pages.
const PAGES: [&str; 3] = [".html", ".htm", ".xhtml"];

/// Why a file has not come.
enum Trouble {
    /// The exchange failed.
    Exchange(Box<Exchange>, AttemptError),
    /// It is too large, ever.
    TooLarge(u64),
    /// Its message had as much as one may have before it came, or has with it.
    TooMuch(u64),
    /// The folder of files could not take it.
    Store(StoreError),
}

/// Fetches what is due, for as long as the hub runs.
pub(crate) async fn serve(hub: Hub) {
    let mut poll = tokio::time::interval(hub.settings().poll_interval);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    if hub.settings().hold_deliveries {
        return hub.stopping().cancelled().await;
    }
    if let Err(error) = hub.store().free_fetches().await {
        tracing::warn!(%error, "files that an earlier start fetched could not be freed; their leases run out");
    }
    let mut under_way = FuturesUnordered::new();
    // How many are under way by each connection of a project.
    let mut taken: HashMap<(ProjectName, String), usize> = HashMap::new();
    loop {
        tokio::select! {
            () = hub.stopping().cancelled() => break,
            _ = poll.tick(), if under_way.len() < AT_ONCE => {}
            Some(lane) = under_way.next() => give_back(&mut taken, &lane),
        }
        let lease = hub.settings().fetch_timeout + LEASE_BEYOND;
        let (free, room) = (AT_ONCE - under_way.len(), room(&hub, &taken));
        match hub.store().claim_fetches(free, lease, AT_ONCE_EACH, room).await {
            Ok(held) => {
                for held in held {
                    *taken.entry((held.project.clone(), held.connection.clone())).or_default() += 1;
                    under_way.push(fetch(&hub, held));
                }
            }
            Err(error) => tracing::warn!(%error, "no linked files could be claimed; trying again"),
        }
    }
    while under_way.next().await.is_some() {}
}

/// How many files each connection may still have that has some, or that may have none since it is paused.
fn room(
    hub: &Hub,
    taken: &HashMap<(ProjectName, String), usize>,
) -> HashMap<(ProjectName, String), usize> {
    let mut room: HashMap<_, _> = taken
        .iter()
        .map(|(lane, taken)| (lane.clone(), AT_ONCE_EACH.saturating_sub(*taken)))
        .collect();
    for routing in hub.routing().projects() {
        for (name, lane) in &routing.connections {
            if lane.connection.paused || routing.definition.settings.paused {
                room.insert((routing.project.clone(), name.clone()), 0);
            }
        }
    }
    room
}

fn give_back(taken: &mut HashMap<(ProjectName, String), usize>, lane: &(ProjectName, String)) {
    if let Some(count) = taken.get_mut(lane) {
        *count -= 1;
        if *count == 0 {
            taken.remove(lane);
        }
    }
}

/// Fetches a file. The answer is the project and the connection that may have another one now.
async fn fetch(hub: &Hub, held: HeldFetch) -> (ProjectName, String) {
    let outcome = tokio::select! {
        outcome = fetch_one(hub, &held) => outcome,
        // It is due again at once, for whoever comes next.
        () = hub.stopping().cancelled() => {
            let stopped = "the hub stopped before the file had come".to_owned();
            FetchOutcome::Later(Duration::ZERO, stopped)
        }
    };
    record(hub, &held, &outcome).await;
    (held.project, held.connection)
}

async fn record(hub: &Hub, held: &HeldFetch, outcome: &FetchOutcome) {
    let HeldFetch { project, submission, name, .. } = held;
    let end = match outcome {
        FetchOutcome::Fetched(..) => "fetched",
        FetchOutcome::RetryIn(..) => "failed",
        FetchOutcome::Later(..) => "put-off",
        FetchOutcome::GivenUp(_) => "given-up",
    };
    metrics::counter!("fieldpost_fetched_files_total", "outcome" => end).increment(1);
    match outcome {
        FetchOutcome::Fetched(file, _) => {
            tracing::info!(%project, %submission, name, bytes = file.bytes, "fetched a linked file");
        }
        FetchOutcome::Later(_, error) => {
            tracing::debug!(%project, %submission, name, "a linked file has to wait: {error}");
        }
        FetchOutcome::RetryIn(_, error) | FetchOutcome::GivenUp(error) => {
            tracing::warn!(%project, %submission, name, end, "a linked file was not fetched: {error}");
        }
    }
    match hub.store().record_fetch(held, outcome).await {
        Ok(true) => {}
        Ok(false) => {
            tracing::info!(%project, %submission, name, "a linked file was erased or fetched by others meanwhile");
        }
        Err(error) => {
            tracing::warn!(%error, %project, %submission, "what came of fetching a file could not be written");
        }
    }
}

/// Fetches one file by its connection as that is today.
async fn fetch_one(hub: &Hub, held: &HeldFetch) -> FetchOutcome {
    let routing = hub.routing();
    let Some(routing) = routing.project(&held.project) else {
        return FetchOutcome::Later(LATER, "the project cannot be read right now".to_owned());
    };
    let name = &held.connection;
    let Some(lane) = routing.connections.get(name) else {
        let gone = format!("There is no connection \"{name}\" in this project any more.");
        return FetchOutcome::GivenUp(gone);
    };
    if lane.connection.paused || routing.definition.settings.paused {
        return FetchOutcome::Later(LATER, format!("the connection \"{name}\" is paused"));
    }
    let fetched = match &lane.prepared {
        Ok(prepared) => bring(hub, prepared, held).await,
        Err(error) => {
            let exchange = Exchange::unsent(Duration::ZERO, error.clone());
            Err(Trouble::Exchange(Box::new(exchange), error.clone()))
        }
    };
    match fetched {
        Ok((file, content_type)) => FetchOutcome::Fetched(file, content_type),
        Err(Trouble::TooLarge(most)) => FetchOutcome::GivenUp(format!(
            "The file is longer than {most} bytes, the setting max-fetched-file."
        )),
        Err(Trouble::TooMuch(most)) => FetchOutcome::GivenUp(format!(
            "The files that the message links to have more than {most} bytes together, the setting \
             max-fetched-total."
        )),
        Err(Trouble::Store(error)) => {
            // Whatever is in the way, it is not downloaded again and again.
            let (kind, message) = (ErrorKind::Connect, error.to_string());
            let exchange =
                Exchange::unsent(Duration::ZERO, AttemptError { kind, message: message.clone() });
            after(hub, held, &exchange, message)
        }
        Err(Trouble::Exchange(exchange, error)) => after(hub, held, &exchange, error.message),
    }
}

/// Streams a file into the folder. The answer is the whole file, and what the server calls it.
async fn bring(
    hub: &Hub,
    prepared: &Prepared,
    held: &HeldFetch,
) -> Result<(KeptFile, Option<String>), Trouble> {
    let settings = hub.settings();
    let files = hub.store().files();
    files.try_room().await.map_err(Trouble::Store)?;
    let most = room_of_message(hub, held).await?;
    let mut file =
        files.begin(most.min(settings.max_fetched_file)).await.map_err(Trouble::Store)?;
    let (pieces, mut coming) = mpsc::channel::<Bytes>(PIECES);
    let fetch = Fetch { link: &held.link, timeout: settings.fetch_timeout, now: hub.now() };
    let write = async {
        while let Some(piece) = coming.recv().await {
            if let Err(error) = file.write(&piece).await {
                // Nobody takes any more: the call ends.
                coming.close();
                return Err(error);
            }
        }
        Ok(file)
    };
    let (exchange, written) = tokio::join!(hub.outbound().fetch(prepared, fetch, pieces), write);
    let file = written.map_err(|error| match error {
        FileError::TooLarge { most } if most == settings.max_fetched_file => {
            Trouble::TooLarge(most)
        }
        FileError::TooLarge { .. } => Trouble::TooMuch(settings.max_fetched_total),
        FileError::Store(error) => Trouble::Store(error),
    })?;
    if let Some(error) = exchange.error.clone() {
        return Err(Trouble::Exchange(Box::new(exchange), error));
    }
    if let Some(message) = no_file(held, &exchange, file.bytes()) {
        let error = AttemptError { kind: ErrorKind::Body, message };
        return Err(Trouble::Exchange(
            Box::new(Exchange { error: Some(error.clone()), ..exchange }),
            error,
        ));
    }
    // Others of the message may have come meanwhile.
    if file.bytes() > room_of_message(hub, held).await? {
        return Err(Trouble::TooMuch(settings.max_fetched_total));
    }
    let kept = file.finish().await.map_err(Trouble::Store)?;
    Ok((kept, exchange.content_type().map(str::to_owned)))
}

/// How many bytes may still be fetched for the message of a file.
async fn room_of_message(hub: &Hub, held: &HeldFetch) -> Result<u64, Trouble> {
    let most = hub.settings().max_fetched_total;
    let fetched = hub.store().fetched_bytes(held).await.map_err(Trouble::Store)?;
    match most.saturating_sub(fetched) {
        0 => Err(Trouble::TooMuch(most)),
        room => Ok(room),
    }
}

/// Why a success is not the file: a server that wants a person to sign in sends a page, and says that all is well.
fn no_file(held: &HeldFetch, exchange: &Exchange, bytes: u64) -> Option<String> {
    let status = exchange.response.as_ref().map_or(0, |response| response.status);
    if bytes == 0 {
        return Some(format!("The server answered {status} with nothing, not with the file."));
    }
    let name = held.name.to_ascii_lowercase();
    let wants_page = held.content_type.as_deref().is_some_and(is_page)
        || PAGES.iter().any(|ending| name.ends_with(ending));
    let is_page = !wants_page && exchange.content_type().is_some_and(is_page);
    is_page.then(|| {
        format!(
            "The server answered {status} with a page, not the file: maybe one to sign in. Look at the \
             credentials of the connection \"{}\".",
            held.connection
        )
    })
}

fn is_page(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    ["text/html", "application/xhtml+xml"].iter().any(|page| kind.eq_ignore_ascii_case(page))
}

/// What follows a try that failed.
fn after(hub: &Hub, held: &HeldFetch, exchange: &Exchange, message: String) -> FetchOutcome {
    let policy = RetryPolicy {
        first: hub.settings().fetch_pause,
        codes: MENDED_ELSEWHERE.map(CodePattern::Exactly).to_vec(),
        ..RetryPolicy::default()
    };
    let now = hub.now();
    let tried = retry::Tried { attempts: held.tries + 1, registered_at: held.since, now };
    let decision = retry::decide(&policy, &tried, &outcome_of(exchange, now), jitter());
    // What is gone for good is asked for no more.
    let is_gone = exchange.response.as_ref().is_some_and(|response| response.status == 410);
    match decision.next_attempt_at {
        Some(at) if decision.state == DeliveryState::Failed && !is_gone => {
            FetchOutcome::RetryIn(at.since(now), message)
        }
        _ => FetchOutcome::GivenUp(message),
    }
}

impl Hub {
    /// Fetches the files of a submission that are only linked to, once more or for the first time: at once, by
    /// the connection that its source names today. The answer is how many.
    pub async fn fetch_files(&self, project: &str, submission: Uuid) -> Result<u64, HubError> {
        let routing = self.project(project).await?;
        let stored = self.store().submission(project, submission).await?;
        let stored = stored.ok_or_else(|| HubError::not_found("submission", &submission))?;
        let source = routing.source(&stored.source);
        let Some(connection) = source.and_then(|source| source.fetch_files.as_deref()) else {
            return Err(HubError::NotAllowed {
                code: "no-fetching",
                message: format!(
                    "the source \"{}\" does not say how files are fetched that it only links to",
                    stored.source
                ),
                hint: "give it `fetch_files` with the name of a connection".to_owned(),
            });
        };
        Ok(self.store().fetch_files(project, submission, connection).await?)
    }
}
