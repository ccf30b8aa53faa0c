-- tests/golden/questions.yaml: flow, of tests/projects/eight
-- a sum by day and by a dimension one many-to-one join away; the period is literals of the column's own type

WITH weighings_by_district_day AS (
  SELECT
    facility.district AS district,
    CAST(weighings.weighed_at + INTERVAL '-14400' SECOND AS DATE) AS period,
    SUM(weighings.net_ton) AS sum_net_ton
  FROM sanitation.weighings AS weighings
  INNER JOIN sanitation.facilities AS facility
    ON weighings.facility_id = facility.facility_id
  WHERE
    weighings.weighed_at >= CAST('2026-01-05 04:00:00' AS TIMESTAMP)
    AND weighings.weighed_at < CAST('2026-01-12 04:00:00' AS TIMESTAMP)
    AND weighings.leg = 'first'
  GROUP BY
    1,
    2
)
SELECT
  answer_keys.district AS district,
  answer_keys.period AS period,
  answer_keys.sum_net_ton AS tonnes
FROM weighings_by_district_day AS answer_keys
ORDER BY
  period ASC,
  district ASC
