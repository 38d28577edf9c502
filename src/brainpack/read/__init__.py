"""Files -> object: what brainpack wrote, and what other tools wrote in the same format."""
