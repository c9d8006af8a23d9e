CREATE TABLE IF NOT EXISTS vault (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    format     INTEGER NOT NULL,
    instance   BLOB NOT NULL,
    generation INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS vault_seen (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL,
    hash     BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS vault_backup (
    taken   INTEGER NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS agent (
    agent      BLOB NOT NULL PRIMARY KEY,
    lookup     BLOB NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    identifier BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS agent_key (
    agent      BLOB NOT NULL,
    period     INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    wrapped    BLOB NOT NULL,
    PRIMARY KEY (agent, period)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS credential (
    id      BLOB NOT NULL PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    secret  BLOB NOT NULL,
    name    TEXT NOT NULL,
    scopes  TEXT NOT NULL,
    created INTEGER NOT NULL,
    revoked INTEGER,
    expires INTEGER,
    rate INTEGER,
    burst INTEGER,
    former BLOB,
    former_until INTEGER,
    rules TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS credential_use (
    key     TEXT NOT NULL PRIMARY KEY,
    seen    INTEGER NOT NULL,
    stored  INTEGER NOT NULL,
    refused INTEGER NOT NULL
) STRICT;
DROP TABLE IF EXISTS credential_refusal;
CREATE TABLE IF NOT EXISTS credential_refused (
    key    TEXT NOT NULL,
    at     INTEGER NOT NULL,
    tool   TEXT NOT NULL,
    reason TEXT NOT NULL,
    path   TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS credential_refused_key ON credential_refused (key, at);
CREATE TABLE IF NOT EXISTS credential_tool (
    key     TEXT NOT NULL,
    tool    TEXT NOT NULL,
    seen    INTEGER NOT NULL,
    stored  INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    PRIMARY KEY (key, tool)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS credential_rate (
    key    TEXT NOT NULL,
    span   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    PRIMARY KEY (key, span, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS credential_tool_rate (
    key    TEXT NOT NULL,
    tool   TEXT NOT NULL,
    span   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    PRIMARY KEY (key, tool, span, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS credential_unkept (
    key        TEXT NOT NULL PRIMARY KEY,
    statements INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS credential_conflict (
    key        TEXT NOT NULL PRIMARY KEY,
    requests   INTEGER NOT NULL,
    statements INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS account (
    id           BLOB NOT NULL PRIMARY KEY,
    login        TEXT NOT NULL UNIQUE,
    password     TEXT NOT NULL,
    role         TEXT NOT NULL,
    display_name TEXT NOT NULL,
    created      INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS session (
    token   BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS session_account ON session (account);
CREATE INDEX IF NOT EXISTS session_expires ON session (expires);
CREATE TABLE IF NOT EXISTS forward (
    id          BLOB NOT NULL PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    terms       TEXT NOT NULL,
    secret      BLOB NOT NULL,
    created     INTEGER NOT NULL,
    paused      INTEGER,
    position    INTEGER NOT NULL,
    sent        INTEGER NOT NULL,
    conflicts   INTEGER NOT NULL,
    set_aside   INTEGER NOT NULL,
    passed_over INTEGER NOT NULL,
    erased      INTEGER NOT NULL,
    failed_at   INTEGER,
    failed      TEXT,
    owner       TEXT,
    lease_until INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS forward_set_aside (
    forward  BLOB NOT NULL,
    position INTEGER NOT NULL,
    status   INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS forward_set_aside_forward ON forward_set_aside (forward, position);
