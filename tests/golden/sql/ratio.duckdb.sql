-- tests/golden/questions.yaml: ratio, of tests/projects/eight
-- numerator and denominator are aggregated apart in one scan, then divided

WITH orders_by_district_month AS (
  SELECT
    orders.district AS district,
    CAST(DATE_TRUNC('MONTH', orders.closed_at) AS DATE) AS period,
    COUNT(*) FILTER(WHERE
      orders.is_satisfied) AS count_rows,
    COUNT(*) AS count_rows_2
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
  (
    CAST(COALESCE(answer_keys.count_rows, 0) AS DOUBLE) / NULLIF(COALESCE(answer_keys.count_rows_2, 0), 0)
  ) * 100 AS satisfied,
  (
    COALESCE(answer_keys.count_rows_2, 0) = 0
  )
  AND (
    NOT COALESCE(answer_keys.count_rows, 0) IS NULL
  ) AS satisfied__zero
FROM orders_by_district_month AS answer_keys
ORDER BY
  period ASC,
  district ASC
