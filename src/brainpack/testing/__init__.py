"""Tests of whatever is built to the protocols of brainpack; `stores` is the one module that needs pytest."""
