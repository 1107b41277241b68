-- What jobs keep between runs: JSON by key, in collections by name.
CREATE TABLE collection_items (
    project TEXT NOT NULL,
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (project, collection, key)
) WITHOUT ROWID;
