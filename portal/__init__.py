"""The doors: command line, HTTP, pages; the one place that wires the parts together."""
