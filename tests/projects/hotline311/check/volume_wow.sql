-- Change of the cases against the week before, in %, by subject; nothing before is nothing to divide by.
-- ask: {by: [subject], grain: week, period: {from: 2015-02-02, to: 2015-03-30}}
WITH weeks AS (
  SELECT week::DATE AS week FROM generate_series(TIMESTAMP '2015-02-02', TIMESTAMP '2015-03-23', INTERVAL 7 DAY) AS t(week)
), counted AS (
  SELECT date_trunc('week', OPEN_DT)::DATE AS week, SUBJECT AS subject, count(*) AS n FROM boston311 GROUP BY ALL
), subjects AS (
  SELECT DISTINCT subject FROM counted
)
SELECT weeks.week AS "time", subjects.subject, 100.0 * (coalesce(here.n, 0) / before.n - 1) AS value
FROM weeks CROSS JOIN subjects
LEFT JOIN counted AS here ON here.week = weeks.week AND here.subject = subjects.subject
LEFT JOIN counted AS before ON before.week = weeks.week - INTERVAL 7 DAY AND before.subject = subjects.subject
WHERE here.n IS NOT NULL OR before.n IS NOT NULL
