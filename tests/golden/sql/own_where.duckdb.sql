-- tests/golden/questions.yaml: own_where, of tests/projects/semantics
-- the where of one column of the question cuts that column only

WITH rides_by_zone AS (
  SELECT
    rides.zone AS zone,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-02-01' AS DATE)
  GROUP BY
    1
), rides_by_zone_2 AS (
  SELECT
    rides.zone AS zone,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE)
    AND rides.d < CAST('2026-02-01' AS DATE)
    AND rides.is_paid
  GROUP BY
    1
), answer_by_zone AS (
  SELECT
    stacked.zone AS zone,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      zone AS zone,
      sum_km AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM rides_by_zone
    UNION ALL
    SELECT
      zone AS zone,
      CAST(NULL AS BIGINT) AS cell_1,
      sum_km AS cell_2
    FROM rides_by_zone_2
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.zone AS zone,
  answer_keys.cell_1 AS km,
  answer_keys.cell_2 AS paid_km
FROM answer_by_zone AS answer_keys
ORDER BY
  zone ASC
