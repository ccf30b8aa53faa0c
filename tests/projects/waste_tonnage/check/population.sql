-- People by borough while the estimate holds.
-- ask: {by: [waste.borough], grain: year, period: {from: 2015-01-01, to: 2024-11-01}}
SELECT year AS "time", borough AS "waste.borough", sum(people) AS value
FROM residents CROSS JOIN (SELECT unnest([DATE '2019-01-01', DATE '2020-01-01', DATE '2021-01-01', DATE '2022-01-01', DATE '2023-01-01']) AS year)
GROUP BY ALL
