"""The closed grammar of formulas and conditions: text in, a small tree of our own out, or findings."""
