-- tests/golden/questions.yaml: lone_filter, of tests/projects/semantics
-- the only filter of a scan stands in WHERE

WITH trips_total AS (
  SELECT
    COUNT(*) AS count_rows
  FROM rows.trips AS trips
  WHERE
    trips.left_at >= CAST('2026-01-01 00:00:00' AS TIMESTAMP)
    AND trips.left_at < CAST('2026-02-01 00:00:00' AS TIMESTAMP)
    AND (
      (
        CAST(EXTRACT(HOUR FROM CAST(trips.left_at AS TIMESTAMP)) AS BIGINT) BETWEEN 22 AND 23
      )
      OR (
        CAST(EXTRACT(HOUR FROM CAST(trips.left_at AS TIMESTAMP)) AS BIGINT) < 6
      )
    )
)
SELECT
  COALESCE(answer_keys.count_rows, 0) AS night_trips
FROM trips_total AS answer_keys
