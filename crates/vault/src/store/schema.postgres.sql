SELECT pg_advisory_xact_lock(7021880344);
CREATE TABLE IF NOT EXISTS vault (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    format     INTEGER NOT NULL,
    instance   BYTEA NOT NULL,
    generation BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS vault_seen (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL,
    hash     BYTEA NOT NULL
);
CREATE TABLE IF NOT EXISTS vault_backup (
    taken   BIGINT NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS agent (
    agent      BYTEA NOT NULL PRIMARY KEY,
    lookup     BYTEA NOT NULL UNIQUE,
    generation BIGINT NOT NULL,
    identifier BYTEA NOT NULL
);
CREATE TABLE IF NOT EXISTS agent_key (
    agent      BYTEA NOT NULL,
    period     INTEGER NOT NULL,
    generation BIGINT NOT NULL,
    wrapped    BYTEA NOT NULL,
    PRIMARY KEY (agent, period)
);
CREATE TABLE IF NOT EXISTS credential (
    id      BYTEA NOT NULL PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    secret  BYTEA NOT NULL,
    name    TEXT NOT NULL,
    scopes  TEXT NOT NULL,
    created BIGINT NOT NULL,
    revoked BIGINT,
    expires BIGINT,
    rate BIGINT,
    burst BIGINT,
    former BYTEA,
    former_until BIGINT,
    rules TEXT
);
CREATE TABLE IF NOT EXISTS credential_use (
    key     TEXT NOT NULL PRIMARY KEY,
    seen    BIGINT NOT NULL,
    stored  BIGINT NOT NULL,
    refused BIGINT NOT NULL
);
DROP TABLE IF EXISTS credential_refusal;
CREATE TABLE IF NOT EXISTS credential_refused (
    key    TEXT NOT NULL,
    at     BIGINT NOT NULL,
    tool   TEXT NOT NULL,
    reason TEXT NOT NULL,
    path   TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS credential_refused_key ON credential_refused (key, at);
CREATE TABLE IF NOT EXISTS credential_tool (
    key     TEXT NOT NULL,
    tool    TEXT NOT NULL,
    seen    BIGINT NOT NULL,
    stored  BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (key, tool)
);
CREATE TABLE IF NOT EXISTS credential_rate (
    key    TEXT NOT NULL,
    span   BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    PRIMARY KEY (key, span, at)
);
CREATE TABLE IF NOT EXISTS credential_tool_rate (
    key    TEXT NOT NULL,
    tool   TEXT NOT NULL,
    span   BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    PRIMARY KEY (key, tool, span, at)
);
CREATE TABLE IF NOT EXISTS credential_unkept (
    key        TEXT NOT NULL PRIMARY KEY,
    statements BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS credential_conflict (
    key        TEXT NOT NULL PRIMARY KEY,
    requests   BIGINT NOT NULL,
    statements BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS account (
    id           BYTEA NOT NULL PRIMARY KEY,
    login        TEXT NOT NULL UNIQUE,
    password     TEXT NOT NULL,
    role         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    created      BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS session (
    token   BYTEA NOT NULL PRIMARY KEY,
    account BYTEA NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS session_account ON session (account);
CREATE INDEX IF NOT EXISTS session_expires ON session (expires);
CREATE TABLE IF NOT EXISTS forward (
    id          BYTEA NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    terms       TEXT NOT NULL,
    secret      BYTEA NOT NULL,
    created     BIGINT NOT NULL,
    paused      BIGINT,
    position    BIGINT NOT NULL,
    sent        BIGINT NOT NULL,
    conflicts   BIGINT NOT NULL,
    set_aside   BIGINT NOT NULL,
    passed_over BIGINT NOT NULL,
    erased      BIGINT NOT NULL,
    failed_at   BIGINT,
    failed      TEXT,
    owner       TEXT,
    lease_until BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS forward_set_aside (
    forward  BYTEA NOT NULL,
    position BIGINT NOT NULL,
    status   BIGINT NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS forward_set_aside_forward ON forward_set_aside (forward, position);
