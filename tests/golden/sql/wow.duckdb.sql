-- tests/golden/questions.yaml: wow, of tests/projects/semantics
-- the week before

WITH rides_by_week AS (
  SELECT
    CAST(DATE_TRUNC('WEEK', CAST(rides.d AS TIMESTAMP)) AS DATE) AS period,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2025-12-29' AS DATE) AND rides.d < CAST('2026-02-02' AS DATE)
  GROUP BY
    1
), rides_by_week_2 AS (
  SELECT
    period,
    sum_km
  FROM rides_by_week
  WHERE
    period >= CAST('2026-01-05' AS DATE)
), rides_by_week_3 AS (
  SELECT
    period,
    sum_km
  FROM rides_by_week
  WHERE
    period < CAST('2026-01-26' AS DATE)
), answer_by_week AS (
  SELECT
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      period AS period,
      sum_km AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM rides_by_week_2
    UNION ALL
    SELECT
      period + 7 AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      sum_km AS cell_2
    FROM rides_by_week_3
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  (
    CAST(answer_keys.cell_1 - answer_keys.cell_2 AS DOUBLE) / NULLIF(NULLIF(ABS(answer_keys.cell_2), 0), 0)
  ) * 100 AS km,
  (
    ABS(answer_keys.cell_2) = 0
  )
  AND (
    NOT (
      answer_keys.cell_1 - answer_keys.cell_2
    ) IS NULL
  ) AS km__zero
FROM answer_by_week AS answer_keys
ORDER BY
  period ASC
