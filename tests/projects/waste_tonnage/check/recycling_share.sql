-- Paper, metal, glass and plastic in all tonnes, by year and district.
-- ask: {by: [waste.district], grain: year, period: {from: 1995-01-01, to: 2024-01-01}}
SELECT date_trunc('year', month)::DATE AS "time", geo_id AS "waste.district", 100.0 * sum(recycled) / nullif(sum(tonnes), 0) AS value
FROM collected WHERE month >= '1995-01-01' AND month < '2024-01-01' GROUP BY ALL
