-- Tokens of connections, shared by the hubs of one database.

-- One row for each connection and for what its token is asked for with (the fingerprint, as
-- hexadecimal digits). Without a token, the first one is still being asked for. Who has the turn to
-- ask for the next one knows the fence; without a fence the turn is free, and it is free as well
-- once turn_until has passed. The token is sealed.
CREATE TABLE tokens (
    project TEXT NOT NULL,
    connection TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    token TEXT,
    expires_at BIGINT,
    generation BIGINT NOT NULL,
    fence BIGINT,
    turn_until BIGINT,
    PRIMARY KEY (project, connection, fingerprint)
);
