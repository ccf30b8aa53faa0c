"""What the writing of rows has in common where a database does it: statements, and what PostgreSQL says otherwise."""
