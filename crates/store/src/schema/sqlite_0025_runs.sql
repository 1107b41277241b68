-- Workflows: every version that was saved, and the runs with their steps, states and logs.

-- What a workflow was at the time of a version: `version` is the `saved_in` of its definition then.
CREATE TABLE workflow_versions (
    project TEXT NOT NULL,
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (project, workflow, version)
) WITHOUT ROWID;

-- The history. While a run stands in the queue its state is 'available' here; whether somebody has it
-- is what the queue says. So a claim writes nothing into this table, however long it is.
CREATE TABLE runs (
    project TEXT NOT NULL,
    id BLOB NOT NULL,
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    input TEXT NOT NULL,
    message BLOB,
    payload BLOB,
    key TEXT,
    order_key TEXT,
    hops INTEGER NOT NULL,
    retry_of BLOB,
    from_step TEXT,
    asked_by TEXT,
    registered_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    error_type TEXT,
    error_message TEXT,
    error_step TEXT,
    final_step INTEGER,
    -- 0: nothing was erased; 1: its states and its log; 2: all but the tombstone.
    erased INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (project, id)
) WITHOUT ROWID;
CREATE INDEX runs_by_workflow ON runs (project, workflow, id);
CREATE INDEX runs_by_message ON runs (project, message, id) WHERE message IS NOT NULL;
CREATE INDEX runs_by_key ON runs (project, key, id) WHERE key IS NOT NULL;
-- Runs that no message set off: retention walks along them by themselves.
CREATE INDEX runs_alone ON runs (project, id) WHERE message IS NULL AND erased < 2;
CREATE INDEX runs_alone_whole ON runs (project, id) WHERE message IS NULL AND erased = 0;
CREATE INDEX runs_by_payload ON runs (project, payload) WHERE message IS NULL AND payload IS NOT NULL;
CREATE INDEX runs_in_trouble ON runs (project, state, id) WHERE state NOT IN ('available', 'success');

-- What is still to be run, and nothing else: a row leaves when its run has ended.
-- `rank` is 0 for what has not been begun, 1 for what goes on at `next_at`; 2 and 3 the same, behind an
-- earlier run of its order key; 4 for what somebody has, until `next_at`.
CREATE TABLE run_queue (
    project TEXT NOT NULL,
    run BLOB NOT NULL,
    workflow TEXT NOT NULL,
    rank INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    owner TEXT,
    order_key TEXT,
    position INTEGER,
    cancel_asked INTEGER NOT NULL,
    PRIMARY KEY (project, run)
) WITHOUT ROWID;
CREATE INDEX run_queue_due ON run_queue (project, workflow, rank, next_at, run);
CREATE INDEX run_queue_in_order ON run_queue (project, workflow, order_key, position)
    WHERE order_key IS NOT NULL;
CREATE INDEX run_queue_held ON run_queue (owner) WHERE owner IS NOT NULL;

-- The executions of steps. What went in lies here only where it is not what the step before has left.
CREATE TABLE run_steps (
    project TEXT NOT NULL,
    run BLOB NOT NULL,
    number INTEGER NOT NULL,
    step TEXT NOT NULL,
    name_in_state TEXT NOT NULL,
    after_number INTEGER,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    input_bytes INTEGER,
    output_bytes INTEGER,
    error TEXT,
    log_lines INTEGER NOT NULL,
    input BLOB,
    output BLOB,
    PRIMARY KEY (project, run, number)
) WITHOUT ROWID;

-- What a run was given to begin with ('given'), and what it left where that is not what one of its
-- steps has left ('final').
CREATE TABLE run_states (
    project TEXT NOT NULL,
    run BLOB NOT NULL,
    kind TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (project, run, kind)
) WITHOUT ROWID;

CREATE TABLE run_log (
    project TEXT NOT NULL,
    run BLOB NOT NULL,
    number INTEGER NOT NULL,
    step_number INTEGER,
    at INTEGER NOT NULL,
    level TEXT NOT NULL,
    source TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (project, run, number)
) WITHOUT ROWID;

-- Up to which point in time a workflow's clock has made its runs.
CREATE TABLE cron_marks (
    project TEXT NOT NULL,
    workflow TEXT NOT NULL,
    schedule TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (project, workflow)
) WITHOUT ROWID;
