-- Share of the cases that people sent by app, web or Twitter, by month.
-- ask: {grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
SELECT date_trunc('month', OPEN_DT)::DATE AS "time",
  100.0 * count(*) FILTER (WHERE Source IN ('Citizens Connect App', 'Self Service', 'Twitter')) / count(*) AS value
FROM boston311
GROUP BY ALL
