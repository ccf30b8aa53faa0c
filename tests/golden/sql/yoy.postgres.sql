-- tests/golden/questions.yaml: yoy, of tests/projects/eight
-- a second leaf a year back whose keys are moved; a ratio stays a ratio of its parts

WITH weighings_by_district_quarter AS (
  SELECT
    facility.district AS district,
    CAST(DATE_TRUNC('QUARTER', weighings.weighed_at + INTERVAL '-14400 SECOND') AS DATE) AS period,
    SUM(weighings.net_ton) AS sum_net_ton
  FROM sanitation.weighings AS weighings
  INNER JOIN sanitation.facilities AS facility
    ON weighings.facility_id = facility.facility_id
  WHERE
    weighings.weighed_at >= CAST('2026-01-01 04:00:00' AS TIMESTAMP)
    AND weighings.weighed_at < CAST('2026-07-01 00:00:00' AS TIMESTAMP)
    AND weighings.leg = 'first'
  GROUP BY
    1,
    2
), quarters_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '3 MONTH' AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(DATE_TRUNC('QUARTER', CAST('2026-01-01 00:00:00' AS TIMESTAMP)) AS DATE) AS TIMESTAMP),
      CAST('2026-07-01 00:00:00' AS TIMESTAMP) - INTERVAL '1 MICROSECOND',
      INTERVAL '3 MONTH'
    ) AS periods(moment)
  ) AS periods_asked
), population_years_by_district_quarter AS (
  SELECT
    population_years.district AS district,
    asked.period AS period,
    SUM(population_years.people) AS sum_people
  FROM city.population_years AS population_years
  INNER JOIN quarters_asked AS asked
    ON (
      population_years.valid_from IS NULL OR population_years.valid_from < asked.ends
    )
    AND (
      population_years.valid_to IS NULL OR population_years.valid_to >= asked.ends
    )
  GROUP BY
    1,
    2
), weighings_by_district_quarter_2 AS (
  SELECT
    facility.district AS district,
    CAST(DATE_TRUNC('QUARTER', weighings.weighed_at + INTERVAL '-14400 SECOND') AS DATE) AS period,
    SUM(weighings.net_ton) AS sum_net_ton
  FROM sanitation.weighings AS weighings
  INNER JOIN sanitation.facilities AS facility
    ON weighings.facility_id = facility.facility_id
  WHERE
    weighings.weighed_at >= CAST('2025-01-01 04:00:00' AS TIMESTAMP)
    AND weighings.weighed_at < CAST('2025-07-01 00:00:00' AS TIMESTAMP)
    AND weighings.leg = 'first'
  GROUP BY
    1,
    2
), quarters_asked_2 AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '3 MONTH' AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(DATE_TRUNC('QUARTER', CAST('2025-01-01 00:00:00' AS TIMESTAMP)) AS DATE) AS TIMESTAMP),
      CAST('2025-07-01 00:00:00' AS TIMESTAMP) - INTERVAL '1 MICROSECOND',
      INTERVAL '3 MONTH'
    ) AS periods(moment)
  ) AS periods_asked
), population_years_by_district_quarter_2 AS (
  SELECT
    population_years.district AS district,
    asked.period AS period,
    SUM(population_years.people) AS sum_people
  FROM city.population_years AS population_years
  INNER JOIN quarters_asked_2 AS asked
    ON (
      population_years.valid_from IS NULL OR population_years.valid_from < asked.ends
    )
    AND (
      population_years.valid_to IS NULL OR population_years.valid_to >= asked.ends
    )
  GROUP BY
    1,
    2
), answer_by_district_quarter AS (
  SELECT
    stacked.district AS district,
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2,
    MAX(stacked.cell_3) AS cell_3,
    MAX(stacked.cell_4) AS cell_4
  FROM (
    SELECT
      district AS district,
      period AS period,
      sum_net_ton AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2,
      CAST(NULL AS BIGINT) AS cell_3,
      CAST(NULL AS BIGINT) AS cell_4
    FROM weighings_by_district_quarter
    UNION ALL
    SELECT
      district AS district,
      period AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      sum_people AS cell_2,
      CAST(NULL AS BIGINT) AS cell_3,
      CAST(NULL AS BIGINT) AS cell_4
    FROM population_years_by_district_quarter
    UNION ALL
    SELECT
      district AS district,
      CAST(period + INTERVAL '12 MONTH' AS DATE) AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2,
      sum_net_ton AS cell_3,
      CAST(NULL AS BIGINT) AS cell_4
    FROM weighings_by_district_quarter_2
    UNION ALL
    SELECT
      district AS district,
      CAST(period + INTERVAL '12 MONTH' AS DATE) AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2,
      CAST(NULL AS BIGINT) AS cell_3,
      sum_people AS cell_4
    FROM population_years_by_district_quarter_2
  ) AS stacked
  GROUP BY
    1,
    2
)
SELECT
  answer_keys.district AS district,
  answer_keys.period AS period,
  (
    CAST((
      (
        CAST(answer_keys.cell_1 AS DOUBLE PRECISION) / NULLIF(answer_keys.cell_2, 0)
      ) * 1000
    ) - (
      (
        CAST(answer_keys.cell_3 AS DOUBLE PRECISION) / NULLIF(answer_keys.cell_4, 0)
      ) * 1000
    ) AS DOUBLE PRECISION) / NULLIF(
      NULLIF(
        ABS(
          (
            (
              CAST(answer_keys.cell_3 AS DOUBLE PRECISION) / NULLIF(answer_keys.cell_4, 0)
            ) * 1000
          )
        ),
        0
      ),
      0
    )
  ) * 100 AS tonnes_per_head_yoy,
  (
    (
      ABS(
        (
          (
            CAST(answer_keys.cell_3 AS DOUBLE PRECISION) / NULLIF(answer_keys.cell_4, 0)
          ) * 1000
        )
      ) = 0
    )
    AND (
      NOT (
        (
          (
            CAST(answer_keys.cell_1 AS DOUBLE PRECISION) / NULLIF(answer_keys.cell_2, 0)
          ) * 1000
        ) - (
          (
            CAST(answer_keys.cell_3 AS DOUBLE PRECISION) / NULLIF(answer_keys.cell_4, 0)
          ) * 1000
        )
      ) IS NULL
    )
  )
  OR (
    (
      answer_keys.cell_2 = 0
    ) AND (
      NOT answer_keys.cell_1 IS NULL
    )
  )
  OR (
    (
      answer_keys.cell_4 = 0
    ) AND (
      NOT answer_keys.cell_3 IS NULL
    )
  ) AS tonnes_per_head_yoy__zero
FROM answer_by_district_quarter AS answer_keys
ORDER BY
  period ASC,
  district ASC
