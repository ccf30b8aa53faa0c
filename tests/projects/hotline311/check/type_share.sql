-- Share of each type in all cases of its quarter.
-- ask: {by: [type], grain: quarter, period: {from: 2015-01-01, to: 2016-01-01}}
WITH per_type AS (
  SELECT date_trunc('quarter', OPEN_DT)::DATE AS quarter, TYPE AS type, count(*) AS n FROM boston311 GROUP BY ALL
)
SELECT quarter AS "time", type, 100.0 * n / sum(n) OVER (PARTITION BY quarter) AS value FROM per_type
