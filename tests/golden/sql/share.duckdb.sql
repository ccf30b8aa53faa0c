-- tests/golden/questions.yaml: share, of tests/projects/semantics
-- a part of the wider group, which is recomputed and looked up

WITH rides_by_zone_rider AS (
  SELECT
    rides.zone AS zone,
    rides.rider AS rider,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-02-01' AS DATE)
  GROUP BY
    1,
    2
), rides_by_zone AS (
  SELECT
    rides.zone AS zone,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-02-01' AS DATE)
  GROUP BY
    1
)
SELECT
  answer_keys.zone AS zone,
  answer_keys.rider AS rider,
  (
    CAST(answer_keys.sum_km AS DOUBLE) / NULLIF(looked_rides_by_zone.sum_km, 0)
  ) * 100 AS km,
  (
    looked_rides_by_zone.sum_km = 0
  ) AND (
    NOT answer_keys.sum_km IS NULL
  ) AS km__zero
FROM rides_by_zone_rider AS answer_keys
LEFT JOIN rides_by_zone AS looked_rides_by_zone
  ON answer_keys.zone IS NOT DISTINCT FROM looked_rides_by_zone.zone
ORDER BY
  zone ASC,
  rider ASC
