-- tests/golden/questions.yaml: roll_up, of tests/projects/semantics
-- a ratio of streets asked by district is recomputed from sums

WITH sweeps_by_district AS (
  SELECT
    street_member.parent AS district,
    SUM(sweeps.done) AS sum_done,
    SUM(sweeps.planned) AS sum_planned
  FROM hierarchy.sweeps AS sweeps
  LEFT JOIN hierarchy.regions AS street_member
    ON sweeps.street = street_member.code
  GROUP BY
    1
)
SELECT
  answer_keys.district AS district,
  (
    CAST(answer_keys.sum_done AS DOUBLE) / NULLIF(answer_keys.sum_planned, 0)
  ) * 100 AS done_share,
  (
    answer_keys.sum_planned = 0
  ) AND (
    NOT answer_keys.sum_done IS NULL
  ) AS done_share__zero
FROM sweeps_by_district AS answer_keys
ORDER BY
  district ASC
