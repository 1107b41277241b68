//! What a process gives up before it touches a line of a job.
//!
//! The hub has started it with an empty environment, in the root folder, with three pipes. Here it
//! closes whatever else it was given by mistake, and bounds itself in the kernel: no further
//! descriptor, so no file and no socket; no further process; no bytes written to files; no core
//! dumps with states in them; so much more memory than it has. On Linux a filter (`filter`) then refuses
//! every call to the kernel that reckoning does not need.

use std::io;

use rustix::process::{Pid, Resource, Rlimit, Signal, getpid, kill_process, setrlimit};

/// Standard input, output and error.
const DESCRIPTORS: u64 = 3;

/// Gives up what a program could gain by starting another one. This holds for the calling thread
/// and for those that it starts.
pub(super) fn give_up_privileges() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::thread::set_no_new_privs(true)?;
    Ok(())
}

/// Confines this process for ever.
pub(super) fn confine(process_bytes: u64) -> io::Result<()> {
    // Read while files can still be opened.
    #[cfg(target_os = "linux")]
    let data_bytes = data_bytes()?;
    close_others()?;
    bound(Resource::Nofile, DESCRIPTORS)?;
    bound(Resource::Nproc, 0)?;
    bound(Resource::Fsize, 0)?;
    bound(Resource::Core, 0)?;
    // Counts what is written to, not what allocators set aside; where the system has no such
    // bound (it is Linux that has), QuickJS's own has to do.
    #[cfg(target_os = "linux")]
    {
        bound(Resource::Data, data_bytes.saturating_add(process_bytes))?;
        // Where the kernel takes none, what stands above has to do.
        let _is_filtered = super::filter::apply();
    }
    #[cfg(not(target_os = "linux"))]
    let _ = process_bytes;
    Ok(())
}

/// How many bytes of memory this process can write to already: its allocator has set some aside.
#[cfg(target_os = "linux")]
fn data_bytes() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kibibytes = status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmData:")?.strip_suffix("kB")?.trim().parse::<u64>().ok()
        })
        .ok_or_else(|| io::Error::other("/proc/self/status says nothing of VmData"))?;
    Ok(kibibytes * 1024)
}

fn bound(resource: Resource, most: u64) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// Closes every descriptor beside the three pipes, for example one that whoever started the hub
/// had left open.
fn close_others() -> io::Result<()> {
    let open: Vec<i32> = std::fs::read_dir("/dev/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // The reader of the folder stood in it itself, and has been closed since.
        if std::fs::symlink_metadata(format!("/dev/fd/{descriptor}")).is_err() {
            continue;
        }
        // SAFETY: nothing in this process has opened a descriptor that it still uses: the three
        // pipes are left alone, and no other thread opens any.
        #[expect(unsafe_code, reason = "a descriptor that was inherited has no owner in Rust")]
        unsafe {
            rustix::io::close(descriptor);
        }
    }
    Ok(())
}

/// Ends this process at once, whatever its other threads do.
pub(super) fn end() {
    let own: Pid = getpid();
    if kill_process(own, Signal::KILL).is_err() {
        std::process::abort();
    }
}
