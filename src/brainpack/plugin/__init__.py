"""Records to the data plugin that Brain-Score loads them by."""
