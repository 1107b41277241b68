//! `fieldpost job`: a job or a workflow from a file, run here and now, as the command `openfn` of
//! OpenFn runs it. No hub is asked and nothing is stored; the job runs in a child process all the
//! same, which can do nothing but reckon. What its adaptors ask for, this process does, by the hub's rules:
//! private networks and loopback are reached where `--allow-network` opens them.

mod npm;
mod read;
mod report;
mod world;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use fieldpost_model::json::Value;
use fieldpost_outbound::{AllowNetworks, OutboundSettings};
use fieldpost_script::protocol::Level;
use fieldpost_script::runtime::workflow::{Finished, Processes};
use fieldpost_script::sandbox::{Pool, PoolSettings, give_back_program};

use super::Ending;
use crate::failure::Failure;
use crate::output;
use npm::Npm;
use read::Prepared;
use report::Console;
use world::World;

/// Where the final state goes if nobody says where: beside the job, as OpenFn has it.
const OUTPUT: &str = "output.json";

/// Run a job or a workflow from a file, as `openfn` does
///
/// The path is a job (job.js), a workflow (workflow.json), or a folder with one of the two. The final state is
/// written to output.json beside it, the log to standard error. No hub is needed. For example:
///
/// fieldpost job clinic.js -a common -s state.json -O
#[derive(Args, Debug)]
pub(crate) struct Job {
    /// The job, the workflow, or the folder that it is in.
    path: PathBuf,

    /// An adaptor whose functions the job uses, such as common, or a package of npm that is installed, such as
    /// salesforce@7.0.0; can be given several times. In a workflow it is for the steps that name none.
    #[arg(
        short,
        long = "adaptor",
        visible_alias = "adaptors",
        value_name = "NAME",
        value_delimiter = ','
    )]
    adaptors: Vec<String>,

    /// The file with the state to begin with.
    #[arg(short, long, value_name = "FILE", conflicts_with = "state_stdin")]
    state_path: Option<PathBuf>,

    /// The state to begin with as JSON; without a value it is read from standard input.
    #[arg(short = 'S', long, value_name = "JSON", num_args = 0..=1, default_missing_value = "-")]
    state_stdin: Option<String>,

    /// The file that the final state is written to.
    #[arg(short, long, value_name = "FILE")]
    output_path: Option<PathBuf>,

    /// Write the final state to standard output instead of a file.
    #[arg(short = 'O', long, conflicts_with = "output_path")]
    output_stdout: bool,

    /// The step to begin with: its id or name, or a part that only one has.
    #[arg(long, visible_alias = "from-step", value_name = "STEP")]
    start: Option<String>,

    /// The step to end after.
    #[arg(long, value_name = "STEP")]
    end: Option<String>,

    /// The one step to run.
    #[arg(long, value_name = "STEP", conflicts_with_all = ["start", "end"])]
    only: Option<String>,

    /// Only compile: the module is written where the final state would be, by default to standard output.
    #[arg(long)]
    compile_only: bool,

    /// How many milliseconds a step may last.
    #[arg(
        short,
        long,
        value_name = "MILLISECONDS",
        default_value_t = 300_000,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    timeout: u64,

    /// Networks that the job may reach although they are not of the public internet: `private` (private
    /// networks and loopback), a network such as 10.20.0.0/16, or one address. Commas separate several.
    #[arg(
        long,
        env = "FIELDPOST_ALLOW_NETWORKS",
        value_name = "NETWORK",
        value_delimiter = ',',
        hide_env_values = true
    )]
    allow_network: Vec<AllowNetworks>,

    /// Which lines of the log are shown.
    #[arg(short, long, value_name = "LEVEL", default_value = "default")]
    log: Log,

    /// End with 0 even if a step failed, as `openfn` does; 1 is then for a run that broke off.
    #[arg(long)]
    openfn_exit_codes: bool,

    #[command(flatten)]
    npm: Npm,
}

/// How much of the log is shown, in OpenFn's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Log {
    /// Nothing.
    None,
    /// What the job says.
    Default,
    /// What the runtime says as well.
    Info,
    /// Everything.
    Debug,
}

impl Job {
    pub(crate) async fn execute(self) -> Result<Ending, Failure> {
        let prepared = Prepared::read(&self.path, &self.adaptors, &self.npm.packages())?;
        if self.compile_only {
            self.write(prepared.compiled()?.as_bytes(), None)?;
            return Ok(Ending::Well);
        }
        let state = read::state(self.state_path.as_deref(), self.state_stdin.as_deref())?;
        let start = self.only.as_ref().or(self.start.as_ref());
        let start = start.map(|step| prepared.step(step)).transpose()?;
        let end = self.only.as_ref().or(self.end.as_ref());
        let end = end.map(|step| prepared.step(step)).transpose()?;
        let time = Duration::from_millis(self.timeout);
        let workflow = prepared.workflow(start.as_deref(), &state, self.level(), time)?;
        let console = Console { silent: self.log == Log::None, runtime: self.log >= Log::Info };
        let node = if workflow.needs_node() {
            Some(self.npm.pool(self.outbound(), time).await?)
        } else {
            None
        };
        let processes = Processes { own: pool(time)?, node };
        // From here on this process listens to the one that runs the job, and does little else.
        give_back_program();
        let host = World::new(self.outbound(), time, console);
        let finished = workflow.run(state, end.as_deref(), &processes, &host).await;
        self.conclude(&prepared, finished)
    }

    /// How the job reaches the world.
    fn outbound(&self) -> OutboundSettings {
        let networks = self.allow_network.iter().cloned();
        let allow_networks = networks.fold(AllowNetworks::default(), AllowNetworks::and);
        OutboundSettings { allow_networks, ..OutboundSettings::default() }
    }

    fn level(&self) -> Level {
        if self.log == Log::Debug { Level::Debug } else { Level::Info }
    }

    /// Says how the run ended, and writes what it left.
    fn conclude(&self, prepared: &Prepared, finished: Finished) -> Result<Ending, Failure> {
        if let Some(error) = &finished.error {
            let step = finished.steps.last().map_or("", |(step, _)| step.as_str());
            return Err(report::broken_off(prepared, step, error));
        }
        let failed: Vec<_> = finished
            .steps
            .iter()
            .filter_map(|(step, error)| error.as_ref().map(|error| (step, error)))
            .collect();
        for (step, error) in &failed {
            output::note(report::failed(prepared, step, error));
        }
        match finished.state {
            Some(state) => {
                let text = Value::parse(state.get().as_bytes())
                    .map_or_else(|_| state.get().to_owned(), |state| state.to_json_pretty());
                let beside = self.beside();
                self.write(format!("{}\n", text.trim_end()).as_bytes(), Some(&beside))?;
            }
            None => output::note("The run left no state: nothing is written"),
        }
        if failed.is_empty() || self.openfn_exit_codes {
            return Ok(Ending::Well);
        }
        Ok(Ending::NotWell)
    }

    /// Where OpenFn writes the final state by default.
    fn beside(&self) -> PathBuf {
        if self.path.is_dir() {
            return self.path.join(OUTPUT);
        }
        self.path.parent().unwrap_or(Path::new("")).join(OUTPUT)
    }

    /// Writes a result where it was asked for, otherwise to this file, or to standard output.
    fn write(&self, text: &[u8], file: Option<&Path>) -> Result<(), Failure> {
        let asked = self.output_path.as_deref();
        match asked.or(file).filter(|_| !self.output_stdout) {
            None => Ok(output::bytes(text)?),
            Some(path) => std::fs::write(path, text)
                .map_err(|error| Failure::new(format!("{}: {error}", path.display()))),
        }
    }
}

/// The pool of one process, of this very program.
fn pool(time: Duration) -> Result<Pool, Failure> {
    let program = std::env::current_exe()?;
    let mut settings = PoolSettings::new(program, ["job-runner".into()]);
    settings.workers = 1;
    settings.limits.time = time;
    Ok(Pool::new(settings))
}
