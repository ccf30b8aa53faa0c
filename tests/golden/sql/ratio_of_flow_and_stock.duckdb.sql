-- tests/golden/questions.yaml: ratio_of_flow_and_stock, of tests/projects/eight
-- a flow per day over a stock by validity

WITH weighings_by_facility_day AS (
  SELECT
    weighings.facility_id AS facility,
    CAST(weighings.weighed_at + INTERVAL '-14400' SECOND AS DATE) AS period,
    SUM(weighings.net_ton) AS sum_net_ton
  FROM sanitation.weighings AS weighings
  INNER JOIN sanitation.facilities AS facility
    ON weighings.facility_id = facility.facility_id
  WHERE
    weighings.weighed_at >= CAST('2026-01-05 04:00:00' AS TIMESTAMP)
    AND weighings.weighed_at < CAST('2026-01-12 04:00:00' AS TIMESTAMP)
    AND facility.type = 'transfer'
  GROUP BY
    1,
    2
), days_asked AS (
  SELECT
    periods_asked.t AS period,
    CAST(periods_asked.t AS TIMESTAMP) + INTERVAL '1' DAY AS ends
  FROM (
    SELECT
      CAST(periods.moment AS DATE) AS t
    FROM GENERATE_SERIES(
      CAST(CAST(CAST('2026-01-05 00:00:00' AS TIMESTAMP) AS DATE) AS TIMESTAMP),
      CAST('2026-01-12 00:00:00' AS TIMESTAMP) - INTERVAL '1' MICROSECOND,
      INTERVAL '1' DAY
    ) AS periods(moment)
  ) AS periods_asked
), facilities_by_facility_day AS (
  SELECT
    facilities.facility_id AS facility,
    asked.period AS period,
    SUM(facilities.design_tpd) AS sum_design_tpd
  FROM sanitation.facilities AS facilities
  INNER JOIN days_asked AS asked
    ON (
      facilities.valid_from IS NULL OR facilities.valid_from < asked.ends
    )
    AND (
      facilities.valid_to IS NULL OR facilities.valid_to >= asked.ends
    )
  WHERE
    facilities.type = 'transfer'
  GROUP BY
    1,
    2
), answer_by_facility_day AS (
  SELECT
    stacked.facility AS facility,
    stacked.period AS period,
    MAX(stacked.cell_1) AS cell_1,
    MAX(stacked.cell_2) AS cell_2
  FROM (
    SELECT
      facility AS facility,
      period AS period,
      sum_net_ton AS cell_1,
      CAST(NULL AS BIGINT) AS cell_2
    FROM weighings_by_facility_day
    UNION ALL
    SELECT
      facility AS facility,
      period AS period,
      CAST(NULL AS BIGINT) AS cell_1,
      sum_design_tpd AS cell_2
    FROM facilities_by_facility_day
  ) AS stacked
  GROUP BY
    1,
    2
)
SELECT
  answer_keys.facility AS facility,
  answer_keys.period AS period,
  (
    CAST((
      CAST(answer_keys.cell_1 AS DOUBLE) * 86400
    ) / NULLIF(
      (
        EXTRACT(EPOCH FROM LEAST(
          CAST(answer_keys.period AS TIMESTAMP) + INTERVAL '1' DAY,
          CAST('2026-01-12 00:00:00' AS TIMESTAMP)
        )) - EXTRACT(EPOCH FROM GREATEST(CAST(answer_keys.period AS TIMESTAMP), CAST('2026-01-05 00:00:00' AS TIMESTAMP)))
      ),
      0
    ) AS DOUBLE) / NULLIF(answer_keys.cell_2, 0)
  ) * 100 AS load_rate,
  (
    (
      answer_keys.cell_2 = 0
    )
    AND (
      NOT (
        (
          CAST(answer_keys.cell_1 AS DOUBLE) * 86400
        ) / NULLIF(
          (
            EXTRACT(EPOCH FROM LEAST(
              CAST(answer_keys.period AS TIMESTAMP) + INTERVAL '1' DAY,
              CAST('2026-01-12 00:00:00' AS TIMESTAMP)
            )) - EXTRACT(EPOCH FROM GREATEST(CAST(answer_keys.period AS TIMESTAMP), CAST('2026-01-05 00:00:00' AS TIMESTAMP)))
          ),
          0
        )
      ) IS NULL
    )
  )
  OR (
    (
      (
        EXTRACT(EPOCH FROM LEAST(
          CAST(answer_keys.period AS TIMESTAMP) + INTERVAL '1' DAY,
          CAST('2026-01-12 00:00:00' AS TIMESTAMP)
        )) - EXTRACT(EPOCH FROM GREATEST(CAST(answer_keys.period AS TIMESTAMP), CAST('2026-01-05 00:00:00' AS TIMESTAMP)))
      ) = 0
    )
    AND (
      NOT (
        CAST(answer_keys.cell_1 AS DOUBLE) * 86400
      ) IS NULL
    )
  ) AS load_rate__zero
FROM answer_by_facility_day AS answer_keys
ORDER BY
  period ASC,
  facility ASC
