//! Reading attempts.

use std::time::Duration;

use fieldpost_model::attempt::{Attempt, AttemptError, AttemptResponse, ErrorKind};
use fieldpost_model::time::Timestamp;
use uuid::Uuid;

use crate::Store;
use crate::error::StoreError;
use crate::request::{read_attempt_request, read_headers};
use crate::statement::{Row, unreadable};

impl Store {
    /// The attempts of a delivery, in order, bodies of answers included.
    pub async fn attempts(
        &self,
        project: &str,
        delivery: Uuid,
    ) -> Result<Vec<Attempt>, StoreError> {
        self.query(
            "SELECT number, started_at, duration, request, request_sha256, request_bytes, status,
                    response_headers, response_body, truncated, error_kind, error_message
             FROM attempts WHERE project = $1 AND delivery = $2 ORDER BY number"
                .to_owned(),
            vec![project.into(), delivery.into()],
            read_attempt,
        )
        .await
    }

    /// The body that an attempt sent, where it was not the message's own bytes.
    ///
    /// The outer `None`: there is no such attempt. The inner: it sent the payload as received.
    pub async fn attempt_body(
        &self,
        project: &str,
        delivery: Uuid,
        number: u32,
    ) -> Result<Option<Option<Vec<u8>>>, StoreError> {
        let found = self
            .query(
                "SELECT request_body FROM attempts
                 WHERE project = $1 AND delivery = $2 AND number = $3"
                    .to_owned(),
                vec![project.into(), delivery.into(), i64::from(number).into()],
                |row| row.optional_bytes(0),
            )
            .await?;
        Ok(found.into_iter().next())
    }

    /// The attempts of a delivery whose bodies were erased, by number, and when that was.
    pub async fn attempt_erasures(
        &self,
        project: &str,
        delivery: Uuid,
    ) -> Result<Vec<(u32, Timestamp)>, StoreError> {
        self.query(
            "SELECT number, erased_at FROM attempts
             WHERE project = $1 AND delivery = $2 AND erased_at IS NOT NULL ORDER BY number"
                .to_owned(),
            vec![project.into(), delivery.into()],
            |row| Ok((row.count(0)?, row.time(1)?)),
        )
        .await
    }
}

/// Reads the status of an answer.
pub(crate) fn status(number: i64) -> Result<u16, StoreError> {
    u16::try_from(number).map_err(|_| unreadable("status", &number.to_string()))
}

fn read_attempt(row: &Row<'_>) -> Result<Attempt, StoreError> {
    let microseconds = row.integer(2)?;
    let duration = Duration::from_micros(u64::try_from(microseconds).unwrap_or(0));
    let request = match (row.optional_text(3)?, row.optional_bytes(4)?) {
        (Some(request), Some(sha256)) => {
            let sha256 = <[u8; 32]>::try_from(sha256.as_slice())
                .map_err(|_| unreadable("digest", &request))?;
            let bytes = u64::try_from(row.integer(5)?).unwrap_or(0);
            Some(read_attempt_request(&request, sha256, bytes)?)
        }
        _ => None,
    };
    let response = match row.optional_integer(6)? {
        Some(number) => Some(AttemptResponse {
            status: status(number)?,
            headers: row.optional_text(7)?.map_or(Ok(Vec::new()), |text| read_headers(&text))?,
            body: row.optional_bytes(8)?.unwrap_or_default(),
            truncated: row.integer(9)? != 0,
        }),
        None => None,
    };
    let error = match (row.optional_text(10)?, row.optional_text(11)?) {
        (Some(kind), Some(message)) => Some(AttemptError {
            kind: ErrorKind::from_name(&kind).ok_or_else(|| unreadable("error kind", &kind))?,
            message,
        }),
        _ => None,
    };
    Ok(Attempt {
        number: row.count(0)?,
        started_at: row.time(1)?,
        duration,
        request,
        response,
        error,
    })
}
