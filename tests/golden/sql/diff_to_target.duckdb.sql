-- tests/golden/questions.yaml: diff_to_target, of tests/projects/semantics
-- the difference to a constant target

WITH sales_by_month AS (
  SELECT
    CAST(DATE_TRUNC('MONTH', CAST(sales.d AS TIMESTAMP)) AS DATE) AS period,
    SUM(sales.amount) AS sum_amount
  FROM compare.sales AS sales
  WHERE
    sales.d >= CAST('2026-03-01' AS DATE) AND sales.d < CAST('2026-04-01' AS DATE)
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  answer_keys.sum_amount - 100.0 AS amount
FROM sales_by_month AS answer_keys
ORDER BY
  period ASC
