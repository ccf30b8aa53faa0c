-- tests/golden/questions.yaml: aggregate_first, of tests/projects/semantics
-- the many side is summed at its own key before it is joined

WITH orders_total AS (
  SELECT
    AVG(CAST(items_sum.amount AS DOUBLE)) AS avg_value,
    COUNT(*) FILTER(WHERE
      items_sum.amount > 5) AS count_rows
  FROM fan_out.orders AS orders
  LEFT JOIN (
    SELECT
      items.order_id,
      SUM(items.qty) AS amount
    FROM fan_out.items AS items
    GROUP BY
      items.order_id
  ) AS items_sum
    ON orders.order_id = items_sum.order_id
)
SELECT
  answer_keys.avg_value AS items_per_order,
  COALESCE(answer_keys.count_rows, 0) AS big_orders
FROM orders_total AS answer_keys
