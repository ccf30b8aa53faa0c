-- tests/golden/questions.yaml: per_day, of tests/projects/semantics
-- a rate divides by the elapsed part of an unfinished period

WITH events_by_month AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', events.opened_at) AS DATE) AS period,
    SUM(events.x) AS sum_x
  FROM times.events AS events
  WHERE
    events.opened_at >= CAST('2026-02-01 00:00:00' AS TIMESTAMP)
    AND events.opened_at < CAST('2026-03-07 00:00:00' AS TIMESTAMP)
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  (
    CAST(answer_keys.sum_x AS DOUBLE) * 86400
  ) / NULLIF(
    (
      EXTRACT(EPOCH FROM LEAST(
        CAST(answer_keys.period AS TIMESTAMP) + INTERVAL '1' MONTH,
        CAST('2026-03-07 00:00:00' AS TIMESTAMP)
      )) - EXTRACT(EPOCH FROM GREATEST(CAST(answer_keys.period AS TIMESTAMP), CAST('2026-02-01 00:00:00' AS TIMESTAMP)))
    ),
    0
  ) AS opened_x_per_day,
  (
    (
      EXTRACT(EPOCH FROM LEAST(
        CAST(answer_keys.period AS TIMESTAMP) + INTERVAL '1' MONTH,
        CAST('2026-03-07 00:00:00' AS TIMESTAMP)
      )) - EXTRACT(EPOCH FROM GREATEST(CAST(answer_keys.period AS TIMESTAMP), CAST('2026-02-01 00:00:00' AS TIMESTAMP)))
    ) = 0
  )
  AND (
    NOT (
      CAST(answer_keys.sum_x AS DOUBLE) * 86400
    ) IS NULL
  ) AS opened_x_per_day__zero
FROM events_by_month AS answer_keys
ORDER BY
  period ASC
