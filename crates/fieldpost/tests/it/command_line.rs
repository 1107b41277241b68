//! What the commands say when they are not understood, or find nobody to talk to.

use crate::world::{TOKEN, check_failure, fieldpost, folder, run};

#[test]
fn help_lists_the_commands() {
    let help = run(&mut fieldpost(["--help"])).well();
    for command in [
        "serve",
        "demo",
        "doctor",
        "apply",
        "export",
        "projects",
        "messages",
        "deliveries",
        "forwarders",
        "sources",
        "connections",
        "filter",
        "events",
        "migrate",
        "backup",
        "completions",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command}");
    }
    assert!(!help.contains("  reference"), "what makes our own pages is hidden: {help}");
    let version = run(&mut fieldpost(["--version"])).well();
    assert_eq!(version, format!("fieldpost {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_word_is_answered_with_the_right_one() {
    check_failure(
        &mut fieldpost(["delivries"]),
        2,
        "error: unrecognized subcommand 'delivries'\n\n  tip: a similar subcommand exists: \
         'deliveries'\n\nUsage: fieldpost [OPTIONS] <COMMAND>\n\nFor more information, try \
         '--help'.",
    );
    let said = run(&mut fieldpost(["deliveries", "list", "--sate", "failed"]));
    assert_eq!(said.code, Some(2));
    assert!(said.errors.contains("a similar argument exists: '--state'"), "{}", said.errors);
}

#[test]
fn without_a_hub_one_learns_how_to_start_one() {
    let folder = folder();
    let mut command = fieldpost(["messages", "list"]);
    command.current_dir(folder.path());
    check_failure(
        &mut command,
        1,
        "error: no hub runs with the data folder fieldpost-data\nhint: `fieldpost serve` starts a \
         hub; for one elsewhere give --url and --token, or set FIELDPOST_URL and FIELDPOST_TOKEN",
    );
    let mut command = fieldpost(["messages", "list", "--url", "http://127.0.0.1:1"]);
    command.current_dir(folder.path());
    check_failure(
        &mut command,
        1,
        "error: there is no token for the hub at http://127.0.0.1:1\nhint: give it with --token \
         or FIELDPOST_TOKEN; `fieldpost token create` makes one",
    );
    check_failure(
        command.env("FIELDPOST_TOKEN", TOKEN),
        1,
        "error: no hub answers at http://127.0.0.1:1: Connection refused (os error 111)\nhint: \
         `fieldpost serve` starts a hub; for one elsewhere give --url and --token, or set \
         FIELDPOST_URL and FIELDPOST_TOKEN",
    );
}

#[test]
fn nothing_is_done_to_everything_by_mistake() {
    for (arguments, complaint) in [
        (&["retry"][..], "give ids, or --all and filters"),
        (&["resend", "--forwarder", "dhis"], "add --all to act on all that the filters describe"),
        (
            &["cancel", "--all", "0192f0c8-7b9e-7cc0-8000-000000000000"],
            "the argument '--all' cannot be used with '[IDS]...'",
        ),
        (&["requeue", "--dry-run"], "required arguments were not provided"),
    ] {
        let mut command = fieldpost(["deliveries"]);
        command.args(arguments).env("FIELDPOST_URL", "http://127.0.0.1:1");
        let said = run(command.env("FIELDPOST_TOKEN", TOKEN));
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert!(said.errors.contains(complaint), "{arguments:?}: {}", said.errors);
    }
}

#[test]
fn shells_can_complete() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&mut fieldpost(["completions", shell])).well();
        assert!(script.contains("deliveries"), "{shell}");
    }
}

#[test]
fn the_token_of_this_machine_is_sent_to_nobody_else() {
    let folder = folder();
    crate::world::write(folder.path(), "admin-token", TOKEN);
    crate::world::write(
        folder.path(),
        "hub.json",
        &format!(r#"{{"url": "http://127.0.0.1:1", "process": 1, "token": "{TOKEN}"}}"#),
    );
    let list = |url: &str| {
        let mut command = fieldpost(["sources", "list", "--project", "p", "--url", url, "--data"]);
        command.arg(folder.path());
        command
    };
    check_failure(
        &mut list("http://hub.invalid:1"),
        1,
        "error: the token in the data folder is not sent to http://hub.invalid:1: that is not the \
         hub of this folder\nhint: give it with --token or FIELDPOST_TOKEN; `fieldpost token create` \
         makes one",
    );
    for (mut command, url) in [
        (list("http://127.0.0.1:2"), "http://127.0.0.1:2"),
        (list("http://localhost:1"), "http://localhost:1"),
    ] {
        let said = run(&mut command);
        assert!(said.errors.contains(&format!("no hub answers at {url}")), "{}", said.errors);
    }
    let said = run(list("http://hub.invalid:1").env("FIELDPOST_TOKEN", TOKEN));
    assert!(said.errors.contains("no hub answers at http://hub.invalid:1"), "{}", said.errors);
}
