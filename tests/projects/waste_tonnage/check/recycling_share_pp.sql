-- Change of the recycling share against the same month of the year before, in percentage points.
-- ask: {grain: month, period: {from: 2010-01-01, to: 2024-11-01}}
WITH shares AS (SELECT month, 100.0 * sum(recycled) / sum(tonnes) AS share FROM collected GROUP BY ALL)
SELECT here.month AS "time", here.share - before.share AS value
FROM shares AS here JOIN shares AS before ON before.month = here.month - INTERVAL 1 YEAR
WHERE here.month >= '2010-01-01'
