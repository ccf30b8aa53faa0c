-- Change of the tonnes against the same quarter of the year before, in %, by borough.
-- ask: {by: [waste.borough], grain: quarter, period: {from: 1996-01-01, to: 2024-10-01}}
WITH quarters AS (SELECT date_trunc('quarter', month)::DATE AS quarter, borough, sum(tonnes) AS tonnes FROM collected GROUP BY ALL)
SELECT here.quarter AS "time", here.borough AS "waste.borough", 100.0 * (here.tonnes / before.tonnes - 1) AS value
FROM quarters AS here JOIN quarters AS before ON before.borough = here.borough AND before.quarter = here.quarter - INTERVAL 1 YEAR
WHERE here.quarter >= '1996-01-01' AND here.quarter < '2024-10-01'
