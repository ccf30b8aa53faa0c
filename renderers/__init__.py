"""From definitions and frames to plain specs that a browser draws: no query, no colour in a widget."""
