//! The numbers that people are known by.
//!
//! Documents of w.c.s. know people by whole numbers, and whoever reads them keeps those numbers. So
//! somebody of a project is given one when they are first seen, and keeps it: it stays when they are taken
//! out of the project, is theirs again when they come back, and is nobody else's meanwhile.

use crate::error::StoreError;
use crate::statement::Batch;
use crate::{Engine, Store};

impl Store {
    /// The number of somebody of a project, who is given one if they have none yet. Those of the project's
    /// definitions have theirs already; this is for who acts without being one of them. Their name has a
    /// character in it that no definition's name can have, such as `:`.
    pub async fn person_number(&self, project: &str, name: &str) -> Result<u64, StoreError> {
        if let Some(number) = self.known_person(project, name).await? {
            return Ok(number);
        }
        let mut batch = Batch::default();
        if let Engine::Postgres(_) = self.engine {
            // As with a change of the definitions, which gives numbers as well.
            batch.any("LOCK TABLE projects IN EXCLUSIVE MODE", Vec::new());
        }
        add_person(&mut batch, project, name);
        self.change(batch).await?;
        let missing = || StoreError::Refused(format!("\"{name}\" was given no number"));
        self.known_person(project, name).await?.ok_or_else(missing)
    }

    async fn known_person(&self, project: &str, name: &str) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT number FROM people WHERE project = $1 AND name = $2";
        let parameters = vec![project.into(), name.into()];
        let numbers = self.query(sql.to_owned(), parameters, |row| row.integer(0)).await?;
        Ok(numbers.first().map(|number| number.unsigned_abs()))
    }
}

/// Adds the statement that gives somebody a number unless they have one. Nobody else may give one at the
/// same time.
pub(crate) fn add_person(batch: &mut Batch, project: &str, name: &str) {
    batch.any(
        "INSERT INTO people (project, name, number)
         SELECT $1, $2, coalesce(max(number), 0) + 1 FROM people WHERE project = $1
         ON CONFLICT (project, name) DO NOTHING",
        vec![project.into(), name.into()],
    );
}
