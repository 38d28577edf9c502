"""Files -> store: where packages are published, a folder or a bucket of S3."""
