-- Since when a definition is paused, by whom, and why in their own words. It lies beside the definition,
-- which alone says whether it is paused; what was paused before says none of it.
ALTER TABLE definitions ADD COLUMN paused_at BIGINT;
ALTER TABLE definitions ADD COLUMN paused_by TEXT;
ALTER TABLE definitions ADD COLUMN pause_reason TEXT;
