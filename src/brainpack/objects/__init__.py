"""What a user holds: assemblies of recordings and tables of stimuli.

Nothing in this package reads or writes a file. The modules, lowest first:

- ``indexes``: the coordinates of a dimension as one MultiIndex, and back
- ``grouping``: grouping, applying and selecting by several coordinates at once
- ``stimuli``: `StimulusSet`, a table that knows the file of every stimulus
- ``assemblies``: `DataAssembly` and its subclasses
- ``transform``: aligning assemblies with each other and with stimulus sets
- ``entries``, ``values``, ``attributes``: what of them a file can hold
"""
