-- tests/golden/questions.yaml: stacked_datasets, of tests/projects/semantics
-- three datasets under one dimension are stacked by key and never joined to each other

WITH orders_by_customer AS (
  SELECT
    orders.customer AS customer,
    COUNT(*) AS count_rows
  FROM fan_out.orders AS orders
  GROUP BY
    1
), visits_by_customer AS (
  SELECT
    visits.customer AS customer,
    COUNT(*) AS count_rows
  FROM fan_out.visits AS visits
  GROUP BY
    1
), calls_by_customer AS (
  SELECT
    calls.customer AS customer,
    COUNT(*) AS count_rows
  FROM fan_out.calls AS calls
  GROUP BY
    1
), answer_by_customer AS (
  SELECT
    stacked.customer AS customer,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2,
    MAX(stacked.cell_3) AS cell_3
  FROM (
    SELECT
      customer AS customer,
      count_rows AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2,
      CAST(NULL AS BIGINT) AS cell_3
    FROM orders_by_customer
    UNION ALL
    SELECT
      customer AS customer,
      CAST(NULL AS BIGINT) AS cell_1,
      count_rows AS cell_2,
      CAST(NULL AS BIGINT) AS cell_3
    FROM visits_by_customer
    UNION ALL
    SELECT
      customer AS customer,
      CAST(NULL AS BIGINT) AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2,
      count_rows AS cell_3
    FROM calls_by_customer
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.customer AS customer,
  COALESCE(answer_keys.cell_1, 0) AS orders_n,
  COALESCE(answer_keys.cell_2, 0) AS visits_n,
  COALESCE(answer_keys.cell_3, 0) AS calls_n
FROM answer_by_customer AS answer_keys
ORDER BY
  customer ASC
