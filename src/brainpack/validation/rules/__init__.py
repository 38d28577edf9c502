"""One small function for each rule, by what it looks at; importing the package registers all of them."""

from brainpack.validation.rules import arguments as arguments
from brainpack.validation.rules import assemblies as assemblies
from brainpack.validation.rules import coordinates as coordinates
from brainpack.validation.rules import expectations as expectations
from brainpack.validation.rules import files as files
from brainpack.validation.rules import media as media
from brainpack.validation.rules import names as names
from brainpack.validation.rules import pairs as pairs
from brainpack.validation.rules import releases as releases
from brainpack.validation.rules import stimuli as stimuli
from brainpack.validation.rules import tables as tables
from brainpack.validation.rules import time_bins as time_bins
from brainpack.validation.rules import values as values
