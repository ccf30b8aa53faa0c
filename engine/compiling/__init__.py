"""From a question to a SQL tree, one pure pass per file (编译)."""
