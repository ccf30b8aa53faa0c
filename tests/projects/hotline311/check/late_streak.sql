-- Days in a row, ending with each day of March, on which the on-time share lay below 80 %; a day without closings breaks the row.
-- ask: {grain: day, period: {from: 2015-03-01, to: 2015-04-01}, fill: time}
WITH RECURSIVE daily AS (
  SELECT CLOSED_DT::DATE AS day, 100.0 * count(*) FILTER (WHERE CLOSED_DT <= TARGET_DT) / count(TARGET_DT) AS share
  FROM boston311
  WHERE CLOSED_DT IS NOT NULL AND TARGET_DT IS NOT NULL
  GROUP BY ALL
), walked AS (
  SELECT DATE '2015-01-01' AS day, CASE WHEN (SELECT share FROM daily WHERE day = DATE '2015-01-01') < 80 THEN 1 ELSE 0 END AS streak
  UNION ALL
  SELECT walked.day + 1, CASE WHEN (SELECT share FROM daily WHERE daily.day = walked.day + 1) < 80 THEN walked.streak + 1 ELSE 0 END
  FROM walked
  WHERE walked.day < DATE '2015-03-31'
)
SELECT day AS "time", CASE WHEN (SELECT share FROM daily WHERE daily.day = walked.day) IS NOT NULL THEN streak END AS value
FROM walked
WHERE day >= '2015-03-01'
