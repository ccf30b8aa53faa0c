-- tests/golden/questions.yaml: mom, of tests/projects/semantics
-- the value of the month before is looked up by key, so a missing month gives null

WITH rides_by_zone_month AS (
  SELECT
    rides.zone AS zone,
    CAST(DATE_TRUNC('MONTH', CAST(rides.d AS TIMESTAMP)) AS DATE) AS period,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2025-12-01' AS DATE) AND rides.d < CAST('2026-04-01' AS DATE)
  GROUP BY
    1,
    2
), rides_by_zone_month_2 AS (
  SELECT
    zone,
    period,
    sum_km
  FROM rides_by_zone_month
  WHERE
    period >= CAST('2026-01-01' AS DATE)
), rides_by_zone_month_3 AS (
  SELECT
    zone,
    period,
    sum_km
  FROM rides_by_zone_month
  WHERE
    period < CAST('2026-03-01' AS DATE)
), answer_by_zone_month AS (
  SELECT
    stacked.zone AS zone,
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      zone AS zone,
      period AS period,
      sum_km AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM rides_by_zone_month_2
    UNION ALL
    SELECT
      zone AS zone,
      CAST(period + INTERVAL '1' MONTH AS DATE) AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      sum_km AS cell_2
    FROM rides_by_zone_month_3
  ) AS stacked
  GROUP BY
    1,
    2
)
SELECT
  answer_keys.zone AS zone,
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
FROM answer_by_zone_month AS answer_keys
ORDER BY
  period ASC,
  zone ASC
