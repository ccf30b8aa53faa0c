-- Change of that share against the month before, in percentage points.
-- ask: {grain: month, period: {from: 2015-02-01, to: 2016-01-01}}
WITH shares AS (
  SELECT date_trunc('month', OPEN_DT)::DATE AS month,
    100.0 * count(*) FILTER (WHERE Source IN ('Citizens Connect App', 'Self Service', 'Twitter')) / count(*) AS share
  FROM boston311
  GROUP BY ALL
)
SELECT here.month AS "time", here.share - before.share AS value
FROM shares AS here JOIN shares AS before ON before.month = here.month - INTERVAL 1 MONTH
