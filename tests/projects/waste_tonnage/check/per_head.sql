-- Kilograms for a head (a short ton is 907.18474 kg), by year and district, while the estimate holds.
-- ask: {by: [waste.district], grain: year, period: {from: 2019-01-01, to: 2024-01-01}}
SELECT date_trunc('year', month)::DATE AS "time", geo_id AS "waste.district", sum(tonnes) * 907.18474 / any_value(people) AS value
FROM collected JOIN residents USING (geo_id)
WHERE month >= '2019-01-01' AND month < '2024-01-01'
GROUP BY ALL
