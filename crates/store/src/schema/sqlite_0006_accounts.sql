-- People and programs that may use the hub: users, their access, sessions, API tokens, and the audit log.

-- A user's password is kept as its argon2id digest; without one, the user was invited and has not
-- come in yet. Accounts are found by the key of their address: lower case.
CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT,
    installation_admin INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    password TEXT,
    created_at INTEGER NOT NULL,
    last_sign_in_at INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_email ON users (email_key);

CREATE TABLE members (
    project TEXT NOT NULL,
    account BLOB NOT NULL,
    access TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (project, account)
) WITHOUT ROWID;
CREATE INDEX members_by_account ON members (account);

-- The second factor of a user, by the id as text. The secret is sealed. It counts once it is
-- confirmed. A step is taken once: last_step is the last one.
CREATE TABLE second_factors (
    account TEXT NOT NULL PRIMARY KEY,
    secret TEXT NOT NULL,
    confirmed_at INTEGER,
    last_step INTEGER
) WITHOUT ROWID;

-- Codes for who has lost the second factor; a row leaves when its code is used.
CREATE TABLE recovery_codes (
    account BLOB NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (account, digest)
) WITHOUT ROWID;

-- Sessions, by the digest of the secret in the cookie. Without an account it is the
-- administrator's; the proof is a digest of the secret and of the administrator's token, so that
-- the session ends with the token.
CREATE TABLE sessions (
    digest BLOB NOT NULL PRIMARY KEY,
    id BLOB NOT NULL,
    account BLOB,
    proof BLOB,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    address TEXT,
    agent TEXT
) WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_end ON sessions (ends_at);

-- Links that are good for one use: kind is first-owner, invitation or reset.
CREATE TABLE invitations (
    digest BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    account BLOB,
    made_at INTEGER NOT NULL,
    expires_at INTEGER
) WITHOUT ROWID;
CREATE INDEX invitations_by_account ON invitations (account);

-- Tokens of programs, by their digests. Without a project the level holds in every project.
CREATE TABLE api_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL,
    project TEXT,
    name TEXT NOT NULL,
    access TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    used_at INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX api_tokens_by_digest ON api_tokens (digest);
CREATE INDEX api_tokens_by_project ON api_tokens (project, id);

-- Who did what. Rows are added, and otherwise left alone; only refused sign-ins are forgotten.
CREATE TABLE audit (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    project TEXT,
    who_kind TEXT NOT NULL,
    who_name TEXT NOT NULL,
    who_id BLOB,
    action TEXT NOT NULL,
    target TEXT,
    detail TEXT NOT NULL,
    address TEXT
) WITHOUT ROWID;
CREATE INDEX audit_by_project ON audit (project, id);
CREATE INDEX audit_by_action ON audit (action, id);

-- Tries to sign in within a window of time, by a digest of the account or the address.
CREATE TABLE sign_in_tries (
    subject BLOB NOT NULL PRIMARY KEY,
    tries INTEGER NOT NULL,
    since INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sign_in_tries_by_time ON sign_in_tries (since);
