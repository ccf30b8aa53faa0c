-- tests/golden/questions.yaml: condition_on_many_side, of tests/projects/semantics
-- a condition on the many side keeps a row once, however many match

WITH cases_total AS (
  SELECT
    SUM(cases.cost) AS sum_cost
  FROM joins.cases AS cases
  LEFT JOIN (
    SELECT DISTINCT
      case_tags.case_id
    FROM joins.case_tags AS case_tags
    WHERE
      case_tags.tag IN ($p1, $p2)
  ) AS matching_tagged
    ON cases.id = matching_tagged.case_id
  WHERE
    NOT matching_tagged.case_id IS NULL
)
SELECT
  answer_keys.sum_cost AS cost
FROM cases_total AS answer_keys
