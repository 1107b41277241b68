-- Order and collapse: what is sent strictly one after the other, and what takes the place of what.

ALTER TABLE deliveries ADD COLUMN order_key TEXT;
ALTER TABLE deliveries ADD COLUMN superseded_by BLOB;
ALTER TABLE deliveries ADD COLUMN hops INTEGER NOT NULL DEFAULT 0;

-- What shares a `sequence` is sent one after the other, the least `position` first; `collapse` says
-- what newer deliveries take the place of. All three are empty for what needs no order.
-- `rank` knows more from here on: 0 first tries, 1 retries; 2 and 3 the same, blocked by what goes
-- before them in their sequence; 4 ended without success, and holds those behind it.
ALTER TABLE queue ADD COLUMN position INTEGER;
ALTER TABLE queue ADD COLUMN sequence TEXT;
ALTER TABLE queue ADD COLUMN collapse TEXT;
CREATE INDEX queue_in_order ON queue (project, sequence, position) WHERE sequence IS NOT NULL;
-- One row for each sequence, or none. It ends with `rank` so that it is the best index for a look-up
-- that names the rank as well.
CREATE INDEX queue_unblocked ON queue (project, sequence, rank)
    WHERE sequence IS NOT NULL AND rank < 2;
CREATE INDEX queue_collapsing ON queue (project, collapse, sequence, position)
    WHERE collapse IS NOT NULL;

-- The last position that was given out.
CREATE TABLE positions (last INTEGER NOT NULL);
INSERT INTO positions (last) VALUES (0);

-- What was superseded needs nobody's attention, and there may be a great deal of it.
DROP INDEX deliveries_in_trouble;
CREATE INDEX deliveries_in_trouble ON deliveries (project, state, id)
    WHERE state NOT IN ('pending', 'failed', 'succeeded', 'superseded');
