-- The names of the answers that came of forms which nobody has described, in the order in which they came. A name in a block
-- stands behind that of the block and U+001F. Shapes are 0 for no answer, 1 for a text, 2 for several texts, 3 for several
-- groups of answers. A row is written with the first submission that has such a one, and never changed.
CREATE TABLE noted_answers (
    project TEXT NOT NULL,
    form TEXT NOT NULL,
    name TEXT NOT NULL,
    shape INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (project, form, name, shape)
) WITHOUT ROWID;

-- Of each submission the names of its newest answers, in their order: those of a group behind that of the group and `_`.
-- Where two come to one name, the second has another name in its documents; that one is noted when it comes again.
CREATE TABLE noting (
    project TEXT NOT NULL,
    form TEXT NOT NULL,
    name TEXT NOT NULL,
    shape INTEGER NOT NULL,
    first TEXT NOT NULL,
    PRIMARY KEY (project, form, name, shape)
) WITHOUT ROWID;

-- One submission after the other, so that it takes no more room than the names do.
INSERT INTO noting (project, form, name, shape, first)
SELECT s.project, s.form, json_extract(n.value, '$[0]'), json_extract(n.value, '$[1]'),
    printf('%019d', s.indexed_at) || json_extract(n.value, '$[2]')
FROM submissions s
JOIN submission_versions v ON v.project = s.project AND v.submission = s.id AND v.version = s.version
JOIN json_each((
    WITH RECURSIVE node (name, behind, is_listed, type, value, place) AS (
        SELECT '', '', 0, 'object', v.answers, ''
        UNION ALL
        SELECT CASE node.type WHEN 'array' THEN node.name ELSE node.name || node.behind || m.key END,
            CASE node.type WHEN 'array' THEN char(31) ELSE '_' END, node.type = 'array', m.type, m.value,
            node.place || printf('%09d', m.id)
        FROM node JOIN json_each(node.value) m
        WHERE node.type IN ('object', 'array')
    )
    SELECT json_group_array(json_array(name, CASE
            WHEN type = 'object' THEN 3
            WHEN type IN ('null', 'array') OR value = '' THEN 0
            ELSE 1 + is_listed
        END, place))
    FROM node
    WHERE place <> '' AND (type NOT IN ('object', 'array') OR (type = 'object' AND is_listed AND value <> '{}')
        OR (type = 'array' AND value = '[]'))
)) n
WHERE s.is_untyped = 1 AND v.answers IS NOT NULL
    AND length(CAST(json_extract(n.value, '$[0]') AS BLOB)) <= 500
ON CONFLICT (project, form, name, shape) DO UPDATE SET first = excluded.first WHERE excluded.first < noting.first;

INSERT INTO noted_answers (project, form, name, shape, place)
WITH named AS (
    SELECT *, min(first) OVER (PARTITION BY project, form, name) AS first_of_name FROM noting
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY project, form ORDER BY first, name) AS place FROM named
    WHERE shape <> 0 OR first = first_of_name
)
SELECT project, form, name, shape, place FROM placed WHERE place <= 2000;

DROP TABLE noting;
