"""The same questions asked of two public semantic layers."""
