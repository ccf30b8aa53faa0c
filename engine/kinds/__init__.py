"""Definition kinds, one file each; the registry finds them by scanning."""
