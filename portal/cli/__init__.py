"""The command line: the same questions as over HTTP, and everything an author of definitions needs."""
