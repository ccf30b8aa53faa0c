-- Cases opened, by month and neighbourhood.
-- ask: {by: [hotline.neighborhood], grain: month, period: {from: 2015-01-01, to: 2016-01-01}}
SELECT date_trunc('month', OPEN_DT)::DATE AS "time", neighborhood AS "hotline.neighborhood", count(*) AS value
FROM boston311
GROUP BY ALL
