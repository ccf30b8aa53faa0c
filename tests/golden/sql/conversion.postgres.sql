-- tests/golden/questions.yaml: conversion, of tests/projects/semantics
-- bases that a row of the same grid follows within seven days, never in the same instant

WITH conversion_by_month AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', orders.opened_at) AS DATE) AS period,
    COUNT(*) AS rows,
    COUNT(*) FILTER(WHERE
      CAST(orders.opened_at AS TIMESTAMP) + INTERVAL '7 DAY' <= CAST('2026-07-01 00:00:00' AS TIMESTAMP)) AS complete,
    COUNT(*) FILTER(WHERE
      CAST(orders.opened_at AS TIMESTAMP) + INTERVAL '7 DAY' <= CAST('2026-07-01 00:00:00' AS TIMESTAMP)
      AND NOT credits.followers IS NULL) AS converted,
    SUM(credits.followers) AS followers
  FROM conversion.orders AS orders
  LEFT JOIN (
    SELECT
      found.id,
      COUNT(*) AS followers
    FROM (
      SELECT
        orders.id,
        ROW_NUMBER() OVER (PARTITION BY acts.id ORDER BY orders.opened_at ASC, orders.id ASC) AS place
      FROM conversion.orders AS orders
      INNER JOIN conversion.acts AS acts
        ON orders.grid = acts.cell
        AND acts.done_at >= orders.opened_at
        AND acts.done_at <= orders.opened_at + INTERVAL '7 DAY'
        AND acts.done_at <> orders.opened_at
        AND acts.done_at < CAST('2026-07-01 00:00:00' AS TIMESTAMP)
        AND (
          NOT acts.result IS NULL
        )
      WHERE
        orders.opened_at >= CAST('2025-12-23 00:00:00' AS TIMESTAMP)
        AND acts.done_at >= CAST('2025-12-30 00:00:00' AS TIMESTAMP)
        AND orders.opened_at < CAST('2026-03-10 00:00:00' AS TIMESTAMP)
        AND acts.done_at < CAST('2026-03-10 00:00:00' AS TIMESTAMP)
    ) AS found
    WHERE
      found.place = 1
    GROUP BY
      found.id
  ) AS credits
    ON orders.id = credits.id
  WHERE
    orders.opened_at >= CAST('2026-01-01 00:00:00' AS TIMESTAMP)
    AND orders.opened_at < CAST('2026-03-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  (
    CAST(answer_keys.converted AS DOUBLE PRECISION) / NULLIF(answer_keys.complete, 0)
  ) * 100 AS acted_first,
  answer_keys.rows > answer_keys.complete AS acted_first__incomplete
FROM conversion_by_month AS answer_keys
ORDER BY
  period ASC
