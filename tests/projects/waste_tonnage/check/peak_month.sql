-- Tonnes of the greatest month of each year, by borough.
-- ask: {by: [waste.borough], grain: year, period: {from: 1995-01-01, to: 2024-01-01}}
WITH monthly AS (SELECT month, borough, sum(tonnes) AS tonnes FROM collected GROUP BY ALL)
SELECT date_trunc('year', month)::DATE AS "time", borough AS "waste.borough", max(tonnes) AS value
FROM monthly WHERE month >= '1995-01-01' AND month < '2024-01-01' GROUP BY ALL
