-- The submissions of a form that a map can show, which may be few among many.
CREATE INDEX submissions_with_position ON submissions (project, form, id) WHERE position IS NOT NULL;
