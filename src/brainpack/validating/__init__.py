"""Is it good? Objects and files, looked at by every rule that is about them."""
