"""What a message of a broker becomes: rows, or a refusal with its reason."""
