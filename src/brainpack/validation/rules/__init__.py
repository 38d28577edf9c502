"""One small function for each rule, by what it looks at; importing the package registers all of them."""

from brainpack.validation.rules import arguments as arguments
from brainpack.validation.rules import assemblies as assemblies
from brainpack.validation.rules import names as names
from brainpack.validation.rules import stimuli as stimuli
