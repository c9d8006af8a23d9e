CREATE TABLE IF NOT EXISTS urn (
    round bytea PRIMARY KEY,
    public bytea NOT NULL,
    smallest integer NOT NULL,
    longest integer NOT NULL,
    closed boolean NOT NULL DEFAULT false
);

-- No time, no number that grows: what PostgreSQL itself keeps of rows (xmin, ctid) is the same for all after marks are set.
CREATE TABLE IF NOT EXISTS ballot (
    round bytea NOT NULL,
    key bytea NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (round, key)
);

CREATE TABLE IF NOT EXISTS voter (
    round bytea NOT NULL,
    voter bytea NOT NULL,
    voted boolean NOT NULL DEFAULT false,
    PRIMARY KEY (round, voter)
);
