-- tests/golden/questions.yaml: latest_run, of tests/projects/semantics
-- all rows of the latest run of each road, not older than two days at the end of each day

WITH days_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1 DAY' AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(CAST('2026-01-05 00:00:00' AS TIMESTAMP) AS DATE) AS TIMESTAMP),
      CAST('2026-01-09 00:00:00' AS TIMESTAMP) - INTERVAL '1 MICROSECOND',
      INTERVAL '1 DAY'
    ) AS periods(moment)
  ) AS periods_asked
), found_gaps_by_road_day AS (
  SELECT
    found_gaps.road AS road,
    found_gaps.period AS period,
    SUM(found_gaps.length) AS sum_length,
    MIN(found_gaps.computed_at) AS oldest_rows
  FROM (
    SELECT
      found_gaps.*,
      RANK() OVER (
        PARTITION BY found_gaps.road, asked.period
        ORDER BY found_gaps.computed_at DESC NULLS LAST
      ) AS newest,
      asked.period AS period
    FROM vintages.found_gaps AS found_gaps
    INNER JOIN days_asked AS asked
      ON found_gaps.computed_at < asked.ends
      AND found_gaps.computed_at >= asked.ends + INTERVAL '-2 DAY'
  ) AS found_gaps
  WHERE
    found_gaps.newest = 1
  GROUP BY
    1,
    2
)
SELECT
  answer_keys.road AS road,
  answer_keys.period AS period,
  answer_keys.sum_length AS gap_length,
  answer_keys.oldest_rows < CAST(answer_keys.period AS TIMESTAMP) AS gap_length__carried
FROM found_gaps_by_road_day AS answer_keys
ORDER BY
  period ASC,
  road ASC
