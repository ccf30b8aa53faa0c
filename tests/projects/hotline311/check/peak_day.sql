-- Most cases on one day, by month and subject.
-- ask: {by: [subject], grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
WITH daily AS (
  SELECT OPEN_DT::DATE AS day, SUBJECT AS subject, count(*) AS n FROM boston311 GROUP BY ALL
)
SELECT date_trunc('month', day)::DATE AS "time", subject, max(n) AS value FROM daily GROUP BY ALL
