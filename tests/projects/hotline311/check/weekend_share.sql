-- Share of the cases opened on a Saturday or a Sunday, by subject.
-- ask: {by: [subject], period: {from: 2015-01-01, to: 2016-01-01}}
SELECT SUBJECT AS subject, 100.0 * count(*) FILTER (WHERE isodow(OPEN_DT) >= 6) / count(*) AS value FROM boston311 GROUP BY ALL
