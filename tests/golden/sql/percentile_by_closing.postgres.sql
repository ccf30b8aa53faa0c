-- tests/golden/questions.yaml: percentile_by_closing, of tests/projects/eight
-- a percentile of hours in the month of closing, which is not the dataset's default time

WITH orders_by_district_month AS (
  SELECT
    orders.district AS district,
    CAST(DATE_TRUNC('MONTH', orders.closed_at) AS DATE) AS period,
    PERCENTILE_CONT(0.9) WITHIN GROUP (ORDER BY
      CAST(CAST(CAST(EXTRACT(EPOCH FROM (
        CAST(orders.closed_at AS TIMESTAMP) - CAST(orders.opened_at AS TIMESTAMP)
      )) AS DOUBLE PRECISION) AS DOUBLE PRECISION) / 3600 AS DOUBLE PRECISION)) AS percentile_value
  FROM hotline.orders AS orders
  WHERE
    orders.closed_at >= CAST('2026-01-01 00:00:00' AS TIMESTAMP)
    AND orders.closed_at < CAST('2026-03-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    1,
    2
)
SELECT
  answer_keys.district AS district,
  answer_keys.period AS period,
  answer_keys.percentile_value AS hours_p90
FROM orders_by_district_month AS answer_keys
ORDER BY
  period ASC,
  district ASC
