-- Cases closed, by month and subject.
-- ask: {by: [subject], grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
SELECT date_trunc('month', CLOSED_DT)::DATE AS "time", SUBJECT AS subject, count(*) AS value
FROM boston311
WHERE CLOSED_DT >= '2015-01-01' AND CLOSED_DT < '2016-01-01'
GROUP BY ALL
