-- The feed of changes: forms take a place in it as submissions and cases do, and what is gone leaves its name.
ALTER TABLE forms ADD COLUMN indexed_at BIGINT NOT NULL DEFAULT 0;
UPDATE forms SET indexed_at = updated_at;

CREATE TABLE tombstones (
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    indexed_at BIGINT NOT NULL,
    PRIMARY KEY (project, kind, id)
);

-- No two things of a project have the same place: each is moved behind the one before it, where they met.
CREATE TEMPORARY TABLE places ON COMMIT DROP AS
    SELECT project, kind, id, n + max(at - n) OVER (PARTITION BY project ORDER BY n) AS place
    FROM (SELECT project, kind, id, at,
                 row_number() OVER (PARTITION BY project ORDER BY at, kind, id) AS n
          FROM (SELECT project, 'submission' AS kind, id::text AS id, indexed_at AS at
                    FROM submissions
                UNION ALL SELECT project, 'case', id, indexed_at FROM cases
                UNION ALL SELECT project, 'form', name, indexed_at FROM forms) things) numbered;
UPDATE submissions s SET indexed_at = p.place FROM places p
    WHERE p.kind = 'submission' AND p.project = s.project AND p.id = s.id::text;
UPDATE cases c SET indexed_at = p.place FROM places p
    WHERE p.kind = 'case' AND p.project = c.project AND p.id = c.id;
UPDATE forms f SET indexed_at = p.place FROM places p
    WHERE p.kind = 'form' AND p.project = f.project AND p.id = f.name;

CREATE INDEX forms_by_indexed ON forms (project, indexed_at);
CREATE INDEX tombstones_by_indexed ON tombstones (project, indexed_at);
