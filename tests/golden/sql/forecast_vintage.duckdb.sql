-- tests/golden/questions.yaml: forecast_vintage, of tests/projects/semantics
-- of each hour and area the newest issue within the lead; as_of bounds the issue, the period the hours

WITH forecasts_by_area_hour AS (
  SELECT
    forecasts.area AS area,
    forecasts.period AS period,
    SUM(forecasts.load) AS sum_load
  FROM (
    SELECT
      forecasts.*,
      RANK() OVER (PARTITION BY forecasts.area, forecasts.target_ts ORDER BY forecasts.issue_ts DESC) AS newest,
      DATE_TRUNC('HOUR', forecasts.target_ts) AS period
    FROM vintages.forecasts AS forecasts
    WHERE
      forecasts.target_ts >= CAST('2026-07-01 00:00:00' AS TIMESTAMP)
      AND forecasts.target_ts < CAST('2026-07-02 00:00:00' AS TIMESTAMP)
      AND forecasts.issue_ts < CAST('2026-07-01 06:00:00' AS TIMESTAMP)
      AND CAST(forecasts.issue_ts AS TIMESTAMP) <= CAST(forecasts.target_ts AS TIMESTAMP)
      AND CAST(forecasts.issue_ts AS TIMESTAMP) >= CAST(forecasts.target_ts AS TIMESTAMP) + INTERVAL '-1' DAY + INTERVAL '43200' SECOND
  ) AS forecasts
  WHERE
    forecasts.newest = 1
  GROUP BY
    1,
    2
)
SELECT
  answer_keys.area AS area,
  answer_keys.period AS period,
  answer_keys.sum_load AS load_0_12
FROM forecasts_by_area_hour AS answer_keys
ORDER BY
  period ASC,
  area ASC
