-- tests/golden/questions.yaml: fill_members, of tests/projects/semantics
-- every member of the dimension, and the cells that have no rows

WITH rows_by_kind AS (
  SELECT
    rows.g AS kind,
    SUM(rows.x) AS sum_x
  FROM absence.rows AS rows
  WHERE
    rows.d < CAST('2026-07-01' AS DATE) AND rows.kind = 'a'
  GROUP BY
    1
), answer_by_kind AS (
  SELECT
    stacked.kind AS kind,
    MAX(stacked.cell_1) AS cell_1
  FROM (
    SELECT
      kind AS kind,
      sum_x AS cell_1
    FROM rows_by_kind
    UNION ALL
    SELECT
      every_kind.member AS kind,
      CAST(NULL AS BIGINT) AS cell_1
    FROM (
      SELECT
        'g1' AS member
      UNION ALL
      SELECT
        'g2' AS member
      UNION ALL
      SELECT
        'g3' AS member
    ) AS every_kind
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.kind AS kind,
  answer_keys.cell_1 AS a_sum,
  COALESCE(answer_keys.cell_1, 0) AS a_sum_zero
FROM answer_by_kind AS answer_keys
ORDER BY
  kind ASC
