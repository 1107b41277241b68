//! Project files with workflows: jobs in files of their own, and what is said when they change.

use std::fs;
use std::process::Command;

use crate::world::{Hub, fieldpost, folder, run, write};

const FILE: &str = "\
project: clinic
sources:
  forms: { dialect: json, secret: secret-of-the-inbox-1 }
workflows:
  register:
    trigger: { source: forms }
    steps:
      load: { adaptor: common, job: jobs/load.js, next: { tell: '`${state.data.x}` !== \"1\"' } }
      tell: { adaptor: common, job: 'fn(state => ({ ...state, told: `${state.data.name}` }))' }
";

const JOB: &str = "\
fn(state => {
  const path = `/people/${state.data.id}`;
  return { ...state, path };
});
";

/// What a command says that fails.
fn refused(command: &mut Command) -> String {
    let said = run(command);
    assert_ne!(said.code, Some(0), "{}", said.output);
    said.errors
}

#[tokio::test]
async fn jobs_are_read_from_files_and_told_line_by_line() {
    let folder = folder();
    let file = write(folder.path(), "clinic.yaml", FILE);
    fs::create_dir(folder.path().join("jobs")).unwrap();
    let job = write(&folder.path().join("jobs"), "load.js", JOB);
    let hub = Hub::start(&folder.path().join("data"), ["--project", file.to_str().unwrap()]);

    // What is exported has the job in it, and changes nothing.
    let exported = run(&mut hub.command(["export", "clinic"])).well();
    assert!(exported.contains("const path = `/people/${state.data.id}`;\n"), "{exported}");
    assert!(exported.contains("`${state.data.name}`"), "{exported}");
    let again = write(folder.path(), "again.yaml", &exported);
    let told = run(hub.command(["apply", "--dry-run"]).arg(&again)).well();
    assert!(!told.contains("register"), "{told}");

    fs::write(&job, JOB.replace("/people/", "/persons/")).unwrap();
    let told = run(hub.command(["apply", "--dry-run"]).arg(&file)).well();
    let line = "steps.load.job line 2:   const path = `/people/${state.data.id}`; →   const path = \
                `/persons/${state.data.id}`;";
    assert!(told.contains(line), "{told}");

    fs::write(&job, "fn(state => {\n").unwrap();
    let told = refused(hub.command(["apply"]).arg(&file));
    assert!(told.contains("workflows.register.steps.load.job"), "{told}");
    assert!(told.contains("(line 2, column 1)") && told.contains("job-syntax"), "{told}");

    for (name, why) in [("jobs/none.js", "[bad-job-file]"), ("../load.js", "outside that folder")] {
        let other = write(folder.path(), "other.yaml", &FILE.replace("jobs/load.js", name));
        let told = refused(hub.command(["apply"]).arg(&other));
        assert!(told.contains("workflows.register.steps.load.job") && told.contains(why), "{told}");
    }
}

#[tokio::test]
async fn jobs_are_exported_into_files_of_their_own() {
    let folder = folder();
    let file = write(folder.path(), "clinic.yaml", FILE);
    fs::create_dir(folder.path().join("jobs")).unwrap();
    write(&folder.path().join("jobs"), "load.js", JOB);
    let hub = Hub::start(&folder.path().join("data"), ["--project", file.to_str().unwrap()]);

    let there = folder.path().join("there");
    fs::create_dir(&there).unwrap();
    let said = run(hub.command(["export", "clinic", "--jobs", "jobs"]).current_dir(&there));
    assert_eq!(said.errors, "written: jobs/register/load.js\nwritten: jobs/register/tell.js\n");
    let exported = said.well();
    assert!(exported.contains("job: jobs/register/load.js\n"), "{exported}");
    assert_eq!(fs::read_to_string(there.join("jobs/register/load.js")).unwrap(), JOB);

    // It is the same project, and stays it where a job is changed in its file alone.
    let again = write(&there, "again.yaml", &exported);
    let told = run(hub.command(["apply", "--dry-run"]).arg(&again)).well();
    assert!(!told.contains("register"), "{told}");

    let said = refused(hub.command(["export", "clinic", "--jobs", "../jobs"]).current_dir(&there));
    assert!(said.contains("lies outside the folder of the project file"), "{said}");
}

/// A job, an edge and a step are wrong in ways of their own, beside what has nothing to do with them.
const BROKEN: &str = "\
project: clinic
language: xx
workflows:
  unread:
    timeout: soon
    steps:
      a: { job: 'fn(state => {', timeout: later, next: { b: 'state.data.' } }
      b: { job: jobs/broken.js }
      c: { job: jobs/fine.js }
      d: { job: jobs/none.js }
";

#[test]
fn jobs_that_do_not_compile_are_told_with_all_that_is_wrong() {
    let folder = folder();
    fs::create_dir(folder.path().join("jobs")).unwrap();
    write(&folder.path().join("jobs"), "broken.js", "fn(s => s);\nget(;\n");
    write(&folder.path().join("jobs"), "fine.js", "fn(s => s);\n");
    let file = write(folder.path(), "clinic.yaml", BROKEN);
    let told = refused(fieldpost(["apply"]).arg(&file).current_dir(folder.path()));
    let places = [
        "language: ",
        "workflows.unread.timeout: ",
        "workflows.unread.steps.a.job: The job is not valid JavaScript",
        "workflows.unread.steps.a.timeout: ",
        "workflows.unread.steps.a.next.b: The condition is not valid JavaScript",
        "workflows.unread.steps.b.job: The job is not valid JavaScript",
        "workflows.unread.steps.d.job: the file `jobs/none.js` cannot be used",
    ];
    let found = places.map(|part| told.find(part).unwrap_or_else(|| panic!("{part}: {told}")));
    assert!(found.is_sorted(), "{told}");
    for place in ["steps.a.job", "steps.b.job", "steps.d.job"] {
        assert_eq!(told.matches(place).count(), 1, "{place}: {told}");
    }
    assert!(told.contains("(line 2, column 5)") && !told.contains("steps.c"), "{told}");

    // A hub that is asked says the same.
    let whole = BROKEN.lines().filter(|line| !line.contains("none.js"));
    let file = write(folder.path(), "whole.yaml", &whole.collect::<Vec<_>>().join("\n"));
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let by_hub = refused(hub.command(["apply"]).arg(&file));
    for part in &places[..6] {
        assert!(by_hub.contains(part), "{part}: {by_hub}");
    }
}

#[test]
fn an_adaptor_that_is_not_here_is_warned_of_with_the_one_that_was_meant() {
    let folder = folder();
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let text = "project: clinic\nworkflows: { w: { steps: { a: { adaptor: dhsi2, job: 'fn(s => s);' } } } }\n";
    let file = write(folder.path(), "clinic.yaml", text);
    let said = run(hub.command(["apply"]).arg(&file));
    let expected = "warning: workflows.w.steps.a.adaptor: There is no adaptor \"dhsi2\". [no-such-adaptor]\n  \
                    hint: Did you mean `dhis2`?\n";
    assert!(said.errors.contains(expected), "{said:?}");
    said.well();
    let applied = run(hub.command(["apply", "--dry-run", "--json"]).arg(&file)).json();
    assert_eq!(applied[0]["warnings"][0]["hint"], "Did you mean `dhis2`?", "{applied}");
}
