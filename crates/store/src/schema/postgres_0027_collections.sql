-- What jobs keep between runs: JSON by key, in collections by name. Keys are compared byte by byte, so that
-- those with one beginning lie together.
CREATE TABLE collection_items (
    project TEXT NOT NULL,
    collection TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (project, collection, key)
);
