-- tests/golden/questions.yaml: stock_by_validity, of tests/projects/semantics
-- what holds at the end of each day, where an empty begin means always and an empty end means still

WITH days_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' DAY AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(CAST('2026-01-15 00:00:00' AS TIMESTAMP) AS DATE) AS TIMESTAMP),
      CAST('2026-01-18 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' DAY
    ) AS periods(moment)
  ) AS periods_asked
), capacities_by_day AS (
  SELECT
    asked.period AS period,
    SUM(capacities.tpd) AS sum_tpd
  FROM stocks.capacities AS capacities
  INNER JOIN days_asked AS asked
    ON (
      capacities.valid_from IS NULL OR capacities.valid_from < asked.ends
    )
    AND (
      capacities.valid_to IS NULL OR capacities.valid_to >= asked.ends
    )
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  answer_keys.sum_tpd AS capacity
FROM capacities_by_day AS answer_keys
ORDER BY
  period ASC
