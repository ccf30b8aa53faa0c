-- tests/golden/questions.yaml: prev, of tests/projects/semantics
-- two periods before

WITH rides_by_month AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', CAST(rides.d AS TIMESTAMP)) AS DATE) AS period,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-03-01' AS DATE) AND rides.d < CAST('2026-05-01' AS DATE)
  GROUP BY
    1
), rides_by_month_2 AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', CAST(rides.d AS TIMESTAMP)) AS DATE) AS period,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-03-01' AS DATE)
  GROUP BY
    1
), answer_by_month AS (
  SELECT
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      period AS period,
      sum_km AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM rides_by_month
    UNION ALL
    SELECT
      CAST(period + INTERVAL '2' MONTH AS DATE) AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      sum_km AS cell_2
    FROM rides_by_month_2
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  answer_keys.cell_1 AS km,
  answer_keys.cell_2 AS before
FROM answer_by_month AS answer_keys
ORDER BY
  period ASC
