"""Is it good? Rules look at an input and report findings; they never write and never raise on bad data."""
