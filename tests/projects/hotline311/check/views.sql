-- What the checks read: the file as it was published.
CREATE VIEW boston311 AS SELECT * FROM cases_file
