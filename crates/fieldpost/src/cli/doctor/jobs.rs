//! The processes that run jobs: whether one starts here, and whether the kernel filters what it asks for.

use std::fs;

use fieldpost_script::sandbox::{Pool, PoolSettings};

use super::Check;

/// What the kernel calls a process whose calls go through a filter.
const FILTERED: &str = "2";

/// Starts a process as the hub does, and looks at it from outside.
pub(super) async fn examine() -> Check {
    const NAME: &str = "job processes";
    let failed = |error: std::io::Error| {
        let hint = "workflows and `fieldpost job` do not work here until one does";
        Check::wrong(NAME, format!("none starts: {error}"), hint)
    };
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return failed(error),
    };
    let mut settings = PoolSettings::new(program, ["job-runner".into()]);
    settings.workers = 1;
    let pool = Pool::new(settings);
    if let Err(error) = pool.warm().await {
        return failed(error);
    }
    match is_filtered() {
        Some(true) => {
            Check::fine(NAME, "they start, and the kernel filters what they ask for (seccomp)")
        }
        Some(false) => Check::noteworthy(
            NAME,
            "they start, but the kernel does not filter what they ask for (seccomp)",
            "their other bounds hold; a kernel or a container that allows seccomp filters adds this one",
        ),
        None => Check::noteworthy(
            NAME,
            "they start; whether the kernel filters what they ask for cannot be told here",
            "on Linux with /proc it can; elsewhere their other bounds have to do",
        ),
    }
}

/// Whether the processes that this one has started are all filtered; `None` where none can be looked at.
fn is_filtered() -> Option<bool> {
    let own = std::process::id().to_string();
    let statuses = fs::read_dir("/proc").ok()?.filter_map(|entry| {
        let status = fs::read_to_string(entry.ok()?.path().join("status")).ok()?;
        (member(&status, "PPid")? == own).then_some(status)
    });
    let filtered: Vec<bool> = statuses
        .filter_map(|status| member(&status, "Seccomp").map(|mode| mode == FILTERED))
        .collect();
    if filtered.is_empty() { None } else { Some(filtered.iter().all(|filtered| *filtered)) }
}

/// What a line of such a file says.
fn member<'s>(status: &'s str, name: &str) -> Option<&'s str> {
    status.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_their_whole_name() {
        let status = "Name:\tfieldpost\nPPid:\t7\nSeccomp_filters:\t1\nSeccomp:\t2\n";
        assert_eq!((member(status, "PPid"), member(status, "Seccomp")), (Some("7"), Some("2")));
        assert_eq!(member(status, "Seccom"), None);
    }
}
