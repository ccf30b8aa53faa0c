-- tests/golden/questions.yaml: opening, of tests/projects/semantics
-- a stock at the begin of the period

WITH months_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' MONTH AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(DATE_TRUNC('MONTH', CAST('2025-11-01 00:00:00' AS TIMESTAMP)) AS DATE) AS TIMESTAMP),
      CAST('2026-01-01 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' MONTH
    ) AS periods(moment)
  ) AS periods_asked
), cases_moves AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', cases.opened_at) AS DATE) AS period,
    COUNT(*) AS count_rows
  FROM stocks.cases AS cases
  WHERE
    cases.opened_at < CAST('2026-01-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    1
  UNION ALL
  SELECT
    CAST(DATE_TRUNC('MONTH', GREATEST(cases.closed_at, cases.opened_at)) AS DATE) AS period,
    -COUNT(*) AS count_rows
  FROM stocks.cases AS cases
  WHERE
    cases.opened_at < CAST('2026-01-01 00:00:00' AS TIMESTAMP)
    AND cases.closed_at < CAST('2026-01-01 00:00:00' AS TIMESTAMP)
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
    FROM months_asked AS periods
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
), cases_by_month AS (
  SELECT
    period,
    count_rows
  FROM running
  WHERE
    is_asked = 1 AND count_rows > 0
), months_asked_2 AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' MONTH AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(DATE_TRUNC('MONTH', CAST('2025-12-01 00:00:00' AS TIMESTAMP)) AS DATE) AS TIMESTAMP),
      CAST('2026-02-01 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' MONTH
    ) AS periods(moment)
  ) AS periods_asked
), cases_moves_2 AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', cases.opened_at) AS DATE) AS period,
    COUNT(*) AS count_rows
  FROM stocks.cases AS cases
  WHERE
    cases.opened_at < CAST('2026-02-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    1
  UNION ALL
  SELECT
    CAST(DATE_TRUNC('MONTH', GREATEST(cases.closed_at, cases.opened_at)) AS DATE) AS period,
    -COUNT(*) AS count_rows
  FROM stocks.cases AS cases
  WHERE
    cases.opened_at < CAST('2026-02-01 00:00:00' AS TIMESTAMP)
    AND cases.closed_at < CAST('2026-02-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    1
), dense_2 AS (
  SELECT
    stacked.period AS period,
    SUM(stacked.count_rows) AS count_rows,
    MAX(stacked.is_asked) AS is_asked
  FROM (
    SELECT
      period,
      count_rows,
      CAST(NULL AS INT) AS is_asked
    FROM cases_moves_2
    UNION ALL
    SELECT
      periods.period,
      NULL AS count_rows,
      CAST(1 AS INT) AS is_asked
    FROM months_asked_2 AS periods
  ) AS stacked
  GROUP BY
    1
), running_2 AS (
  SELECT
    dense.period AS period,
    CAST(COALESCE(
      SUM(dense.count_rows) OVER (ORDER BY dense.period ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
      0
    ) AS BIGINT) AS count_rows,
    dense.is_asked AS is_asked
  FROM dense_2 AS dense
), cases_by_month_2 AS (
  SELECT
    period,
    count_rows
  FROM running_2
  WHERE
    is_asked = 1 AND count_rows > 0
), answer_by_month AS (
  SELECT
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      CAST(period + INTERVAL '1' MONTH AS DATE) AS period,
      count_rows AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM cases_by_month
    UNION ALL
    SELECT
      period AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      count_rows AS cell_2
    FROM cases_by_month_2
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  COALESCE(answer_keys.cell_1, 0) AS opening,
  COALESCE(answer_keys.cell_2, 0) AS open_n
FROM answer_by_month AS answer_keys
ORDER BY
  period ASC
