"""``python -m rootkappa`` is the command ``rootkappa``."""

from .cli import main

if __name__ == "__main__":
    main()
