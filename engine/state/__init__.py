"""All that PostgreSQL remembers, and the private server when none is given (状态库)."""
