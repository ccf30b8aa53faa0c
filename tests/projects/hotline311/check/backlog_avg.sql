-- Average over the days of each month of the cases open at the day's end.
-- ask: {grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
WITH daily AS (
  SELECT day::DATE AS day, (
    SELECT count(*) FROM boston311
    WHERE OPEN_DT < days.day + INTERVAL 1 DAY AND (CLOSED_DT IS NULL OR CLOSED_DT >= days.day + INTERVAL 1 DAY)
  ) AS n
  FROM generate_series(TIMESTAMP '2015-01-01', TIMESTAMP '2015-12-31', INTERVAL 1 DAY) AS days(day)
)
SELECT date_trunc('month', day)::DATE AS "time", avg(n) AS value FROM daily GROUP BY ALL
