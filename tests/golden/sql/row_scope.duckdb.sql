-- tests/golden/questions.yaml: row_scope, of tests/projects/semantics
-- the viewer's districts are a predicate at the scan of every part

WITH works_by_district AS (
  SELECT
    place.district AS district,
    SUM(works.tons) AS sum_tons
  FROM scope.works AS works
  LEFT JOIN scope.facilities AS place
    ON works.facility = place.id
  WHERE
    works.d >= CAST('2026-01-01' AS DATE)
    AND works.d < CAST('2026-02-01' AS DATE)
    AND place.district IN ($p1, $p2)
  GROUP BY
    1
), facilities_by_district AS (
  SELECT
    facilities.district AS district,
    SUM(facilities.capacity) AS sum_capacity
  FROM scope.facilities AS facilities
  WHERE
    facilities.district IN ($p1, $p2)
  GROUP BY
    1
), answer_by_district AS (
  SELECT
    stacked.district AS district,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      district AS district,
      sum_tons AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM works_by_district
    UNION ALL
    SELECT
      district AS district,
      CAST(NULL AS BIGINT) AS cell_1,
      sum_capacity AS cell_2
    FROM facilities_by_district
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.district AS district,
  (
    CAST(answer_keys.cell_1 AS DOUBLE) / NULLIF(answer_keys.cell_2, 0)
  ) * 100 AS load,
  (
    answer_keys.cell_2 = 0
  ) AND (
    NOT answer_keys.cell_1 IS NULL
  ) AS load__zero
FROM answer_by_district AS answer_keys
ORDER BY
  district ASC
