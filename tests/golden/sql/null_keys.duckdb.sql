-- tests/golden/questions.yaml: null_keys, of tests/projects/semantics
-- null is a group of its own and is aligned with itself

WITH jobs_by_depot AS (
  SELECT
    crew.depot AS depot,
    COUNT(*) AS count_rows
  FROM keys.jobs AS jobs
  LEFT JOIN keys.teams AS crew
    ON jobs.team = crew.team
  GROUP BY
    1
), checks_by_depot AS (
  SELECT
    crew.depot AS depot,
    COUNT(*) AS count_rows
  FROM keys.checks AS checks
  LEFT JOIN keys.teams AS crew
    ON checks.team = crew.team
  GROUP BY
    1
), answer_by_depot AS (
  SELECT
    stacked.depot AS depot,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      depot AS depot,
      count_rows AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM jobs_by_depot
    UNION ALL
    SELECT
      depot AS depot,
      CAST(NULL AS BIGINT) AS cell_1,
      count_rows AS cell_2
    FROM checks_by_depot
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.depot AS depot,
  COALESCE(answer_keys.cell_1, 0) AS jobs_n,
  COALESCE(answer_keys.cell_2, 0) AS checks_n
FROM answer_by_depot AS answer_keys
ORDER BY
  depot ASC
