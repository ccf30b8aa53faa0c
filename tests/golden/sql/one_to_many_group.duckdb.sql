-- tests/golden/questions.yaml: one_to_many_group, of tests/projects/semantics
-- a row counts once in every group it reaches

WITH orders_by_sku AS (
  SELECT
    items.reached AS sku,
    SUM(orders.freight) AS sum_freight
  FROM fan_out.orders AS orders
  LEFT JOIN (
    SELECT DISTINCT
      items.order_id,
      items.sku AS reached
    FROM fan_out.items AS items
  ) AS items
    ON orders.order_id = items.order_id
  GROUP BY
    1
)
SELECT
  answer_keys.sku AS sku,
  answer_keys.sum_freight AS freight
FROM orders_by_sku AS answer_keys
ORDER BY
  sku ASC
