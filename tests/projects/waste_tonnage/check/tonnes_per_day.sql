-- Tonnes for each day of the year.
-- ask: {grain: year, period: {from: 2000-01-01, to: 2024-01-01}}
SELECT date_trunc('year', month)::DATE AS "time", sum(tonnes) / CASE WHEN year(any_value(month)) % 4 = 0 THEN 366 ELSE 365 END AS value
FROM collected WHERE month >= '2000-01-01' AND month < '2024-01-01' GROUP BY ALL
