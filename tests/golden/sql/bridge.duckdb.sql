-- tests/golden/questions.yaml: bridge, of tests/projects/semantics
-- groups on the far side of a bridge; a row that reaches a group by two roads is in it once

WITH cases_by_family AS (
  SELECT
    tagged_label.reached AS family,
    SUM(cases.cost) AS sum_cost
  FROM joins.cases AS cases
  LEFT JOIN (
    SELECT DISTINCT
      case_tags.case_id,
      label.family AS reached
    FROM joins.case_tags AS case_tags
    LEFT JOIN joins.tags AS label
      ON case_tags.tag = label.tag
  ) AS tagged_label
    ON cases.id = tagged_label.case_id
  GROUP BY
    1
)
SELECT
  answer_keys.family AS family,
  answer_keys.sum_cost AS cost
FROM cases_by_family AS answer_keys
ORDER BY
  family ASC
