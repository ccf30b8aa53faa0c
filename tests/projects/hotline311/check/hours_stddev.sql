-- Sample standard deviation of hours to close, by closing quarter.
-- ask: {grain: quarter, period: {from: 2015-01-01, to: 2016-01-01}}
SELECT date_trunc('quarter', CLOSED_DT)::DATE AS "time", stddev_samp((epoch(CLOSED_DT) - epoch(OPEN_DT)) / 3600) AS value
FROM boston311
WHERE CLOSED_DT >= '2015-01-01' AND CLOSED_DT < '2016-01-01'
GROUP BY ALL
