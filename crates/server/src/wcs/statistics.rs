//! `/api/statistics/`: how many submissions came in, as charts want it.
//!
//! The store counts, some weeks at a time, along an index; here the counts are put together by the calendar of the
//! project. What is told are numbers alone, so whoever may read definitions may ask for them. What is in a status
//! that is hidden from them is left out where statuses are counted apart.

use axum::response::Response;
use fieldpost_dialects::wcs::catalogue::category_slug;
use fieldpost_dialects::wcs::statistics;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::progress::Channel;
use fieldpost_model::progress_count::{CountGroup, CountQuery};
use fieldpost_rules::wcs::reading::{Reading, StatusReader, may_read_definitions};
use fieldpost_rules::wcs::statistics::{Chart, StatisticsQuery, read};

use super::Asked;
use super::answer::{Turned, json};

/// `GET /api/statistics/`: the charts that there are, with what each can be asked.
pub(super) fn index(asked: &Asked) -> Result<Response, Turned> {
    may_read_definitions(&asked.admitted.caller())?;
    Ok(json(&statistics::index(&definitions(asked), &asked.site())))
}

/// `GET /api/statistics/forms/count/`.
pub(super) async fn forms(asked: &Asked) -> Result<Response, Turned> {
    may_read_definitions(&asked.admitted.caller())?;
    let definitions = definitions(asked);
    let caller = asked.admitted.caller();
    let as_administrator = caller.is_administrator();
    // Who signs for nobody in particular plays no part in the form.
    let reader = StatusReader::of(&caller, Reading { anonymised: false, as_administrator });
    let slug = |category: &str| category_slug(category);
    let calendar = asked.calendar();
    let query = read(&asked.admitted.parameters, &definitions, &slug, &calendar)?;
    let mut chart = Chart::new(query.interval, calendar.zone);
    match &query.forms {
        None => count(asked, &mut chart, query.count.clone(), |_| true).await?,
        Some(forms) => {
            for form in forms {
                let of_form = CountQuery { form: Some(form.clone()), ..query.count.clone() };
                let of_statuses = query.count.group == Some(CountGroup::Status);
                let definition = definitions.iter().find(|it| it.name == *form);
                let definition = definition.filter(|_| of_statuses);
                let is_seen = |status: &str| definition.is_none_or(|it| reader.sees_in(it, status));
                count(asked, &mut chart, of_form, is_seen).await?;
            }
        }
    }
    let drawn = chart.drawn(|group| group_name(&query, &definitions, group));
    Ok(json(&statistics::chart(&drawn.labels, &drawn.series)))
}

/// Adds what the store counted, but for the groups that are not to be seen.
async fn count(
    asked: &Asked,
    chart: &mut Chart,
    mut query: CountQuery,
    is_seen: impl Fn(&str) -> bool,
) -> Result<(), Turned> {
    loop {
        let part = asked.app.hub.store().count_received(asked.project(), &query).await?;
        let seen = part.counted.into_iter();
        chart.add(seen.filter(|counted| counted.group.as_deref().is_none_or(&is_seen)));
        let Some(next) = part.next else { return Ok(()) };
        query.from = Some(next);
    }
}

fn definitions(asked: &Asked) -> Vec<&FormDefinition> {
    asked.admitted.routing.form_definitions().iter().map(|it| &**it).collect()
}

/// What people call a group.
fn group_name(query: &StatisticsQuery, definitions: &[&FormDefinition], group: &str) -> String {
    let of_form = |name: &str| definitions.iter().find(|form| form.name == name);
    let known = match query.count.group {
        Some(CountGroup::Status) => {
            let form = query.forms.iter().flatten().find_map(|name| of_form(name));
            let status = form.and_then(|form| form.lifecycle.status(group));
            status.map(|status| status.name.clone())
        }
        Some(CountGroup::Standing) => StatusKind::from_name(group).map(statistics::standing_label),
        Some(CountGroup::Channel) => Channel::from_name(group).map(statistics::channel_label),
        Some(CountGroup::Form) => of_form(group).map(|form| form.title.clone()),
        None => None,
    };
    known.unwrap_or_else(|| group.to_owned())
}
