//! What is said before a definition is applied.

use super::*;

/// The changes from the file with everything to one with something replaced in it, as text.
fn told(replacements: &[(&str, &str)], prune: bool) -> String {
    let current = completed(draft(CLINIC));
    let mut text = CLINIC.to_owned();
    for (from, to) in replacements {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    shown(&compare(Some(&current), &draft(&text), prune))
}

fn shown(changes: &[Change]) -> String {
    let mut lines: Vec<_> = changes.iter().map(ToString::to_string).collect();
    // An empty last element, so that every line ends.
    lines.push(String::new());
    lines.join("\n")
}

#[test]
fn nothing_changes_where_nothing_is_different() {
    assert_eq!(told(&[], true), "");
    // A default that is written out is no difference; neither is a secret left to the hub.
    assert_eq!(
        told(&[("everything: { to: dhis2,", "everything: { to: dhis2, method: POST,")], true),
        ""
    );
    assert_eq!(told(&[("secret: \"${KOBO_INBOX}\"", "")], true), "");
}

#[test]
fn certificates_are_told_in_short() {
    let file = |ca: &str| {
        let text =
            "project: p\nconnections: { c: { url: 'https://a.example.org', tls: { ca: \"CA\" } } }";
        draft(&text.replace("CA", &ca.replace('\r', "\\r").replace('\n', "\\n")))
    };
    let one = pem("CERTIFICATE");
    let two = one.replace("AAAA", "AAAB").repeat(2);
    let current = completed(file(&one));
    let told = |ca: &str| shown(&compare(Some(&current), &file(ca), false));
    let (before, after) =
        (certificates_in_short(&one).unwrap(), certificates_in_short(&two).unwrap());
    assert_eq!(before, "certificate SHA-256 709e80c88487a241…, 1 block");
    assert_eq!(told(&two), format!("~ connection c\n    ~ tls.ca: {before} → {after}\n"));
    assert!(after.ends_with("…, 2 blocks"), "{after}");
    assert_eq!(told(&one.replace('\n', "\r\n")), "");
    assert_eq!(
        told(&format!("# from the authority\n{one}")),
        format!("~ connection c\n    ~ tls.ca: {before} → {before}, written otherwise\n")
    );
    for other in ["certificate", "-----BEGIN CERTIFICATE-----", &pem("PRIVATE KEY")] {
        assert_eq!(certificates_in_short(other), None, "{other}");
    }
    // In an export they stand as they are, and read back.
    let exported = write_project(&current, Secrets::Hidden);
    let text = yaml::write(&exported);
    let expected =
        "      ca: |\n        -----BEGIN CERTIFICATE-----\n        AAAA\n        -----END";
    assert!(text.contains(expected), "{text}");
    let read = yaml::read(&text, &|_| None).unwrap();
    assert_eq!(read, exported);
    let short = yaml::write(&with_short_certificates(&exported));
    assert!(short.contains(&format!("ca: \"{before}\"")), "{short}");
}

#[test]
fn each_change_is_one_line() {
    let replacements = [
        ("title: Clinic network", "title: \"Clinics: all\""),
        ("timeout: 10s", "timeout: 5s"),
        ("notify: [ops@example.org]", "notify: [ops@example.org, b@example.org]"),
        ("\"${WAREHOUSE_PASSWORD}\"", "\"${OTHER}\""),
        ("token=abc&x=1", "token=abd&x=1"),
        ("concurrency: 4", ""),
        ("practice: 1.10", "practice: \"1.10\""),
        ("    paused: true\n    order_by", "    order_by"),
        ("after_success: 0s", "after_success: 1h"),
        ("hook?token=abc", "hook?token=abd"),
        ("headers: { X-Version: 2 }", "headers: { X-Version: 3, X-Token: abc }"),
        ("first: 1s", "first: 2s"),
    ];
    assert_eq!(
        told(&replacements, true),
        "~ project clinic
    ~ title: Clinic network → \"Clinics: all\"
    ~ notify: [ops@example.org, \"https://chat.example.org/•••••••#cee9\"] → [ops@example.org, \"https://chat.example.org/•••••••#15d7\"]
    ~ retention.after_success: 0ms → 1h
~ connection warehouse
    ~ auth.basic.password: (secret) changed
    ~ notify: [ops@example.org] → [ops@example.org, b@example.org]
    ~ timeout: 10s → 5s
    - concurrency: 4
~ connection token
    ~ url: (secret) changed
~ forwarder births
    ~ unless.body.practice: 1.10 → \"1.10\"
    ~ headers.X-Version: \"2\" → \"3\"
    + headers.X-Token: (secret)
    ~ retry.first: 1s → 2s
    - paused: true
"
    );
}

#[test]
fn other_ways_of_authentication_show_no_secret() {
    let bearer = [("{ bearer: \"${TOKEN}\" }", "{ basic: { username: ann, password: hunter2 } }")];
    assert_eq!(
        told(&bearer, true),
        "~ connection token
    + auth.basic.username: ann
    + auth.basic.password: (secret)
    - auth.bearer: (secret)
"
    );
}

#[test]
fn a_url_shows_all_but_its_secret() {
    assert_eq!(
        told(&[("token=abc&x=1", "token=abd&x=2")], true),
        "~ connection token
    ~ url: \"http://10.1.2.3:8080/?token=•••••••&x=1\" → \"http://10.1.2.3:8080/?token=•••••••&x=2\"
"
    );
}

#[test]
fn only_pruning_removes() {
    let less = [
        ("  everything: { to: dhis2, headers: {}, query: }\n", ""),
        ("  aggregate: { dialect: odk-aggregate, dedupe: none }\n", "  added: { dialect: xml }\n"),
    ];
    let added = "+ source added\n    + dialect: xml\n";
    assert_eq!(told(&less, false), added);
    assert_eq!(told(&less, true), format!("{added}- source aggregate\n- forwarder everything\n"));
}

#[test]
fn a_new_project_is_added_whole() {
    let text =
        "project: p\nconnections: { c: { url: https://example.org, auth: { bearer: abcd } } }
sources: { s: { dialect: json, secret: abcd, auth: [ { api_key: abcd } ] } }
forwarders: { f: { to: c, from: s } }";
    let changes = compare(None, &draft(text), true);
    assert_eq!(
        shown(&changes),
        "+ project p
    + title: p
+ connection c
    + url: https://example.org
    + auth.bearer: (secret)
+ source s
    + dialect: json
    + secret: (secret)
    + auth[0].api_key: (secret)
+ forwarder f
    + from: s
    + to: c
"
    );
    assert!(changes.iter().all(|change| change.action == ChangeAction::Added));
}

#[test]
fn jobs_are_told_line_by_line() {
    let project =
        |jobs: &str| draft(&format!("project: p\nworkflows: {{ w: {{ steps: {{ {jobs} }} }} }}"));
    let step = |name: &str, job: &str| format!("{name}: {{ job: {job:?} }}");
    let before = [step("a", "one();\ntwo();\nthree();\n"), step("b", "fn(1)"), step("c", "x\ny")];
    let after =
        [step("a", "one();\n2();\nthree();\nfour();\n"), step("b", "fn(2)"), step("d", "x\ny")];
    let current = completed(project(&before.join(", ")));
    let changes = compare(Some(&current), &project(&after.join(", ")), true);
    assert_eq!(
        shown(&changes),
        "~ workflow w
    ~ steps.a.job line 2: two(); → 2();
    + steps.a.job line 4: four();
    ~ steps.b.job: \"fn(1)\" → \"fn(2)\"
    + steps.d.job: 2 lines: x
    - steps.c.job: 2 lines: x
"
    );
}
