-- What people decided about rows that were set aside. The rows themselves, with their first reasons, lie in the warehouse.
CREATE TABLE quarantine_rows (
    row_id text PRIMARY KEY,
    dataset text NOT NULL,
    status text NOT NULL,
    cells text NOT NULL,
    flaws text,
    changed_at timestamptz NOT NULL
);
CREATE INDEX quarantine_rows_by_status ON quarantine_rows (status, changed_at);
-- Every step on the way: who did what, when and why, and how the row read before and after.
CREATE TABLE quarantine_steps (
    step_id text PRIMARY KEY,
    row_id text NOT NULL,
    action text NOT NULL,
    who text NOT NULL,
    why text,
    at timestamptz NOT NULL,
    before_cells text,
    after_cells text,
    outcome text NOT NULL,
    reason_zh text,
    reason_en text
);
CREATE INDEX quarantine_steps_by_row ON quarantine_steps (row_id, at);
-- How good the rows of a source were on a day: 0 to 100, with what it is made of.
CREATE TABLE source_scores (
    source text NOT NULL,
    day date NOT NULL,
    score double precision,
    rows_in bigint NOT NULL,
    loaded bigint NOT NULL,
    late bigint NOT NULL,
    suspect bigint NOT NULL,
    quarantined bigint NOT NULL,
    expected double precision,
    said_zh text NOT NULL,
    said_en text NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (source, day)
);
