-- Counts of what came in and went out, for charts and overviews, so that nobody has to count messages
-- or deliveries for them.

-- How often something happened within a span of time. `span` is its length in microseconds, a minute
-- or an hour: whatever is counted is added to both, and minutes are swept out after a few days.
CREATE TABLE tallies (
    project TEXT NOT NULL,
    span BIGINT NOT NULL,
    at BIGINT NOT NULL,
    noun TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (project, span, at, noun, kind, name)
)
-- The newest rows are counted up every few seconds: within their page, where it has room.
WITH (fillfactor = 70);

-- When it happened last.
CREATE TABLE last_times (
    project TEXT NOT NULL,
    noun TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (project, noun, kind, name)
)
WITH (fillfactor = 70);

-- The message whose content was known by the same identity until this one came.
ALTER TABLE identities ADD COLUMN previous UUID;
ALTER TABLE messages ADD COLUMN previous UUID;
