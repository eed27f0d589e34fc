"""`python -m solobox`."""

from solobox.cli.main import main

if __name__ == "__main__":
    main()
