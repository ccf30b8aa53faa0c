-- Share of each district in its borough, by year.
-- ask: {by: [waste.borough, waste.district], grain: year, period: {from: 1995-01-01, to: 2024-01-01}}
WITH yearly AS (
  SELECT date_trunc('year', month)::DATE AS year, borough, geo_id, sum(tonnes) AS tonnes
  FROM collected WHERE month >= '1995-01-01' AND month < '2024-01-01' GROUP BY ALL
)
SELECT year AS "time", borough AS "waste.borough", geo_id AS "waste.district", 100.0 * tonnes / sum(tonnes) OVER (PARTITION BY year, borough) AS value FROM yearly
