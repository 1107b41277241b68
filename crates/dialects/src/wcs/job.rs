//! What became of long work, as clients of w.c.s. wait for it.

use fieldpost_model::json::Value;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use super::record::Site;
use super::times;

/// Work that is done.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// When it was done.
    pub at: Timestamp,
    /// How many of its rows were not taken.
    pub refused: u64,
    /// What came of it.
    pub result: Value<'static>,
}

/// `GET /api/jobs/<id>/`.
pub fn write(job: &Job, site: &Site<'_>) -> Value<'static> {
    let time = times::with_offset(job.at, site.time_zone);
    let count = |name: &str| job.result.get(name).map(Value::to_json).unwrap_or_default();
    let done = format!(
        "{} created, {} updated, {} left as they are, {} deleted",
        count("created"),
        count("updated"),
        count("skipped"),
        count("deleted")
    );
    let mut members = vec![
        ("id", Value::from(job.id.to_string())),
        ("status", Value::from("completed")),
        ("label", Value::from("Importing data into cards")),
        ("creation_time", time.clone()),
        ("completion_time", time),
        ("completion_status", Value::from(done)),
    ];
    if job.refused > 0 {
        let label = format!("{} rows could not be taken.", job.refused);
        members.push(("failure_label", Value::from(label)));
    }
    members.push(("job_result_data", job.result.clone()));
    Value::object([("err", Value::from(0_i64)), ("data", Value::object(members))])
}
