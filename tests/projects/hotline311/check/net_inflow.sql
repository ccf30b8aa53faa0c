-- Opened less closed, each by its own time, by week.
-- ask: {grain: week, period: {from: 2015-01-05, to: 2015-12-28}}
WITH opened AS (
  SELECT date_trunc('week', OPEN_DT)::DATE AS week, count(*) AS n FROM boston311 GROUP BY ALL
), closed AS (
  SELECT date_trunc('week', CLOSED_DT)::DATE AS week, count(*) AS n FROM boston311 WHERE CLOSED_DT IS NOT NULL GROUP BY ALL
)
SELECT week AS "time", coalesce(opened.n, 0) - coalesce(closed.n, 0) AS value
FROM opened FULL JOIN closed USING (week)
WHERE week >= '2015-01-05' AND week < '2015-12-28'
