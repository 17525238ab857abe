"""Run the command line as ``python -m zenprofile``."""

import sys

from zenprofile.cli.main import main

sys.exit(main())
