-- What people who look at the same page need of one another, and of the hubs.

-- The version of the project's definitions that each was saved with, by which an editor notices that
-- somebody else was quicker. Those that are older than this column count as saved with the first.
ALTER TABLE definitions ADD COLUMN saved_in BIGINT NOT NULL DEFAULT 1;

-- Why somebody did something to many, in their own words.
ALTER TABLE bulk_actions ADD COLUMN reason TEXT;
