//! The tables that a filing writes, described once for both engines.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Id,
    Bytes,
}

impl Kind {
    /// What PostgreSQL calls it.
    const fn on_postgres(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "bigint",
            Self::Id => "uuid",
            Self::Bytes => "bytea",
        }
    }
}

/// What becomes of a row whose key is there already.
#[derive(Clone, Copy, Debug)]
enum Present {
    /// That cannot be: the plan was compared.
    Refused,
    /// Every column is set anew, but for these.
    SetBut(&'static [&'static str]),
    /// It stays as it is: the key is all that there is of it.
    Kept,
    /// What is new is set; a value is never taken away. But for these columns, which are what is said here.
    CompletedBut(&'static [(&'static str, &'static str)]),
}

/// A table with the columns that are written.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// How many of the columns, from the first on, are the key.
    key: usize,
    present: Present,
}

impl Table {
    /// The insert, up to and without what gives the rows.
    pub(crate) fn insert(&self) -> String {
        let columns: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("INSERT INTO {} ({})", self.name, columns.join(", "))
    }

    /// What comes behind the rows; it may be nothing.
    pub(crate) fn on_conflict(&self) -> String {
        let (key, others) = self.columns.split_at_checked(self.key).unwrap_or_default();
        let table = self.name;
        let sets: Vec<String> = match self.present {
            Present::Refused => return String::new(),
            Present::Kept => return "ON CONFLICT DO NOTHING".to_owned(),
            Present::SetBut(kept) => others
                .iter()
                .filter(|(name, _)| !kept.contains(name))
                .map(|(name, _)| format!("{name} = excluded.{name}"))
                .collect(),
            Present::CompletedBut(otherwise) => others
                .iter()
                .map(|(name, _)| match otherwise.iter().find(|(other, _)| other == name) {
                    Some((_, said)) => format!("{name} = {said}"),
                    None => format!("{name} = coalesce(excluded.{name}, {table}.{name})"),
                })
                .collect(),
        };
        let key: Vec<&str> = key.iter().map(|(name, _)| *name).collect();
        format!("ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), sets.join(", "))
    }

    /// The rows as columns of arrays, which are the parameters from `$1` on.
    pub(crate) fn unnested(&self) -> String {
        let arrays: Vec<String> = (1..)
            .zip(self.columns)
            .map(|(number, (_, kind))| format!("${number}::{}[]", kind.on_postgres()))
            .collect();
        format!("SELECT * FROM unnest({})", arrays.join(", "))
    }
}

use Kind::{Bytes, Id, Integer, Text};

pub(crate) static FORMS: Table = Table {
    name: "forms",
    columns: &[
        ("project", Text),
        ("name", Text),
        ("title", Text),
        ("form_id", Text),
        ("xmlns", Text),
        ("version", Text),
        ("application", Text),
        ("root", Text),
        ("made", Text),
        ("is_encrypted", Integer),
        ("definition", Integer),
        ("revision", Integer),
        ("created_at", Integer),
        ("updated_at", Integer),
        ("indexed_at", Integer),
    ],
    key: 2,
    present: Present::Refused,
};

pub(crate) static FORM_NUMBERS: Table = Table {
    name: "form_numbers",
    columns: &[("project", Text), ("form", Text), ("last", Integer)],
    key: 2,
    present: Present::SetBut(&[]),
};

pub(crate) static SUBMISSIONS: Table = Table {
    name: "submissions",
    columns: &[
        ("project", Text),
        ("id", Id),
        ("form", Text),
        ("number", Integer),
        ("version", Integer),
        ("instance_id", Text),
        ("source", Text),
        ("message", Id),
        ("received_at", Integer),
        ("modified_at", Integer),
        ("form_version", Text),
        ("application", Text),
        ("build", Text),
        ("user_name", Text),
        ("user_id", Text),
        ("position", Text),
        ("is_untyped", Integer),
        ("is_encrypted", Integer),
        ("indexed_at", Integer),
    ],
    key: 2,
    // These are of the first version.
    present: Present::SetBut(&["number", "source", "received_at"]),
};

pub(crate) static SUBMISSION_VERSIONS: Table = Table {
    name: "submission_versions",
    columns: &[
        ("project", Text),
        ("submission", Id),
        ("version", Integer),
        ("message", Id),
        ("instance_id", Text),
        ("at", Integer),
        ("user_name", Text),
        ("user_id", Text),
        ("form_version", Text),
        ("content_hash", Bytes),
        ("metadata", Text),
        ("extra", Text),
        ("answers", Text),
    ],
    key: 3,
    present: Present::Refused,
};

pub(crate) static INSTANCES: Table = Table {
    name: "instances",
    columns: &[
        ("project", Text),
        ("instance_id", Text),
        ("submission", Id),
        ("version", Integer),
        ("content_hash", Bytes),
    ],
    key: 2,
    present: Present::SetBut(&[]),
};

pub(crate) static FIELD_VALUES: Table = Table {
    name: "field_values",
    columns: &[
        ("project", Text),
        ("submission", Id),
        ("path", Text),
        ("form", Text),
        ("text", Text),
        ("number", Text),
    ],
    key: 3,
    present: Present::SetBut(&[]),
};

pub(crate) static NOTED_ANSWERS: Table = Table {
    name: "noted_answers",
    columns: &[
        ("project", Text),
        ("form", Text),
        ("name", Text),
        ("shape", Integer),
        ("place", Integer),
    ],
    key: 4,
    // What is known was read under the form's lock.
    present: Present::Kept,
};

pub(crate) static SUBMISSION_FILES: Table = Table {
    name: "submission_files",
    columns: &[
        ("project", Text),
        ("submission", Id),
        ("name", Text),
        ("version", Integer),
        ("content_type", Text),
        ("sha256", Bytes),
        ("bytes", Integer),
        ("link", Text),
        ("fetch_by", Text),
        ("fetch_at", Integer),
        ("fetch_since", Integer),
        ("fetch_error", Text),
    ],
    key: 4,
    // A later post of the same form may not bring the file again. What has come is fetched no more.
    present: Present::CompletedBut(&[(
        "fetch_at",
        "CASE WHEN coalesce(excluded.sha256, submission_files.sha256) IS NULL \
         THEN coalesce(excluded.fetch_at, submission_files.fetch_at) END",
    )]),
};

pub(crate) static SUBMISSION_ORIGINALS: Table = Table {
    name: "submission_originals",
    columns: &[
        ("project", Text),
        ("submission", Id),
        ("version", Integer),
        ("content_type", Text),
        ("bytes", Bytes),
    ],
    key: 3,
    present: Present::Refused,
};

pub(crate) static CASES: Table = Table {
    name: "cases",
    columns: &[
        ("project", Text),
        ("id", Text),
        ("case_type", Text),
        ("name", Text),
        ("owner", Text),
        ("external_id", Text),
        ("opened_at", Integer),
        ("opened_by", Text),
        ("modified_at", Integer),
        ("modified_by", Text),
        ("closed_at", Integer),
        ("closed_by", Text),
        ("server_modified_at", Integer),
        ("is_deleted", Integer),
        ("revision", Integer),
        ("changes", Integer),
        ("indexed_at", Integer),
    ],
    key: 2,
    present: Present::SetBut(&[]),
};

pub(crate) static CASE_STATES: Table = Table {
    name: "case_states",
    columns: &[("project", Text), ("case_id", Text), ("state", Text)],
    key: 2,
    present: Present::SetBut(&[]),
};

pub(crate) static CASE_INDICES: Table = Table {
    name: "case_indices",
    columns: &[
        ("project", Text),
        ("case_id", Text),
        ("name", Text),
        ("target", Text),
        ("target_type", Text),
        ("relationship", Text),
    ],
    key: 3,
    present: Present::Refused,
};

pub(crate) static CASE_CHANGES: Table = Table {
    name: "case_changes",
    columns: &[
        ("project", Text),
        ("case_id", Text),
        ("position", Integer),
        ("form_id", Text),
        ("submission", Id),
        ("user_id", Text),
        ("client_at", Integer),
        ("server_at", Integer),
        ("kinds", Text),
        ("blocks", Text),
    ],
    key: 3,
    present: Present::Refused,
};

pub(crate) static CASE_PROPERTIES: Table = Table {
    name: "case_properties",
    columns: &[("project", Text), ("case_type", Text), ("name", Text), ("kind", Integer)],
    key: 4,
    present: Present::Kept,
};

pub(crate) static UNTOLD: Table = Table {
    name: "untold",
    columns: &[
        ("project", Text),
        ("submission", Id),
        ("version", Integer),
        ("form", Text),
        ("happening", Text),
        ("since", Integer),
    ],
    key: 3,
    present: Present::SetBut(&[]),
};

/// Every table, in the order in which they are written.
pub(crate) static ALL: [&Table; 15] = [
    &FORMS,
    &FORM_NUMBERS,
    &SUBMISSIONS,
    &SUBMISSION_VERSIONS,
    &INSTANCES,
    &FIELD_VALUES,
    &NOTED_ANSWERS,
    &SUBMISSION_FILES,
    &SUBMISSION_ORIGINALS,
    &CASES,
    &CASE_STATES,
    &CASE_INDICES,
    &CASE_CHANGES,
    &CASE_PROPERTIES,
    &UNTOLD,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_has_come_is_not_taken_away_by_a_post_without_it() {
        assert_eq!(
            SUBMISSION_FILES.on_conflict(),
            "ON CONFLICT (project, submission, name, version) DO UPDATE SET \
             content_type = coalesce(excluded.content_type, submission_files.content_type), \
             sha256 = coalesce(excluded.sha256, submission_files.sha256), \
             bytes = coalesce(excluded.bytes, submission_files.bytes), \
             link = coalesce(excluded.link, submission_files.link), \
             fetch_by = coalesce(excluded.fetch_by, submission_files.fetch_by), \
             fetch_at = CASE WHEN coalesce(excluded.sha256, submission_files.sha256) IS NULL \
             THEN coalesce(excluded.fetch_at, submission_files.fetch_at) END, \
             fetch_since = coalesce(excluded.fetch_since, submission_files.fetch_since), \
             fetch_error = coalesce(excluded.fetch_error, submission_files.fetch_error)"
        );
    }

    #[test]
    fn a_new_version_keeps_the_number_of_the_first() {
        let sets = SUBMISSIONS.on_conflict();
        assert!(sets.contains(", modified_at = excluded.modified_at"), "{sets}");
        for kept in ["number =", "source =", "received_at ="] {
            assert!(!sets.contains(kept), "{sets}");
        }
    }

    #[test]
    fn rows_are_arrays_of_the_kinds_of_the_columns() {
        assert_eq!(
            INSTANCES.insert(),
            "INSERT INTO instances (project, instance_id, submission, version, content_hash)"
        );
        assert_eq!(
            INSTANCES.unnested(),
            "SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::bytea[])"
        );
        assert_eq!(FORMS.on_conflict(), "");
    }
}
