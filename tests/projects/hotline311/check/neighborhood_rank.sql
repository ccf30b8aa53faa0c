-- Place of each neighbourhood by its cases, month by month; cases without a neighbourhood are one group more.
-- ask: {by: [hotline.neighborhood], grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
WITH counted AS (
  SELECT date_trunc('month', OPEN_DT)::DATE AS month, neighborhood, count(*) AS n FROM boston311 GROUP BY ALL
)
SELECT month AS "time", neighborhood AS "hotline.neighborhood", rank() OVER (PARTITION BY month ORDER BY n DESC) AS value FROM counted
