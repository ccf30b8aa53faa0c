-- Average hours since the case before at the same spot, by month of the later one.
-- ask: {grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
WITH gaps AS (
  SELECT OPEN_DT, (epoch(OPEN_DT) - epoch(lag(OPEN_DT) OVER (PARTITION BY Property_ID ORDER BY OPEN_DT, CASE_ENQUIRY_ID))) / 3600 AS hours
  FROM boston311
  WHERE Property_ID IS NOT NULL
)
SELECT date_trunc('month', OPEN_DT)::DATE AS "time", avg(hours) AS value FROM gaps GROUP BY ALL
