-- tests/golden/questions.yaml: shift, of tests/projects/semantics
-- rows are moved, then grouped

WITH sales_by_day AS (
  SELECT
    CAST(sales.d + INTERVAL '1' MONTH AS DATE) AS period,
    SUM(sales.amount) AS sum_amount
  FROM compare.sales AS sales
  WHERE
    sales.d >= CAST('2026-01-27' AS DATE) AND sales.d < CAST('2026-02-02' AS DATE)
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  answer_keys.sum_amount AS amount,
  EXTRACT(DAY FROM answer_keys.period + 1) = 1
  AND EXTRACT(DAY FROM CAST(CAST(DATE_TRUNC('MONTH', CAST(answer_keys.period + 1 AS TIMESTAMP)) AS DATE) + INTERVAL '-1' MONTH AS DATE) + -1) > EXTRACT(DAY FROM answer_keys.period) AS amount__clamped
FROM sales_by_day AS answer_keys
ORDER BY
  period ASC
