-- Closed no later than the target, of those closed with a target, by closing month and subject.
-- ask: {by: [subject], grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
-- A subject none of whose closed cases had a target that month has no row.
SELECT date_trunc('month', CLOSED_DT)::DATE AS "time", SUBJECT AS subject,
  100.0 * count(*) FILTER (WHERE CLOSED_DT <= TARGET_DT) / nullif(count(TARGET_DT), 0) AS value
FROM boston311
WHERE CLOSED_DT >= '2015-01-01' AND CLOSED_DT < '2016-01-01' AND TARGET_DT IS NOT NULL
GROUP BY ALL
