-- Who may make slots: one row a lease. The fence moves at each take-over, the beat with each sign of life.
CREATE TABLE leases (
    name text PRIMARY KEY,
    holder text NOT NULL,
    fence bigint NOT NULL,
    beat bigint NOT NULL,
    beat_at timestamptz NOT NULL,
    released boolean NOT NULL DEFAULT false
);
-- Work that comes again and again: up to when its slots were made, and who is at it.
CREATE TABLE schedules (
    work text NOT NULL,
    subject text NOT NULL,
    timing text NOT NULL,
    missed text NOT NULL,
    made_until timestamptz NOT NULL,
    retired_at timestamptz,
    worker text,
    last_seconds double precision,
    PRIMARY KEY (work, subject)
);
-- One due time of one piece of work: there once, whoever made it.
CREATE TABLE slots (
    work text NOT NULL,
    subject text NOT NULL,
    due_at timestamptz NOT NULL,
    status text NOT NULL,
    fence bigint NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    not_before timestamptz,
    worker text,
    started_at timestamptz,
    ended_at timestamptz,
    reason_zh text,
    reason_en text,
    PRIMARY KEY (work, subject, due_at)
);
CREATE INDEX slots_by_status ON slots (status, work, subject, due_at);
CREATE INDEX slots_by_end ON slots (ended_at);
-- Processes that work off slots: whose beat stands still is gone, and what it was at is taken up again.
CREATE TABLE workers (
    id text PRIMARY KEY,
    beat bigint NOT NULL,
    beat_at timestamptz NOT NULL
);
-- Up to which version of each dataset the chain of refreshes has gone.
CREATE TABLE followed_versions (
    dataset text PRIMARY KEY,
    version bigint NOT NULL,
    at timestamptz NOT NULL
);
