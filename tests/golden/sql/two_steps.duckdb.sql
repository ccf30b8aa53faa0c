-- tests/golden/questions.yaml: two_steps, of tests/projects/semantics
-- the sum over stations each quarter of an hour, then the greatest of the day

WITH power_by_pt15m AS (
  SELECT
    TIME_BUCKET(INTERVAL '900' SECOND, power.at_time, CAST('2000-01-03 00:00:00' AS TIMESTAMP)) AS period,
    SUM(power.load_mw) AS sum_load_mw
  FROM steps.power AS power
  WHERE
    power.at_time >= CAST('2026-01-05 00:00:00' AS TIMESTAMP)
    AND power.at_time < CAST('2026-01-07 00:00:00' AS TIMESTAMP)
    AND power.is_valid
  GROUP BY
    1
), steps_by_pt15m AS (
  SELECT
    answer_keys.period AS period,
    answer_keys.sum_load_mw AS value_1
  FROM power_by_pt15m AS answer_keys
), periods_by_day AS (
  SELECT
    CAST(step.period AS DATE) AS period,
    MAX(step.value_1) AS max_1
  FROM steps_by_pt15m AS step
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  answer_keys.max_1 AS peak
FROM periods_by_day AS answer_keys
ORDER BY
  period ASC
