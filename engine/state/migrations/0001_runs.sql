-- Every piece of work that was begun: a reading of a source, a refresh, an analysis.
CREATE TABLE runs (
    id text PRIMARY KEY,
    kind text NOT NULL,
    subject text NOT NULL,
    slot_at timestamptz,
    trace text NOT NULL,
    status text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    rows_in bigint,
    rows_loaded bigint,
    rows_set_aside bigint,
    reason_zh text,
    reason_en text,
    detail text
);
CREATE INDEX runs_by_subject ON runs (kind, subject, started_at);
CREATE INDEX runs_by_start ON runs (started_at);
