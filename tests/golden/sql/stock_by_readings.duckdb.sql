-- tests/golden/questions.yaml: stock_by_readings, of tests/projects/semantics
-- the last reading of each tank in the month, then the sum over the tanks

WITH tanks_by_kind_month AS (
  SELECT
    tanks.kind AS kind,
    tanks.period AS period,
    SUM(tanks.level_m) AS sum_level_m
  FROM (
    SELECT
      tanks.*,
      RANK() OVER (
        PARTITION BY tanks.tank, CAST(DATE_TRUNC('MONTH', tanks.read_at) AS DATE)
        ORDER BY tanks.read_at DESC
      ) AS newest,
      CAST(DATE_TRUNC('MONTH', tanks.read_at) AS DATE) AS period
    FROM stocks.tanks AS tanks
    WHERE
      tanks.read_at >= CAST('2026-01-01 00:00:00' AS TIMESTAMP)
      AND tanks.read_at < CAST('2026-03-01 00:00:00' AS TIMESTAMP)
  ) AS tanks
  WHERE
    tanks.newest = 1
  GROUP BY
    1,
    2
)
SELECT
  answer_keys.kind AS kind,
  answer_keys.period AS period,
  answer_keys.sum_level_m AS level_sum
FROM tanks_by_kind_month AS answer_keys
ORDER BY
  period ASC,
  kind ASC
