"""What a number means: no web, no template, no colour."""
