-- tests/golden/questions.yaml: valid_join, of tests/projects/semantics
-- the contract that held at the row's time

WITH inspections_by_contractor AS (
  SELECT
    contract.contractor AS contractor,
    COUNT(*) AS count_rows
  FROM joins.inspections AS inspections
  LEFT JOIN joins.contracts AS contract
    ON inspections.asset = contract.asset
    AND (
      contract.start_dt IS NULL OR contract.start_dt <= inspections.done_at
    )
    AND (
      contract.end_dt IS NULL OR inspections.done_at < contract.end_dt
    )
  WHERE
    inspections.done_at < CAST('2026-07-01 00:00:00' AS TIMESTAMP)
  GROUP BY
    1
)
SELECT
  answer_keys.contractor AS contractor,
  COALESCE(answer_keys.count_rows, 0) AS inspections_n
FROM inspections_by_contractor AS answer_keys
ORDER BY
  contractor ASC
