//! The hub's own program as the process that runs jobs.

use std::ffi::OsString;
use std::process::Command;

use fieldpost_script::sandbox::{NoHost, Pool, PoolSettings, Work};
use serde_json::value::RawValue;

#[tokio::test]
async fn the_program_runs_steps_for_a_hub() {
    let program = env!("CARGO_BIN_EXE_fieldpost");
    let mut settings = PoolSettings::new(program, [OsString::from("job-runner")]);
    settings.workers = 1;
    let pool = Pool::new(settings);
    let code = "export default [state => ({ ...state, n: state.data.n + 1 })]";
    for n in 0..3 {
        let state = RawValue::from_string(format!(r#"{{"data":{{"n":{n}}}}}"#)).unwrap();
        let outcome = pool.step(Work::new("a", code, state), &NoHost).await;
        let state = outcome.state.unwrap_or_else(|| panic!("{:?}", outcome.error));
        assert_eq!(state.get(), format!(r#"{{"data":{{"n":{n}}},"n":{}}}"#, n + 1));
    }
}

#[test]
fn the_command_says_whom_it_is_for() {
    let output = Command::new(env!("CARGO_BIN_EXE_fieldpost")).arg("job-runner").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("started by the hub alone"), "{said}");
}
