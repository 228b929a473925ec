"""The command line: `python -m eduscale`."""

import sys

from eduscale.client.command import main

sys.exit(main())
