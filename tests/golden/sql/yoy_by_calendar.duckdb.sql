-- tests/golden/questions.yaml: yoy_by_calendar, of tests/projects/eight
-- the n-th day of the heating season against the n-th day of the one before

WITH gas_days_by_day AS (
  SELECT
    gas_days.d AS period,
    SUM(gas_days.gas_m3) AS sum_gas_m3
  FROM energy.gas_days AS gas_days
  WHERE
    gas_days.d >= CAST('2025-11-14' AS DATE)
    AND gas_days.d < CAST('2025-11-18' AS DATE)
  GROUP BY
    1
), gas_days_by_day_2 AS (
  SELECT
    heating_pairs.later_day AS period,
    SUM(gas_days.gas_m3) AS sum_gas_m3
  FROM energy.gas_days AS gas_days
  INNER JOIN (
    WITH numbered_days AS (
      SELECT
        firsts.d AS day_,
        firsts.heating_day_no AS position_,
        DENSE_RANK() OVER (ORDER BY firsts.first_day) AS cycle_no
      FROM (
        SELECT
          d,
          heating_day_no,
          MIN(d) OVER (PARTITION BY heating_season) AS first_day
        FROM city.dates
        WHERE
          NOT heating_season IS NULL AND NOT heating_day_no IS NULL
      ) AS firsts
    )
    SELECT
      earlier.day_ AS earlier_day,
      later.day_ AS later_day
    FROM numbered_days AS earlier
    INNER JOIN numbered_days AS later
      ON later.cycle_no = earlier.cycle_no + 1 AND later.position_ = earlier.position_
  ) AS heating_pairs
    ON gas_days.d = heating_pairs.earlier_day
  WHERE
    heating_pairs.later_day >= CAST('2025-11-14' AS DATE)
    AND gas_days.d >= CAST('2023-09-06' AS DATE)
    AND heating_pairs.later_day < CAST('2025-11-18' AS DATE)
    AND gas_days.d < CAST('2025-11-18' AS DATE)
  GROUP BY
    1
), answer_by_day AS (
  SELECT
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      period AS period,
      sum_gas_m3 AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM gas_days_by_day
    UNION ALL
    SELECT
      period AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      sum_gas_m3 AS cell_2
    FROM gas_days_by_day_2
  ) AS stacked
  GROUP BY
    1
)
SELECT
  answer_keys.period AS period,
  (
    CAST(answer_keys.cell_1 - answer_keys.cell_2 AS DOUBLE) / NULLIF(NULLIF(ABS(answer_keys.cell_2), 0), 0)
  ) * 100 AS gas_heating_yoy,
  (
    ABS(answer_keys.cell_2) = 0
  )
  AND (
    NOT (
      answer_keys.cell_1 - answer_keys.cell_2
    ) IS NULL
  ) AS gas_heating_yoy__zero
FROM answer_by_day AS answer_keys
ORDER BY
  period ASC
