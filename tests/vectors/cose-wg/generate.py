# SPDX-License-Identifier: Apache-2.0
"""Write expected.json from vectors.json by the rules of the Python model (never by what imprint answers)."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / 'interop'))

from foreign import expected  # noqa: E402

vectors = json.loads((HERE / 'vectors.json').read_text())
lines = ',\n'.join(json.dumps(expected(v)) for v in vectors)
(HERE / 'expected.json').write_text(f'[\n{lines}\n]\n')
