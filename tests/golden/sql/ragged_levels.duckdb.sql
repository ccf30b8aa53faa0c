-- tests/golden/questions.yaml: ragged_levels, of tests/projects/semantics
-- a key of any level is searched upwards for a member of the level asked

WITH reports_by_district AS (
  SELECT
    CASE
      WHEN place_member.level = 'district'
      THEN place_member.code
      WHEN place_member_place_member.level = 'district'
      THEN place_member_place_member.code
    END AS district,
    COUNT(*) AS count_rows
  FROM hierarchy.reports AS reports
  LEFT JOIN hierarchy.regions AS place_member
    ON reports.place = place_member.code
  LEFT JOIN hierarchy.regions AS place_member_place_member
    ON place_member.parent = place_member_place_member.code
  GROUP BY
    1
)
SELECT
  answer_keys.district AS district,
  COALESCE(answer_keys.count_rows, 0) AS reports_n
FROM reports_by_district AS answer_keys
ORDER BY
  district ASC
