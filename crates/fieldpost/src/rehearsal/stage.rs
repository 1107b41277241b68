//! The stage of a rehearsal: a hub of its own that takes in one message, and does what it sets off.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fieldpost_engine::{
    ArrivedFile, Asked, Hub, HubSettings, JobSettings, OWN_SOURCE, ReceivedRecord, Rehearsal,
};
use fieldpost_model::ProjectName;
use fieldpost_model::json::Value;
use fieldpost_model::run::Run;
use fieldpost_outbound::{AllowNetworks, Client, OutboundSettings};
use fieldpost_rules::definition::{ProjectDraft, read_project};
use fieldpost_script::host::credential::configuration;
use fieldpost_script::protocol::Moment;
use fieldpost_script::sandbox::Scrubber;
use fieldpost_store::{Clock, RunCondition, RunPage, Store, StoreSettings};

use super::case::{Case, CaseFile};
use super::placeholders::fitted;
use super::stand_in::CaseStandIn;
use super::{account, scrub};
use crate::failure::Failure;
use crate::projects::{ProjectFile, invalid};

/// How many runs one message may set off.
pub(super) const MOST_RUNS: usize = 10_000;
/// How long all runs of a message may take together.
const PATIENCE: Duration = Duration::from_mins(30);
/// How long a hub waits for what is under way when it stops: by then all has ended.
const STOP: Duration = Duration::from_secs(5);
/// What chance is made of.
const SEED: u32 = 2_026;

/// A project that is rehearsed.
#[derive(Debug)]
pub(crate) struct Stage {
    /// The project's name.
    pub(crate) project: ProjectName,
    origin: String,
    draft: ProjectDraft,
    /// What connections prove themselves with.
    secrets: Scrubber,
}

/// What became of a message.
pub(super) struct Played<'p> {
    pub(super) hub: &'p Hub,
    pub(super) project: &'p ProjectName,
    pub(super) draft: &'p ProjectDraft,
    pub(super) received: &'p ReceivedRecord,
    pub(super) stand_in: &'p CaseStandIn,
    pub(super) runs: Vec<Run>,
}

impl Stage {
    /// Reads a project whose names are replaced by placeholders.
    pub(crate) fn of(file: ProjectFile) -> Result<Self, Failure> {
        let ProjectFile { name, value, origin } = file;
        let draft = read_project(&fitted(value)).map_err(|problems| {
            invalid(&origin, &problems).hint(
                "names such as ${API_URL} are placeholders here; one that must be something else is given in \
                 variables.yaml, in the folder of the cases",
            )
        })?;
        let credentials: Vec<_> = draft
            .connections
            .iter()
            .filter_map(|connection| configuration(&[], connection, None))
            .collect();
        let secrets = Scrubber::new(credentials.iter().map(AsRef::as_ref));
        Ok(Self { project: ProjectName::from(name), origin, draft, secrets })
    }

    /// Takes the message of a case in, and gives the account of what became of it: JSON of several lines.
    pub(crate) async fn play(&self, case: &Case) -> Result<String, Failure> {
        for (number, answer) in (1..).zip(&case.answers) {
            if let Some(lost) = answer.lost(&self.draft.workflows) {
                return Err(Failure::new(format!("answer {number} is for nothing: {lost}"))
                    .hint("a step that was renamed has to be renamed in the cases as well"));
            }
        }
        let folder = tempfile::Builder::new().prefix("fieldpost-test-").tempdir()?;
        let stand_in = Arc::new(CaseStandIn::new(case.answers.clone()));
        let hub = start(folder.path(), case, Arc::clone(&stand_in)).await?;
        let account = self.play_on(&hub, case, &stand_in).await;
        hub.stop().await;
        let account = account?.to_json_pretty();
        let account = scrub::ids(&account, case.now, &case.incoming.body);
        let masked = serde_json::value::RawValue::from_string(account)
            .map(|account| self.secrets.state(account).get().to_owned())
            .map_err(|error| Failure::new(format!("the account is no JSON: {error}")))?;
        Ok(format!("{}\n", masked.trim_end()))
    }

    async fn play_on(
        &self,
        hub: &Hub,
        case: &Case,
        stand_in: &CaseStandIn,
    ) -> Result<Value<'static>, Failure> {
        hub.apply(&self.draft, false, false, &Asked::by("test"))
            .await
            .map_err(|error| Failure::from(error).within(&self.origin))?;
        for (name, key, value) in &case.collections {
            let items = vec![(key.clone(), Bytes::from(value.clone()))];
            hub.store().set_collection_items(&self.project, name, items).await?;
        }
        let routing = hub.routing();
        let source = routing.project(&self.project).and_then(|it| it.source(&case.source));
        source.ok_or_else(|| {
            let known = self.draft.sources.iter().map(|it| it.name.as_str());
            let known: Vec<&str> = known.chain([OWN_SOURCE]).collect();
            Failure::new(format!("the project has no source `{}`", case.source))
                .hint(format!("its sources are: {}", known.join(", ")))
        })?;
        let mut files = Vec::with_capacity(case.files.len());
        for file in &case.files {
            files.push(laid_down(hub, file).await?);
        }
        let incoming = case.incoming.clone();
        let received =
            Box::pin(hub.receive_recorded(&self.project, &case.source, incoming, &files))
                .await
                .map_err(|error| Failure::new(format!("the message is not taken in: {error}")))?;
        let runs = self.wait_for_runs(hub).await?;
        let played = Played {
            hub,
            project: &self.project,
            draft: &self.draft,
            received: &received,
            stand_in,
            runs,
        };
        account::account(&played).await
    }

    /// Waits until every run has ended but those that wait for their workflow to be resumed.
    async fn wait_for_runs(&self, hub: &Hub) -> Result<Vec<Run>, Failure> {
        let page = RunPage { before: None, limit: MOST_RUNS };
        let found = hub.store().runs(&self.project, &RunCondition::default(), page).await?;
        let mut ended = Vec::new();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        // The list begins with the newest.
        for run in found.found.into_iter().rev() {
            let is_paused =
                |name: &str| self.draft.workflows.iter().any(|it| it.name == name && it.paused);
            if is_paused(&run.workflow) {
                ended.push(run);
                continue;
            }
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            let answer = hub.await_run(&self.project, run.id, left).await?;
            let answer = answer
                .ok_or_else(|| Failure::new(format!("the run of {} does not end", run.workflow)))?;
            ended.push(answer.run);
        }
        Ok(ended)
    }
}

/// Lays a file that came beside the body down where a hub has those of its senders.
async fn laid_down(hub: &Hub, file: &CaseFile) -> Result<ArrivedFile, Failure> {
    let CaseFile { name, content_type, bytes } = file;
    let within = |error: &dyn std::fmt::Display| Failure::new(format!("{name}: {error}"));
    // It lies on the disk already: how long it is bounds it.
    let mut laid = hub.store().files().begin(bytes.len() as u64).await?;
    laid.write(bytes).await.map_err(|error| within(&error))?;
    let kept = laid.finish().await?;
    Ok(ArrivedFile {
        name: name.clone(),
        content_type: content_type.clone(),
        sha256: kept.sha256,
        bytes: kept.bytes,
    })
}

/// Puts a hub together that sends nothing, and whose clock stands.
async fn start(folder: &Path, case: &Case, stand_in: Arc<CaseStandIn>) -> Result<Hub, Failure> {
    let now = case.now;
    let clock: Clock = Arc::new(move || now);
    let settings = StoreSettings { clock: Arc::clone(&clock), ..StoreSettings::in_folder(folder) };
    let store = Arc::new(Store::open(settings).await?);
    // Where a project leads to is its own affair here: nobody goes there.
    let allow_networks: AllowNetworks = AllowNetworks::PRIVATE
        .parse()
        .map_err(|error| Failure::new(format!("no network can be named: {error}")))?;
    let outbound = OutboundSettings { allow_networks, ..OutboundSettings::default() };
    let outbound = Client::new(outbound).map_err(|error| Failure::new(error.to_string()))?;
    let program: PathBuf = std::env::current_exe()?;
    let moment = Moment { time_ms: now.0 / 1_000, seed: SEED };
    let jobs = JobSettings {
        runner: Some((program, vec!["job-runner".into()])),
        // One step after the other, so that what they keep in collections comes in one order.
        workers: 1,
        runs: 1,
        rehearsal: Some(Rehearsal { stand_in, moment }),
        ..JobSettings::default()
    };
    let settings = HubSettings {
        hold_deliveries: true,
        stop_timeout: STOP,
        jobs,
        ..HubSettings::with_clock(clock)
    };
    Ok(Hub::start(store, outbound, settings).await?)
}
