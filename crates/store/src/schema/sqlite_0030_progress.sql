-- Where submissions are on their way through the lifecycles of their forms. What lists read lies in narrow
-- rows; what happened to each, which may be long, lies apart.

-- `status` is NULL for a draft, `standing` where the status is gone from the lifecycle too. `tracking_code` is
-- in capitals. `latitude` and `longitude` are in units of 10^-7 degrees. Each line of `acting` and `concerned`
-- is a role or a person, each of `functions` a function and a role that it is bound to.
CREATE TABLE progress (
    project TEXT NOT NULL,
    submission BLOB NOT NULL,
    form TEXT NOT NULL,
    number INTEGER NOT NULL,
    uuid BLOB NOT NULL,
    natural_id TEXT,
    display_id TEXT NOT NULL,
    digest TEXT,
    status TEXT,
    standing TEXT,
    received_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    arrived_at INTEGER NOT NULL,
    channel TEXT NOT NULL,
    user_number INTEGER,
    agent_number INTEGER,
    parent_form TEXT,
    parent_number INTEGER,
    criticality INTEGER NOT NULL,
    latitude INTEGER,
    longitude INTEGER,
    tracking_code TEXT,
    functions TEXT NOT NULL,
    acting TEXT NOT NULL,
    concerned TEXT NOT NULL,
    anonymised_at INTEGER,
    due_at INTEGER,
    revision INTEGER NOT NULL,
    PRIMARY KEY (project, submission)
) WITHOUT ROWID;
CREATE INDEX progress_by_form_received ON progress (project, form, received_at, number);
CREATE INDEX progress_by_received ON progress (project, received_at, form, number);
CREATE INDEX progress_by_form_updated ON progress (project, form, updated_at, number);
CREATE INDEX progress_by_updated ON progress (project, updated_at, form, number);
CREATE INDEX progress_by_form_number ON progress (project, form, number);
CREATE INDEX progress_by_number ON progress (project, number, form);
-- Few among many, once most have come to their end.
CREATE INDEX progress_pending ON progress (project, form, received_at, number)
    WHERE standing = 'pending';
CREATE INDEX progress_drafts ON progress (project, form, updated_at, number) WHERE status IS NULL;
CREATE INDEX progress_by_user ON progress (project, user_number, received_at, form, number)
    WHERE user_number IS NOT NULL;
-- What is counted most is counted along this alone.
CREATE INDEX progress_by_status ON progress (project, form, status, standing, anonymised_at);
CREATE INDEX progress_due ON progress (due_at, project, submission) WHERE due_at IS NOT NULL;
CREATE INDEX progress_by_uuid ON progress (project, uuid);
CREATE UNIQUE INDEX progress_by_natural_id ON progress (project, form, natural_id)
    WHERE natural_id IS NOT NULL;
CREATE UNIQUE INDEX progress_by_tracking_code ON progress (project, tracking_code)
    WHERE tracking_code IS NOT NULL;

CREATE TABLE progress_bodies (
    project TEXT NOT NULL,
    submission BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (project, submission)
);

-- The files that what happened names: not those of the answers.
CREATE TABLE progress_files (
    project TEXT NOT NULL,
    submission BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (project, submission, sha256)
) WITHOUT ROWID;
CREATE INDEX progress_files_by_content ON progress_files (sha256);

-- What a lifecycle is still to be told of a version of a submission.
CREATE TABLE untold (
    project TEXT NOT NULL,
    submission BLOB NOT NULL,
    version INTEGER NOT NULL,
    form TEXT NOT NULL,
    happening TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (project, submission, version)
) WITHOUT ROWID;
CREATE INDEX untold_by_since ON untold (since, project, submission, version);

-- The calls that are out: their ends are to be told to the lifecycle.
CREATE TABLE lifecycle_calls (
    project TEXT NOT NULL,
    delivery BLOB NOT NULL,
    submission BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (project, delivery)
) WITHOUT ROWID;
CREATE INDEX lifecycle_calls_by_delivery ON lifecycle_calls (delivery);
CREATE INDEX lifecycle_calls_by_submission ON lifecycle_calls (project, submission);

-- What signed requests may say only once, as digests, for as long as it could be said again.
CREATE TABLE nonces (
    project TEXT NOT NULL,
    orig TEXT NOT NULL,
    nonce BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (project, orig, nonce)
) WITHOUT ROWID;
CREATE INDEX nonces_by_until ON nonces (until);

-- What lifecycles send goes with their submission.
CREATE INDEX payloads_of_submission ON payloads (project, submission)
    WHERE message IS NULL AND submission IS NOT NULL;

-- The mails that lifecycles send go with their submission too.
ALTER TABLE notices ADD COLUMN submission BLOB;
CREATE INDEX notices_of_submission ON notices (project, submission) WHERE submission IS NOT NULL;

-- Lists by receipt of forms that have no lifecycle.
CREATE INDEX submissions_by_form_received ON submissions (project, form, received_at, number);
CREATE INDEX submissions_by_received ON submissions (project, received_at, form, number);
