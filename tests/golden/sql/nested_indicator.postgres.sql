-- tests/golden/questions.yaml: nested_indicator, of tests/projects/semantics
-- an indicator inside an expression is a relation at its entity's grain

WITH readings_by_station AS (
  SELECT
    readings.station AS station,
    MAX(readings.temp) AS max_temp
  FROM entities.readings AS readings
  WHERE
    readings.read_on >= CAST('2026-07-01' AS DATE)
    AND readings.read_on < CAST('2026-08-01' AS DATE)
  GROUP BY
    1
), temp_max_by_station AS (
  SELECT
    answer_keys.station AS station,
    answer_keys.max_temp AS value
  FROM readings_by_station AS answer_keys
), stations_by_area AS (
  SELECT
    stations.area AS area,
    COUNT(*) AS count_rows
  FROM entities.stations AS stations
  LEFT JOIN temp_max_by_station AS temp_max_of_station
    ON stations.station = temp_max_of_station.station
  WHERE
    temp_max_of_station.value > 30
  GROUP BY
    1
)
SELECT
  answer_keys.area AS area,
  COALESCE(answer_keys.count_rows, 0) AS hot_stations
FROM stations_by_area AS answer_keys
ORDER BY
  area ASC
