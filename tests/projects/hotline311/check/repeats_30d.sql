-- Share of cases with a known spot that another case at the same spot followed within 30 days, by month.
-- ask: {grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
SELECT date_trunc('month', base.OPEN_DT)::DATE AS "time", 100.0 * avg(CASE WHEN EXISTS (
  SELECT 1 FROM boston311 AS later
  WHERE later.Property_ID = base.Property_ID AND later.OPEN_DT > base.OPEN_DT AND later.OPEN_DT <= base.OPEN_DT + INTERVAL 30 DAY
) THEN 1 ELSE 0 END) AS value
FROM boston311 AS base
WHERE base.Property_ID IS NOT NULL
GROUP BY ALL
