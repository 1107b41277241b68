//! Projects in each of OpenFn's formats, and the way back.

use std::time::Duration;

use fieldpost_model::event::Event;
use fieldpost_model::json::Value;
use fieldpost_model::workflow::{KeepStates, Overlap, Trigger, When, Workflow};

use super::{Document, Imported, read, write};

fn value(json: &str) -> Value<'static> {
    Value::parse(json.as_bytes()).unwrap().into_owned()
}

fn imported(json: &str) -> Imported {
    let files = |path: &str| match path {
        "jobs/load.js" | "flows/load.js" => Ok("fn(state => state);\n".to_owned()),
        _ => Err("not there".to_owned()),
    };
    let documents = [Document { folder: String::new(), value: value(json) }];
    read(&documents, &files).unwrap()
}

fn notes(imported: &Imported) -> Vec<String> {
    imported.notes.iter().map(|note| format!("{}: {}", note.place, note.message)).collect()
}

fn step_ids(workflow: &Workflow) -> Vec<&str> {
    workflow.steps.iter().map(|step| step.id.as_str()).collect()
}

/// The edges as `from>to condition`, those of the start as `>to condition`.
fn edges(workflow: &Workflow) -> Vec<String> {
    let starts = workflow.start.iter().map(|edge| ("", edge));
    let steps = workflow.steps.iter();
    let nexts = steps.flat_map(|step| step.next.iter().map(move |edge| (step.id.as_str(), edge)));
    starts
        .chain(nexts)
        .map(|(from, edge)| {
            let off = if edge.disabled { " off" } else { "" };
            format!("{from}>{} {}{off}", edge.to, super::edges::condition_text(&edge.when))
        })
        .collect()
}

fn section(members: &[(String, Value<'static>)]) -> String {
    Value::object(members.iter().cloned()).to_json()
}

const LEGACY: &str = r#"{
    "name": "Clinic visits",
    "jobs": {
        "Save visit": {"expression": "alterState(s => s)", "language_pack": "@openfn/language-http",
            "trigger": "visits", "credential": "registry"},
        "tell-office": {"expression": "alterState(s => s)", "adaptor": "@openfn/language-common",
            "trigger": "saved"},
        "complain": {"expression": "alterState(s => s)", "adaptor": "@openfn/language-common",
            "trigger": "not-saved"},
        "nightly": {"expression": "file://jobs/load.js", "adaptor": "@openfn/language-postgresql@3.0.1",
            "trigger": "midnight", "credential": "warehouse"},
        "after-nightly": {"expression": "https://example.org/job.js", "adaptor": "common",
            "trigger": {"success": "nightly"}},
        "lonely": {"expression": "fn(s => s)", "trigger": {"success": "gone"}}
    },
    "triggers": {
        "visits": {"criteria": "{\"form\":\"visit\",\"n\":2.0}", "exclusion": {"test": true}},
        "saved": {"success": "Save visit"},
        "not-saved": {"failure": "Save visit"},
        "midnight": {"cron": "0 0 * * *"}
    },
    "credentials": {
        "registry": {"baseUrl": "https://registry.example.org", "username": "hub", "password": "secret-1", "apiKey": "secret-2"},
        "warehouse": {"host": "db.example.org", "port": "5432", "database": "visits", "user": "hub", "password": "secret-3"},
        "old": {"username": "nobody"}
    }
}"#;

#[test]
fn jobs_of_the_first_platform_become_workflows_with_what_runs_after_them() {
    let imported = imported(LEGACY);
    assert_eq!(
        (imported.name.as_str(), imported.title.as_str()),
        ("clinic-visits", "Clinic visits")
    );
    let names: Vec<&str> = imported.workflows.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["save-visit", "nightly"]);
    let [visit, nightly] = imported.workflows.as_slice() else { unreachable!() };
    assert_eq!(step_ids(visit), ["Save-visit", "tell-office", "complain"]);
    assert_eq!(
        edges(visit),
        [
            ">Save-visit always",
            "Save-visit>tell-office on_job_success",
            "Save-visit>complain on_job_failure"
        ]
    );
    assert_eq!(visit.steps[0].adaptors, ["http"]);
    assert_eq!(visit.steps[0].connection.as_deref(), Some("registry"));
    assert_eq!(nightly.steps[0].job, "fn(state => state);\n");
    assert_eq!(nightly.steps[0].adaptors, ["postgresql@3.0.1"]);
}

#[test]
fn a_filter_of_messages_is_taken_over_as_it_is() {
    let imported = imported(LEGACY);
    let Trigger::Event(event) = &imported.workflows[0].trigger else { unreachable!() };
    assert_eq!(event.on, Event::Message);
    assert_eq!(event.filter.from.as_deref(), Some("inbox"));
    assert_eq!(event.filter.matches, Some(value(r#"{"form":"visit","n":2.0}"#)));
    assert_eq!(event.filter.unless, Some(value(r#"{"test":true}"#)));
    assert_eq!(event.reply, None);
    assert_eq!(section(&imported.sources), r#"{"inbox":{"dialect":"json","dedupe":"none"}}"#);
}

#[test]
fn the_cursor_of_a_timed_job_is_its_own_state_and_not_that_of_the_job_after_it() {
    let imported = imported(LEGACY);
    let Trigger::Cron(cron) = &imported.workflows[1].trigger else { unreachable!() };
    assert_eq!(cron.expression, "0 0 * * *");
    assert_eq!(cron.overlap, Overlap::Parallel);
    assert_eq!(cron.cursor_step.as_deref(), Some("nightly"));
}

#[test]
fn credentials_become_connections_without_a_value_of_theirs() {
    let imported = imported(LEGACY);
    assert_eq!(
        section(&imported.connections),
        concat!(
            r#"{"registry":{"url":"https://registry.example.org","auth":{"basic":{"#,
            r#""username":"${REGISTRY_USERNAME}","password":"${REGISTRY_PASSWORD}"}},"#,
            r#""credential":{"apiKey":"${REGISTRY_API_KEY}"}},"#,
            r#""warehouse":{"url":"postgres://${WAREHOUSE_HOST}/${WAREHOUSE_DATABASE}","auth":{"basic":{"#,
            r#""username":"${WAREHOUSE_USERNAME}","password":"${WAREHOUSE_PASSWORD}"}}}}"#,
        )
    );
    let variables: Vec<&str> = imported.variables.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        variables,
        [
            "REGISTRY_USERNAME",
            "REGISTRY_PASSWORD",
            "REGISTRY_API_KEY",
            "WAREHOUSE_HOST",
            "WAREHOUSE_DATABASE",
            "WAREHOUSE_USERNAME",
            "WAREHOUSE_PASSWORD"
        ]
    );
    assert!(!format!("{imported:?}").contains("secret-"));
}

#[test]
fn what_the_first_platform_has_and_is_not_taken_over_is_told() {
    let notes = notes(&imported(LEGACY));
    let expected = [
        "jobs.Save visit.steps.Save visit: is called `Save-visit` here: so is its error in `state.errors`",
        "jobs.after-nightly.expression: names a job that lies elsewhere: fetch it, and put its text here",
        "jobs.lonely: runs after a job that is not there, or that runs after it: left out",
        "credentials.old: no job uses it: left out",
    ];
    for expected in expected {
        assert!(notes.iter().any(|note| note == expected), "{expected}\n{notes:#?}");
    }
}

#[test]
fn a_filter_that_is_no_json_is_told_and_never_becomes_none() {
    let imported = imported(
        r#"{"jobs":{"a":{"expression":"","trigger":"t"}},"triggers":{"t":{"criteria":"{form: 1"}}}"#,
    );
    assert_eq!(imported.workflows[0].trigger, Trigger::Manual);
    assert!(notes(&imported).iter().any(|note| note.contains("filter that is no JSON")));
}

const LIGHTNING: &str = r#"{
    "name": "Births", "description": "of the north", "retention_policy": "erase_all",
    "history_retention_period": 30, "dataclip_retention_period": 7,
    "credentials": {"ann-example-org-DHIS2-play": {"owner": "ann@example.org", "name": "DHIS2 play"}},
    "collections": {"facilities": {"name": "facilities"}},
    "workflows": {
        "Register": {
            "name": "Register births", "concurrency": 3,
            "jobs": {
                "Load": {"name": "Load it", "adaptor": "@openfn/language-dhis2@latest",
                    "credential": "ann-example-org-DHIS2-play", "body": {"path": "./jobs/load.js"}},
                "Report": {"name": "Report", "adaptor": "@openfn/language-common@latest", "body": "fn(s => s)"}
            },
            "triggers": {"webhook": {"type": "webhook", "enabled": false, "custom_path": "births",
                "webhook_reply": "after_completion", "webhook_response_config": {"error_code": 422}}},
            "edges": {
                "webhook->Load": {"source_trigger": "webhook", "target_job": "Load",
                    "condition_type": "js_expression", "condition_expression": "state.data.born\n", "enabled": true},
                "Load->Report": {"source_job": "Load", "target_job": "Report",
                    "condition_type": "on_job_failure", "condition_label": "went wrong", "enabled": false}
            }
        },
        "Nightly": {
            "name": "Nightly",
            "jobs": {"Pull": {"name": "Pull", "adaptor": "@openfn/language-common@1.2.0", "body": "fn(s => s)"}},
            "triggers": {"cron": {"type": "cron", "enabled": false, "cron_expression": "15 3 * * *",
                "cron_cursor_job": "Pull"}},
            "edges": {"cron->Pull": {"source_trigger": "cron", "target_job": "Pull", "condition_type": "always", "enabled": true}}
        },
        "Stream": {
            "name": "Stream",
            "jobs": {"Take": {"name": "Take", "adaptor": "@openfn/language-common@latest", "body": "fn(s => s)",
                "keychain_credential_id": "k"}},
            "triggers": {"kafka": {"type": "kafka", "kafka_configuration": {"topics": ["a"]}}},
            "edges": {"kafka->Take": {"source_trigger": "kafka", "target_job": "Take", "condition_type": "always"}}
        }
    }
}"#;

#[test]
fn workflows_of_lightning_keep_their_edges_triggers_and_limits() {
    let imported = imported(LIGHTNING);
    let [register, nightly, stream] = imported.workflows.as_slice() else { unreachable!() };
    assert_eq!(
        (register.name.as_str(), register.title.as_str()),
        ("register-births", "Register births")
    );
    assert_eq!(register.concurrency, Some(3));
    assert_eq!(register.keep, KeepStates::Nothing);
    assert_eq!(edges(register), [">Load state.data.born", "Load>Report on_job_failure off"]);
    assert_eq!(register.steps[0].next[0].label, "went wrong");
    assert_eq!(register.steps[0].name, "Load it");
    assert_eq!(register.steps[0].job, "fn(state => state);\n");
    let Trigger::Event(event) = &register.trigger else { unreachable!() };
    let reply = event.reply.unwrap();
    assert_eq!((reply.success_code, reply.error_code), (201, 422));
    let Trigger::Cron(cron) = &nightly.trigger else { unreachable!() };
    assert_eq!(
        (cron.expression.as_str(), cron.cursor_step.as_deref()),
        ("15 3 * * *", Some("Pull"))
    );
    assert!(nightly.paused && !register.paused);
    assert!(matches!(stream.trigger, Trigger::Event(_)));
    assert_eq!(
        section(&imported.sources),
        concat!(
            r#"{"register-births":{"dialect":"json","dedupe":"none","path":"births","enabled":false},"#,
            r#""stream":{"dialect":"json","dedupe":"none","enabled":false}}"#,
        )
    );
    assert_eq!(
        imported.retention,
        [("messages", Value::from("30d")), ("bodies", Value::from("7d"))]
    );
    let names: Vec<&str> = imported.connections.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["dhis2-play"]);
    for expected in [
        "kafka_configuration: is not taken over",
        "there is no `kafka` here",
        "by a value of the state",
        "collections.facilities",
    ] {
        assert!(notes(&imported).iter().any(|note| note.contains(expected)), "{expected}");
    }
}

#[test]
fn a_project_as_the_server_gives_it_is_read_by_its_ids() {
    let imported = imported(
        r#"{"id":"3f2504e0-4f89-41d3-9a0c-0305e82c3301","name":"births",
        "project_credentials":[{"id":"9a0c0000-0000-4000-8000-000000000009","name":"Registry","owner":"ann@example.org"}],
        "workflows":[{"id":"3f2504e0-0000-41d3-9a0c-000000000002","name":"Register","lock_version":4,
            "jobs":[{"id":"j1","name":"Load it","adaptor":"@openfn/language-http@7.2.0","body":"get('/')",
                     "project_credential_id":"9a0c0000-0000-4000-8000-000000000009"},
                    {"id":"j2","name":"Tell","adaptor":"@openfn/language-common@latest","body":"fn(s => s)"}],
            "triggers":[{"id":"3f2504e0-4f89-41d3-9a0c-0305e82c3302","type":"webhook","enabled":true}],
            "edges":[{"id":"e1","source_trigger_id":"3f2504e0-4f89-41d3-9a0c-0305e82c3302","target_job_id":"j1","condition_type":"always","enabled":true},
                     {"id":"e2","source_job_id":"j1","target_job_id":"j2","condition_type":"on_job_success","enabled":true}]}]}"#,
    );
    let workflow = &imported.workflows[0];
    assert_eq!(step_ids(workflow), ["Load-it", "Tell"]);
    assert_eq!(edges(workflow), [">Load-it always", "Load-it>Tell on_job_success"]);
    assert_eq!(workflow.steps[0].connection.as_deref(), Some("registry"));
    // Senders that post to `/i/<id>` need another host alone.
    assert_eq!(
        section(&imported.sources),
        r#"{"register":{"dialect":"json","dedupe":"none","id":"3f2504e0-4f89-41d3-9a0c-0305e82c3302"}}"#
    );
    assert_eq!(notes(&imported), Vec::<String>::new());
}

#[test]
fn jobs_of_the_first_platform_that_are_switched_off_do_not_run() {
    for key in ["enabled", "autoprocess"] {
        let json = r#"{"jobs": {
            "off": {"expression": "fn(s => s)", "adaptor": "common", "trigger": {"criteria": {"a": 1}}, "KEY": false},
            "after": {"expression": "fn(s => s)", "adaptor": "common", "trigger": {"success": "on"}, "KEY": false},
            "on": {"expression": "fn(s => s)", "adaptor": "common", "trigger": {"criteria": {"a": 2}}, "KEY": true}
        }}"#;
        let imported = imported(&json.replace("KEY", key));
        let paused: Vec<_> = imported
            .workflows
            .iter()
            .map(|workflow| (workflow.name.as_str(), workflow.paused))
            .collect();
        assert_eq!(paused, [("off", true), ("on", false)], "{key}");
        assert_eq!(
            edges(&imported.workflows[1]),
            [">on always", "on>after on_job_success off"],
            "{key}"
        );
        let notes = notes(&imported);
        for expected in ["jobs.off: does not run by itself", "jobs.after: does not run by itself"] {
            assert!(notes.iter().any(|note| note.starts_with(expected)), "{key}: {notes:?}");
        }
    }
}

#[test]
fn no_two_connections_share_a_variable() {
    let imported = imported(
        r#"{"jobs": {
            "one": {"expression": "fn(s => s)", "adaptor": "http", "credential": "a-b", "trigger": {"criteria": {}}},
            "two": {"expression": "fn(s => s)", "adaptor": "http", "credential": "a_b", "trigger": {"criteria": {}}},
            "three": {"expression": "fn(s => s)", "adaptor": "http", "credential": "A b", "trigger": {"criteria": {}}}
        }}"#,
    );
    let names: Vec<&str> = imported.variables.iter().map(|one| one.name.as_str()).collect();
    let unique: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!((names.len(), unique.len()), (9, 9), "{names:?}");
    assert_eq!(names[..4], ["A_B_URL", "A_B_USERNAME", "A_B_PASSWORD", "A_B_URL_2"]);
    let written = section(&imported.connections);
    for name in names {
        assert_eq!(written.matches(&format!("${{{name}}}")).count(), 1, "{name}: {written}");
    }
}

const PORTABLE: &str = r#"{
    "id": "births", "name": "Births", "schema_version": "4.0",
    "credentials": [{"owner": "ann@example.org", "name": "Registry"}],
    "workflows": [
        {"id": "register", "name": "Register births", "start": "hook", "options": {"timeout": 60000, "run_memory_limit_mb": 512},
         "steps": [
            {"id": "hook", "type": "webhook", "enabled": true, "webhook_reply": "before_start",
             "openfn": {"uuid": "3f2504e0-4f89-41d3-9a0c-0305e82c3302"},
             "next": {"load": {"condition": "state.data.form === 'birth'"}, "count": true}},
            {"id": "load", "name": "Load", "adaptor": "@openfn/language-http@7.2.0", "expression": "./jobs/load.js",
             "configuration": "ann@example.org|Registry",
             "next": {"tell": {"condition": "on_job_failure", "label": "went wrong"}, "count": {"condition": "!state.errors", "disabled": true}}},
            {"id": "count", "adaptor": "@openfn/language-common@latest", "expression": "fn(state => state);"},
            {"id": "tell", "adaptor": "@openfn/language-common@latest", "expression": "fn(state => state);"}
         ]},
        {"id": "nightly", "start": "cron", "steps": [
            {"id": "cron", "type": "cron", "enabled": true, "cron_expression": "0 1 * * *", "cron_cursor_job_id": "pull", "next": "pull"},
            {"id": "pull", "adaptor": "@openfn/language-common@latest", "expression": "fn(state => state);"}]}
    ]
}"#;

#[test]
fn the_portable_project_is_read_with_the_address_of_its_webhook() {
    let imported = imported(PORTABLE);
    let [register, nightly] = imported.workflows.as_slice() else { unreachable!() };
    assert_eq!(step_ids(register), ["load", "count", "tell"]);
    assert_eq!(
        edges(register),
        [
            ">load state.data.form === 'birth'",
            ">count always",
            "load>tell on_job_failure",
            "load>count !state.errors off"
        ]
    );
    assert_eq!(register.timeout, Some(Duration::from_mins(1)));
    assert_eq!(register.steps[0].memory_bytes, Some(512_000_000));
    assert_eq!(register.steps[0].connection.as_deref(), Some("registry"));
    assert_eq!(edges(nightly), [">pull always"]);
    assert!(section(&imported.sources).contains("3f2504e0-4f89-41d3-9a0c-0305e82c3302"));
    assert_eq!(notes(&imported), Vec::<String>::new());
}

#[test]
fn what_was_read_is_written_and_read_again_as_the_same() {
    for file in [PORTABLE, LIGHTNING] {
        let once = imported(file);
        let exported = write(&once.name, &once.title, &once.workflows, Some("ann@example.org"));
        let again = imported(&exported.value.to_json());
        let comparable = |imported: &Imported| -> Vec<Workflow> {
            let all = imported.workflows.iter().cloned();
            // What is kept is settled for the project there; a switch of a webhook is the source's.
            all.map(|workflow| Workflow { keep: KeepStates::All, ..workflow }).collect()
        };
        assert_eq!(comparable(&again), comparable(&once));
        assert_eq!(again.name, once.name);
    }
}

#[test]
fn a_filter_of_messages_is_written_as_a_condition() {
    let once = imported(LEGACY);
    let exported = write(&once.name, &once.title, &once.workflows, None);
    let again = imported(&exported.value.to_json());
    let When::Expression(condition) = &again.workflows[0].start[0].when else { unreachable!() };
    assert_eq!(
        condition,
        r#"state.data?.form === "visit" && state.data?.n === 2.0 && !(state.data?.test === true)"#
    );
}

#[track_caller]
fn check_filter(filter: &str, condition: &str) {
    let mut workflow = imported(LEGACY).workflows.swap_remove(0);
    workflow.trigger = super::reader::message("inbox", Some(value(filter)), None, None);
    let exported = write("p", "", &[workflow], None);
    let again = imported(&exported.value.to_json());
    let start = &again.workflows[0].start[0].when;
    assert_eq!(super::edges::condition_text(start), condition);
}

#[test]
fn each_kind_of_filter_has_a_condition() {
    check_filter("{}", "always");
    check_filter(r#"{"form":{"@xmlns":"x"}}"#, r#"state.data?.form?.["@xmlns"] === "x""#);
    check_filter(
        r#"{"data":[{"a":1,"b":2}]}"#,
        "(Array.isArray(state.data?.data) && state.data?.data.some(item1 => item1?.a === 1 && item1?.b === 2))",
    );
    check_filter(r#"{"tags":[]}"#, "Array.isArray(state.data?.tags)");
    check_filter(
        r#"{"a":{}}"#,
        r#"(state.data?.a && typeof state.data?.a === "object" && !Array.isArray(state.data?.a))"#,
    );
}

#[test]
fn what_openfn_has_no_word_for_is_told_and_is_off() {
    let mut workflow = imported(PORTABLE).workflows.swap_remove(0);
    let Trigger::Event(event) = &mut workflow.trigger else { unreachable!() };
    event.on = Event::Case;
    let exported = write("p", "", &[workflow], None);
    let notes: Vec<&str> = exported.notes.iter().map(|note| note.message.as_str()).collect();
    assert!(notes[0].contains("OpenFn has no such event"), "{notes:?}");
    let json = exported.value.to_json();
    assert!(json.contains(r#""type":"webhook","enabled":false"#), "{json}");
}

#[test]
fn a_workflow_for_the_command_line_is_read_as_it_runs_there() {
    let imported = imported(
        r#"{"workflow":{"name":"Count them","steps":[
            {"id":"a","expression":"./jobs/load.js","adaptors":["http@7"],"configuration":{"baseUrl":"https://example.org","access_token":"secret-9"},
             "state":{"data":{}},"next":{"b":{}, "c":"state.data.x"}},
            {"expression":"fn(s => s)","id":"b"},{"expression":"fn(s => s)","id":"c"}]},
          "options":{"start":"a","timeout":5000}}"#,
    );
    let workflow = &imported.workflows[0];
    assert_eq!((workflow.name.as_str(), workflow.title.as_str()), ("count-them", "Count them"));
    assert_eq!(workflow.trigger, Trigger::Manual);
    assert_eq!(edges(workflow), [">a always", "a>b always off", "a>c state.data.x"]);
    assert_eq!(workflow.timeout, Some(Duration::from_secs(5)));
    assert_eq!(
        section(&imported.connections),
        r#"{"a":{"url":"https://example.org","auth":{"bearer":"${A_TOKEN}"}}}"#
    );
    assert!(notes(&imported).iter().any(|note| note.contains("no state of its own")));
    assert!(notes(&imported).iter().any(|note| note.contains("has no condition")));
    assert!(!format!("{imported:?}").contains("secret-9"));
}

#[test]
fn a_workflow_in_a_folder_of_its_own_finds_its_jobs_there() {
    let files = |path: &str| match path {
        "workflows/births/load.js" => Ok("// found\n".to_owned()),
        _ => Err("not there".to_owned()),
    };
    let documents = [Document {
        folder: "workflows/births/".to_owned(),
        value: value(
            r#"{"id":"births","start":"load","steps":[{"id":"load","expression":"./load.js"},{"id":"gone","expression":"./gone.js"}]}"#,
        ),
    }];
    let imported = read(&documents, &files).unwrap();
    assert_eq!(imported.workflows[0].steps[0].job, "// found\n");
    assert_eq!(
        notes(&imported),
        [
            "workflows.births.steps.gone.expression: the file `gone.js` cannot be read (not there): the job is empty"
        ]
    );
}

#[test]
fn what_is_no_project_is_refused() {
    let none = |_: &str| Err(String::new());
    for json in ["[]", "{}", r#"{"workflows":{}}"#, r#"{"jobs":{}}"#, "7"] {
        let documents = [Document { folder: String::new(), value: value(json) }];
        assert!(read(&documents, &none).is_err(), "{json}");
    }
}

#[test]
fn a_project_is_read_as_the_server_answers_it() {
    let plain = r#"{"name": "clinic", "concurrency": 3, "workflows": [
        {"id": "w", "name": "Births", "jobs": [{"id": "j", "name": "Load", "body": "fn(s => s)"}]}]}"#;
    let wrapped = imported(&format!(r#"{{"data": {plain}}}"#));
    assert_eq!(wrapped, imported(plain));
    assert_eq!((wrapped.name.as_str(), step_ids(&wrapped.workflows[0])), ("clinic", vec!["Load"]));
    assert_eq!(
        notes(&wrapped)[0],
        "concurrency: there is none of a whole project here: write `concurrency` into its workflows"
    );
}

#[test]
fn a_workspace_names_its_project() {
    let named = imported(
        r#"{"project": {"id": "clinic-visits", "name": "Clinic visits"},
            "workflows": [{"id": "w", "steps": [{"id": "a", "expression": "fn(s => s)"}]}]}"#,
    );
    assert_eq!((named.name.as_str(), named.title.as_str()), ("clinic-visits", "Clinic visits"));
}

#[test]
fn a_project_file_of_our_own_is_no_project_of_openfn() {
    for own in [
        r#"{"project": "clinic", "workflows": {"w": {"steps": {"a": {"job": ""}}}}}"#,
        r#"{"project": "clinic", "sources": {"kobo": {}}}"#,
    ] {
        let documents = [Document { folder: String::new(), value: value(own) }];
        let refused = read(&documents, &|_| Err(String::new())).unwrap_err();
        assert!(refused.message.contains("`fieldpost apply`"), "{refused:?}");
    }
}
