-- tests/golden/questions.yaml: streak, of tests/projects/semantics
-- periods in a row that end here; a missing one breaks it

WITH rides_by_day AS (
  SELECT
    rides.d AS period,
    SUM(rides.km) AS sum_km
  FROM windows.rides AS rides
  WHERE
    rides.d < CAST('2026-01-08' AS DATE)
  GROUP BY
    1
), values_by_day AS (
  SELECT
    answer_keys.period AS period,
    answer_keys.sum_km AS value
  FROM rides_by_day AS answer_keys
), streak_starts AS (
  SELECT
    answer_rows.period AS period,
    COALESCE((
      answer_rows.value > 10.0
    ), FALSE) AS holds,
    CASE
      WHEN (
        NOT COALESCE(
          LAG(COALESCE((
            answer_rows.value > 10.0
          ), FALSE)) OVER (ORDER BY answer_rows.period),
          FALSE
        )
      )
      OR COALESCE(
        (
          CAST(LAG(answer_rows.period) OVER (ORDER BY answer_rows.period) AS TIMESTAMP) <> CAST(answer_rows.period AS TIMESTAMP) + INTERVAL '-1' DAY
        ),
        TRUE
      )
      THEN 1
      ELSE 0
    END AS starts,
    answer_rows.value IS NULL AS is_missing
  FROM values_by_day AS answer_rows
), streak_runs AS (
  SELECT
    answer_rows.*,
    SUM(answer_rows.starts) OVER (ORDER BY answer_rows.period ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS run
  FROM streak_starts AS answer_rows
), streak_by_day AS (
  SELECT
    wide.period,
    wide.value
  FROM (
    SELECT
      answer_rows.period AS period,
      CASE
        WHEN answer_rows.is_missing
        THEN NULL
        WHEN answer_rows.holds
        THEN ROW_NUMBER() OVER (PARTITION BY answer_rows.run ORDER BY answer_rows.period)
        ELSE 0
      END AS value
    FROM streak_runs AS answer_rows
  ) AS wide
  WHERE
    wide.period >= CAST('2026-01-02' AS DATE)
)
SELECT
  answer_keys.period AS period,
  answer_keys.value AS km
FROM streak_by_day AS answer_keys
ORDER BY
  period ASC
