-- Every result of an analysis: what it was computed from and by what. Rows are only added; the results themselves lie in the warehouse.
CREATE TABLE analysis_runs (
    run_id text PRIMARY KEY,
    analysis text NOT NULL,
    operator text NOT NULL,
    model_version text NOT NULL,
    params text NOT NULL,
    inputs text NOT NULL,
    as_of timestamptz NOT NULL,
    computed_at timestamptz NOT NULL,
    status text NOT NULL,
    rows_given bigint NOT NULL,
    work text
);
CREATE INDEX analysis_runs_by_analysis ON analysis_runs (analysis, computed_at);
