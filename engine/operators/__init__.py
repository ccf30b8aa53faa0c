"""Analysis methods, one file each: tables in, tables out (算子)."""
