"""Rows out of bytes: the formats that connectors share, however the bytes were fetched."""
