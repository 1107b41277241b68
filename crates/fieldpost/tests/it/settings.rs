//! Where settings come from, and how mistakes in them are told.

use std::process::Command;

use crate::world::{check_failure, fieldpost, folder, run, write};

/// What `doctor` finds out about the base of links: a setting that is easily looked at.
fn links(command: &mut Command) -> String {
    let said = run(command.args(["doctor", "--json", "--listen", "127.0.0.1:0"])).json();
    let checks = said["checks"].as_array().unwrap();
    let links = checks.iter().find(|check| check["check"] == "links").unwrap();
    told_by_the_command(&links["finding"])
}

/// A finding that says that it is about the command's own settings, without those words.
fn told_by_the_command(finding: &serde_json::Value) -> String {
    let finding = finding.as_str().unwrap();
    finding.strip_suffix(" (by the settings of this command)").unwrap().to_owned()
}

#[test]
fn a_flag_beats_the_environment_beats_the_file() {
    let folder = folder();
    let file = write(folder.path(), "fieldpost.toml", "public-url = \"https://file.example\"\n");
    let command = || {
        let mut command = fieldpost([""; 0]);
        command.current_dir(folder.path());
        command
    };
    assert_eq!(links(&mut command()), "for this machine only");
    assert_eq!(
        links(command().env("FIELDPOST_CONFIG", &file)),
        "they begin with https://file.example"
    );
    assert_eq!(
        links(
            command()
                .env("FIELDPOST_CONFIG", &file)
                .env("FIELDPOST_PUBLIC_URL", "https://environment.example")
        ),
        "they begin with https://environment.example"
    );
    assert_eq!(
        links(
            command()
                .env("FIELDPOST_PUBLIC_URL", "https://environment.example")
                .args(["--config".as_ref(), file.as_os_str()])
                .args(["--log-level", "error"])
                .env("FIELDPOST_LOG_LEVEL", "info")
        ),
        "they begin with https://environment.example"
    );
    let mut flag = command();
    flag.env("FIELDPOST_CONFIG", &file).env("FIELDPOST_PUBLIC_URL", "https://environment.example");
    let said = run(flag
        .args(["doctor", "--public-url", "https://flag.example", "--listen"])
        .arg("127.0.0.1:0"));
    assert!(said.well().contains("they begin with https://flag.example"));
}

#[test]
fn lists_are_put_together() {
    let folder = folder();
    let file = write(
        folder.path(),
        "fieldpost.toml",
        "allow-network = [\"private\", \"198.51.100.7\"]\nmax-body = 1000\n",
    );
    let networks = |command: &mut Command| {
        let said = run(command.args(["doctor", "--json", "--listen", "127.0.0.1:0"])).json();
        let checks = said["checks"].as_array().unwrap();
        let found = checks.iter().find(|check| check["check"] == "allowed networks").unwrap();
        told_by_the_command(&found["finding"])
    };
    let mut from_file = fieldpost([""; 0]);
    from_file.current_dir(folder.path()).arg("--config").arg(&file);
    assert_eq!(networks(&mut from_file), "the public internet, and private,198.51.100.7/32");
    let mut from_environment = fieldpost([""; 0]);
    from_environment
        .current_dir(folder.path())
        .env("FIELDPOST_ALLOW_NETWORKS", "10.0.0.0/8,198.51.100.7");
    assert_eq!(
        networks(&mut from_environment),
        "the public internet, and 10.0.0.0/8,198.51.100.7/32"
    );
}

#[track_caller]
fn check_file(text: &str, code: i32, message: &str) {
    let folder = folder();
    let file = write(folder.path(), "fieldpost.toml", text);
    let mut command = fieldpost(["serve", "--config"]);
    command.arg(&file).current_dir(folder.path());
    let message = message.replace("FILE", &file.display().to_string());
    check_failure(&mut command, code, &message);
}

#[test]
fn mistakes_in_the_file_are_told() {
    check_file(
        "liste = \"127.0.0.1:0\"",
        1,
        "error: the settings file FILE: `liste` is not a setting\nhint: did you mean `listen`?",
    );
    check_file(
        "max_body = \"1MB\"",
        1,
        "error: the settings file FILE: `max_body` is not a setting\nhint: did you mean \
         `max-body`?",
    );
    check_file(
        "listen = true",
        1,
        "error: the settings file FILE: `listen` cannot be a boolean\nhint: write a text, a whole \
         number, or a list of texts",
    );
    check_file(
        "stop-timeout = 15",
        2,
        "error: invalid value '15' for '--stop-timeout <TIME>': \"15\" is not a time: write a \
         whole number with a unit (ms, s, m, h, d), such as 15s\n\nFor more information, try \
         '--help'.\nhint: the value stands in the settings file FILE",
    );
    check_file(
        "listen = ",
        1,
        "error: the settings file FILE: line 1, column 10: string values must be quoted, expected \
         literal string",
    );
}

#[test]
fn bounds_have_units_and_are_never_zero() {
    for (flag, value, complaint) in [
        ("--max-body", "0", "a size of 0 would refuse everything"),
        ("--max-body", "10XB", "\"10XB\" is not a size"),
        ("--body-timeout", "30", "\"30\" is not a time"),
        ("--delivery-concurrency", "0", "0 would stop everything"),
        ("--accept-queue", "4294967296", "is not a whole number up to 4294967295"),
        ("--allow-network", "everything", "\"everything\" is not a network"),
        ("--trusted-proxy", "10.0.0.0/33", "invalid IP address syntax"),
        ("--public-url", "hub.example.org", "write it with its scheme"),
        ("--listen", "8080", "invalid socket address syntax"),
        ("--database", "mysql://x", "a database is written as postgres://"),
        ("--log-format", "xml", "[possible values: text, json]"),
    ] {
        let said = run(&mut fieldpost(["serve", flag, value]));
        assert_eq!(said.code, Some(2), "{flag} {value}: {said:?}");
        assert!(said.errors.contains(complaint), "{flag} {value}: {}", said.errors);
    }
}

#[test]
fn a_password_is_in_no_message() {
    let folder = folder();
    let data = folder.path().join("data");
    let database = "postgres://me:hunter2@127.0.0.1:1/fieldpost";
    for command in ["serve", "doctor", "migrate"] {
        let mut command = fieldpost([command, "--data"]);
        command.arg(&data).env("FIELDPOST_DATABASE", database).env("FIELDPOST_LOG_LEVEL", "trace");
        if command.get_args().next() == Some("serve".as_ref()) {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        let said = run(&mut command);
        assert_eq!(said.code, Some(1), "{said:?}");
        let all = format!("{}{}", said.output, said.errors);
        assert!(all.contains("postgres://me:***@127.0.0.1:1/fieldpost"), "{all}");
        assert!(!all.contains("hunter2"), "{all}");
    }
}

/// Checks that a command does not show what it refuses.
#[track_caller]
fn check_concealed(command: &mut Command, reason: &str) {
    let said = run(command);
    let all = format!("{}{}", said.output, said.errors);
    assert!(matches!(said.code, Some(1 | 2)), "{said:?}");
    assert!(all.contains(reason), "{all}");
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn a_wrong_secret_is_refused_and_not_shown() {
    const DATABASE: &str = "a database is written as postgres://";
    const TOKEN: &str = "a token is one word of printable ASCII characters";
    let folder = folder();
    let in_folder = |arguments: &[&str]| {
        let mut command = fieldpost(arguments);
        command.current_dir(folder.path());
        command
    };
    let database = "mysql://me:hunter2@db.example/x";
    check_concealed(&mut in_folder(&["serve", "--database", database]), DATABASE);
    check_concealed(in_folder(&["serve"]).env("FIELDPOST_DATABASE", database), DATABASE);
    check_concealed(&mut in_folder(&["serve", "--admin-token", "my hunter2"]), TOKEN);
    check_concealed(in_folder(&["serve"]).env("FIELDPOST_ADMIN_TOKEN", "my hunter2"), TOKEN);
    check_concealed(&mut in_folder(&["messages", "list", "--token", "hunter2 "]), TOKEN);
    check_concealed(
        in_folder(&["messages", "list"]).env("FIELDPOST_TOKEN", "hunter2\n"),
        "invalid value for '--token <TOKEN>', not shown here",
    );
    for (text, reason) in [
        ("database = \"mysql://me:hunter2@db.example/x\"", DATABASE),
        ("admin-token = \"my hunter2\"", TOKEN),
        // Without quotes it is no TOML.
        ("max-body = 1\nadmin-token = hunter2", "line 2, column 15: "),
    ] {
        let file = write(folder.path(), "fieldpost.toml", text);
        let mut command = in_folder(&["serve", "--config"]);
        check_concealed(command.arg(&file), reason);
        check_concealed(&mut command, "the settings file ");
    }
}

#[test]
fn one_value_is_one_value_in_the_file_too() {
    check_file(
        "listen = [\"127.0.0.1:0\", \"127.0.0.1:0\"]",
        1,
        "error: the settings file FILE: `listen` has one value, not a list",
    );
}
