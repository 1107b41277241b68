//! The demo: a whole hub with a sample project and a receiver of its own, fed with what the systems
//! of the field really send.
//!
//! It talks to its hub over HTTP only, as a sender and as a client, so that what it shows is what
//! anybody would see. What must become of each sample is written beside the sample; the demo ends
//! well only if all of it did.

mod receiver;
mod samples;
mod sender;
mod story;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use fieldpost_rules::definition::yaml;
use tokio::net::TcpListener;

use crate::client::{HubClient, Query};
use crate::config::{Settings, key_file};
use crate::failure::Failure;
use crate::hub::ServingHub;
use crate::output;
use crate::projects::invalid;
use receiver::Receiver;
use samples::SAMPLES;
use sender::Sender;
use story::{PROJECT, Story};

/// The sample project.
const PROJECT_FILE: &str = include_str!("../../../../examples/demo/project.yaml");
/// The form in it that has a lifecycle.
const FORM: &str = "appointment";
/// The variable in it that stands for the receiver's address.
const RECEIVER_VARIABLE: &str = "DEMO_RECEIVER";
/// How long everything may take to be where it belongs.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether it is.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A demo whose hub is up.
pub(crate) struct Demo {
    pub(crate) hub: ServingHub,
    client: HubClient,
    receiver: Receiver,
}

impl Demo {
    /// Starts the receiver and the hub. Whatever comes after it, the hub wants to be stopped.
    pub(crate) async fn start(data: &Path, listener: TcpListener) -> Result<Self, Failure> {
        let receiver = Receiver::start().await?;
        let mut settings = Settings::defaults()?;
        data.clone_into(&mut settings.storage.data);
        // Only its own receiver may be reached.
        let own = receiver.address().ip().to_string();
        settings.outbound.allow_network = vec![
            own.parse()
                .map_err(|error| Failure::new(format!("the receiver's address {own}: {error}")))?,
        ];
        let hub = ServingHub::start(&settings, key_file(&settings.storage), listener).await?;
        let client = HubClient::new(&hub.url, hub.token.clone())?;
        Ok(Self { hub, client, receiver })
    }

    /// The address of the page on which anybody fills in the form of the project's own.
    pub(crate) fn form_page(&self) -> String {
        self.client.link(&format!("/p/{PROJECT}/{FORM}/"))
    }

    async fn apply_project(&self) -> Result<(), Failure> {
        let receiver = format!("http://{}", self.receiver.address());
        let lookup = |name: &str| (name == RECEIVER_VARIABLE).then(|| receiver.clone());
        let file = yaml::read(PROJECT_FILE, &lookup)
            .map_err(|problems| invalid("the demo's project", &problems))?;
        let path = ["projects", PROJECT, "apply"];
        self.client.post(&path, &Query::new(), file.to_json()).await.map(drop)
    }

    /// Gives the hub its project, sends every sample, waits until everything is where it belongs,
    /// and tells what became of it. The answer is what is not as it should be.
    pub(crate) async fn play(&self) -> Result<Vec<String>, Failure> {
        self.apply_project().await?;
        let answers = self.send().await?;
        let story = self.watch(&answers).await?;
        output::line(output::strong("What came in"))?;
        output::print_table(&story.came_in())?;
        output::line(output::faint(ABOUT_WHAT_CAME_IN))?;
        output::line(output::strong("\nWhere it went"))?;
        output::print_table(&story.went_out())?;
        for refusal in story.refusals() {
            output::line(output::bad(refusal))?;
        }
        output::line(output::faint(ABOUT_WHERE_IT_WENT))?;
        output::line(output::strong("\nWhat a workflow did"))?;
        output::print_table(&story.ran())?;
        output::line(output::faint(ABOUT_WHAT_RAN))?;
        Ok(story.complaints())
    }

    /// Sends every sample to its inbox; answers by the statuses that came back.
    async fn send(&self) -> Result<Vec<u16>, Failure> {
        let sender = Sender::new()?;
        let bar = output::progress_bar(SAMPLES.len(), "sending what the field sends");
        let mut answers = Vec::new();
        for sample in SAMPLES {
            let path = ["projects", PROJECT, "sources", sample.source, "urls"];
            let urls = self.client.get(&path, &Query::new()).await?;
            let inbox = urls.get("inbox").and_then(fieldpost_model::json::Value::as_str);
            let inbox = inbox.ok_or_else(|| {
                Failure::new(format!("the source {} has no inbox", sample.source))
            })?;
            answers.push(sender.send(&self.client.link(inbox), sample).await?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(answers)
    }

    /// Looks again and again until everything is as it should be, or patience has ended.
    async fn watch(&self, answers: &[u16]) -> Result<Story, Failure> {
        let started = Instant::now();
        let (_, expected) = Story::read(&self.client, answers).await?.progress();
        let bar = output::progress_bar(expected, "delivering");
        loop {
            let story = Story::read(&self.client, answers).await?;
            bar.set_position(story.progress().0 as u64);
            if story.complaints().is_empty() || started.elapsed() > PATIENCE {
                bar.finish_and_clear();
                return Ok(story);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

const ABOUT_WHAT_CAME_IN: &str = "\
Every system was answered only after its message was safely stored: 200 says that it was. A
repetition is noted and sets nothing off; other content under the same name is a new version; what
cannot be read is kept for a person to look at, and answered with 400.";

const ABOUT_WHERE_IT_WENT: &str = "\
The warehouse takes everything. The registry was down for the first two tries (503) and got it on
the third. The ministry refuses the request for good (422), so that trying again is pointless: a
person mends and resends it.";

const ABOUT_WHAT_RAN: &str = "\
A workflow is a job or several, written in JavaScript as OpenFn has them. This one read a
submission, and since the person is of age, had the registry of people give them a number.";

/// Takes a port for the demo's hub: the one asked for, or a free one where somebody has that.
pub(crate) async fn listen_somewhere(address: SocketAddr) -> Result<TcpListener, Failure> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let listener = crate::hub::listen(SocketAddr::new(address.ip(), 0)).await?;
            output::note(format!(
                "{address} is taken by another program; the demo listens on {} instead",
                listener.local_addr()?
            ));
            Ok(listener)
        }
        // Said once more, with a hint.
        Err(_) => crate::hub::listen(address).await,
    }
}
