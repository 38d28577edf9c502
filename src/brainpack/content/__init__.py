"""What a data set means, as one SHA-256: the same for the same data, whatever its files look like."""
