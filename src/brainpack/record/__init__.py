"""What was published: the record that lies beside the files."""
