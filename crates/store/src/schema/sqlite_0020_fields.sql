-- Fields of forms by which lists are to be quick. `indexed` is a JSON list of paths.
ALTER TABLE forms ADD COLUMN indexed TEXT;

-- What stands at such a path in the newest answers: as a text, and, where it is a number, as a text that is
-- sorted as numbers are.
CREATE TABLE field_values (
    project TEXT NOT NULL,
    submission BLOB NOT NULL,
    path TEXT NOT NULL,
    form TEXT NOT NULL,
    text TEXT,
    number TEXT,
    PRIMARY KEY (project, submission, path)
) WITHOUT ROWID;
CREATE INDEX field_values_by_text ON field_values (project, form, path, text, submission)
    WHERE text IS NOT NULL;
CREATE INDEX field_values_by_number ON field_values (project, form, path, number, submission)
    WHERE number IS NOT NULL;

-- Paths whose values are still being written, or taken away, in small steps.
CREATE TABLE field_steps (
    project TEXT NOT NULL,
    form TEXT NOT NULL,
    path TEXT NOT NULL,
    removes INTEGER NOT NULL,
    cursor BLOB NOT NULL,
    PRIMARY KEY (project, form, path)
) WITHOUT ROWID;
