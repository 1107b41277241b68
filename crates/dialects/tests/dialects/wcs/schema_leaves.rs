//! Nothing that a schema says is lost without a word: each thing in a rich one is in the form that is read, or told.

use fieldpost_dialects::wcs::schema::{Found, read};
use fieldpost_model::lifecycle::CriticalityLevel;
use proptest::prelude::*;

use super::*;

/// A schema with whatever the forms of a w.c.s. can say, and some things that nobody has heard of.
const RICH: &str = r##"{
    "name": "Newsletter", "url_name": "newsletter", "description": "All that is new", "category": "Town life",
    "category_id": "town-life", "keywords": "news, paper", "disabled": true, "only_allow_one": true,
    "enable_tracking_codes": true, "tracking_code_verify_fields": ["1", "kind", "99"],
    "id_template": "{{ form_number }}-x", "digest_templates": {"default": "{{ form_var_email }}", "custom-view:all": "y"},
    "geolocations": {"base": "Where it is", "second": "elsewhere"},
    "drafts_lifespan": "30", "drafts_max_per_user": 3, "backoffice_submission_roles": ["agents", "Not a role"],
    "always_advertise": false, "confirmation": true, "required_authentication_contexts": ["fedict"],
    "fields": [
        {"id": "1", "type": "email", "label": "E-mail", "varname": "email", "required": true, "hint": "yours",
         "anonymise": "intermediate", "display_locations": ["validation", "listings", "moon"],
         "prefill": {"type": "user", "value": "email"}, "extra_css_class": "grid-1-2"},
        {"id": "2", "type": "item", "label": "Kind", "varname": "kind", "anonymise": "final",
         "condition": {"type": "django", "value": "form_var_email", "comment": "odd"},
         "items": [{"id": "1", "text": "one", "colour": "red"}, ["2", "two"], "three", {"nothing": 1}, {"label": "four"}]},
        {"id": "3", "type": "items", "label": "Towns", "varname": "towns",
         "data_source": {"type": "jsonvalue", "value": "[{\"id\": \"p\", \"text\": \"Paris\", \"region\": 11}, 7, true]"}},
        {"id": "4", "type": "item", "label": "Far", "varname": "far", "data_source": {"type": "json", "value": "https://x"}},
        {"id": "5", "type": "computed", "label": "Sum", "varname": "sum", "value_template": "{{ 1 }}"},
        {"id": "6", "type": "computed", "label": "Old sum", "varname": "old_sum", "value": {"type": "template", "value": "{{ 2 }}"},
         "freeze_on_initial_value": true},
        {"id": "7", "type": "table", "label": "Grid", "varname": "grid", "columns": ["Name", 2], "rows": ["First", {"x": 1}]},
        {"id": "8", "type": "block:person", "label": "People", "varname": "people", "max_items": 3,
         "schema": {"name": "Persons", "digest_template": "{{ first }}", "fields": [
            {"id": "1", "type": "string", "label": "First name", "varname": "first", "validation": {"type": "digits"}}]}},
        {"id": "9", "type": "password", "label": "Secret", "varname": "secret"},
        {"id": "10", "type": "map", "label": "Spot", "varname": "spot", "initial_zoom": "13"},
        {"id": "11", "type": "page", "label": "Second page", "post_conditions": [{"condition": "x", "error_message": "no"}]},
        {"id": "12", "type": "string", "label": "Old", "varname": "old", "condition": {"type": "python", "value": "x == 1"}},
        "no field"
    ],
    "workflow": {
        "name": "Requests", "slug": "requests",
        "statuses": [
            {"id": "new", "name": "New", "endpoint": false, "waitpoint": true, "forced_endpoint": false,
             "visibility": ["_receiver", "logged-users", "agents", "_signed_calls"], "colour": "FF8800",
             "backoffice_info_text": "call them"},
            {"id": "gone", "name": "Gone", "endpoint": true, "waitpoint": false, "forced_endpoint": true,
             "visible_to": ["_submitter"], "color": "#00ff00", "items": [{"key": "sendmail"}]},
            {"id": 7, "name": "Passing", "endpoint": false, "waitpoint": false},
            {"name": "No id"}
        ],
        "fields": [{"id": "bo1", "type": "text", "label": "Note", "varname": "note", "unheard": "of"}],
        "functions": {"_receiver": "Desk", "_manager": {"label": "Boss", "role": {"slug": "agents", "details": "d"}},
            "_other": {"label": "Other", "role": "agents", "more": 1}, "_odd": 5, "_odder": [1]},
        "roles": {"5": "Agents"},
        "actions": {"jump:validate": {"label": "Validate"}},
        "criticality_levels": [{"name": "Green", "colour": "00aa00"}, "Red", {"colour": "ff0000"}]
    },
    "invented": {"deep": ["inside"]}
}"##;

/// A step into a value: the key or the place.
#[derive(Clone, Debug)]
enum Step {
    Key(usize),
    Place(usize),
}

/// The ways to all that says something by itself, with how each reads.
fn leaves(value: &Value<'_>, way: &mut Vec<Step>, name: &str, all: &mut Vec<(Vec<Step>, String)>) {
    match value {
        Value::Object(members) => {
            for (at, (key, value)) in members.iter().enumerate() {
                way.push(Step::Key(at));
                leaves(value, way, &format!("{name}.{key}"), all);
                way.pop();
            }
        }
        Value::Array(elements) => {
            for (at, value) in elements.iter().enumerate() {
                way.push(Step::Place(at));
                leaves(value, way, &format!("{name}.{at}"), all);
                way.pop();
            }
        }
        _ => all.push((way.clone(), name.to_owned())),
    }
}

/// What a way leads to.
fn at<'v>(value: &'v mut Value<'static>, way: &[Step]) -> &'v mut Value<'static> {
    way.iter().fold(value, |value, step| match (value, step) {
        (Value::Object(members), Step::Key(at)) => &mut members[*at].1,
        (Value::Array(elements), Step::Place(at)) => &mut elements[*at],
        (value, step) => panic!("{step:?} leads nowhere in {value:?}"),
    })
}

/// Something of the same kind that says something else.
fn otherwise(value: &Value<'_>) -> Value<'static> {
    match (value.as_bool(), value.as_number(), value.as_str()) {
        (Some(flag), ..) => Value::Bool(!flag),
        (_, Some(number), _) => Value::number(format!("{number}1")).unwrap(),
        (.., Some(text)) => Value::from(format!("{text}x")),
        _ => panic!("{value:?} says nothing"),
    }
}

fn rich() -> Value<'static> {
    Value::parse(RICH.as_bytes()).unwrap().into_owned()
}

#[track_caller]
fn found(document: &Value<'_>) -> Found {
    read(document).unwrap()
}

#[test]
fn whatever_a_schema_says_makes_a_difference() {
    let document = rich();
    let as_it_is = found(&document);
    let mut all = Vec::new();
    leaves(&document, &mut Vec::new(), "", &mut all);
    assert!(all.len() > 150, "{}", all.len());
    for (way, name) in all {
        let mut changed = document.clone();
        let leaf = at(&mut changed, &way);
        *leaf = otherwise(leaf);
        // Without `fields` there is no form, and everything makes a difference to that.
        assert_ne!(read(&changed).as_ref(), Some(&as_it_is), "{name} is lost without a word");
    }
}

#[test]
fn what_can_be_kept_is_kept() {
    let form = found(&rich()).definition;
    let field =
        |name: &str| form.fields.iter().find(|it| it.name.as_deref() == Some(name)).unwrap();
    let ids = |name: &str| {
        let items = field(name).items.iter();
        items.map(|item| format!("{}={}", item.id, item.text)).collect::<Vec<_>>()
    };
    assert_eq!(ids("kind"), ["1=one", "2=two", "three=three", "four=four"]);
    assert_eq!(field("kind").items[0].attributes, [("colour".to_owned(), Value::from("red"))]);
    assert_eq!(ids("towns"), ["p=Paris", "7=7"]);
    let region = &field("towns").items[0].attributes[0];
    assert_eq!((region.0.as_str(), region.1.as_number()), ("region", Some("11")));
    assert_eq!(field("sum").template.as_deref(), Some("{{ 1 }}"));
    assert_eq!(field("old_sum").template.as_deref(), Some("{{ 2 }}"));
    let shown = [DisplayLocation::Validation, DisplayLocation::Listings];
    assert_eq!(field("email").display_locations, shown);
    assert_eq!(form.tracking_codes.as_ref().unwrap().verify_fields, ["email", "kind"]);
    assert_eq!(form.submission_roles, ["agents", "not-a-role"]);
    let drafts = form.drafts.unwrap();
    assert_eq!((drafts.lifespan.as_secs(), drafts.max_per_user), (30 * 86_400, 3));
    assert_eq!(form.geolocation.as_deref(), Some("spot"));
    let lifecycle = &form.lifecycle;
    let status = |id: &str| lifecycle.status(id).unwrap();
    let seen: Vec<&str> = status("new").visible_to.iter().map(Who::name).collect();
    assert_eq!(seen, ["_receiver", "logged-users", "agents"]);
    assert_eq!(status("gone").visible_to, [Who::Submitter]);
    assert_eq!(status("new").colour.as_deref(), Some("#ff8800"));
    assert_eq!(status("gone").colour.as_deref(), Some("#00ff00"));
    let role = |id: &str| lifecycle.function(id).unwrap().role.clone();
    assert_eq!(
        (role("_manager").as_deref(), role("_other").as_deref()),
        (Some("agents"), Some("agents"))
    );
    assert_eq!(
        lifecycle.criticality_levels,
        [
            CriticalityLevel { name: "Green".to_owned(), colour: Some("#00aa00".to_owned()) },
            CriticalityLevel { name: "Red".to_owned(), colour: None },
        ]
    );
}

#[test]
fn what_cannot_be_kept_is_named_with_its_way() {
    let told = found(&rich()).missing;
    let told: Vec<String> = told.iter().map(|it| format!("{} {}", it.code, it.path)).collect();
    assert_eq!(
        told,
        [
            "left-out fields.email.display_locations.3",
            "left-out fields.email.prefill",
            "left-out fields.email.extra_css_class",
            "left-out fields.kind.condition.comment",
            "left-out fields.kind.items.4",
            "left-out fields.towns.data_source.3",
            "items fields.far.items",
            "left-out fields.far.data_source",
            "left-out fields.old_sum.freeze_on_initial_value",
            "left-out fields.grid.rows.2",
            "left-out fields.people.type",
            "left-out fields.people.fields.first.validation",
            "left-out fields.people.schema.name",
            "left-out fields.people.schema.digest_template",
            "left-out fields.people.max_items",
            "field fields.secret",
            "left-out fields.spot.initial_zoom",
            "left-out fields.Second page.post_conditions",
            "condition fields.old.condition",
            "left-out fields.13",
            "status-actions lifecycle.statuses.new.actions",
            "left-out lifecycle.statuses.new.visibility.4",
            "left-out lifecycle.statuses.new.backoffice_info_text",
            "left-out lifecycle.statuses.gone.waitpoint",
            "left-out lifecycle.statuses.gone.items",
            "status-actions lifecycle.statuses.7.actions",
            "left-out lifecycle.statuses.4",
            "left-out lifecycle.backoffice_fields.note.unheard",
            "left-out lifecycle.functions._manager.role.details",
            "left-out lifecycle.functions._other.more",
            "left-out lifecycle.functions._odder",
            "function-role lifecycle.functions._receiver",
            "function-role lifecycle.functions._odd",
            "function-role lifecycle.functions._odder",
            "action lifecycle",
            "role lifecycle.roles.5",
            "left-out lifecycle.criticality_levels.3",
            "left-out lifecycle.slug",
            "renamed backoffice_submission_roles.2",
            "left-out tracking_code_verify_fields.3",
            "left-out digest_templates.custom-view:all",
            "left-out geolocations.base",
            "left-out geolocations.second",
            "left-out always_advertise",
            "left-out confirmation",
            "left-out required_authentication_contexts",
            "left-out invented",
        ]
    );
    let told = found(&rich()).missing;
    let prefill = told.iter().find(|it| it.path == "fields.email.prefill").unwrap();
    assert_eq!(
        prefill.what(),
        "There is nothing here that `prefill` could become: it is left out. The schema says \
         `{\"type\":\"user\",\"value\":\"email\"}`."
    );
}

#[test]
fn a_form_of_the_hub_is_read_from_its_own_schema_with_nothing_left_out() {
    let document = fieldpost_dialects::wcs::schema::write(&definition(), &[], true);
    let document = Value::parse(document.to_json().as_bytes()).unwrap().into_owned();
    let told = found(&document).missing;
    let left_out: Vec<_> = told.iter().filter(|it| it.code.name() == "left-out").collect();
    assert!(left_out.is_empty(), "{left_out:?}");
}

/// The ways to all objects.
fn objects(value: &Value<'_>, way: &mut Vec<Step>, all: &mut Vec<Vec<Step>>) {
    match value {
        Value::Object(members) => {
            all.push(way.clone());
            for (at, (_, value)) in members.iter().enumerate() {
                way.push(Step::Key(at));
                objects(value, way, all);
                way.pop();
            }
        }
        Value::Array(elements) => {
            for (at, value) in elements.iter().enumerate() {
                way.push(Step::Place(at));
                objects(value, way, all);
                way.pop();
            }
        }
        _ => {}
    }
}

proptest! {
    /// A key that nobody has heard of makes a difference wherever it stands.
    #[test]
    fn no_unknown_key_is_lost(
        key in "[a-z_]{10,14}",
        at_object in any::<prop::sample::Index>(),
        value in prop_oneof!["[a-z]{1,9}".prop_map(Value::from), any::<bool>().prop_map(Value::Bool)],
    ) {
        let mut document = rich();
        let as_it_is = found(&document);
        let mut all = Vec::new();
        objects(&document, &mut Vec::new(), &mut all);
        let way = &all[at_object.index(all.len())];
        let Value::Object(members) = at(&mut document, way) else { unreachable!() };
        prop_assume!(members.iter().all(|(own, _)| *own != key));
        members.push((key.clone().into(), value));
        prop_assert_ne!(&found(&document), &as_it_is, "{} in {:?}", key, way);
    }
}
