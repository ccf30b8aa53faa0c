-- 90th percentile of hours to close, by closing month and neighbourhood.
-- ask: {by: [hotline.neighborhood], grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
SELECT date_trunc('month', CLOSED_DT)::DATE AS "time", neighborhood AS "hotline.neighborhood",
  quantile_cont((epoch(CLOSED_DT) - epoch(OPEN_DT)) / 3600, 0.9) AS value
FROM boston311
WHERE CLOSED_DT >= '2015-01-01' AND CLOSED_DT < '2016-01-01'
GROUP BY ALL
