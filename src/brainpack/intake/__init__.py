"""Files of a lab to the objects that are packaged."""
