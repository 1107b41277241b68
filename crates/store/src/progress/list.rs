//! Lists of submissions along their lifecycles, from the narrow rows alone.

use fieldpost_model::lifecycle::StatusKind;
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::error::StoreError;
use crate::statement::{Row, length, unreadable};

/// A submission as lists show it: what is known without reading what happened to it, or what was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedProgress {
    /// The submission.
    pub submission: Uuid,
    /// Its form.
    pub form: String,
    /// Its number among those of its form.
    pub number: u64,
    /// The id that it has everywhere.
    pub uuid: Uuid,
    /// The id that its form's template made.
    pub natural_id: Option<String>,
    /// What people call it.
    pub display_id: String,
    /// What tells it from others in a list.
    pub digest: Option<String>,
    /// The status that it is in; `None` for a draft.
    pub status: Option<String>,
    /// Whether it is pending or done; `None` for a draft, or where its status is gone.
    pub standing: Option<StatusKind>,
    /// When it came in.
    pub received_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whose it is, by number.
    pub user: Option<u64>,
    /// Who filled it in for another, by number.
    pub agent: Option<u64>,
    /// How pressing it is: the level, counted from 0.
    pub criticality: u32,
    /// Where it is: latitude and longitude, to seven digits.
    pub position: Option<(f64, f64)>,
    /// Who can do something now.
    pub acting: Vec<String>,
    /// Whom it concerns.
    pub concerned: Vec<String>,
    /// When it was made anonymous.
    pub anonymised_at: Option<Timestamp>,
    /// The revision of its progress; 0 where its form has no lifecycle.
    pub revision: i64,
}

/// What [`read_listed`] reads.
pub(super) const COLUMNS: &str = "p.submission, p.form, p.number, p.uuid, p.natural_id, \
    p.display_id, p.digest, p.status, p.standing, p.received_at, p.updated_at, p.user_number, \
    p.agent_number, p.criticality, p.latitude, p.longitude, p.acting, p.concerned, p.functions, \
    p.anonymised_at, p.revision";

pub(super) fn read_listed(row: &Row<'_>) -> Result<ListedProgress, StoreError> {
    let standing = row.optional_text(8)?;
    let standing = standing.map(|name| {
        StatusKind::from_name(&name).ok_or_else(|| unreadable("standing", &name))
    });
    let number_at = |column| Ok::<_, StoreError>(row.optional_integer(column)?.map(i64::unsigned_abs));
    let position = row.optional_integer(14)?.zip(row.optional_integer(15)?);
    Ok(ListedProgress {
        submission: row.id(0)?,
        form: row.text(1)?,
        number: length(row.integer(2)?)?,
        uuid: row.id(3)?,
        natural_id: row.optional_text(4)?,
        display_id: row.text(5)?,
        digest: row.optional_text(6)?,
        status: row.optional_text(7)?,
        standing: standing.transpose()?,
        received_at: row.time(9)?,
        updated_at: row.time(10)?,
        user: number_at(11)?,
        agent: number_at(12)?,
        criticality: row.count(13)?,
        position: position.map(|(latitude, longitude)| (degrees(latitude), degrees(longitude))),
        acting: lines_of(&row.text(16)?),
        concerned: lines_of(&row.text(17)?),
        anonymised_at: row.optional_time(19)?,
        revision: row.integer(20)?,
    })
}

/// So many units have a degree.
pub(super) const UNITS: f64 = 1e7;

#[expect(clippy::cast_precision_loss, reason = "no place on earth has more digits than that")]
fn degrees(units: i64) -> f64 {
    units as f64 / UNITS
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
