//! Lists that are read page by page, and lists of what has changed lately: what a shorter way to the rows must not
//! change.

use serde_json::{Value, json};

use crate::data_forms::BOTH;
use crate::hub::{TestHub, text};
use crate::wcs_project::{BY_CLERKS, BY_PARTNER, good, hub_on, submit};

const LIST: &str = "/p/clinic/api/forms/request/list";

async fn ids(hub: &TestHub, query: &str) -> Vec<String> {
    let rows: Value = good(BY_CLERKS.get(hub, &format!("{LIST}?{query}")).await).await;
    rows.as_array().unwrap().iter().map(|row| text(&row["id"]).to_owned()).collect()
}

async fn submit_some(hub: &TestHub, count: usize) {
    for number in 0..count {
        let answers = json!({ "name": format!("Person {number}"), "kind": "1" });
        submit(hub, "request", &json!({ "data": answers })).await;
    }
}

/// The pages of a list, one after the other.
async fn paged(hub: &TestHub, query: &str, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let page = ids(hub, &format!("{query}&limit={limit}&offset={}", all.len())).await;
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

#[tokio::test]
async fn pages_by_offset_are_the_list() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        submit_some(&hub, 7).await;
        for query in [
            "filter=all",
            "filter=all&order_by=id",
            "filter=all&order_by=-last_update_time",
            "filter=all&full=on",
            "filter-kind=1&filter=all",
        ] {
            let whole = ids(&hub, query).await;
            assert_eq!(whole.len(), 7, "{query}");
            assert_eq!(paged(&hub, query, 2).await, whole, "{query}");
            // Once more, from what is remembered, and from the middle of a page.
            assert_eq!(paged(&hub, query, 3).await, whole, "{query}");
            assert_eq!(
                ids(&hub, &format!("{query}&limit=3&offset=5")).await,
                whole[5..],
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn a_page_behind_a_change_counts_anew() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        submit_some(&hub, 4).await;
        assert_eq!(ids(&hub, "filter=all&limit=2").await, ["4", "3"]);
        submit_some(&hub, 1).await;
        // The newest stands first now, so the rows behind two others are the same as before by one.
        assert_eq!(ids(&hub, "filter=all&limit=2&offset=2").await, ["3", "2"]);
    }
}

#[tokio::test]
async fn what_has_changed_lately_is_told_in_any_order() {
    for engine in BOTH {
        let hub = hub_on(engine).await;
        submit_some(&hub, 5).await;
        let row = good(BY_CLERKS.get(&hub, "/p/clinic/api/forms/request/5/").await).await;
        let since = text(&row["updated_at"]).replace('+', "%2B");
        for id in [2, 4] {
            let path = format!("/p/clinic/api/forms/request/{id}/jump/trigger/hide/");
            assert_eq!(BY_PARTNER.post(&hub, &path, &json!({})).await.status(), 200);
        }
        let lately = format!("filter=all&filter-start-mtime=on&filter-start-mtime-value={since}");
        for (order, expected) in [
            ("", &["5", "4", "2"]),
            ("&order_by=id", &["2", "4", "5"]),
            ("&order_by=last_update_time", &["5", "2", "4"]),
        ] {
            assert_eq!(ids(&hub, &format!("{lately}{order}")).await, *expected, "{order}");
            assert_eq!(paged(&hub, &format!("{lately}{order}"), 2).await, *expected, "{order}");
        }
    }
}
