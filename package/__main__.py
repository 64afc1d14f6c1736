"""The provider as a process: the engine starts it with the folder, or its own address."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from package.provider import main  # noqa: E402 (behind the folder that it is in)

if __name__ == "__main__":
    main()
