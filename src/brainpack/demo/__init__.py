"""A small simulated experiment, from the drawing of its stimuli to verified packages.

::

    experiment.simulate ──▶ Experiment ──run.run──▶ files and records ──verify──▶ Outcome ──summary──▶ text
"""
