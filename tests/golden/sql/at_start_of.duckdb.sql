-- tests/golden/questions.yaml: at_start_of, of tests/projects/semantics
-- the value at the first day of the month beside each day

WITH rides_by_day AS (
  SELECT
    rides.d AS period,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-02-15' AS DATE)
  GROUP BY
    1
), rides_by_day_2 AS (
  SELECT
    period,
    sum_km
  FROM rides_by_day
  WHERE
    period >= CAST('2026-01-15' AS DATE)
), answer_by_day AS (
  SELECT
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1
  FROM (
    SELECT
      period AS period,
      sum_km AS cell_1
    FROM rides_by_day_2
    UNION ALL
    SELECT
      period AS period,
      CAST(NULL AS BIGINT) AS cell_1
    FROM rides_by_day
    WHERE
      period >= CAST('2026-01-15' AS DATE)
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  answer_keys.cell_1 AS km,
  looked_rides_by_day.sum_km AS first
FROM answer_by_day AS answer_keys
LEFT JOIN rides_by_day AS looked_rides_by_day
  ON looked_rides_by_day.period = CAST(DATE_TRUNC('MONTH', CAST(answer_keys.period AS TIMESTAMP)) AS DATE)
ORDER BY
  period ASC
