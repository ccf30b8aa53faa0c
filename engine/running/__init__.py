"""From a source's rows to loaded tables, and from a plan to a frame (运行)."""
