"""The BrainIO data standard of brainscore_core, under its names.

`brainpack.compat.install` makes it importable under its paths.
"""

from __future__ import annotations

from brainpack import packaging as packaging
from brainpack.compat.brainio import assemblies as assemblies
from brainpack.compat.brainio import fetch as fetch
from brainpack.compat.brainio import knownfile as knownfile
from brainpack.compat.brainio import s3 as s3
from brainpack.compat.brainio import stimuli as stimuli
from brainpack.compat.brainio import transform as transform
from brainpack.compat.brainio import upload_validator as upload_validator
from brainpack.compat.brainio.assemblies import BehavioralAssembly as BehavioralAssembly
from brainpack.compat.brainio.assemblies import DataAssembly as DataAssembly
from brainpack.compat.brainio.assemblies import NeuroidAssembly as NeuroidAssembly
from brainpack.compat.brainio.assemblies import gather_indexes as gather_indexes
from brainpack.compat.brainio.assemblies import merge_data_arrays as merge_data_arrays
from brainpack.compat.brainio.assemblies import walk_coords as walk_coords
from brainpack.compat.brainio.fetch import get_assembly as get_assembly
from brainpack.compat.brainio.fetch import get_stimulus_set as get_stimulus_set
from brainpack.compat.brainio.s3 import load_file_from_s3 as load_file_from_s3
from brainpack.compat.brainio.s3 import load_weight_file as load_weight_file
from brainpack.compat.brainio.s3 import sha1_hash as sha1_hash
from brainpack.compat.brainio.stimuli import StimulusSet as StimulusSet
from brainpack.compat.brainio.transform import index_efficient as index_efficient
from brainpack.compat.brainio.transform import subset as subset
from brainpack.packaging import package_data_assembly as package_data_assembly
from brainpack.packaging import package_stimulus_set as package_stimulus_set
from brainpack.packaging import write_netcdf as write_netcdf
