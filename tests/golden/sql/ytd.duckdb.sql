-- tests/golden/questions.yaml: ytd, of tests/projects/semantics
-- the year to date of a ratio, recomputed

WITH rides_by_month AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', CAST(rides.d AS TIMESTAMP)) AS DATE) AS period,
    COUNT(*) FILTER(WHERE
      rides.is_paid) AS count_rows,
    COUNT(*) AS count_rows_2
  FROM windows.rides AS rides
  WHERE
    rides.d >= CAST('2026-01-01' AS DATE) AND rides.d < CAST('2026-04-01' AS DATE)
  GROUP BY
    1
), steps_by_month AS (
  SELECT
    answer_keys.period AS period,
    answer_keys.count_rows AS value_1,
    answer_keys.count_rows_2 AS value_2,
    1 AS is_present
  FROM rides_by_month AS answer_keys
), months_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' MONTH AS ends,
    CAST(CAST(DATE_TRUNC('YEAR', CAST(periods_asked.t AS TIMESTAMP)) AS DATE) AS TIMESTAMP) AS begins
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(DATE_TRUNC('MONTH', CAST('2026-01-01 00:00:00' AS TIMESTAMP)) AS DATE) AS TIMESTAMP),
      CAST('2026-04-01 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' MONTH
    ) AS periods(moment)
  ) AS periods_asked
), dense AS (
  SELECT
    stacked.period AS period,
    MAX(stacked.value_1) AS value_1,
    MAX(stacked.value_2) AS value_2,
    MAX(stacked.is_present) AS is_present,
    MAX(stacked.is_asked) AS is_asked
  FROM (
    SELECT
      period,
      value_1,
      value_2,
      is_present,
      CAST(NULL AS INT) AS is_asked
    FROM steps_by_month
    UNION ALL
    SELECT
      periods.period,
      NULL AS value_1,
      NULL AS value_2,
      NULL AS is_present,
      CAST(1 AS INT) AS is_asked
    FROM months_asked AS periods
  ) AS stacked
  GROUP BY
    1
), running AS (
  SELECT
    dense.period AS period,
    COUNT(dense.is_present) OVER (
      PARTITION BY CAST(DATE_TRUNC('YEAR', CAST(dense.period AS TIMESTAMP)) AS DATE)
      ORDER BY dense.period
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS is_present,
    SUM(dense.value_1) OVER (
      PARTITION BY CAST(DATE_TRUNC('YEAR', CAST(dense.period AS TIMESTAMP)) AS DATE)
      ORDER BY dense.period
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS sum_1,
    SUM(dense.value_2) OVER (
      PARTITION BY CAST(DATE_TRUNC('YEAR', CAST(dense.period AS TIMESTAMP)) AS DATE)
      ORDER BY dense.period
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS sum_2,
    dense.is_asked AS is_asked
  FROM dense AS dense
), window_by_month AS (
  SELECT
    period,
    sum_1,
    sum_2
  FROM running
  WHERE
    is_asked = 1 AND is_present > 0
)
SELECT
  answer_keys.period AS period,
  (
    CAST(COALESCE(answer_keys.sum_1, 0) AS DOUBLE) / NULLIF(COALESCE(answer_keys.sum_2, 0), 0)
  ) * 100 AS paid_share,
  (
    COALESCE(answer_keys.sum_2, 0) = 0
  )
  AND (
    NOT COALESCE(answer_keys.sum_1, 0) IS NULL
  ) AS paid_share__zero
FROM window_by_month AS answer_keys
ORDER BY
  period ASC
