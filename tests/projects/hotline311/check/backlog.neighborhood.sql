-- Open cases at the end of each month, by neighbourhood.
-- ask: {by: [hotline.neighborhood], grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
SELECT start::DATE AS "time", neighborhood AS "hotline.neighborhood", count(*) AS value
FROM generate_series(TIMESTAMP '2015-01-01', TIMESTAMP '2015-12-01', INTERVAL 1 MONTH) AS months(start)
JOIN boston311
  ON OPEN_DT < start + INTERVAL 1 MONTH AND (CLOSED_DT IS NULL OR CLOSED_DT >= start + INTERVAL 1 MONTH)
GROUP BY ALL
