-- tests/golden/questions.yaml: previous_row, of tests/projects/eight
-- the row before of the same cylinder, looked up before anything is cut

WITH scans_by_district AS (
  SELECT
    scans.district AS district,
    CAST(AVG(
      CAST(CAST(CAST(EXTRACT(EPOCH FROM (
        CAST(scans.scan_ts AS TIMESTAMP) - CAST(scans.before_scan_ts AS TIMESTAMP)
      )) AS DOUBLE PRECISION) AS DOUBLE PRECISION) / 3600 AS DOUBLE PRECISION)
    ) AS DOUBLE PRECISION) AS avg_value
  FROM (
    SELECT
      *,
      LAG(scan_ts) OVER (PARTITION BY cyl_id ORDER BY scan_ts, scan_id) AS before_scan_ts
    FROM lpg.scans
  ) AS scans
  WHERE
    scans.scan_ts >= CAST('2026-02-01 00:00:00' AS TIMESTAMP)
    AND scans.scan_ts < CAST('2026-03-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    1
)
SELECT
  answer_keys.district AS district,
  answer_keys.avg_value AS hours_between_scans
FROM scans_by_district AS answer_keys
ORDER BY
  district ASC
