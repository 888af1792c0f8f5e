"""`python -m avatar_bridge`."""

from avatar_bridge.cli import main

if __name__ == "__main__":
    main()
