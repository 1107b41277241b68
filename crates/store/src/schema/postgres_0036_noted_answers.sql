-- The names of the answers that came of forms which nobody has described, in the order in which they came. A name in a block
-- stands behind that of the block and U+001F. Shapes are 0 for no answer, 1 for a text, 2 for several texts, 3 for several
-- groups of answers. A row is written with the first submission that has such a one, and never changed.
CREATE TABLE noted_answers (
    project TEXT NOT NULL,
    form TEXT NOT NULL,
    name TEXT NOT NULL,
    shape BIGINT NOT NULL,
    place BIGINT NOT NULL,
    PRIMARY KEY (project, form, name, shape)
);

-- Of each submission the names of its newest answers, in their order: those of a group behind that of the group and `_`.
-- Where two come to one name, the second has another name in its documents; that one is noted when it comes again.
INSERT INTO noted_answers (project, form, name, shape, place)
WITH found AS (
    SELECT s.project, s.form, n.name, n.shape,
        min(lpad(s.indexed_at::text, 19, '0') || n.place COLLATE "C") AS first
    FROM submissions s
    JOIN submission_versions v ON v.project = s.project AND v.submission = s.id AND v.version = s.version
    CROSS JOIN LATERAL (
        WITH RECURSIVE node (name, behind, is_listed, type, value, place) AS (
            SELECT ''::text, ''::text, false, 'object'::text, replace(v.answers, '\u0000', '\u2400')::json, ''::text
            UNION ALL
            SELECT CASE node.type WHEN 'array' THEN node.name ELSE node.name || node.behind || m.key END,
                CASE node.type WHEN 'array' THEN chr(31) ELSE '_' END, node.type = 'array',
                json_typeof(m.value), m.value, node.place || lpad(m.number::text, 9, '0')
            FROM node CROSS JOIN LATERAL (
                SELECT o.key, o.value, o.number
                FROM json_each(CASE node.type WHEN 'object' THEN node.value ELSE '{}' END)
                    WITH ORDINALITY o (key, value, number)
                UNION ALL
                SELECT NULL, a.value, a.number
                FROM json_array_elements(CASE node.type WHEN 'array' THEN node.value ELSE '[]' END)
                    WITH ORDINALITY a (value, number)
            ) m
        )
        SELECT name, place, CASE
                WHEN type = 'object' THEN 3
                WHEN type IN ('null', 'array') OR value::text = '""' THEN 0
                WHEN is_listed THEN 2
                ELSE 1
            END AS shape
        FROM node
        WHERE place <> '' AND (type NOT IN ('object', 'array')
            OR (type = 'object' AND is_listed AND EXISTS (SELECT 1 FROM json_object_keys(
                CASE type WHEN 'object' THEN value ELSE '{}' END)))
            OR (type = 'array' AND json_array_length(CASE type WHEN 'array' THEN value ELSE '[null]' END) = 0))
    ) n
    WHERE s.is_untyped = 1 AND v.answers IS NOT NULL AND octet_length(n.name) <= 500
    GROUP BY 1, 2, 3, 4
),
named AS (
    SELECT *, min(first) OVER (PARTITION BY project, form, name) AS first_of_name FROM found
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY project, form ORDER BY first, name COLLATE "C") AS place FROM named
    WHERE shape <> 0 OR first = first_of_name
)
SELECT project, form, name, shape, place FROM placed WHERE place <= 2000;
