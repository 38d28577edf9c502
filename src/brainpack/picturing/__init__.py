"""A package as a page that shows what is in it."""
