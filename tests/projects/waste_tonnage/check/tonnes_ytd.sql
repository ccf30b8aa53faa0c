-- Tonnes since the first of January, at the end of each month of 2023.
-- ask: {grain: month, period: {from: 2023-01-01, to: 2024-01-01}}
SELECT DISTINCT month AS "time", (SELECT sum(tonnes) FROM collected AS c WHERE c.month >= '2023-01-01' AND c.month <= m.month) AS value
FROM collected AS m WHERE month >= '2023-01-01' AND month < '2024-01-01'
