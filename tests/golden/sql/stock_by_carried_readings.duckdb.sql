-- tests/golden/questions.yaml: stock_by_carried_readings, of tests/projects/semantics
-- a reading stands for two days at most

WITH days_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' DAY AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(CAST('2026-01-05 00:00:00' AS TIMESTAMP) AS DATE) AS TIMESTAMP),
      CAST('2026-01-10 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' DAY
    ) AS periods(moment)
  ) AS periods_asked
), tanks_by_day AS (
  SELECT
    tanks.period AS period,
    AVG(CAST(tanks.level_m AS DOUBLE)) AS avg_level_m,
    MIN(tanks.read_at) AS oldest_rows
  FROM (
    SELECT
      tanks.*,
      RANK() OVER (PARTITION BY tanks.tank, asked.period ORDER BY tanks.read_at DESC) AS newest,
      asked.period AS period
    FROM stocks.tanks AS tanks
    INNER JOIN days_asked AS asked
      ON tanks.read_at < asked.ends AND tanks.read_at >= asked.ends + INTERVAL '-2' DAY
  ) AS tanks
  WHERE
    tanks.newest = 1
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  answer_keys.avg_level_m AS level_carried,
  answer_keys.oldest_rows < CAST(answer_keys.period AS TIMESTAMP) AS level_carried__carried
FROM tanks_by_day AS answer_keys
ORDER BY
  period ASC
