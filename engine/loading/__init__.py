"""From files on disk to a catalog of checked structs, or findings: find, parse, decode (加载)."""
