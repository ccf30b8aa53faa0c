-- What people wrote by hand: an entry is one upload or one web form; its rows get a number within their form when it is accepted.
CREATE TABLE forms (
    form text PRIMARY KEY,
    accepted bigint NOT NULL
);
CREATE TABLE form_entries (
    id text PRIMARY KEY,
    form text NOT NULL,
    dataset text NOT NULL,
    origin text NOT NULL,
    file_hash text,
    form_version text NOT NULL,
    status text NOT NULL,
    written_by text NOT NULL,
    written_at timestamptz NOT NULL,
    submitted_at timestamptz,
    decided_by text,
    decided_at timestamptz,
    reason text,
    findings text NOT NULL,
    inserted bigint NOT NULL,
    replaced bigint NOT NULL,
    unchanged bigint NOT NULL
);
CREATE INDEX form_entries_by_dataset ON form_entries (dataset, written_at);
CREATE INDEX form_entries_by_file ON form_entries (dataset, file_hash);
CREATE TABLE form_rows (
    entry text NOT NULL REFERENCES form_entries (id),
    place bigint NOT NULL,
    form text NOT NULL,
    row_key text NOT NULL,
    cells text NOT NULL,
    number bigint,
    PRIMARY KEY (entry, place)
);
CREATE UNIQUE INDEX form_rows_by_number ON form_rows (form, number);
CREATE INDEX form_rows_by_key ON form_rows (form, row_key, number);
-- What is known of each kept file; its bytes lie in the file store under the hash.
CREATE TABLE files (
    hash text PRIMARY KEY,
    kind text NOT NULL,
    size bigint NOT NULL,
    name text NOT NULL,
    kept_by text NOT NULL,
    kept_at timestamptz NOT NULL,
    thumbnail text,
    width bigint,
    height bigint,
    taken_at text,
    longitude double precision,
    latitude double precision
);
