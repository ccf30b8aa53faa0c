-- tests/golden/questions.yaml: values, of tests/projects/semantics
-- a values question is the distinct values of columns

SELECT DISTINCT
  orders.area AS area
FROM answer.orders AS orders
WHERE
  orders.d < CAST('2026-07-01' AS DATE) AND orders.category = $p1
ORDER BY
  area ASC
