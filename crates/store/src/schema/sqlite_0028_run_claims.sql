-- Claims of a run that ended without a word, as when a hub was killed, since a step of it was last recorded as done:
-- a run that takes its hub down each time is not to do so for ever.
ALTER TABLE run_queue ADD COLUMN lost_claims INTEGER NOT NULL DEFAULT 0;
