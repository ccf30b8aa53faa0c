-- Different types of case, by month and subject.
-- ask: {by: [subject], grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
SELECT date_trunc('month', OPEN_DT)::DATE AS "time", SUBJECT AS subject, count(DISTINCT TYPE) AS value FROM boston311 GROUP BY ALL
