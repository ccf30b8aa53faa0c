-- Neighbourhoods that closed less than 75 % of their due cases on time in the year.
-- ask: {period: {from: 2015-01-01, to: 2016-01-01}}
WITH shares AS (
  SELECT neighborhood, 100.0 * count(*) FILTER (WHERE CLOSED_DT <= TARGET_DT) / count(TARGET_DT) AS share
  FROM boston311
  WHERE CLOSED_DT >= '2015-01-01' AND CLOSED_DT < '2016-01-01' AND TARGET_DT IS NOT NULL AND neighborhood IS NOT NULL
  GROUP BY ALL
)
SELECT count(*) AS value FROM shares WHERE share < 75
