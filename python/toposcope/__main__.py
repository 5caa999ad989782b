"""``python -m toposcope`` is the same as ``toposcope``."""

from .cli import main

raise SystemExit(main())
