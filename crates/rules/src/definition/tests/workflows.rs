//! Workflows: what is read, what is refused and how, and what is written back.

use fieldpost_model::workflow::{
    CatchUp, CronTrigger, Edge, EventTrigger, Join, KeepStates, Overlap, Reply, RunOrder, Step,
    StepRetry, Trigger, Trouble, When, Workflow,
};

use super::*;

/// A workflow with everything that can be said.
const REGISTER: &str = r#"
title: Register births
trigger: { source: kobo, match: { form: births }, unless: { test: true }, headers: { X-Form: 1 }, query: { a: b }, reply: { success_code: 200, error_code: 422 } }
start: { load: always, other: "state.data.x === 1" }
paused: true
concurrency: 4
order_by: workflow
join: all
timeout: 5m
keep: failed
steps:
  load:
    name: Load
    adaptor: dhis2
    connection: dhis2
    job: "create('events', $.data)\n"
    next: { report: on_job_failure, more: { condition: "state.data.x", label: big, disabled: true } }
    retry: { tries: 3, first: 10s, factor: 2, max: 2h }
    timeout: 1m
    memory: 64MiB
  report: { adaptor: [http, "common@3.3.4"], connection: ops, job: "post('/alerts', $.errors)" }
  more: { job: "", next: other }
  other: { adaptor: common, job: fn(state => state), retry: {} }
"#;

fn workflow(text: &str) -> Workflow {
    read_workflow("w", &value_of(text)).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

/// A workflow of one step with these further keys.
fn one_step(keys: &str) -> String {
    format!("{keys}\nsteps: {{ a: {{ job: '' }} }}\n")
}

/// The problems of a workflow: path, code, and the sentence with its hint.
#[track_caller]
fn check_refused(text: &str, path: &str, code: &str, words: &str) {
    let problems = read_workflow("w", &value_of(text)).expect_err(text);
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let found = problems.iter().zip(&told).find(|(problem, told)| {
        problem.path.trim_start_matches("workflows.w").trim_start_matches('.') == path
            && problem.code == code
            && told.contains(words)
    });
    assert!(found.is_some(), "{text}\n{}", told.join("\n"));
    assert_eq!(problems.len(), 1, "{}", told.join("\n"));
    assert!(CODES.contains(&code), "{code}");
}

fn edge(to: &str, when: When) -> Edge {
    Edge { to: to.to_owned(), when, label: String::new(), disabled: false }
}

#[test]
fn everything_of_a_workflow_is_read() {
    let step = |id: &str, adaptors: &[&str], job: &str, next| Step {
        id: id.to_owned(),
        name: String::new(),
        adaptors: adaptors.iter().map(|it| (*it).to_owned()).collect(),
        connection: None,
        job: job.to_owned(),
        next,
        retry: None,
        timeout: None,
        memory_bytes: None,
    };
    let pairs = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
    let json = |text: &str| Some(Value::parse(text.as_bytes()).unwrap().into_owned());
    let expected = Workflow {
        name: "w".to_owned(),
        title: "Register births".to_owned(),
        trigger: Trigger::Event(EventTrigger {
            on: Event::Message,
            filter: fieldpost_model::forwarder::MessageFilter {
                from: Some("kobo".to_owned()),
                matches: json(r#"{"form":"births"}"#),
                unless: json(r#"{"test":true}"#),
                headers: pairs("x-form", "1"),
                query: pairs("a", "b"),
                ..Default::default()
            },
            format: Format::Json,
            reply: Some(Reply { success_code: 200, error_code: 422 }),
        }),
        paused: true,
        start: vec![
            edge("load", When::Always),
            edge("other", When::Expression("state.data.x === 1".to_owned())),
        ],
        steps: vec![
            Step {
                name: "Load".to_owned(),
                connection: Some("dhis2".to_owned()),
                retry: Some(StepRetry {
                    tries: 3,
                    first: Duration::from_secs(10),
                    factor: 2.0,
                    max: Duration::from_hours(2),
                }),
                timeout: Some(Duration::from_mins(1)),
                memory_bytes: Some(64 << 20),
                ..step(
                    "load",
                    &["dhis2"],
                    "create('events', $.data)\n",
                    vec![
                        edge("report", When::OnJobFailure),
                        Edge {
                            label: "big".to_owned(),
                            disabled: true,
                            ..edge("more", When::Expression("state.data.x".to_owned()))
                        },
                    ],
                )
            },
            Step {
                connection: Some("ops".to_owned()),
                ..step("report", &["http", "common@3.3.4"], "post('/alerts', $.errors)", Vec::new())
            },
            step("more", &[], "", vec![edge("other", When::Always)]),
            Step {
                retry: Some(StepRetry {
                    tries: 5,
                    first: Duration::from_secs(15),
                    factor: 3.0,
                    max: Duration::from_hours(1),
                }),
                ..step("other", &["common"], "fn(state => state)", Vec::new())
            },
        ],
        concurrency: Some(4),
        order_by: RunOrder::Workflow,
        join: Join::All,
        timeout: Some(Duration::from_mins(5)),
        keep: KeepStates::Failed,
    };
    assert_eq!(workflow(REGISTER), expected);
}

#[test]
fn what_is_not_said_is_as_openfn_has_it() {
    let found = workflow(&one_step(""));
    assert_eq!(found.trigger, Trigger::Manual);
    assert_eq!(found.start, [edge("a", When::Always)]);
    assert_eq!((found.concurrency, found.timeout, found.paused), (None, None, false));
    assert_eq!(
        (found.order_by, found.join, found.keep),
        (RunOrder::None, Join::EachPath, KeepStates::All)
    );
    let cron = workflow(&one_step("trigger: { cron: '*/5 * * * *' }"));
    let expected = CronTrigger {
        expression: "*/5 * * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        overlap: Overlap::Parallel,
        catch_up: CatchUp::None,
        cursor_step: None,
    };
    assert_eq!(cron.trigger, Trigger::Cron(expected));
}

#[test]
fn triggers_are_told_apart_by_their_keys() {
    for (trigger, format) in [
        ("{}", Format::Json),
        ("{ event: form, forms: birth }", Format::FormJson),
        ("{ event: case, format: normalised }", Format::Normalised),
        ("{ event: app-schema }", Format::SchemaJson),
    ] {
        let found = workflow(&one_step(&format!("trigger: {trigger}")));
        let Trigger::Event(event) = found.trigger else { panic!("{trigger}") };
        assert_eq!((event.format, event.reply), (format, None), "{trigger}");
    }
    let found = workflow(&one_step("trigger: { event: delivery-ended }"));
    assert_eq!(found.trigger, Trigger::Trouble(Trouble::DeliveryEnded));
    for (reply, codes) in [
        ("before_start", None),
        ("after_completion", Some((201, 201))),
        ("{ error_code: 422 }", Some((201, 422))),
    ] {
        let found = workflow(&one_step(&format!("trigger: {{ reply: {reply} }}")));
        let Trigger::Event(event) = found.trigger else { panic!("{reply}") };
        assert_eq!(event.reply.map(|it| (it.success_code, it.error_code)), codes, "{reply}");
    }
}

#[test]
fn every_format_of_an_event_is_one_that_can_be_made_of_it() {
    for event in Event::OFFERED {
        assert!(!trigger_formats(*event).is_empty(), "{event}");
        for format in trigger_formats(*event) {
            assert!(formats_of(*event).contains(format), "{event} {format}");
        }
    }
}

#[test]
fn what_is_written_reads_back() {
    for text in [
        REGISTER.to_owned(),
        one_step(""),
        one_step("trigger: {}"),
        one_step("trigger: { event: incident-opened }"),
        one_step("trigger: { reply: after_completion }"),
        one_step("trigger: { event: case, case_types: [a], users: b, without_users: c, applications: d }"),
        one_step(
            "trigger: { cron: '0 6 * * 1', time_zone: Africa/Nairobi, overlap: skip, catch_up: all, cursor_step: a }",
        ),
        "start: { a: true, b: { label: 'to b' } }\nsteps: { b: { job: x }, a: { job: y, retry: { first: 2h } } }".to_owned(),
    ] {
        let read = workflow(&text);
        let written = write_workflow(&read, Secrets::Shown);
        let again = read_workflow("w", &yaml::read(&yaml::write(&written), &|_| None).unwrap());
        assert_eq!(again.unwrap(), read, "{text}");
    }
    assert_eq!(
        write_workflow(
            &workflow(&one_step("trigger: { event: message, format: json }\nstart: a\nkeep: all")),
            Secrets::Shown
        )
        .to_json(),
        r#"{"trigger":{},"steps":{"a":{"job":""}}}"#
    );
}

#[test]
fn mistakes_are_told_at_their_place() {
    check_refused("title: x", "steps", "missing-key", "`steps` is missing");
    check_refused("steps: {}", "steps", "wrong-value", "at least one step");
    check_refused("steps: { a: {} }", "steps.a.job", "missing-key", "`job` is missing");
    check_refused("steps: { 'a b': { job: x } }", "steps.a b", "bad-name", "no name of a step");
    check_refused(
        "steps: { a: { job: x, adaptors: [http] } }",
        "steps.a.adaptors",
        "unknown-key",
        "did you mean `adaptor`?",
    );
    check_refused(
        "steps: { a: { job: x, next: laod }, load: { job: y } }",
        "steps.a.next.laod",
        "unknown-step",
        "did you mean `load`?",
    );
    check_refused(&one_step("start: b"), "start.b", "unknown-step", "no step `b`");
    check_refused(&one_step("start: {}"), "start", "wrong-value", "leads to no step");
    check_refused(
        &one_step("start: { a: on_job_failure }"),
        "start.a",
        "does-not-apply",
        "no step has run before",
    );
    check_refused(
        "steps: { a: { job: x, next: { b: false } }, b: { job: x } }",
        "steps.a.next.b",
        "wrong-value",
        "disabled: true",
    );
    check_refused(
        "steps: { a: { job: x, next: b }, b: { job: x, next: { c: always, a: always } }, c: { job: x } }",
        "steps.b.next.a",
        "circular-workflow",
        "would never end",
    );
    check_refused(
        "steps: { a: { job: x, next: a } }",
        "steps.a.next.a",
        "circular-workflow",
        "leads to itself",
    );
}

#[test]
fn mistakes_of_triggers_are_told_at_their_place() {
    for (keys, told) in [
        ("event: case", "`event` is for what an event sets off, and `cron`"),
        ("source: kobo", "`source` is for"),
        ("match: { a: 1 }", "`match` is for"),
        ("reply: after_completion, source: kobo", "`source` is for"),
    ] {
        let trigger = format!("trigger: {{ {keys}, cron: '* * * * *' }}");
        check_refused(&one_step(&trigger), "trigger", "two-triggers", told);
    }
    check_refused(&one_step("trigger: { cron: daily }"), "trigger.cron", "bad-cron", "");
    check_refused(
        &one_step("trigger: { cron: '0 6 * * *', time_zone: Mars/Base }"),
        "trigger.time_zone",
        "unknown-time-zone",
        "Mars/Base",
    );
    check_refused(
        &one_step("trigger: { cron: '0 6 * * *', cursor_step: b }"),
        "trigger.cursor_step",
        "unknown-step",
        "no step `b`",
    );
    for keep in ["nothing", "failed"] {
        check_refused(
            &one_step(&format!("keep: {keep}\ntrigger: {{ cron: '0 6 * * *', cursor_step: a }}")),
            "trigger.cursor_step",
            "cursor-not-kept",
            "leave `cursor_step` out",
        );
    }
    check_refused(
        &one_step("trigger: { event: form, format: form_xml }"),
        "trigger.format",
        "does-not-apply",
        "write `form_json`",
    );
    check_refused(
        &one_step("trigger: { event: form, case_types: [a] }"),
        "trigger.case_types",
        "does-not-apply",
        "(`event: form`)",
    );
    check_refused(
        &one_step("trigger: { event: form, reply: after_completion }"),
        "trigger.reply",
        "does-not-apply",
        "nobody waits",
    );
    check_refused(
        &one_step("trigger: { event: delivery-ended, match: {} }"),
        "trigger.match",
        "unknown-key",
        "no key `match`",
    );
    check_refused(&one_step("order_by: case"), "order_by", "does-not-apply", "order_by: workflow");
    check_refused(
        "steps: { a: { job: x, memory: 1kB } }",
        "steps.a.memory",
        "out-of-range",
        "1kB is not from 4MiB to 16GiB",
    );
    check_refused(
        "steps: { a: { job: x, retry: { first: 2h, max: 1h } } }",
        "steps.a.retry.max",
        "out-of-range",
        "shorter than the first one",
    );
}

#[test]
fn bounds_are_told() {
    let steps = |count: usize| -> String {
        let steps: Vec<String> = (0..count).map(|at| format!("s{at}: {{ job: '' }}")).collect();
        format!("steps: {{ {} }}", steps.join(", "))
    };
    assert!(read_workflow("w", &value_of(&steps(200))).is_ok());
    check_refused(&steps(201), "steps", "out-of-range", "at most 200");
    let expression = |bytes: usize| {
        let expression = "x".repeat(bytes);
        format!("steps: {{ a: {{ job: '', next: {{ b: {expression} }} }}, b: {{ job: '' }} }}")
    };
    assert!(read_workflow("w", &value_of(&expression(8_192))).is_ok());
    check_refused(&expression(8_193), "steps.a.next.b", "out-of-range", "8192");
    let adaptors = |count: usize| {
        format!("steps: {{ a: {{ job: '', adaptor: [{}] }} }}", vec!["http"; count].join(", "))
    };
    assert!(read_workflow("w", &value_of(&adaptors(10))).is_ok());
    check_refused(&adaptors(11), "steps.a.adaptor", "out-of-range", "at most 10");
}

#[test]
fn a_step_that_nothing_leads_to_is_warned_of() {
    let found = workflow(
        "steps: { a: { job: x, next: { b: { disabled: true } } }, b: { job: x }, c: { job: x, next: b } }",
    );
    let warned: Vec<_> =
        workflow_warnings(&found).into_iter().map(|it| (it.path, it.code)).collect();
    assert_eq!(warned, [("workflows.w.steps.c".to_owned(), "unreachable-step")]);
}

#[test]
fn what_a_workflow_refers_to_has_to_be_there() {
    let text = "
project: p
sources: { kobo: { dialect: kobo } }
connections: { dhis2: { url: https://example.org } }
workflows:
  w: { trigger: { source: koob }, steps: { a: { job: x, connection: dhis }, b: { job: x, connection: dhis2 } } }
";
    let problems = dangling_references(&draft(text), None, false);
    let told: Vec<_> = problems.iter().map(|it| (it.path.as_str(), it.code)).collect();
    assert_eq!(
        told,
        [
            ("workflows.w.trigger.source", "unknown-source"),
            ("workflows.w.steps.a.connection", "unknown-connection"),
        ]
    );
    assert_eq!(problems[0].hint.as_deref(), Some("did you mean `kobo`?"));
    let there = completed(draft(&text.replace("koob", "kobo").replace("dhis }", "dhis2 }")));
    let alone = draft(
        "project: p\nworkflows: { w: { trigger: { source: kobo }, steps: { a: { job: x, connection: dhis2 } } } }",
    );
    assert_eq!(dangling_references(&alone, Some(&there), false), []);
    let pruned = dangling_references(&alone, Some(&there), true);
    let hints: Vec<_> = pruned.iter().filter_map(|it| it.hint.as_deref()).collect();
    assert!(hints[0].contains("has this source"), "{hints:?}");
    assert!(hints[1].contains("has this connection"), "{hints:?}");
}

#[test]
fn files_of_jobs_are_put_in_their_place() {
    let mut project = value_of(
        "project: p\nworkflows: { w: { steps: { a: { job: jobs/a.js }, b: { job: 'get(\"x.js\")' }, c: { job: gone.js } } } }",
    );
    let read = |name: &str| match name {
        "jobs/a.js" => Ok("fn(state => state)\n".to_owned()),
        _ => Err("it is not there".to_owned()),
    };
    let mut in_part = project.clone();
    let problems = put_jobs(&mut in_part, &read);
    let told: Vec<_> = problems.iter().map(|it| (it.path.as_str(), it.code)).collect();
    assert_eq!(told, [("workflows.w.steps.c.job", "bad-job-file")]);
    let job = in_part.path(&["workflows", "w", "steps", "a", "job"]).and_then(Value::as_str);
    assert_eq!(job, Some("fn(state => state)\n"), "what can be read is put in all the same");
    let read = |name: &str| Ok(format!("// {name}\n"));
    assert_eq!(put_jobs(&mut project, &read), []);
    let put = read_project(&project).unwrap();
    let jobs: Vec<_> = put.workflows[0].steps.iter().map(|step| step.job.as_str()).collect();
    assert_eq!(jobs, ["// jobs/a.js\n", "get(\"x.js\")", "// gone.js\n"]);
}

#[test]
fn a_pause_that_is_not_spoken_of_stays() {
    let text = |paused: &str| {
        format!("project: p\nworkflows: {{ w: {{ {paused} steps: {{ a: {{ job: x }} }} }} }}")
    };
    let there = completed(draft(&text("paused: true,")));
    for (said, paused) in [("", true), ("paused: false,", false), ("paused: true,", true)] {
        let mut wanted = draft(&text(said));
        keep_pauses(&mut wanted, Some(&there));
        assert_eq!(wanted.workflows[0].paused, paused, "{said}");
    }
}
