//! What processes take of the machine, read where the kernel tells it.

use std::collections::HashSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How many parts of a second the kernel counts processor time in.
const TICKS: f64 = 100.0;
/// How often a command is looked at while it runs.
const LOOK: Duration = Duration::from_millis(1);

/// The numbers of `/proc/<process>/stat` behind the name; the first is the state.
fn stat(process: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

fn parent(process: u32) -> Option<u32> {
    stat(process)?.get(1)?.parse().ok()
}

fn ticks(stat: &[String], fields: std::ops::Range<usize>) -> f64 {
    stat.get(fields).into_iter().flatten().filter_map(|field| field.parse::<f64>().ok()).sum()
}

/// A process and all that it has started, and those have.
fn family(of: u32) -> Result<HashSet<u32>> {
    let all: Vec<u32> = std::fs::read_dir("/proc")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    let mut family = HashSet::from([of]);
    loop {
        let known = family.len();
        for process in &all {
            if parent(*process).is_some_and(|parent| family.contains(&parent)) {
                family.insert(*process);
            }
        }
        if family.len() == known {
            return Ok(family);
        }
    }
}

/// The processor time of this process and of those that it has started, ended ones included.
pub(super) fn cpu_seconds() -> Result<f64> {
    let own = std::process::id();
    let mut sum = ticks(&stat(own).context("no /proc/self/stat")?, 11..15);
    for process in family(own)?.into_iter().filter(|process| *process != own) {
        sum += stat(process).map_or(0.0, |stat| ticks(&stat, 11..15));
    }
    Ok(sum / TICKS)
}

/// What a process has in memory. Pages that several processes share, such as those of one program that runs twice,
/// count once for all of them together.
fn resident_megabytes(process: u32) -> f64 {
    let maps = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let line = maps.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() / 1_024.0
}

/// Resident memory of the processes that this one has started.
pub(super) fn children_megabytes() -> Result<f64> {
    let own = std::process::id();
    let children = family(own)?.into_iter().filter(|process| *process != own);
    Ok(children.map(resident_megabytes).sum())
}

/// Runs a command; the answer is how many milliseconds it took.
pub(super) fn time(command: &mut Command) -> Result<f64> {
    let begun = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    well(status)?;
    Ok(begun.elapsed().as_secs_f64() * 1_000.0)
}

/// Runs a command and looks at it all the while, which slows it; the answer is the most memory that all its processes
/// had together, in megabytes.
pub(super) fn most_megabytes(command: &mut Command) -> Result<f64> {
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let mut most: f64 = 0.0;
    loop {
        if let Some(status) = child.try_wait()? {
            well(status)?;
            return Ok(most);
        }
        most = most.max(family(child.id())?.into_iter().map(resident_megabytes).sum());
        std::thread::sleep(LOOK);
    }
}

fn well(status: std::process::ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("the command ended with {status}");
    }
    Ok(())
}
