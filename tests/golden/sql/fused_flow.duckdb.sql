-- tests/golden/questions.yaml: fused_flow, of tests/projects/semantics
-- numbers with filters of their own come from one scan

WITH rides_by_zone AS (
  SELECT
    rides.zone AS zone,
    SUM(rides.km) AS sum_km,
    COUNT(DISTINCT rides.rider) AS count_distinct_rider,
    COUNT(*) FILTER(WHERE
      rides.is_paid) AS count_rows,
    COUNT(*) AS count_rows_2
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-02-01' AS DATE)
  GROUP BY
    1
)
SELECT
  answer_keys.zone AS zone,
  answer_keys.sum_km AS km,
  COALESCE(answer_keys.count_distinct_rider, 0) AS riders,
  (
    CAST(COALESCE(answer_keys.count_rows, 0) AS DOUBLE) / NULLIF(COALESCE(answer_keys.count_rows_2, 0), 0)
  ) * 100 AS paid_share,
  (
    COALESCE(answer_keys.count_rows_2, 0) = 0
  )
  AND (
    NOT COALESCE(answer_keys.count_rows, 0) IS NULL
  ) AS paid_share__zero
FROM rides_by_zone AS answer_keys
ORDER BY
  zone ASC
