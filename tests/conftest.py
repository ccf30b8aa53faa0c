"""What all tests share."""

import tests.hypothesis_profiles  # noqa: F401 (registers the profiles `ci` and `fuzz`)
