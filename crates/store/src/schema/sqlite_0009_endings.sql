-- Deliveries that ended without having arrived and are not counted in `endings` yet. A row is written
-- with what ended the delivery, so that none ends in silence, whatever becomes of the hub.
CREATE TABLE ended (
    project TEXT NOT NULL,
    delivery BLOB NOT NULL,
    connection TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (project, delivery)
) WITHOUT ROWID;
