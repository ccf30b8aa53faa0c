"""What a reading of a database table is made of: a connection from typed fields alone, columns in their own types (库表取数)."""
