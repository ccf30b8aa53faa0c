-- tests/golden/questions.yaml: qtd, of tests/projects/semantics
-- the quarter to date of a distinct count, recomputed

WITH months_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' MONTH AS ends,
    CAST(CAST(DATE_TRUNC('QUARTER', CAST(periods_asked.t AS TIMESTAMP)) AS DATE) AS TIMESTAMP) AS begins
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(DATE_TRUNC('MONTH', CAST('2026-02-01 00:00:00' AS TIMESTAMP)) AS DATE) AS TIMESTAMP),
      CAST('2026-04-01 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' MONTH
    ) AS periods(moment)
  ) AS periods_asked
), rides_by_month AS (
  SELECT
    asked.period AS period,
    COUNT(DISTINCT rides.rider) AS count_distinct_rider
  FROM windows.rides AS rides
  INNER JOIN months_asked AS asked
    ON CAST(rides.d AS TIMESTAMP) >= asked.begins
    AND CAST(rides.d AS TIMESTAMP) < asked.ends
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-04-01' AS DATE)
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  COALESCE(answer_keys.count_distinct_rider, 0) AS riders
FROM rides_by_month AS answer_keys
ORDER BY
  period ASC
