-- Forms, submissions and cases. What lists read lies in narrow rows; large texts lie apart.

-- `definition` is the number of the newest definition, 0 where there is none.
CREATE TABLE forms (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    form_id TEXT,
    xmlns TEXT,
    version TEXT,
    application TEXT,
    root TEXT,
    made TEXT NOT NULL,
    is_encrypted BIGINT NOT NULL,
    definition BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (project, name)
);
CREATE UNIQUE INDEX forms_by_form_id ON forms (project, form_id) WHERE form_id IS NOT NULL;
CREATE UNIQUE INDEX forms_by_own_xmlns ON forms (project, xmlns)
    WHERE form_id IS NULL AND xmlns IS NOT NULL;
CREATE INDEX forms_by_xmlns ON forms (project, xmlns, name) WHERE xmlns IS NOT NULL;

-- The last number that a submission of a form was given.
CREATE TABLE form_numbers (
    project TEXT NOT NULL,
    form TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (project, form)
);

CREATE TABLE form_versions (
    project TEXT NOT NULL,
    form TEXT NOT NULL,
    number BIGINT NOT NULL,
    version TEXT,
    content_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    at BIGINT NOT NULL,
    definition BYTEA NOT NULL,
    PRIMARY KEY (project, form, number)
);
CREATE INDEX form_versions_by_version ON form_versions (project, form, version, number);

-- The files that devices need to show a form.
CREATE TABLE form_files (
    project TEXT NOT NULL,
    form TEXT NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT,
    sha256 BYTEA NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (project, form, name)
);
CREATE INDEX form_files_by_content ON form_files (sha256);

-- `version` counts what was said of one submission, and is its revision; `modified_at` is when the newest
-- came in. `number` counts the submissions of a form.
CREATE TABLE submissions (
    project TEXT NOT NULL,
    id UUID NOT NULL,
    form TEXT NOT NULL,
    number BIGINT NOT NULL,
    version BIGINT NOT NULL,
    instance_id TEXT,
    source TEXT NOT NULL,
    message UUID NOT NULL,
    received_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL,
    form_version TEXT,
    application TEXT,
    build TEXT,
    user_name TEXT,
    user_id TEXT,
    position TEXT,
    is_untyped BIGINT NOT NULL,
    is_encrypted BIGINT NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE INDEX submissions_by_form ON submissions (project, form, id);
CREATE INDEX submissions_by_modified ON submissions (project, modified_at, id);
CREATE INDEX submissions_by_form_modified ON submissions (project, form, modified_at, id);
CREATE INDEX submissions_by_user ON submissions (project, user_id, id) WHERE user_id IS NOT NULL;

-- What was said each time. Without answers where they have been erased; `message` is what said it.
CREATE TABLE submission_versions (
    project TEXT NOT NULL,
    submission UUID NOT NULL,
    version BIGINT NOT NULL,
    message UUID NOT NULL,
    instance_id TEXT,
    at BIGINT NOT NULL,
    user_name TEXT,
    user_id TEXT,
    form_version TEXT,
    content_hash BYTEA NOT NULL,
    metadata TEXT,
    extra TEXT,
    answers TEXT,
    PRIMARY KEY (project, submission, version)
);
CREATE INDEX submission_versions_by_message ON submission_versions (project, message);

-- Every name that a submission has had.
CREATE TABLE instances (
    project TEXT NOT NULL,
    instance_id TEXT NOT NULL,
    submission UUID NOT NULL,
    version BIGINT NOT NULL,
    content_hash BYTEA NOT NULL,
    PRIMARY KEY (project, instance_id)
);
CREATE INDEX instances_by_submission ON instances (project, submission);

-- `sha256` is NULL for a file that has not come yet; `link` is where it is to be had.
CREATE TABLE submission_files (
    project TEXT NOT NULL,
    submission UUID NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT,
    sha256 BYTEA,
    bytes BIGINT,
    link TEXT,
    PRIMARY KEY (project, submission, name)
);
CREATE INDEX submission_files_by_content ON submission_files (sha256) WHERE sha256 IS NOT NULL;

-- The forms that are not the body of their message, since the hub wrote them itself.
CREATE TABLE submission_originals (
    project TEXT NOT NULL,
    submission UUID NOT NULL,
    version BIGINT NOT NULL,
    content_type TEXT,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (project, submission, version)
);

-- `changes` is the last position in the history.
CREATE TABLE cases (
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    case_type TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    external_id TEXT NOT NULL,
    opened_at BIGINT,
    opened_by TEXT NOT NULL,
    modified_at BIGINT,
    modified_by TEXT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT NOT NULL,
    server_modified_at BIGINT NOT NULL,
    is_deleted BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE INDEX cases_by_modified ON cases (project, is_deleted, server_modified_at, id);
CREATE INDEX cases_by_type ON cases (project, is_deleted, case_type, server_modified_at, id);
CREATE INDEX cases_by_owner ON cases (project, is_deleted, owner, server_modified_at, id);
CREATE INDEX cases_by_external_id ON cases (project, is_deleted, external_id, server_modified_at, id)
    WHERE external_id <> '';

CREATE TABLE case_states (
    project TEXT NOT NULL,
    case_id TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (project, case_id)
);

CREATE TABLE case_indices (
    project TEXT NOT NULL,
    case_id TEXT NOT NULL,
    name TEXT NOT NULL,
    target TEXT NOT NULL,
    target_type TEXT NOT NULL,
    relationship TEXT NOT NULL,
    PRIMARY KEY (project, case_id, name)
);
CREATE INDEX case_indices_by_target ON case_indices (project, target, relationship, case_id);

-- The history of a case, in the order in which its forms count.
CREATE TABLE case_changes (
    project TEXT NOT NULL,
    case_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    form_id TEXT NOT NULL,
    submission UUID NOT NULL,
    user_id TEXT NOT NULL,
    client_at BIGINT NOT NULL,
    server_at BIGINT NOT NULL,
    kinds TEXT NOT NULL,
    blocks TEXT NOT NULL,
    PRIMARY KEY (project, case_id, position)
);
CREATE INDEX case_changes_by_submission ON case_changes (project, submission, case_id);

-- Cases that have lost a form to an erasure, and are to be made anew from those that remain.
CREATE TABLE case_rebuilds (
    project TEXT NOT NULL,
    case_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (project, case_id)
);
