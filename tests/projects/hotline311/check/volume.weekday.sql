-- Cases opened, by weekday.
-- ask: {by: [{time: opened, part: weekday}], period: {from: 2015-01-01, to: 2016-01-01}}
SELECT isodow(OPEN_DT) AS "opened_weekday", count(*) AS value
FROM boston311
GROUP BY ALL
