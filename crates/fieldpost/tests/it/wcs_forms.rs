//! Forms of a w.c.s. become forms of a project, and go out again: by the commands, from file to file.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::world::{Hub, Said, check_failure, fieldpost, folder, run, write};

/// What a w.c.s. tells of a form.
fn schema(name: &str) -> Value {
    json!({
        "name": "Newsletter", "url_name": name, "enable_tracking_codes": true,
        "fields": [
            { "id": "1", "label": "E-mail", "type": "email", "varname": "email", "required": true },
            { "id": "2", "label": "Kind", "type": "item", "varname": "kind" },
            { "id": "3", "label": "Where", "type": "map", "varname": "spot" },
        ],
        "geolocations": { "base": "Where it is" },
        "workflow": {
            "name": "W", "functions": { "_receiver": "Recipient" },
            "statuses": [
                { "id": "new", "name": "New", "endpoint": false },
                { "id": "done", "name": "Done", "endpoint": true },
            ],
            "actions": { "jump:validate": { "label": "Validate" } },
        },
    })
}

fn import<'a>(folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Said {
    let mut command = fieldpost(["import", "wcs"].into_iter().chain(arguments));
    run(command.current_dir(folder))
}

#[test]
fn a_form_of_a_wcs_is_imported_applied_shown_and_exported() {
    let folder = folder();
    write(folder.path(), "newsletter.json", &schema("newsletter").to_string());
    let said = import(folder.path(), ["newsletter.json", "--project", "clinic"]);
    for told in [
        "forms.newsletter.fields.kind.items: The schema does not say what can be chosen in kind",
        "forms.newsletter.lifecycle.statuses.new.actions: ",
        "forms.newsletter.lifecycle.functions._receiver: ",
        "Programs can set off jump:validate",
        "forms.newsletter.geolocations.base: There is nothing here that `base` could become",
        "1 form; 4 things left to be written, 1 left out",
    ] {
        assert!(said.errors.contains(told), "{told}: {said:?}");
    }
    let file = said.well();
    assert!(file.contains("#   forms.newsletter.fields.kind.items: "), "{file}");

    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let path = write(folder.path(), "clinic.yaml", &file);
    run(hub.command(["apply"]).arg(&path)).well();
    let listed = run(&mut hub.command(["forms", "list"])).well();
    assert!(listed.contains("newsletter") && listed.contains("defined"), "{listed}");
    let shown = run(&mut hub.command(["forms", "show", "newsletter"])).well();
    // The types have the names that the file gives them.
    for part in ["email", "item", "map", "status", "done", "Done", "yes"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let shown = run(&mut hub.command(["forms", "show", "newsletter", "--json"])).json();
    assert_eq!(shown["defined"]["statuses"][1]["is_endpoint"], true);
    assert_eq!(shown["defined"]["definition"]["geolocation"], "spot");

    let yaml = run(&mut hub.command(["forms", "export", "newsletter"])).well();
    assert!(file.ends_with(&yaml), "{yaml}\n{file}");
    let exported =
        hub.command(["forms", "export", "newsletter", "--format", "wcs-schema"]).output();
    let exported: Value = serde_json::from_slice(&exported.unwrap().stdout).unwrap();
    assert_eq!(exported["url_name"], "newsletter");
    write(folder.path(), "again.json", &exported.to_string());
    let again = import(folder.path(), ["again.json", "--project", "clinic"]);
    assert!(again.output.ends_with(&yaml), "what went out comes back: {again:?}");
    let mut command = hub.command(["forms", "export", "newsletter", "--format", "xform"]);
    let xform = run(&mut command);
    assert!(
        xform.errors.contains("forms.newsletter.fields.kind.items: No items are known"),
        "{xform:?}"
    );
    assert!(xform.output.contains("<data id=\"newsletter\" version=\"1\">"), "{xform:?}");
    let uploaded = write(folder.path(), "form.xml", &xform.output.replace("newsletter", "copied"));
    assert_eq!(run(hub.command(["forms", "upload"]).arg(uploaded)).well().trim(), "copied");
}

#[test]
fn what_a_schema_says_is_in_the_file_or_told_with_its_place() {
    let folder = folder();
    let mut document = schema("newsletter");
    document["fields"][0]["prefill"] = json!({ "type": "user", "value": "email" });
    document["fields"][1]["items"] = json!([
        { "id": "p", "text": "Paper", "price": 2 },
        { "id": "m", "text": "Mail" },
    ]);
    document["fields"][2]["label"] = json!("Where it is");
    document["fields"].as_array_mut().unwrap().push(json!({
        "id": "4", "label": "Sum\nof all", "type": "computed", "varname": null, "value_template": "{{ 1 }}", "frozen": true,
    }));
    document["workflow"]["statuses"][0]["visible_to"] = json!(["_receiver"]);
    document["workflow"]["statuses"][0]["loop"] = json!("all");
    write(folder.path(), "newsletter.json", &document.to_string());
    let said = import(folder.path(), ["newsletter.json", "--project", "clinic"]);
    let file = said.output.clone();
    for kept in [
        "          - id: p\n            text: Paper\n            attributes:\n              price: 2\n",
        "        template: \"{{ 1 }}\"\n",
        "          visible_to: [_receiver]\n",
    ] {
        assert!(file.contains(kept), "{kept}: {file}");
    }
    for told in [
        "forms.newsletter.fields.email.prefill: There is nothing here that `prefill` could become: it is left out. The schema says `{\"type\":\"user\",\"value\":\"email\"}`.",
        "forms.newsletter.fields.Sum of all.frozen: There is nothing here that `frozen` could become: it is left out. The schema says `true`.",
        "forms.newsletter.lifecycle.statuses.new.loop: There is nothing here that `loop` could become: it is left out. The schema says `\"all\"`.",
        "1 form; 3 things left to be written, 3 left out",
    ] {
        assert!(said.errors.contains(told), "{told}: {said:?}");
    }
    assert!(file.contains("# Left out:\n#   forms.newsletter.fields.email.prefill: "), "{file}");
    // A label of two lines is told, and breaks none of the comments.
    assert!(said.errors.contains("fields[3].label: must be one line"), "{said:?}");
    document["fields"][3]["label"] = json!("Sum of all");
    write(folder.path(), "newsletter.json", &document.to_string());
    let file = import(folder.path(), ["newsletter.json", "--project", "clinic"]).output;
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let path = write(folder.path(), "clinic.yaml", &file);
    run(hub.command(["apply"]).arg(&path)).well();
    let shown = run(&mut hub.command(["forms", "show", "newsletter", "--json"])).json();
    let applied = &shown["defined"]["definition"];
    assert_eq!(applied["lifecycle"]["statuses"]["new"]["visible_to"], json!(["_receiver"]));
    assert_eq!(applied["fields"][1]["items"][0]["id"], "p");
}

#[test]
fn forms_are_put_into_a_project_file_that_is_there() {
    let folder = folder();
    write(folder.path(), "two.json", &json!([schema("a"), schema("b")]).to_string());
    let there = "# Ours.\nproject: clinic\nforms:\n    old: { fields: [] } # kept\n\n# The way in.\n\
                 sources:\n  kobo: { dialect: kobo, secret: \"${KOBO_INBOX}\" }\n";
    let path = write(folder.path(), "clinic.yaml", there);
    import(folder.path(), ["two.json", "-o", "clinic.yaml", "--merge"]).well();
    let merged = fs::read_to_string(&path).unwrap();
    assert!(
        merged.starts_with("# Ours.\nproject: clinic\nforms:\n    old: { fields: [] } # kept\n"),
        "{merged}"
    );
    assert!(merged.ends_with(there.split_once("# kept\n").unwrap().1), "{merged}");
    assert!(merged.contains("\n    a:\n") && merged.contains("\n    b:\n"), "{merged}");
    let hub = Hub::start(&folder.path().join("data"), [""; 0]);
    let mut apply = hub.command(["apply"]);
    run(apply.arg(&path).env("KOBO_INBOX", "secret-of-the-kobo-1")).well();

    let refused = [
        (vec!["two.json", "-o", "clinic.yaml", "--merge"], "the project has a form \"a\" already"),
        (vec!["two.json", "-o", "clinic.yaml"], "clinic.yaml is there already"),
        (vec!["two.json", "two.json"], "the form \"a\" is there twice"),
    ];
    for (arguments, told) in refused {
        let said = import(folder.path(), arguments);
        assert!(said.code != Some(0) && said.errors.contains(told), "{told}: {said:?}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), merged, "nothing was written");
    write(folder.path(), "none.json", "{}");
    let mut command = fieldpost(["import", "wcs", "none.json"]);
    check_failure(
        command.current_dir(folder.path()),
        1,
        "error: none.json: this is no schema of a form: it lacks `name` or `fields`\nhint: give what a w.c.s. \
         answers at `/api/formdefs/<slug>/schema`; see the guide to w.c.s.",
    );
}

#[test]
fn names_that_cannot_stay_as_they_are_are_told_apart_from_the_rest() {
    let folder = folder();
    let mut document = schema("newsletter");
    let workflow = &mut document["workflow"];
    workflow["statuses"] = json!([
        { "id": "new", "name": "New", "endpoint": true, "visible_to": ["Town clerks"] },
        { "id": "new", "name": "New again", "endpoint": true },
    ]);
    document["fields"].as_array_mut().unwrap().extend([
        json!({ "id": "1", "label": "Phone", "type": "string", "varname": "phone" }),
        json!({ "id": "9", "label": "Hidden", "type": "password", "varname": "hidden" }),
    ]);
    write(folder.path(), "newsletter.json", &document.to_string());
    let said = import(folder.path(), ["newsletter.json", "--project", "clinic"]);
    assert_eq!(said.code, Some(1), "what goes on to apply it is to stop: {said:?}");
    let file = said.output;
    for kept in ["          name: New again\n", "visible_to: [town-clerks]", "name: phone"] {
        assert!(file.contains(kept), "{kept}: {file}");
    }
    let groups = [
        "Called otherwise here:",
        "forms.newsletter.fields.phone.id: There is one with this id already: this one has the id `1-2` here.",
        "forms.newsletter.lifecycle.statuses.new.visible_to.1: Nothing can be called so here",
        "forms.newsletter.lifecycle.statuses.new-2: There is one with this id already",
        "Left to be written:",
        "forms.newsletter.fields.kind.items: ",
        "Left out:",
        "forms.newsletter.fields.hidden: The field hidden is of a type that there is not here",
    ];
    for text in [&said.errors, &file] {
        let found = groups.map(|part| text.find(part).unwrap_or_else(|| panic!("{part}: {text}")));
        assert!(found.is_sorted(), "{text}");
    }
    let sum = "1 form; 3 things left to be written, 2 left out, 3 called otherwise\n";
    assert!(said.errors.ends_with(sum), "{}", said.errors);

    // What cannot be applied is told first, and in the file.
    document["workflow"]["statuses"][0]["id"] = json!("à faire");
    document["workflow"]["statuses"][0]["visible_to"] = json!([]);
    document["fields"][3]["id"] = json!("4");
    write(folder.path(), "newsletter.json", &document.to_string());
    let said = import(folder.path(), ["newsletter.json", "--project", "clinic"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    let told = "To be mended before it can be applied:\n";
    assert!(said.errors.starts_with(told), "{said:?}");
    assert!(said.output.contains("`à faire` is no id"), "{said:?}");
    assert!(said.errors.ends_with("left out, 1 to be mended\n"), "{said:?}");
    document["workflow"]["statuses"][0]["id"] = json!("todo");
    write(folder.path(), "newsletter.json", &document.to_string());
    import(folder.path(), ["newsletter.json", "--project", "clinic"]).well();
}
