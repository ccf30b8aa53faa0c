-- Organics of every kind in all tonnes, by month.
-- ask: {grain: month, period: {from: 2013-01-01, to: 2024-11-01}}
SELECT month AS "time", 100.0 * sum(organics) / sum(tonnes) AS value FROM collected WHERE month >= '2013-01-01' GROUP BY ALL
