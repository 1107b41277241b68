//! Which cases are asked for: the filters of both shapes of CommCare HQ's case lists.

use fieldpost_store::{
    CaseOrder, CaseQuery, CaseTime, CaseTimeCondition, Comparison, FieldCondition, FieldOperator,
};

use super::query::{Query, bad, time};
use crate::problem::Problem;

/// What the old list is sorted by: in its order, a change counts when it was committed.
const ORDERS: [&str; 3] = ["indexed_on", "server_date_modified", "server_modified_on"];

/// The times of the old list, by what its parameters begin with.
const STRETCHES: [(&str, &str, CaseTime); 4] = [
    ("date_modified_start", "date_modified_end", CaseTime::Modified),
    ("server_date_modified_start", "server_date_modified_end", CaseTime::Received),
    ("server_modified_on_start", "server_modified_on_end", CaseTime::Received),
    ("date_opened_start", "date_opened_end", CaseTime::Opened),
];

/// The times of version 2, by what the parameters begin with.
const TIMES: [(&str, CaseTime); 4] = [
    ("last_modified.", CaseTime::Modified),
    ("server_last_modified.", CaseTime::Received),
    ("date_opened.", CaseTime::Opened),
    ("date_closed.", CaseTime::Closed),
];

/// The filters of the old list, and its order.
pub(super) fn of_list(query: &mut Query) -> Result<(CaseQuery, CaseOrder), Problem> {
    let mut wanted = common(query)?;
    let case_type = query.one("type")?;
    wanted.case_type = wanted.case_type.or(case_type);
    wanted.modified_by = query.one("user_id")?;
    wanted.name = wanted.name.or(query.one("name")?);
    for (start, end, of) in STRETCHES {
        for (name, comparison) in [(start, Comparison::AtLeast), (end, Comparison::AtMost)] {
            if let Some(at) = query.time(name)? {
                wanted.times.push(CaseTimeCondition { time: of, comparison, at });
            }
        }
    }
    wanted.modified_since = query.time("indexed_on_start")?;
    wanted.modified_until = query.time("indexed_on_end")?.map(super::forms::behind);
    let order = match query.one("order_by")? {
        None => CaseOrder::FirstChanged,
        Some(text) => {
            let name = text.strip_prefix('-').unwrap_or(&text);
            if !ORDERS.contains(&name) {
                let names = ORDERS.join(", ");
                let hint = format!("one of {names}, with - before it for the last first");
                return Err(bad("order_by", &text, hint));
            }
            if name == text { CaseOrder::FirstChanged } else { CaseOrder::LastChanged }
        }
    };
    Ok((wanted, order))
}

/// The filters of version 2.
pub(super) fn of_version_2(query: &mut Query) -> Result<CaseQuery, Problem> {
    let mut wanted = common(query)?;
    for (prefix, of) in TIMES {
        for (word, text) in query.beginning(prefix) {
            let (comparison, at) = compared(prefix, &word, &text)?;
            wanted.times.push(CaseTimeCondition { time: of, comparison, at });
        }
    }
    let prefix = "indexed_on.";
    for (word, text) in query.beginning(prefix) {
        let (comparison, at) = compared(prefix, &word, &text)?;
        let behind = super::forms::behind(at);
        // The list runs along these moments: an index finds where they begin and end.
        let (since, until) = (&mut wanted.modified_since, &mut wanted.modified_until);
        match comparison {
            Comparison::AtLeast => *since = Some(since.map_or(at, |other| other.max(at))),
            Comparison::Above => *since = Some(since.map_or(behind, |other| other.max(behind))),
            Comparison::Below => *until = Some(until.map_or(at, |other| other.min(at))),
            _ => *until = Some(until.map_or(behind, |other| other.min(behind))),
        }
    }
    Ok(wanted)
}

fn compared(
    prefix: &str,
    word: &str,
    text: &str,
) -> Result<(Comparison, fieldpost_model::time::Timestamp), Problem> {
    let name = format!("{prefix}{word}");
    let comparison = match word {
        "gt" => Comparison::Above,
        "gte" => Comparison::AtLeast,
        "lt" => Comparison::Below,
        "lte" => Comparison::AtMost,
        _ => {
            let detail = format!("there is no parameter `{}` here", crate::api::shortened(&name));
            let hint = format!("{prefix}gt, {prefix}gte, {prefix}lt and {prefix}lte are there");
            return Err(Problem::bad_request("unknown-parameter", detail).hint(hint));
        }
    };
    Ok((comparison, time(&name, text)?))
}

/// What both take.
fn common(query: &mut Query) -> Result<CaseQuery, Problem> {
    let mut wanted = CaseQuery {
        case_type: query.one("case_type")?,
        owner: query.one("owner_id")?,
        external_id: query.one("external_id")?,
        name: query.one("case_name")?,
        is_closed: query.truth("closed")?,
        ..CaseQuery::default()
    };
    let mut ties = query.beginning("indices.");
    if ties.len() > 1 {
        return Err(Problem::bad_request("bad-parameter", "one of `indices.` at a time")
            .hint("ask for the cases of one parent, and look at the others by their `indices`"));
    }
    if let Some((name, target)) = ties.pop() {
        if name.is_empty() || target.is_empty() {
            return Err(bad("indices.", &target, "write indices.parent=<case id>"));
        }
        (wanted.tie, wanted.parent) = (Some(name), Some(target));
    }
    for (name, value) in query.beginning("properties.") {
        if name.is_empty() {
            return Err(bad("properties.", &value, "write properties.village=Kibera"));
        }
        // An empty one asks for cases that have nothing there.
        let operator = if value.is_empty() { FieldOperator::Blank } else { FieldOperator::Equals };
        wanted.properties.push(FieldCondition { path: vec![name], operator, value });
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use fieldpost_model::time::Timestamp;

    use super::*;

    fn version_2(text: &str) -> Result<CaseQuery, Problem> {
        let mut query = Query::parse(text);
        let wanted = of_version_2(&mut query)?;
        query.end()?;
        Ok(wanted)
    }

    fn list(text: &str) -> Result<(CaseQuery, CaseOrder), Problem> {
        let mut query = Query::parse(text);
        let wanted = of_list(&mut query)?;
        query.end()?;
        Ok(wanted)
    }

    #[test]
    fn filters_are_those_of_the_case_api() {
        let read = version_2(
            "case_type=t&owner_id=o&external_id=7&case_name=n&closed=true&indices.parent=p\
             &properties.village=Kibera&properties.phone=&date_opened.gte=2026-01-01",
        )
        .unwrap();
        let field = |name: &str, operator, value: &str| FieldCondition {
            path: vec![name.to_owned()],
            operator,
            value: value.to_owned(),
        };
        let at = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
        let expected = CaseQuery {
            case_type: Some("t".to_owned()),
            owner: Some("o".to_owned()),
            external_id: Some("7".to_owned()),
            name: Some("n".to_owned()),
            is_closed: Some(true),
            parent: Some("p".to_owned()),
            tie: Some("parent".to_owned()),
            times: vec![CaseTimeCondition {
                time: CaseTime::Opened,
                comparison: Comparison::AtLeast,
                at,
            }],
            properties: vec![
                field("village", FieldOperator::Equals, "Kibera"),
                field("phone", FieldOperator::Blank, ""),
            ],
            ..CaseQuery::default()
        };
        assert_eq!(read, expected);
        let read = version_2("indexed_on.gt=2026-01-01&indexed_on.lte=2026-01-01").unwrap();
        let behind = Some(Timestamp(at.0 + 1));
        assert_eq!((read.modified_since, read.modified_until), (behind, behind));
        let (read, order) = list("type=t&indexed_on_start=2026-01-01&order_by=indexed_on").unwrap();
        assert_eq!((read.case_type.as_deref(), read.modified_since), (Some("t"), Some(at)));
        assert_eq!(order, CaseOrder::FirstChanged);
        assert_eq!(list("order_by=-server_date_modified").unwrap().1, CaseOrder::LastChanged);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, code) in [
            ("closed=maybe", "bad-parameter"),
            ("last_modified.after=2026-01-01", "unknown-parameter"),
            ("last_modified.gt=soon", "bad-parameter"),
            ("indices.=c", "bad-parameter"),
            ("indices.a=c&indices.b=c", "bad-parameter"),
            ("properties.=c", "bad-parameter"),
            ("village=Kibera", "unknown-parameter"),
        ] {
            assert_eq!(version_2(text).unwrap_err().code(), code, "{text}");
        }
        assert_eq!(list("order_by=name").unwrap_err().code(), "bad-parameter");
    }
}
