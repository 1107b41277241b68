-- Incidents, and the notices that tell of them.

-- One stretch of trouble each. The partial index makes sure that, of several hubs that see the same
-- trouble, one opens it.
CREATE TABLE incidents (
    project TEXT NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    recovered_at BIGINT,
    failures BIGINT NOT NULL,
    given_up BIGINT NOT NULL,
    last_at BIGINT,
    last_error TEXT,
    last_status BIGINT,
    last_url TEXT,
    last_delivery UUID,
    last_payload UUID,
    last_key TEXT,
    success_at BIGINT,
    reminded_at BIGINT,
    unsteady BIGINT NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE UNIQUE INDEX incidents_open ON incidents (project, kind, subject) WHERE state = 'open';
CREATE INDEX incidents_by_subject ON incidents (project, kind, subject, recovered_at);

-- What is told, one row for each recipient: the mail itself is a delivery with tries. A sender holds
-- a row by moving `next_at` to the end of its lease; the fence proves that it still does.
CREATE TABLE notices (
    project TEXT NOT NULL,
    id UUID NOT NULL,
    incident UUID,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT,
    unsubscribe TEXT,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT,
    fence BIGINT NOT NULL,
    owner TEXT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT,
    PRIMARY KEY (project, id)
);
CREATE INDEX notices_due ON notices (next_at) WHERE state = 'pending';
CREATE INDEX notices_done ON notices (created_at) WHERE state <> 'pending';
CREATE INDEX notices_by_incident ON notices (project, incident, id) WHERE incident IS NOT NULL;

-- Deliveries of each connection that ended without having arrived, and how many of them people
-- have been told of. `sample` names the latest.
CREATE TABLE endings (
    project TEXT NOT NULL,
    connection TEXT NOT NULL,
    given_up BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    told BIGINT NOT NULL,
    told_at BIGINT,
    sample TEXT NOT NULL,
    PRIMARY KEY (project, connection)
);

-- Since when something is expected of a source. A source that never got anything is silent from
-- here on.
CREATE TABLE expectations (
    project TEXT NOT NULL,
    source TEXT NOT NULL,
    every BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (project, source)
);

-- Who does not want to be told any more, and of what.
CREATE TABLE unsubscribed (
    project TEXT NOT NULL,
    topic TEXT NOT NULL,
    address TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (project, topic, address)
);

-- The periods that have been reported on: of several hubs, one writes the row, and the mails.
CREATE TABLE reports (
    project TEXT NOT NULL,
    every TEXT NOT NULL,
    period_start BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (project, every, period_start)
);
