"""Object -> files: each appears whole under its name or not at all."""
