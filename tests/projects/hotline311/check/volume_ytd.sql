-- Cases since the first of January, at the end of each month from April.
-- ask: {grain: month, period: {from: 2015-04-01, to: 2016-01-01}}
SELECT start::DATE AS "time", (SELECT count(*) FROM boston311 WHERE OPEN_DT >= '2015-01-01' AND OPEN_DT < start + INTERVAL 1 MONTH) AS value
FROM generate_series(TIMESTAMP '2015-04-01', TIMESTAMP '2015-12-01', INTERVAL 1 MONTH) AS months(start)
