-- Open cases at the end of each day of the year.
-- ask: {grain: day, period: {from: 2015-01-01, to: 2016-01-01}}
SELECT day::DATE AS "time", (
  SELECT count(*) FROM boston311
  WHERE OPEN_DT < day + INTERVAL 1 DAY AND (CLOSED_DT IS NULL OR CLOSED_DT >= day + INTERVAL 1 DAY)
) AS value
FROM generate_series(TIMESTAMP '2015-01-01', TIMESTAMP '2015-12-31', INTERVAL 1 DAY) AS days(day)
