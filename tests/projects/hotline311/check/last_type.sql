-- Type of the last case of each subject (no two of a subject share its last instant).
-- ask: {by: [subject], period: {from: 2015-01-01, to: 2016-01-01}}
SELECT SUBJECT AS subject, arg_max(TYPE, OPEN_DT) AS value FROM boston311 GROUP BY ALL
