//! Jobs while they are written, and what the adaptors give to them.

use serde_json::{Value, json};

use crate::hub::{TestHub, json_of, problem};

const CHECK: &str = "projects/clinic/jobs/check";

#[track_caller]
fn problems_of(checked: &Value) -> Vec<(&str, &Value, &Value, &Value)> {
    let problems = checked["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|it| (it["code"].as_str().unwrap(), &it["line"], &it["column"], &it["is_warning"]))
        .collect()
}

#[tokio::test]
async fn a_job_is_checked_while_it_is_written() {
    let hub = TestHub::start().await;
    let job = "fn(state => state);\neach('$.data[*]', fn(s => s));";
    let answer = hub.post(CHECK, &json!({ "adaptors": ["common"], "job": job })).await;
    assert_eq!(answer.status(), 200);
    let expected = json!({
        "problems": [],
        "operations": [{ "name": "fn", "line": 1 }, { "name": "each", "line": 2 }],
    });
    assert_eq!(json_of(answer).await, expected);

    let broken = json!({ "adaptors": ["common"], "job": "fn(state => state);\nfn(state => {" });
    let checked = json_of(hub.post(CHECK, &broken).await).await;
    assert_eq!(problems_of(&checked), [("job-syntax", &json!(2), &json!(14), &json!(false))]);
    assert_eq!(checked["operations"], json!([]));

    let lost = json!({ "adaptors": ["common"], "job": "fn(state => state);\n  nowhere(1);" });
    let checked = json_of(hub.post(CHECK, &lost).await).await;
    assert_eq!(problems_of(&checked), [("undeclared-name", &json!(2), &json!(3), &json!(true))]);
}

#[tokio::test]
async fn what_is_no_job_is_refused() {
    let hub = TestHub::start().await;
    let many = vec!["common"; 21];
    let answer = hub.post(CHECK, &json!({ "adaptors": many, "job": "" })).await;
    problem(answer, 400, "bad-body").await;
    let answer = hub.post(CHECK, &json!({ "adaptors": ["common"] })).await;
    problem(answer, 400, "bad-body").await;
    let answer = hub.post("projects/nowhere/jobs/check", &json!({ "job": "" })).await;
    problem(answer, 404, "not-found").await;
}

#[tokio::test]
async fn adaptors_are_listed_with_what_they_give() {
    let hub = TestHub::start().await;
    let adaptors = hub.items("adaptors").await;
    let common = adaptors.iter().find(|it| it["name"] == "common").unwrap();
    assert_eq!(common["module"], "@openfn/language-common");
    let functions = common["functions"].as_array().unwrap();
    let each = functions.iter().find(|function| function["name"] == "each").unwrap();
    assert!(!each["parameters"].as_str().unwrap().is_empty(), "{each}");
    assert!(!each["summary"].as_str().unwrap().is_empty(), "{each}");
}
