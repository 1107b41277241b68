//! Jobs: what a run costs, beside the published runtime of OpenFn in Node.js.
//!
//! Both sides run the same trivial job, warm, one run after the other; what is compared is the time
//! that their processes spent on processors, since both spend some of it on waiting for each other.
//! Then one job as a command, from nothing to its state: wall time, and the memory of all its
//! processes. What the hub makes of runs is in `runs`.

mod processes;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use fieldpost_script::adaptors;
use fieldpost_script::runtime::workflow::Job;
use fieldpost_script::sandbox::{NoHost, Pool, PoolSettings};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use self::processes::{cpu_seconds, most_megabytes, time};
use crate::load::median;
use crate::report::{Report, rounded};

/// The job of all comparisons.
const JOB: &str = "fn(state => ({ ...state, data: { x: state.data.x + 1 } }));\n";
const STATE: &str = r#"{"data":{"x":1}}"#;
const RUNS: u32 = 10_000;
/// Runs that warm both sides up.
const WARM_UP: u32 = 200;
/// How often a job is run as a command.
const COMMANDS: usize = 15;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let packages = published()?;
    warm(report, &packages).await?;
    as_commands(report, &packages)
}

/// Where `scripts/get-openfn-runtime` puts the published packages, which it fetches if need be.
fn published() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let fetched =
        Command::new(root.join("scripts/get-openfn-runtime")).stdout(Stdio::null()).status();
    if !fetched.context("scripts/get-openfn-runtime")?.success() {
        bail!("the published runtime of OpenFn could not be fetched");
    }
    Ok(root.join("target/tools/openfn-runtime").canonicalize()?)
}

/// The `fieldpost` that lies beside this program.
fn fieldpost() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("fieldpost"))
}

async fn warm(report: &mut Report, packages: &Path) -> Result<()> {
    let ours = embedded().await?;
    let theirs = in_node(packages)?;
    let ratio = theirs.cpu_per_run_ms / ours.cpu_per_run_ms;
    Report::tell(
        "jobs-warm",
        &json!({
            "runs": RUNS, "cpu_per_run_ms": rounded(ours.cpu_per_run_ms),
            "wall_per_run_ms": rounded(ours.wall_per_run_ms),
            "runtime_in_node_cpu_per_run_ms": rounded(theirs.cpu_per_run_ms),
            "runtime_in_node_wall_per_run_ms": rounded(theirs.wall_per_run_ms),
            "node_to_ours": rounded(ratio),
            "resident_mb": [rounded(ours.early_mb), rounded(ours.late_mb)],
            "runtime_in_node_resident_mb": [rounded(theirs.early_mb), rounded(theirs.late_mb)],
        }),
    )?;
    report.at_least("jobs: processor time in Node to ours, of one run", ratio, 5.0)?;
    report.at_most(
        "jobs: memory after all runs to that after a tenth",
        ours.late_mb / ours.early_mb,
        1.2,
    )
}

struct Warm {
    cpu_per_run_ms: f64,
    wall_per_run_ms: f64,
    /// Resident memory after a tenth of the runs, and after all.
    early_mb: f64,
    late_mb: f64,
}

/// Our pool, with one process: the hub's own share is counted as well.
async fn embedded() -> Result<Warm> {
    let mut settings = PoolSettings::new(fieldpost()?, ["job-runner".into()]);
    settings.workers = 1;
    let pool = Pool::new(settings);
    let job = Job::compile("a", JOB, &[adaptors::COMMON]).context("the job does not compile")?;
    let again = async |count: u32| -> Result<()> {
        for _ in 0..count {
            let mut work = job.work.clone();
            work.state = RawValue::from_string(STATE.to_owned())?;
            let outcome = pool.step(work, &NoHost).await;
            if outcome.error.is_some() || outcome.state.is_none() {
                bail!("a run failed: {:?}", outcome.error);
            }
        }
        Ok(())
    };
    again(WARM_UP).await?;
    let (cpu, begun) = (cpu_seconds()?, Instant::now());
    again(RUNS / 10).await?;
    let early_mb = processes::children_megabytes()?;
    again(RUNS - RUNS / 10).await?;
    let late_mb = processes::children_megabytes()?;
    let (cpu, wall) = (cpu_seconds()? - cpu, begun.elapsed().as_secs_f64());
    let per_run = 1_000.0 / f64::from(RUNS);
    Ok(Warm { cpu_per_run_ms: cpu * per_run, wall_per_run_ms: wall * per_run, early_mb, late_mb })
}

/// The published runtime in one process of Node.js.
fn in_node(packages: &Path) -> Result<Warm> {
    let module = fieldpost_script::compile::compile(JOB, &[common()])?.module;
    let output = Command::new("node")
        .args(["--no-warnings", "--experimental-vm-modules"])
        .arg(script("runs.mjs"))
        .args([&module, STATE, &WARM_UP.to_string(), &RUNS.to_string()])
        .current_dir(packages)
        .stderr(Stdio::inherit())
        .output()?;
    let told: Value = serde_json::from_slice(&output.stdout).context("runs.mjs said no JSON")?;
    let figure = |name: &str| told.get(name).and_then(Value::as_f64).context("a figure is missing");
    Ok(Warm {
        cpu_per_run_ms: figure("cpu_per_run_ms")?,
        wall_per_run_ms: figure("wall_per_run_ms")?,
        early_mb: figure("early_mb")?,
        late_mb: figure("late_mb")?,
    })
}

fn common() -> fieldpost_script::compile::Adaptor {
    let exports = adaptors::exports(adaptors::COMMON).unwrap_or_default();
    fieldpost_script::compile::Adaptor {
        specifier: adaptors::COMMON.to_owned(),
        exports: Some(exports.iter().map(ToString::to_string).collect()),
        reexport: true,
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/jobs").join(name)
}

fn as_commands(report: &mut Report, packages: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let job = folder.path().join("job.js");
    std::fs::write(&job, JOB)?;
    std::fs::write(folder.path().join("state.json"), STATE)?;
    let module = fieldpost_script::compile::compile(JOB, &[common()])?.module;
    let ours = || -> Result<Command> {
        let mut command = Command::new(fieldpost()?);
        command.arg("job").arg(&job).args(["-a", "common", "-O", "-s", "state.json"]);
        command.current_dir(folder.path()).stderr(Stdio::null());
        Ok(command)
    };
    let theirs = || {
        let mut command = Command::new("node");
        command.args(["--no-warnings", "--experimental-vm-modules"]).arg(script("runs.mjs"));
        command.args([&module, STATE, "0", "1"]).current_dir(packages);
        command
    };
    let (mut our_wall, mut their_wall) = (Vec::new(), Vec::new());
    let (mut our_memory, mut their_memory) = (Vec::new(), Vec::new());
    for _ in 0..COMMANDS {
        our_wall.push(time(&mut ours()?)?);
        their_wall.push(time(&mut theirs())?);
        our_memory.push(most_megabytes(&mut ours()?)?);
        their_memory.push(most_megabytes(&mut theirs())?);
    }
    let (our_wall, their_wall) = (median(our_wall), median(their_wall));
    let (our_memory, their_memory) = (median(our_memory), median(their_memory));
    Report::tell(
        "jobs-command",
        &json!({
            "wall_ms": rounded(our_wall), "runtime_in_node_wall_ms": rounded(their_wall),
            "most_resident_mb": rounded(our_memory),
            "runtime_in_node_most_resident_mb": rounded(their_memory),
        }),
    )?;
    report.at_least(
        "jobs: wall time in Node to ours, of one command",
        their_wall / our_wall,
        10.0,
    )?;
    report.at_least("jobs: memory in Node to ours, of one command", their_memory / our_memory, 4.0)
}
