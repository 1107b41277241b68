-- What is told again may have been cancelled as a run, too.
ALTER TABLE tellings RENAME COLUMN delivery TO cancelled;
