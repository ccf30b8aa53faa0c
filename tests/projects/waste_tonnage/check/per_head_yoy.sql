-- Change of tonnes per head against the same quarter of the year before, in %, by borough.
-- ask: {by: [waste.borough], grain: quarter, period: {from: 2020-01-01, to: 2024-01-01}}
WITH people AS (SELECT borough, sum(people) AS people FROM residents GROUP BY ALL),
quarters AS (
  SELECT date_trunc('quarter', month)::DATE AS quarter, borough, sum(tonnes) / any_value(people.people) AS per_head
  FROM collected JOIN people USING (borough) GROUP BY ALL
)
SELECT here.quarter AS "time", here.borough AS "waste.borough", 100.0 * (here.per_head / before.per_head - 1) AS value
FROM quarters AS here JOIN quarters AS before ON before.borough = here.borough AND before.quarter = here.quarter - INTERVAL 1 YEAR
WHERE here.quarter >= '2020-01-01' AND here.quarter < '2024-01-01'
