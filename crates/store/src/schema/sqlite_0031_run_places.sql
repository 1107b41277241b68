-- Where in the job of its step the error of a run is, as far as that is known.
ALTER TABLE runs ADD COLUMN error_line INTEGER;
ALTER TABLE runs ADD COLUMN error_column INTEGER;
