//! The runner of jobs by itself. The hub has it as a command of its own, `fieldpost job-runner`;
//! this program is the same for the tests of this crate, which do not build the hub.

use fieldpost_script::sandbox::{RunnerError, run_child};

fn main() -> Result<(), RunnerError> {
    run_child()
}
