-- What deliveries carry that is not just their message: the facts of an event, shared by all deliveries of
-- it, and the exact form where that is not the body of the message. `message` is NULL where none set it off.
CREATE TABLE payloads (
    project TEXT NOT NULL,
    id BLOB NOT NULL,
    message BLOB,
    kind TEXT NOT NULL,
    submission BLOB,
    case_id TEXT,
    facts TEXT NOT NULL,
    content_type TEXT,
    original BLOB,
    PRIMARY KEY (project, id)
);
-- By the message alone: an index that begins with the project would tempt a planner that takes the table for
-- empty to read all of it with each claim.
CREATE INDEX payloads_by_message ON payloads (message);
CREATE INDEX payloads_by_case ON payloads (project, case_id) WHERE case_id IS NOT NULL;

-- The payload that a delivery carries; NULL where it is the message itself. `payload_id` stays the id of the
-- message, by which deliveries are found; without a message it is that of the payload.
ALTER TABLE deliveries ADD COLUMN subject BLOB;
