-- The numbers that people of a project are known by in documents of w.c.s. A number is given once and is
-- nobody else's ever after: what is written about somebody outlives their place in the project.
CREATE TABLE people (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (project, name),
    CONSTRAINT people_number UNIQUE (project, number)
) WITHOUT ROWID;
