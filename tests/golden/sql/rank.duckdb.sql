-- tests/golden/questions.yaml: rank, of tests/projects/semantics
-- the place of each group among those that have a value

WITH rides_by_zone AS (
  SELECT
    rides.zone AS zone,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-02-01' AS DATE)
  GROUP BY
    1
), values_by_zone AS (
  SELECT
    answer_keys.zone AS zone,
    answer_keys.sum_km AS value
  FROM rides_by_zone AS answer_keys
), rank_by_zone AS (
  SELECT
    answer_rows.zone AS zone,
    CASE
      WHEN NOT answer_rows.value IS NULL
      THEN RANK() OVER (ORDER BY answer_rows.value DESC)
    END AS value
  FROM values_by_zone AS answer_rows
)
SELECT
  answer_keys.zone AS zone,
  answer_keys.value AS km
FROM rank_by_zone AS answer_keys
ORDER BY
  zone ASC
