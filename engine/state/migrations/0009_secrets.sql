-- Secrets of sources, sealed: without the key, which lies elsewhere, nobody reads them here. What is set again replaces what was there.
CREATE TABLE secrets (
    name text PRIMARY KEY,
    sealed bytea NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL
);
