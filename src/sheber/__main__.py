"""`python -m sheber`: the same as the command `sheber`."""

from sheber.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
