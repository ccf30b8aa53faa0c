-- Tonnes of all streams, by month and borough.
-- ask: {by: [waste.borough], grain: month, period: {from: 1990-01-01, to: 2024-11-01}}
SELECT month AS "time", borough AS "waste.borough", sum(tonnes) AS value FROM collected GROUP BY ALL
