"""The one place that knows boto3: a folder of an S3 bucket as a store."""
