"""Where two packages differ in what they mean, and the content hash of files."""
