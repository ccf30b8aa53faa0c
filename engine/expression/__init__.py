"""The closed formula grammar: text in, sqlglot tree or findings out (公式)."""
