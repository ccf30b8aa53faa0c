-- When the freshness of a source, a stream, a dataset or an indicator became another one. Rows are only added.
CREATE TABLE freshness_changes (
    kind text NOT NULL,
    subject text NOT NULL,
    state text NOT NULL,
    since timestamptz,
    reason_zh text NOT NULL,
    reason_en text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (kind, subject, seen_at)
);
CREATE INDEX freshness_changes_by_time ON freshness_changes (seen_at);
-- Metrics read what has ended since they were read last.
CREATE INDEX runs_by_end ON runs (ended_at);
