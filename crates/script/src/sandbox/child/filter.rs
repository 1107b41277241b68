//! What the kernel still does for a process that runs jobs, where the kernel can be told: it reads and
//! writes its pipes, manages its memory, looks at the clock, waits and ends.
//!
//! A script cannot ask the kernel for anything. This is for one that has broken out of its engine: whatever
//! else it asks for, a file, a socket, another program, another process, memory that it could write code
//! into, is answered by "not permitted". So a call that is missing here by mistake fails, and ends nothing.
//! Where the kernel takes no filter, or the machine is of another kind, the other bounds hold alone.

use std::collections::BTreeMap;

use libc::c_long;
use rustix::process::getpid;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, apply_filter_all_threads,
};

/// What is done whatever its arguments are.
const ALLOWED: &[c_long] = &[
    // The pipes.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_ppoll,
    // Memory, beside what `conditional` looks at.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Time, waiting and turns.
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_futex,
    libc::SYS_gettimeofday,
    libc::SYS_membarrier,
    libc::SYS_nanosleep,
    libc::SYS_restart_syscall,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    // Who one is, chance, and signals to oneself.
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_gettid,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    // The end.
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What is done with certain arguments alone: the call, the number of the argument, and how it must be.
fn conditional() -> [(c_long, u8, SeccompCmpOp, u64); 4] {
    let own = u64::from(getpid().as_raw_nonzero().get().unsigned_abs());
    let executable = u64::from(libc::PROT_EXEC.unsigned_abs());
    [
        (libc::SYS_kill, 0, SeccompCmpOp::Eq, own),
        (libc::SYS_tgkill, 0, SeccompCmpOp::Eq, own),
        (libc::SYS_mmap, 2, SeccompCmpOp::MaskedEq(executable), 0),
        (libc::SYS_mprotect, 2, SeccompCmpOp::MaskedEq(executable), 0),
    ]
}

/// Has the kernel refuse everything else to all threads of this process, for ever. Whether it does.
pub(super) fn apply() -> bool {
    program().is_some_and(|program| apply_filter_all_threads(&program).is_ok())
}

/// The filter, as the kernel reads it; nothing for a machine that it cannot be written for.
fn program() -> Option<BpfProgram> {
    let machine = TargetArch::try_from(std::env::consts::ARCH).ok()?;
    written(machine).ok()
}

#[allow(
    clippy::useless_conversion,
    reason = "the number of a call is shorter on machines of 32 bits"
)]
fn written(machine: TargetArch) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.iter().map(|call| (i64::from(*call), Vec::new())).collect();
    for (call, argument, operator, value) in conditional() {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
        rules.insert(i64::from(call), vec![SeccompRule::new(vec![condition])?]);
    }
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, refused, SeccompAction::Allow, machine)?.try_into()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::{TcpStream, UdpSocket};
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    use seccompiler::apply_filter;

    use super::*;

    /// What one thread finds that goes by the filter; the others of this program go on as they were.
    #[test]
    fn nothing_but_reckoning_is_permitted() {
        let program = program().expect("a filter for this kind of machine");
        let other = rustix::process::getppid().expect("whoever runs the tests");
        let confined = std::thread::spawn(move || {
            if apply_filter(&program).is_err() {
                return None;
            }
            let kept: Vec<u64> = (0..100_000).collect();
            let sum: u64 = kept.iter().sum();
            let refusals = [
                std::fs::File::open("/etc/hostname").map(drop),
                std::fs::read_dir("/").map(drop),
                std::fs::write("/tmp/fieldpost-filter", "x"),
                std::fs::metadata("/etc").map(drop),
                TcpStream::connect("127.0.0.1:9").map(drop),
                UdpSocket::bind("127.0.0.1:0").map(drop),
                UnixStream::pair().map(drop),
                Command::new("/bin/true").status().map(drop),
                std::thread::Builder::new().spawn(|| ()).map(drop),
                rustix::process::kill_process(other, rustix::process::Signal::CONT)
                    .map_err(io::Error::from),
            ];
            let kinds: Vec<_> = refusals
                .into_iter()
                .map(|refusal| refusal.err().map(|error| error.kind()))
                .collect();
            Some((sum, kinds))
        });
        let Some((sum, kinds)) = confined.join().unwrap() else {
            // This kernel takes no filter, and there is nothing to look at.
            assert!(!std::path::Path::new("/proc/sys/kernel/seccomp/actions_avail").exists());
            return;
        };
        assert_eq!(sum, 4_999_950_000);
        assert_eq!(kinds, vec![Some(io::ErrorKind::PermissionDenied); kinds.len()]);
    }
}
