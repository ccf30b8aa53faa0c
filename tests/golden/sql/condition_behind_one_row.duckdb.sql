-- tests/golden/questions.yaml: condition_behind_one_row, of tests/projects/semantics
-- the many side is looked through where the road turns to many, and a row that meets none there is null, so is null holds

WITH notes_total AS (
  SELECT
    COUNT(*) AS count_rows
  FROM fan_out.notes AS notes
  LEFT JOIN fan_out.orders AS about
    ON notes.order_id = about.order_id
  LEFT JOIN (
    SELECT
      items.order_id,
      BOOL_OR(CAST(items.sku IS NULL AS BOOLEAN)) AS meets
    FROM fan_out.items AS items
    GROUP BY
      items.order_id
  ) AS matching_items
    ON about.order_id = matching_items.order_id
  WHERE
    (
      matching_items.order_id IS NULL OR matching_items.meets
    )
)
SELECT
  COALESCE(answer_keys.count_rows, 0) AS notes_n
FROM notes_total AS answer_keys
