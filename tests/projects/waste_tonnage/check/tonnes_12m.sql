-- Tonnes of the twelve months that end with each month, by borough.
-- ask: {by: [waste.borough], grain: month, period: {from: 2000-01-01, to: 2024-11-01}}
WITH monthly AS (SELECT month, borough, sum(tonnes) AS tonnes FROM collected GROUP BY ALL)
SELECT month AS "time", borough AS "waste.borough", (
  SELECT sum(tonnes) FROM monthly AS w WHERE w.borough = m.borough AND w.month > m.month - INTERVAL 12 MONTH AND w.month <= m.month
) AS value
FROM monthly AS m WHERE month >= '2000-01-01'
