-- Cases past their target and not closed, at the end of each day of June.
-- ask: {grain: day, period: {from: 2015-06-01, to: 2015-07-01}}
SELECT day::DATE AS "time", (
  SELECT count(*) FROM boston311
  WHERE TARGET_DT < day + INTERVAL 1 DAY AND (CLOSED_DT IS NULL OR CLOSED_DT >= day + INTERVAL 1 DAY)
) AS value
FROM generate_series(TIMESTAMP '2015-06-01', TIMESTAMP '2015-06-30', INTERVAL 1 DAY) AS days(day)
