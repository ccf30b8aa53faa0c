-- tests/golden/questions.yaml: versions, of tests/projects/semantics
-- the definition valid before 2024 counts the rows before 2024

WITH weighings_by_year AS (
  SELECT
    CAST(DATE_TRUNC('YEAR', CAST(weighings.d AS TIMESTAMP)) AS DATE) AS period,
    SUM(weighings.tons) AS sum_tons
  FROM versions.weighings AS weighings
  WHERE
    weighings.d >= CAST('2023-01-01' AS DATE)
    AND weighings.d < CAST('2025-01-01' AS DATE)
    AND weighings.d < CAST('2024-01-01' AS DATE)
  GROUP BY
    1
), weighings_by_year_2 AS (
  SELECT
    CAST(DATE_TRUNC('YEAR', CAST(weighings.d AS TIMESTAMP)) AS DATE) AS period,
    SUM(weighings.tons) AS sum_tons
  FROM versions.weighings AS weighings
  WHERE
    weighings.d >= CAST('2023-01-01' AS DATE)
    AND weighings.d < CAST('2025-01-01' AS DATE)
    AND weighings.d >= CAST('2024-01-01' AS DATE)
    AND weighings.leg = 'first'
  GROUP BY
    1
), answer_by_year AS (
  SELECT
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      period AS period,
      sum_tons AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM weighings_by_year
    UNION ALL
    SELECT
      period AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      sum_tons AS cell_2
    FROM weighings_by_year_2
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  CASE
    WHEN (
      answer_keys.cell_1 IS NULL
    ) AND (
      answer_keys.cell_2 IS NULL
    )
    THEN NULL
    ELSE COALESCE(answer_keys.cell_1, 0) + COALESCE(answer_keys.cell_2, 0)
  END AS tons
FROM answer_by_year AS answer_keys
ORDER BY
  period ASC
