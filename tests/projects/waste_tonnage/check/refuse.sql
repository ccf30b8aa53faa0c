-- Tonnes of refuse, by year and borough.
-- ask: {by: [waste.borough], grain: year, period: {from: 1990-01-01, to: 2024-01-01}}
SELECT date_trunc('year', month)::DATE AS "time", borough AS "waste.borough", sum(refuse) AS value
FROM collected WHERE month < '2024-01-01' GROUP BY ALL
