-- tests/golden/questions.yaml: cumulative, of tests/projects/semantics
-- the running sum since the start of the month

WITH rides_by_day AS (
  SELECT
    rides.d AS period,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-02-04' AS DATE)
  GROUP BY
    1
), steps_by_day AS (
  SELECT
    answer_keys.period AS period,
    answer_keys.sum_km AS value_1,
    1 AS is_present
  FROM rides_by_day AS answer_keys
), days_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' DAY AS ends,
    CAST(CAST(DATE_TRUNC('MONTH', CAST(periods_asked.t AS TIMESTAMP)) AS DATE) AS TIMESTAMP) AS begins
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(CAST('2026-01-31 00:00:00' AS TIMESTAMP) AS DATE) AS TIMESTAMP),
      CAST('2026-02-04 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' DAY
    ) AS periods(moment)
  ) AS periods_asked
), dense AS (
  SELECT
    stacked.period AS period,
    MAX(stacked.value_1) AS value_1,
    MAX(stacked.is_present) AS is_present,
    MAX(stacked.is_asked) AS is_asked
  FROM (
    SELECT
      period,
      value_1,
      is_present,
      CAST(NULL AS INT) AS is_asked
    FROM steps_by_day
    UNION ALL
    SELECT
      periods.period,
      NULL AS value_1,
      NULL AS is_present,
      CAST(1 AS INT) AS is_asked
    FROM days_asked AS periods
  ) AS stacked
  GROUP BY
    1
), running AS (
  SELECT
    dense.period AS period,
    COUNT(dense.is_present) OVER (
      PARTITION BY CAST(DATE_TRUNC('MONTH', CAST(dense.period AS TIMESTAMP)) AS DATE)
      ORDER BY dense.period
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS is_present,
    SUM(dense.value_1) OVER (
      PARTITION BY CAST(DATE_TRUNC('MONTH', CAST(dense.period AS TIMESTAMP)) AS DATE)
      ORDER BY dense.period
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS sum_1,
    dense.is_asked AS is_asked
  FROM dense AS dense
), window_by_day AS (
  SELECT
    period,
    sum_1
  FROM running
  WHERE
    is_asked = 1 AND is_present > 0
)
SELECT
  answer_keys.period AS period,
  answer_keys.sum_1 AS km
FROM window_by_day AS answer_keys
ORDER BY
  period ASC
