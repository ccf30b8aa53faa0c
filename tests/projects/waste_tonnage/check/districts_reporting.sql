-- Districts with a row, by month.
-- ask: {grain: month, period: {from: 1990-01-01, to: 2024-11-01}}
SELECT month AS "time", count(DISTINCT geo_id) AS value FROM collected GROUP BY ALL
