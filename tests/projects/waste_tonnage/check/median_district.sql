-- Median of a district's monthly tonnes, by year and borough.
-- ask: {by: [waste.borough], grain: year, period: {from: 1995-01-01, to: 2024-01-01}}
SELECT date_trunc('year', month)::DATE AS "time", borough AS "waste.borough", median(tonnes) AS value
FROM collected WHERE month >= '1995-01-01' AND month < '2024-01-01' GROUP BY ALL
