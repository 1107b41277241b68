//! Moving from OpenFn and back: projects become project files that a hub takes, and go out again.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::world::{Hub, check_failure, fieldpost, folder, run, write};

/// A project of OpenFn's first platform.
const LEGACY: &str = r#"jobs:
  save-visit:
    expression: >
      alterState(state => {
        console.log(`visit of ${state.data.name}`);
        return state;
      });
    language_pack: '@openfn/language-common'
    trigger: visits
    credential: registry
  tell:
    expression: alterState(state => state);
    language_pack: '@openfn/language-common'
    trigger: not-saved
  nightly:
    expression: file://jobs/nightly.js
    adaptor: '@openfn/language-common'
    trigger: every-night
triggers:
  visits:
    criteria: '{"form":"visit"}'
  not-saved:
    failure: save-visit
  every-night:
    cron: '0 1 * * *'
credentials:
  registry:
    baseUrl: https://registry.example.org
    username: hub
    password: a-password-of-theirs
"#;

fn import<'a>(
    folder: &Path,
    arguments: impl IntoIterator<Item = &'a str>,
) -> std::process::Command {
    let mut command = fieldpost(["import", "openfn"].into_iter().chain(arguments));
    command.current_dir(folder);
    command
}

#[test]
fn a_project_of_the_first_platform_is_imported_applied_and_exported() {
    let folder = folder();
    let jobs = folder.path().join("jobs");
    fs::create_dir(&jobs).unwrap();
    write(&jobs, "nightly.js", "fn(state => state);\n");
    write(folder.path(), "project.yaml", LEGACY);
    let said = run(&mut import(folder.path(), ["project.yaml", "--project", "clinic"]));
    let file = said.output.clone();
    assert!(
        said.errors.contains("clinic: 2 workflows, 1 source, 1 connection; 2 variables to set"),
        "{said:?}"
    );
    assert!(file.contains("password: \"${REGISTRY_PASSWORD}\""), "{file}");
    assert!(
        file.contains("#   REGISTRY_PASSWORD: the password of the connection registry"),
        "{file}"
    );
    assert!(!file.contains("a-password-of-theirs"), "{file}");
    said.well();

    let data = folder.path().join("data");
    let hub = Hub::start(&data, [""; 0]);
    let path = write(folder.path(), "clinic.yaml", &file);
    let mut command = hub.command(["apply"]);
    command.arg(&path).env("REGISTRY_USERNAME", "hub").env("REGISTRY_PASSWORD", "pass");
    let applied = run(&mut command).well();
    assert!(applied.contains("changes made"), "{applied}");

    // What a job says in `${…}` is the job's own.
    let exported = run(&mut hub.command(["export", "clinic", "--format", "openfn", "--json"]));
    let project: Value = serde_json::from_str(&exported.output).unwrap();
    assert_eq!(project["schema_version"], "4.0");
    let workflows = project["workflows"].as_array().unwrap();
    let visits = workflows.iter().find(|workflow| workflow["id"] == "save-visit").unwrap();
    let steps = visits["steps"].as_array().unwrap();
    let saving = steps.iter().find(|step| step["id"] == "save-visit").unwrap();
    assert!(saving["expression"].as_str().unwrap().contains("`visit of ${state.data.name}`"));
    let condition = &steps[0]["next"]["save-visit"]["condition"];
    assert_eq!(condition, "state.data?.form === \"visit\"");
    assert!(exported.errors.contains("name an owner"), "{exported:?}");

    // What was exported as YAML is what OpenFn's project is imported from.
    let mut command =
        hub.command(["export", "clinic", "--format", "openfn", "--owner", "ann@example.org"]);
    let portable = run(&mut command).well();
    write(folder.path(), "portable.yaml", &portable);
    let again = run(&mut import(folder.path(), ["portable.yaml"])).well();
    for part in ["save-visit", "`visit of ${state.data.name}`", "tell: on_job_failure", "cron: "] {
        assert!(again.contains(part), "{part}\n{again}");
    }
}

#[test]
fn an_expanded_project_is_imported_with_its_jobs_in_files_of_their_own() {
    let folder = folder();
    let births = folder.path().join("project/workflows/births");
    fs::create_dir_all(&births).unwrap();
    write(
        &folder.path().join("project"),
        "openfn.yaml",
        "project:\n  id: x\ndirs:\n  workflows: workflows\n",
    );
    fs::create_dir_all(folder.path().join("project/.openfn")).unwrap();
    write(
        &folder.path().join("project/.openfn"),
        "checkout.yaml",
        "id: births-project\nname: Births\n",
    );
    write(
        &births,
        "births.yaml",
        "id: births\nname: Births\nstart: webhook\nsteps:\n  - id: webhook\n    type: webhook\n    next:\n      load:\n        condition: always\n  - id: load\n    adaptor: '@openfn/language-common@latest'\n    expression: ./load.js\n",
    );
    write(&births, "load.js", "fn(state => state);\n");
    let arguments = ["project", "-o", "out/births.yaml"];
    let said = run(&mut import(folder.path(), arguments));
    assert_eq!((said.code, said.output.as_str()), (Some(0), ""), "{said:?}");
    let file = fs::read_to_string(folder.path().join("out/births.yaml")).unwrap();
    assert!(file.contains("project: births-project"), "{file}");
    assert!(file.contains("job: jobs/births/load.js"), "{file}");
    let job = fs::read_to_string(folder.path().join("out/jobs/births/load.js")).unwrap();
    assert_eq!(job, "fn(state => state);\n");

    // Nothing is written over unless it is said.
    check_failure(
        &mut import(folder.path(), arguments),
        2,
        "error: out/births.yaml is there already\nhint: give --force to write over it",
    );
    run(&mut import(folder.path(), arguments.into_iter().chain(["--force"]))).well();

    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let applied = run(hub.command(["apply"]).arg(folder.path().join("out/births.yaml"))).well();
    assert!(applied.contains("changes made"), "{applied}");
}

#[test]
fn a_job_outside_of_the_project_is_not_read() {
    let folder = folder();
    write(folder.path(), "secret.js", "// a-secret-of-the-machine\n");
    let project = folder.path().join("project");
    fs::create_dir(&project).unwrap();
    write(
        &project,
        "workflow.json",
        r#"{"workflow":{"name":"w","steps":[{"id":"a","adaptors":["common"],"expression":"../secret.js"}]}}"#,
    );
    let said = run(&mut import(&project, ["."]));
    assert!(said.errors.contains("it lies outside of the project's folder"), "{said:?}");
    assert!(!said.output.contains("a-secret-of-the-machine"), "{said:?}");
}

#[test]
fn what_is_no_project_of_openfn_is_refused() {
    let folder = folder();
    write(folder.path(), "other.yaml", "project: clinic\nsources: {}\n");
    let said = run(&mut import(folder.path(), ["other.yaml"]));
    assert_eq!(said.code, Some(1), "{said:?}");
    let expected = "other.yaml is no project of OpenFn: it is a project file of Fieldpost already";
    assert!(said.errors.contains(expected), "{said:?}");
    let said = run(&mut import(folder.path(), ["."]));
    assert!(said.errors.contains("there is no project in this folder"), "{said:?}");
}
