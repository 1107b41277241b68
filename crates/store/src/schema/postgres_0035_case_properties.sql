-- What the cases of each type have: the names of their properties, of their ties to other cases and of their files.
-- Kinds are 0 for a tie, 1 for a file, 2 for a property without a value, 3 for one that was a position, 4 for any other
-- text. A row is written with the first case that has such a one, and never changed, so whoever files a case writes
-- hardly anything.
CREATE TABLE case_properties (
    project TEXT NOT NULL,
    case_type TEXT NOT NULL,
    name TEXT NOT NULL,
    kind BIGINT NOT NULL,
    PRIMARY KEY (project, case_type, name, kind)
);

INSERT INTO case_properties (project, case_type, name, kind)
SELECT DISTINCT c.project, c.case_type, p.key, CASE
        WHEN p.value !~ '\S' THEN 2
        WHEN p.value ~ '^\s*-?[0-8]?[0-9](\.[0-9]*)?\s+-?[0-9]{1,3}(\.[0-9]*)?(\s+-?[0-9.]+){0,2}\s*$' THEN 3
        ELSE 4
    END
FROM cases c
JOIN case_states s ON s.project = c.project AND s.case_id = c.id
CROSS JOIN LATERAL json_each_text(replace(s.state, '\u0000', '\u2400')::json -> 'properties') p
WHERE c.case_type <> '' AND length(p.key) <= 250;

INSERT INTO case_properties (project, case_type, name, kind)
SELECT DISTINCT c.project, c.case_type, i.name, 0
FROM cases c
JOIN case_indices i ON i.project = c.project AND i.case_id = c.id
WHERE c.case_type <> '' AND length(i.name) <= 250;

INSERT INTO case_properties (project, case_type, name, kind)
SELECT DISTINCT c.project, c.case_type, p.key, 1
FROM cases c
JOIN case_states s ON s.project = c.project AND s.case_id = c.id
CROSS JOIN LATERAL json_each_text(replace(s.state, '\u0000', '\u2400')::json -> 'attachments') p
WHERE c.case_type <> '' AND length(p.key) <= 250;
