-- Place of each district by its recycling share, year by year.
-- ask: {by: [waste.district], grain: year, period: {from: 1995-01-01, to: 2024-01-01}}
WITH shares AS (
  SELECT date_trunc('year', month)::DATE AS year, geo_id, sum(recycled) / sum(tonnes) AS share
  FROM collected WHERE month >= '1995-01-01' AND month < '2024-01-01' GROUP BY ALL
)
SELECT year AS "time", geo_id AS "waste.district", rank() OVER (PARTITION BY year ORDER BY share DESC) AS value FROM shares
