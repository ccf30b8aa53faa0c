-- tests/golden/questions.yaml: stock_average, of tests/projects/semantics
-- the average of the days' ends over a month

WITH days_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' DAY AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(CAST('2025-12-01 00:00:00' AS TIMESTAMP) AS DATE) AS TIMESTAMP),
      CAST('2026-02-01 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' DAY
    ) AS periods(moment)
  ) AS periods_asked
), cases_moves AS (
  SELECT
    CAST(cases.opened_at AS DATE) AS period,
    COUNT(*) AS count_rows
  FROM stocks.cases AS cases
  WHERE
    cases.opened_at < CAST('2026-02-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    1
  UNION ALL
  SELECT
    CAST(GREATEST(cases.closed_at, cases.opened_at) AS DATE) AS period,
    -COUNT(*) AS count_rows
  FROM stocks.cases AS cases
  WHERE
    cases.opened_at < CAST('2026-02-01 00:00:00' AS TIMESTAMP)
    AND cases.closed_at < CAST('2026-02-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    1
), dense AS (
  SELECT
    stacked.period AS period,
    SUM(stacked.count_rows) AS count_rows,
    MAX(stacked.is_asked) AS is_asked
  FROM (
    SELECT
      period,
      count_rows,
      CAST(NULL AS INT) AS is_asked
    FROM cases_moves
    UNION ALL
    SELECT
      periods.period,
      NULL AS count_rows,
      CAST(1 AS INT) AS is_asked
    FROM days_asked AS periods
  ) AS stacked
  GROUP BY
    1
), running AS (
  SELECT
    dense.period AS period,
    CAST(COALESCE(
      SUM(dense.count_rows) OVER (ORDER BY dense.period ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
      0
    ) AS BIGINT) AS count_rows,
    dense.is_asked AS is_asked
  FROM dense AS dense
), cases_by_day AS (
  SELECT
    period,
    count_rows
  FROM running
  WHERE
    is_asked = 1 AND count_rows > 0
), answer_by_day AS (
  SELECT
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.counted) AS counted
  FROM (
    SELECT
      period AS period,
      count_rows AS cell_1,
      CAST(1 AS BIGINT) AS counted
    FROM cases_by_day
    UNION ALL
    SELECT
      every_period.period AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      CAST(NULL AS BIGINT) AS counted
    FROM days_asked AS every_period
  ) AS stacked
  GROUP BY
    1
), steps_by_day AS (
  SELECT
    answer_keys.period AS period,
    COALESCE(answer_keys.cell_1, 0) AS value_1,
    answer_keys.counted AS counted
  FROM answer_by_day AS answer_keys
), periods_by_month AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', CAST(step.period AS TIMESTAMP)) AS DATE) AS period,
    AVG(CAST(step.value_1 AS DOUBLE)) AS avg_1
  FROM steps_by_day AS step
  GROUP BY
    1
  HAVING
    COUNT(step.counted) > 0
)
SELECT
  answer_keys.period AS period,
  answer_keys.avg_1 AS open_avg
FROM periods_by_month AS answer_keys
ORDER BY
  period ASC
