//! Statistics as clients of w.c.s. draw them: which charts there are, and the numbers of one.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::json::Value;
use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress::Channel;

use super::catalogue::category_slug;
use super::document;
use super::record::Site;

/// What people call a channel.
pub fn channel_label(channel: Channel) -> String {
    document::channel_label(channel).to_owned()
}

/// What people call the two kinds of statuses.
pub fn standing_label(standing: StatusKind) -> String {
    let label = match standing {
        StatusKind::Pending => "Open",
        StatusKind::Done => "Done",
    };
    label.to_owned()
}

/// `GET /api/statistics/`: the charts that there are, and what each can be asked.
pub fn index(definitions: &[&FormDefinition], site: &Site<'_>) -> Value<'static> {
    let intervals = [
        ("month", "Month"),
        ("year", "Year"),
        ("day", "Day"),
        ("weekday", "Week day"),
        ("hour", "Hour"),
        ("none", "None"),
    ];
    let intervals = intervals.map(|(id, label)| (id.to_owned(), label.to_owned()));
    let any = || vec![("_all".to_owned(), "All".to_owned())];
    let mut categories: Vec<&str> =
        definitions.iter().filter_map(|form| form.category.as_deref()).collect();
    categories.sort_unstable();
    categories.dedup();
    let mut forms = any();
    forms.extend(categories.iter().map(|category| {
        (format!("category:{}", category_slug(category)), format!("Category: {category}"))
    }));
    forms.extend(definitions.iter().map(|form| (form.name.clone(), form.title.clone())));
    let mut channels = any();
    let known = Channel::ALL.iter();
    channels.extend(known.map(|channel| (channel.name().to_owned(), channel_label(*channel))));
    let groups = [
        ("simple-status", "Simplified status"),
        ("status", "Status"),
        ("channel", "Channel"),
        ("form", "Form"),
    ];
    let groups = groups.map(|(id, label)| (id.to_owned(), label.to_owned()));
    let filters = vec![
        filter("time_interval", "Interval", intervals.to_vec(), Some("month")),
        filter("form", "Form", forms, Some("_all")),
        filter("channel", "Channel", channels, Some("_all")),
        filter("group-by", "Group by", groups.to_vec(), None),
    ];
    let chart = Value::object([
        ("name", Value::from("Forms Count")),
        ("url", Value::from(format!("{}/api/statistics/forms/count/", site.base))),
        ("id", Value::from("forms_counts")),
        ("filters", Value::Array(filters)),
    ]);
    Value::object([("err", Value::from(0_i64)), ("data", Value::Array(vec![chart]))])
}

/// Something that a chart can be asked, with the values that it can have.
fn filter(
    id: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
    usual: Option<&'static str>,
) -> Value<'static> {
    let option = |(id, label): (String, String)| {
        Value::object([("id", Value::from(id)), ("label", Value::from(label))])
    };
    let mut members = vec![
        ("id", Value::from(id)),
        ("label", Value::from(label)),
        ("options", Value::Array(options.into_iter().map(option).collect())),
        ("required", Value::from(usual.is_some())),
    ];
    members.extend(usual.map(|usual| ("default", Value::from(usual))));
    Value::object(members)
}

/// `GET /api/statistics/forms/count/`: the labels of the columns, and each series with a number for each.
pub fn chart(labels: &[String], series: &[(String, Vec<u64>)]) -> Value<'static> {
    let labels = labels.iter().map(|label| Value::from(label.clone())).collect();
    let series = series.iter().map(|(label, data)| {
        let data = data.iter().map(|count| Value::from(*count)).collect();
        Value::object([("label", Value::from(label.clone())), ("data", Value::Array(data))])
    });
    let data = Value::object([
        ("x_labels", Value::Array(labels)),
        ("series", Value::Array(series.collect())),
    ]);
    Value::object([("err", Value::from(0_i64)), ("data", data)])
}
