-- Change of the cases against the month before, in %.
-- ask: {grain: month, period: {from: 2015-02-01, to: 2016-01-01}}
WITH counted AS (
  SELECT date_trunc('month', OPEN_DT)::DATE AS month, count(*) AS n FROM boston311 GROUP BY ALL
)
SELECT here.month AS "time", 100.0 * (here.n / before.n - 1) AS value
FROM counted AS here JOIN counted AS before ON before.month = here.month - INTERVAL 1 MONTH
