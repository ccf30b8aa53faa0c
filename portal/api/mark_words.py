"""What stands in the way of trusting a number, in the same words on every screen, in every file and at the terminal."""

MARK_WORDS = {
    "late": "数据延迟", "stale": "数据陈旧", "carried": "沿用前值", "clamped": "月末对齐", "suppressed": "已抑制", "masked": "已脱敏",
    "divided_by_zero": "除以零", "overlapping": "分组有重叠", "seam": "跨口径，不合并", "incomplete": "后续未满期",
}  # fmt: skip
