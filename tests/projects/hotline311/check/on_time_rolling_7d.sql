-- On-time share of the seven days that end with each day of March, from the counts of those days.
-- ask: {grain: day, period: {from: 2015-03-01, to: 2015-04-01}}
SELECT day::DATE AS "time", (
  SELECT 100.0 * count(*) FILTER (WHERE CLOSED_DT <= TARGET_DT) / nullif(count(TARGET_DT), 0)
  FROM boston311
  WHERE CLOSED_DT >= day - INTERVAL 6 DAY AND CLOSED_DT < day + INTERVAL 1 DAY
) AS value
FROM generate_series(TIMESTAMP '2015-03-01', TIMESTAMP '2015-03-31', INTERVAL 1 DAY) AS days(day)
