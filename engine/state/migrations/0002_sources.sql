-- What is known of each source beside its rows: who has paused it, how its breaker stands, which columns it had.
CREATE TABLE sources (
    source text PRIMARY KEY,
    paused_at timestamptz,
    paused_by text,
    paused_why text,
    standing text NOT NULL DEFAULT 'closed',
    failures integer NOT NULL DEFAULT 0,
    retry_at timestamptz,
    failed_at timestamptz,
    reason_zh text,
    reason_en text,
    worked_at timestamptz
);
-- Who paused and resumed it, and why: never changed, only added to.
CREATE TABLE source_acts (
    id text PRIMARY KEY,
    source text NOT NULL,
    act text NOT NULL,
    by_whom text NOT NULL,
    why text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX source_acts_by_source ON source_acts (source, at);
-- The columns that a stream had when it was last read, as JSON of name to type.
CREATE TABLE stream_shapes (
    stream text PRIMARY KEY,
    columns text NOT NULL,
    seen_at timestamptz NOT NULL
);
-- Columns that vanished, appeared or changed their type.
CREATE TABLE shape_changes (
    id text PRIMARY KEY,
    stream text NOT NULL,
    column_name text NOT NULL,
    change text NOT NULL,
    was text,
    now_is text,
    is_mapped boolean NOT NULL,
    run text,
    at timestamptz NOT NULL
);
CREATE INDEX shape_changes_by_stream ON shape_changes (stream, at);
