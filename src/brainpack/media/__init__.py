"""What is in a stimulus file? It is looked into whole; nothing here raises on bad files."""
