-- tests/golden/questions.yaml: having_order_limit, of tests/projects/semantics
-- rows of the answer are cut and sorted after they are computed; one row more than asked tells that there are more

WITH orders_by_area AS (
  SELECT
    orders.area AS area,
    COUNT(*) AS count_rows
  FROM answer.orders AS orders
  WHERE
    orders.d >= CAST('2026-01-01' AS DATE) AND orders.d < CAST('2026-02-01' AS DATE)
  GROUP BY
    1
)
SELECT
  answer.area AS area,
  answer.orders_n AS orders_n
FROM (
  SELECT
    answer_keys.area AS area,
    COALESCE(answer_keys.count_rows, 0) AS orders_n
  FROM orders_by_area AS answer_keys
) AS answer
WHERE
  answer.orders_n >= 2
ORDER BY
  orders_n DESC,
  area ASC
LIMIT 11
