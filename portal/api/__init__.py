"""What the server answers, one controller file per resource; what they share is handed to them as a `World`."""
