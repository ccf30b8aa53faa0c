"""A seeded Beijing for demonstrations: pure functions from (seed, stream, days) to rows, so that every machine shows the same city."""
