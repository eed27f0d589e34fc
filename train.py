"""Train from the command line: `python train.py loss=focal_balancedl1`."""

from solobox.cli.train import main

if __name__ == "__main__":
    main()
