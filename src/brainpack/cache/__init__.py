"""What was fetched and proven once, and need not be fetched again; in the layout of brainscore_core's cache."""
