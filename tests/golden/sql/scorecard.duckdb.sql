-- tests/golden/questions.yaml: scorecard, of tests/projects/semantics
-- items normalised, weighed and vetoed

WITH units_by_id AS (
  SELECT
    units.id AS id,
    MAX(units.closed) AS max_closed,
    MAX(units.load) AS max_load
  FROM score.units AS units
  GROUP BY
    1
)
SELECT
  answer_keys.id AS id,
  CASE
    WHEN answer_keys.max_load > 150
    THEN 0
    ELSE CAST((
      CAST(CASE
        WHEN answer_keys.max_closed IS NULL
        THEN NULL
        ELSE GREATEST(0, LEAST(100, (
          CAST(answer_keys.max_closed - 85 AS DOUBLE) / 15
        ) * 100))
      END AS DOUBLE) * 2
    ) + (
      CAST(CASE
        WHEN answer_keys.max_load IS NULL
        THEN NULL
        ELSE GREATEST(
          0,
          LEAST(
            100,
            (
              CAST(answer_keys.max_load - 120 AS DOUBLE) / NULLIF((
                -35
              ), 0)
            ) * 100
          )
        )
      END AS DOUBLE) * 1
    ) AS DOUBLE) / 3
  END AS overall
FROM units_by_id AS answer_keys
ORDER BY
  id ASC
