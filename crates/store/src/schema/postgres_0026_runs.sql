-- Workflows: every version that was saved, and the runs with their steps, states and logs.

-- What a workflow was at the time of a version: `version` is the `saved_in` of its definition then.
CREATE TABLE workflow_versions (
    project TEXT NOT NULL,
    workflow TEXT NOT NULL,
    version BIGINT NOT NULL,
    definition TEXT NOT NULL,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (project, workflow, version)
);

-- The history. While a run stands in the queue its state is 'available' here; whether somebody has it
-- is what the queue says. So a claim writes nothing into this table, however long it is.
CREATE TABLE runs (
    project TEXT NOT NULL,
    id UUID NOT NULL,
    workflow TEXT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    input TEXT NOT NULL,
    message UUID,
    payload UUID,
    key TEXT,
    order_key TEXT,
    hops BIGINT NOT NULL,
    retry_of UUID,
    from_step TEXT,
    asked_by TEXT,
    registered_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    error_type TEXT,
    error_message TEXT,
    error_step TEXT,
    final_step BIGINT,
    -- 0: nothing was erased; 1: its states and its log; 2: all but the tombstone.
    erased BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (project, id)
);
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
    run UUID NOT NULL,
    workflow TEXT NOT NULL,
    rank BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    owner TEXT,
    order_key TEXT,
    position BIGINT,
    cancel_asked BIGINT NOT NULL,
    PRIMARY KEY (project, run)
);
-- Every run updates its row here and then leaves: dead rows must go quickly.
ALTER TABLE run_queue SET (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX run_queue_due ON run_queue (project, workflow, rank, next_at, run);
CREATE INDEX run_queue_in_order ON run_queue (project, workflow, order_key, position)
    WHERE order_key IS NOT NULL;

-- The executions of steps. What went in lies here only where it is not what the step before has left.
CREATE TABLE run_steps (
    project TEXT NOT NULL,
    run UUID NOT NULL,
    number BIGINT NOT NULL,
    step TEXT NOT NULL,
    name_in_state TEXT NOT NULL,
    after_number BIGINT,
    state TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    input_bytes BIGINT,
    output_bytes BIGINT,
    error TEXT,
    log_lines BIGINT NOT NULL,
    input BYTEA,
    output BYTEA,
    PRIMARY KEY (project, run, number)
);

-- What a run was given to begin with ('given'), and what it left where that is not what one of its
-- steps has left ('final').
CREATE TABLE run_states (
    project TEXT NOT NULL,
    run UUID NOT NULL,
    kind TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (project, run, kind)
);

CREATE TABLE run_log (
    project TEXT NOT NULL,
    run UUID NOT NULL,
    number BIGINT NOT NULL,
    step_number BIGINT,
    at BIGINT NOT NULL,
    level TEXT NOT NULL,
    source TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (project, run, number)
);

-- Up to which point in time a workflow's clock has made its runs.
CREATE TABLE cron_marks (
    project TEXT NOT NULL,
    workflow TEXT NOT NULL,
    schedule TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (project, workflow)
);
