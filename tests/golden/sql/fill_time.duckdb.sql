-- tests/golden/questions.yaml: fill_time, of tests/projects/semantics
-- every day of the period for every key that is there

WITH rows_by_kind_day AS (
  SELECT
    rows.g AS kind,
    rows.d AS period,
    COUNT(*) AS count_rows
  FROM absence.rows AS rows
  WHERE
    rows.d >= CAST('2026-01-05' AS DATE)
    AND rows.d < CAST('2026-01-08' AS DATE)
    AND rows.kind = 'b'
  GROUP BY
    1,
    2
), days_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' DAY AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(CAST('2026-01-05 00:00:00' AS TIMESTAMP) AS DATE) AS TIMESTAMP),
      CAST('2026-01-08 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' DAY
    ) AS periods(moment)
  ) AS periods_asked
), answer_by_kind_day AS (
  SELECT
    stacked.kind AS kind,
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1
  FROM (
    SELECT
      kind AS kind,
      period AS period,
      count_rows AS cell_1
    FROM rows_by_kind_day
    UNION ALL
    SELECT
      groups_present.kind AS kind,
      every_period.period AS period,
      CAST(NULL AS BIGINT) AS cell_1
    FROM (
      SELECT DISTINCT
        keys_present.kind
      FROM (
        SELECT
          kind AS kind,
          period AS period
        FROM rows_by_kind_day
      ) AS keys_present
    ) AS groups_present
    CROSS JOIN days_asked AS every_period
  ) AS stacked
  GROUP BY
    1,
    2
)
SELECT
  answer_keys.kind AS kind,
  answer_keys.period AS period,
  COALESCE(answer_keys.cell_1, 0) AS b_n
FROM answer_by_kind_day AS answer_keys
ORDER BY
  period ASC,
  kind ASC
