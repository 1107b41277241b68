//! Any forwarder that can be written.

use fieldpost_model::delivery::PayloadKind;
use fieldpost_model::forwarder::{
    CaseXmlVersion, ClosedCases, Coarseness, Forwarder, MessageFilter, Rendering, Withheld,
    Withholding,
};
use proptest::prelude::*;

use super::super::*;
use super::{any_conditions, any_duration, any_name, any_pairs};
use crate::event::payload_of;

fn any_retry() -> impl Strategy<Value = RetryPolicy> {
    let code = prop_oneof![
        (300..=599_u16).prop_map(CodePattern::Exactly),
        (3..=5_u16).prop_map(CodePattern::Class),
    ];
    (
        any_duration(30 * 86_400_000),
        any_duration(30 * 86_400_000),
        any_duration(365 * 86_400_000),
        1.0..=100.0_f64,
        1..=1_000_u32,
        prop::collection::vec(code, 0..4),
    )
        .prop_map(|(first, max, give_up_after, factor, minimum_tries, codes)| RetryPolicy {
            first: first.min(max),
            max: first.max(max),
            give_up_after,
            factor,
            minimum_tries,
            codes,
        })
}

fn any_filter_json() -> impl Strategy<Value = Option<Value<'static>>> {
    prop::option::of(prop::sample::select(vec![
        r#"{"form":"births"}"#,
        r#"{"body":{"age":1.10,"on":true,"tags":[1,{"a":null}]}}"#,
        r#"["${NAME}"]"#,
        "5",
        "\"yes\"",
        "{}",
    ]))
    .prop_map(|text| text.map(|text| Value::parse(text.as_bytes()).unwrap()))
}

/// A list of names that is empty more often than not.
fn any_list() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec("\\PC{1,6}", 1..4)]
}

pub(super) fn any_filter(on: Event) -> impl Strategy<Value = MessageFilter> {
    let of_request = (any_filter_json(), any_filter_json(), any_conditions(), any_conditions());
    let of_event = (any_list(), any_list(), any_list(), any_list(), any_list());
    (of_request, of_event).prop_map(move |(of_request, of_event)| {
        let kind = payload_of(on);
        let (matches, unless, headers, query) = of_request;
        let (forms, case_types, applications, users, without_users) = of_event;
        let known = |is_known: bool, list: Vec<String>| if is_known { list } else { Vec::new() };
        let is_known = kind != PayloadKind::Message;
        let has_user = is_known && kind != PayloadKind::Application;
        MessageFilter {
            from: None,
            matches,
            unless,
            headers,
            query,
            forms: known(is_known, forms),
            case_types: known(kind == PayloadKind::Case, case_types),
            applications: known(is_known, applications),
            users: known(has_user, users),
            without_users: known(has_user, without_users),
        }
    })
}

fn any_path() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[a-z_@. é]{0,3}[a-z]", 1..4)
}

fn any_withheld() -> impl Strategy<Value = Vec<Withheld>> {
    let coarseness = prop_oneof![
        Just(Coarseness::Month),
        Just(Coarseness::Year),
        "[1-9][0-9]{0,4}(\\.[0-9]{1,4})?".prop_map(Coarseness::Step),
        "00\\.[0-9]{1,3}1".prop_map(Coarseness::Step),
    ];
    let how = prop_oneof![
        Just(Withholding::Drop),
        Just(Withholding::Hash),
        coarseness.prop_map(Withholding::Coarsen),
    ];
    prop::collection::btree_map(any_path(), how, 0..4)
        .prop_map(|fields| fields.into_iter().map(|(path, how)| Withheld { path, how }).collect())
}

fn any_rendering(on: Event, format: Format) -> impl Strategy<Value = Rendering> {
    (
        prop::sample::select(CaseXmlVersion::ALL),
        prop::sample::select(ClosedCases::ALL),
        prop::sample::select(vec!["{{ values.name }}", "a\nb", "{% if a %}\n  b\n{% endif %}\n"]),
        prop::option::of(prop::sample::select(vec!["application/json", "text/csv; charset=utf-8"])),
        prop_oneof![Just(Vec::new()), any_path()],
        prop::option::of("([a-oq-z_][a-z0-9_]{0,5}[.])?[a-oq-z_][a-z0-9_]{0,5}"),
        any::<bool>(),
    )
        .prop_map(
            move |(version, closed_cases, template, content_type, position, table, id)| {
                let default = Rendering::default();
                let is = |wanted: Format| format == wanted;
                let of_cases = is(Format::CaseXml) || is(Format::CaseJson);
                let has_id = matches!(on, Event::Form | Event::Submission) && !is(Format::Table);
                Rendering {
                    case_xml_version: if is(Format::CaseXml) {
                        version
                    } else {
                        default.case_xml_version
                    },
                    closed_cases: if of_cases { closed_cases } else { default.closed_cases },
                    template: is(Format::Template).then(|| template.to_owned()),
                    content_type: content_type.filter(|_| is(Format::Template)).map(str::to_owned),
                    position: if is(Format::Geojson) { position } else { Vec::new() },
                    table: table.filter(|_| is(Format::Table)),
                    sends_application: !has_id || id,
                }
            },
        )
}

/// An event and one of its formats. Where it goes is written by who makes a project of it, so that
/// no format goes to a database.
fn any_event() -> impl Strategy<Value = (Event, Format)> {
    prop::sample::select(Event::OFFERED).prop_flat_map(|on| {
        let formats = formats_of(on).iter().copied().filter(|it| *it != Format::Table);
        (Just(on), prop::sample::select(formats.collect::<Vec<_>>()))
    })
}

pub(super) fn any_forwarder() -> impl Strategy<Value = Forwarder> {
    let event = any_event().prop_flat_map(|(on, format)| {
        let content = (any_filter(on), any_rendering(on, format), any_withheld());
        (Just((on, format)), content)
    });
    let order = (
        prop::sample::select(OrderBy::ALL),
        prop::sample::select(OnRejected::ALL),
        prop::sample::select(PayloadChoice::ALL),
    );
    let request = (prop::sample::select(Method::ALL), any_pairs(), any_pairs());
    let retry = prop_oneof![Just(RetryPolicy::default()), any_retry()];
    (event, any_name(), any::<bool>(), request, retry, order).prop_map(
        |(event, name, paused, (method, headers, query), retry, order)| {
            let ((on, format), (filter, rendering, withhold)) = event;
            let (order_by, on_rejected, payload) = order;
            let has_answers = !matches!(format, Format::Stub | Format::AsReceived | Format::Json)
                && matches!(payload_of(on), PayloadKind::Submission | PayloadKind::Case);
            let takes_any_order = payload_of(on) != PayloadKind::Case || order_by != OrderBy::Form;
            Forwarder {
                to: name.clone(),
                name,
                on,
                filter,
                format,
                method,
                paused,
                headers,
                query,
                retry,
                order_by,
                on_rejected,
                payload: if takes_any_order { payload } else { PayloadChoice::Snapshot },
                rendering,
                withhold: if has_answers { withhold } else { Vec::new() },
            }
        },
    )
}
