//! Finding what somebody has the beginning of an id of.

use fieldpost_model::delivery::Delivery;
use fieldpost_model::incident::Incident;
use fieldpost_model::message::Message;
use fieldpost_model::run::Run;
use uuid::Uuid;

use crate::error::StoreError;
use crate::runs::{COLUMNS_OF_RUN, read_run};
use crate::statement::{Parameter, as_integer};
use crate::{Store, deliveries, incidents, messages};

/// The ids that begin with some digits: from the first one to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// The first.
    pub first: Uuid,
    /// The last.
    pub last: Uuid,
}

impl IdRange {
    /// The fewest digits that somebody is taken to have copied from an id.
    pub const FEWEST_DIGITS: usize = 8;
    const DIGITS: usize = 32;

    /// The ids that begin with these hexadecimal digits, dashes left out; `None` where it is no such
    /// beginning.
    pub fn beginning(text: &str) -> Option<Self> {
        let digits = text.trim().replace('-', "");
        let is_beginning = (Self::FEWEST_DIGITS..=Self::DIGITS).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let value = u128::from_str_radix(&digits, 16).ok().filter(|_| is_beginning)?;
        let open = 4 * u32::try_from(Self::DIGITS - digits.len()).ok()?;
        let first = value.checked_shl(open)?;
        let rest = 1_u128.checked_shl(open).map_or(u128::MAX, |past| past - 1);
        Some(Self { first: Uuid::from_u128(first), last: Uuid::from_u128(first | rest) })
    }

    fn parameters(self, project: &str, most: usize) -> Vec<Parameter> {
        vec![project.into(), self.first.into(), self.last.into(), as_integer(most).into()]
    }
}

/// A list by the primary key.
fn sql(columns: &str, table: &str) -> String {
    format!(
        "SELECT {columns} FROM {table} WHERE project = $1 AND id >= $2 AND id <= $3
         ORDER BY id DESC LIMIT $4"
    )
}

impl Store {
    /// The newest messages with such ids.
    pub async fn messages_within(
        &self,
        project: &str,
        range: IdRange,
        most: usize,
    ) -> Result<Vec<Message>, StoreError> {
        let sql = sql(messages::COLUMNS, "messages");
        self.query(sql, range.parameters(project, most), messages::read_message).await
    }

    /// The newest deliveries with such ids.
    pub async fn deliveries_within(
        &self,
        project: &str,
        range: IdRange,
        most: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let sql = sql(deliveries::COLUMNS, "deliveries");
        self.query(sql, range.parameters(project, most), deliveries::read_delivery).await
    }

    /// The newest runs with such ids.
    pub async fn runs_within(
        &self,
        project: &str,
        range: IdRange,
        most: usize,
    ) -> Result<Vec<Run>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS_OF_RUN} FROM runs r
             LEFT JOIN run_queue q ON q.project = r.project AND q.run = r.id
             WHERE r.project = $1 AND r.id >= $2 AND r.id <= $3
             ORDER BY r.id DESC LIMIT $4"
        );
        self.query(sql, range.parameters(project, most), read_run).await
    }

    /// The newest incidents with such ids.
    pub async fn incidents_within(
        &self,
        project: &str,
        range: IdRange,
        most: usize,
    ) -> Result<Vec<Incident>, StoreError> {
        let sql = sql(incidents::COLUMNS, "incidents");
        self.query(sql, range.parameters(project, most), incidents::read_incident).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str)>) {
        let expected = expected.map(|(first, last)| IdRange {
            first: Uuid::parse_str(first).unwrap(),
            last: Uuid::parse_str(last).unwrap(),
        });
        assert_eq!(IdRange::beginning(text), expected, "{text}");
    }

    #[test]
    fn the_beginning_of_an_id_is_a_range() {
        let whole = "0195a7c2-1234-7000-8000-0123456789ab";
        check(whole, Some((whole, whole)));
        check(&whole.replace('-', "").to_uppercase(), Some((whole, whole)));
        check(
            " 0195a7c2 ",
            Some(("0195a7c2-0000-0000-0000-000000000000", "0195a7c2-ffff-ffff-ffff-ffffffffffff")),
        );
        check(
            "0195a7c2-1",
            Some(("0195a7c2-1000-0000-0000-000000000000", "0195a7c2-1fff-ffff-ffff-ffffffffffff")),
        );
        for text in [
            "",
            "0195a7c",
            "0195a7cx",
            "+195a7c2",
            "births",
            "0195a7c2-1234-7000-8000-0123456789abc",
        ] {
            check(text, None);
        }
    }
}
