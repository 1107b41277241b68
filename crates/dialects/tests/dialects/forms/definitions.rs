//! XForms, as pyxform, CommCare's form builder and authors with a mind of their own write them.

use crate::forms::outline;
use crate::xform;
use fieldpost_model::form::{Automatic, Form, Labels, Leaf};

#[track_caller]
fn check_outline(name: &str, expected: &str) {
    let outline = outline(&xform(name));
    let expected = expected.trim_matches('\n').lines().map(|line| line.strip_prefix("        "));
    let expected: Vec<&str> = expected.map(Option::unwrap_or_default).collect();
    assert_eq!(outline, expected.join("\n"), "{name}");
}

#[track_caller]
fn leaf<'f>(form: &'f Form, path: &[&str]) -> &'f Leaf {
    form.field(path).and_then(|field| field.as_leaf()).unwrap_or_else(|| panic!("{path:?}"))
}

fn label<'l>(labels: &'l Labels, language: &str) -> Option<&'l str> {
    labels.in_language(Some(language))
}

/// Values and labels of a question's choices, `y=Oui n=Non`.
fn choices(leaf: &Leaf, language: &str) -> String {
    let choices = leaf.choices.iter();
    let written = choices.map(|choice| {
        format!("{}={}", choice.value, label(&choice.labels, language).unwrap_or("?"))
    });
    written.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_instance_leads_and_binds_and_controls_say_what_it_is() {
    check_outline(
        "births",
        "
        start: date-time
        end: date-time
        today: date
        deviceid: text
        username: text
        nom: text
        age: integer
        weight: decimal
        sick: select-one
        sym: select-many
        loc: group
          gps: geopoint
        contact: repeat
          cname: text
          pic: file",
    );
    check_outline(
        "household",
        "
        village: text
        house: repeat
          head: text
          water: group
            source: select-one
            minutes: integer
          how_many: integer
          member: repeat
            mname: text
            born: date
            vaccine: repeat
              jab: select-one
              given: date
        thanks: text",
    );
    check_outline(
        "every_type",
        "
        a_text: text
        a_integer: integer
        a_decimal: decimal
        a_range: decimal
        a_date: date
        a_time: time
        a_moment: date-time
        a_choice: select-one
        choices: select-many
        a_rank: rank
        a_point: geopoint
        a_trace: geotrace
        a_shape: geoshape
        an_image: file
        a_sound: file
        a_film: file
        a_file: file
        a_barcode: barcode
        agreed: text
        a_sum: text
        a_secret: text",
    );
    check_outline(
        "trees",
        "\n        place: geopoint\n        kind: select-one\n        girth: integer",
    );
}

#[test]
fn forms_of_commcare_are_read_without_their_case_blocks() {
    check_outline(
        "vellum",
        "\n        name: text\n        visits: repeat\n          weight: decimal",
    );
    let form = xform("vellum");
    let namespace = "http://openrosa.org/formdesigner/5B9D1A6E-0000-4000-8000-000000000001";
    assert_eq!(form.xmlns.as_deref(), Some(namespace));
    assert_eq!(form.form_id.as_deref(), Some(namespace));
    assert_eq!((form.version.as_deref(), form.title.as_str()), (Some("12"), "Registration"));
    assert_eq!(form.languages, ["en", "hin"]);
    // The form builder's own shorthand stands beside what everybody reads.
    let weight = form.field(&["visits", "weight"]).unwrap();
    assert_eq!(weight.relevant.as_deref(), Some("/data/name != ''"));
    let name = form.field(&["name"]).unwrap();
    assert_eq!(label(&name.labels, "en"), Some("Name"));
    assert_eq!(label(&name.labels, "hin"), Some("ना"));
    // What the session gives is no file; what labels say aloud is.
    let media: Vec<&str> = form.media.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(media, ["name.mp3"]);
}

#[test]
fn any_prefix_and_relative_paths_and_binds_inside_binds_are_read() {
    check_outline(
        "odd",
        "
        who: integer
        place: group
          where: geopoint
          when: date-time
        child: repeat
          name: text
          toy: repeat
            kind: select-one
        picked: select-many
        unbound: text
        alone: text",
    );
    let form = xform("odd");
    assert_eq!((form.root.as_str(), form.title.as_str()), ("survey", "Odd, but legal"));
    assert_eq!((form.form_id.as_deref(), form.xmlns.as_deref()), (Some("odd"), None));
    assert_eq!((form.version, form.languages.len()), (None, 0));
    for (path, expected) in [
        (&["who"][..], "Who?"),
        (&["place"], "Place"),
        (&["place", "where"], "Where?"),
        (&["place", "when"], "When?"),
        (&["child", "name"], "Name"),
        (&["alone"], "Done"),
    ] {
        let form = xform("odd");
        let field = form.field(path).unwrap();
        assert_eq!(field.labels.in_language(None), Some(expected), "{path:?}");
    }
    let form = xform("odd");
    assert_eq!(choices(leaf(&form, &["child", "toy", "kind"]), ""), "ball=Ball");
    assert_eq!(choices(leaf(&form, &["picked"]), ""), "a=A b=B");
    let place = form.field(&["place"]).unwrap();
    assert_eq!(place.relevant.as_deref(), Some("../who > 1"));
    let kind = form.field(&["child", "toy", "kind"]).unwrap();
    assert_eq!(kind.required.as_deref(), Some("true()"));
}

#[test]
fn labels_and_choices_are_there_in_every_language() {
    let form = xform("births");
    assert_eq!(form.name, "births");
    assert_eq!(form.title, "Births & first days");
    assert_eq!((form.root.as_str(), form.version.as_deref()), ("data", Some("20260101")));
    assert_eq!(form.languages, ["Français (fr)", "English (en)"]);
    assert!(form.media.is_empty() && !form.is_encrypted);
    let of = |path: &[&str], language: &str| {
        form.field(path).and_then(|field| label(&field.labels, language)).map(str::to_owned)
    };
    assert_eq!(of(&["nom"], "English (en)").as_deref(), Some("Name of the child"));
    assert_eq!(of(&["nom"], "Français (fr)").as_deref(), Some("Nom de l'enfant"));
    assert_eq!(of(&["loc"], "English (en)").as_deref(), Some("Place"));
    assert_eq!(of(&["contact"], "English (en)").as_deref(), Some("Contact"));
    assert_eq!(of(&["start"], "English (en)"), None);
    assert_eq!(choices(leaf(&form, &["sick"]), "Français (fr)"), "y=Oui n=Non");
    assert_eq!(choices(leaf(&form, &["sym"]), "English (en)"), "f=Fever c=Cough d=Diarrhoea");
    assert_eq!(
        choices(leaf(&xform("every_type"), &["a_rank"]), ""),
        "red=Red green=Green blue=Blue"
    );
}

#[test]
fn conditions_are_kept_as_they_are_written() {
    let form = xform("births");
    let nom = form.field(&["nom"]).unwrap();
    assert_eq!((nom.required.as_deref(), nom.relevant.as_deref()), (Some("true()"), None));
    let sym = form.field(&["sym"]).unwrap();
    assert_eq!(sym.relevant.as_deref(), Some(" /data/sick  = 'y'"));
    assert_eq!(leaf(&form, &["contact", "pic"]).media_type.as_deref(), Some("image/*"));
    assert_eq!(leaf(&form, &["nom"]).media_type, None);
}

#[test]
fn what_the_device_fills_in_is_marked() {
    let form = xform("births");
    for (name, automatic) in [
        ("start", Some(Automatic::Start)),
        ("end", Some(Automatic::End)),
        ("today", Some(Automatic::Today)),
        ("deviceid", Some(Automatic::Device)),
        ("username", Some(Automatic::User)),
        ("nom", None),
    ] {
        assert_eq!(leaf(&form, &[name]).automatic, automatic, "{name}");
    }
}

#[test]
fn lists_in_files_and_pictures_in_labels_are_files_that_the_form_needs() {
    let form = xform("villages");
    let media: Vec<(&str, &str)> =
        form.media.iter().map(|file| (file.name.as_str(), file.address.as_str())).collect();
    assert_eq!(
        media,
        [
            ("crops.xml", "jr://file/crops.xml"),
            ("map.png", "jr://images/map.png"),
            ("villages.csv", "jr://file-csv/villages.csv"),
        ]
    );
    assert_eq!(leaf(&form, &["village"]).choices_from.as_deref(), Some("villages.csv"));
    assert_eq!(leaf(&form, &["crops"]).choices_from.as_deref(), Some("crops.xml"));
    assert!(leaf(&form, &["crops"]).choices.is_empty());
    // A filter on a list does not change what the list is.
    assert_eq!(choices(leaf(&form, &["district"]), "Kiswahili (sw)"), "n1=Kaskazini 1 s1=Kusini 1");
    let region = form.field(&["region"]).unwrap();
    assert_eq!(label(&region.labels, "English (en)"), Some("Region"));
}

#[test]
fn a_form_with_a_key_is_encrypted() {
    assert!(xform("encrypted").is_encrypted);
    assert!(!xform("trees").is_encrypted);
}
