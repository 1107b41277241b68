-- The feed of changes: forms take a place in it as submissions and cases do, and what is gone leaves its name.
ALTER TABLE forms ADD COLUMN indexed_at INTEGER NOT NULL DEFAULT 0;
UPDATE forms SET indexed_at = updated_at;

CREATE TABLE tombstones (
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    indexed_at INTEGER NOT NULL,
    PRIMARY KEY (project, kind, id)
) WITHOUT ROWID;

-- No two things of a project have the same place: each is moved behind the one before it, where they met.
CREATE TEMP TABLE places AS
    SELECT project, kind, id, n + max(at - n) OVER (PARTITION BY project ORDER BY n) AS place
    FROM (SELECT project, kind, id, at,
                 row_number() OVER (PARTITION BY project ORDER BY at, kind, id) AS n
          FROM (SELECT project, 'submission' AS kind, id, indexed_at AS at FROM submissions
                UNION ALL SELECT project, 'case', id, indexed_at FROM cases
                UNION ALL SELECT project, 'form', name, indexed_at FROM forms));
CREATE INDEX temp.places_by_thing ON places (kind, project, id);
UPDATE submissions SET indexed_at = (SELECT place FROM places p
    WHERE p.kind = 'submission' AND p.project = submissions.project AND p.id = submissions.id);
UPDATE cases SET indexed_at = (SELECT place FROM places p
    WHERE p.kind = 'case' AND p.project = cases.project AND p.id = cases.id);
UPDATE forms SET indexed_at = (SELECT place FROM places p
    WHERE p.kind = 'form' AND p.project = forms.project AND p.id = forms.name);
DROP TABLE places;

CREATE INDEX forms_by_indexed ON forms (project, indexed_at);
CREATE INDEX tombstones_by_indexed ON tombstones (project, indexed_at);
