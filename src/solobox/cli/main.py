"""`solobox VERB ...`, the same as `python -m solobox VERB ...`."""

import sys

VERBS = {
    "train": "train a model; `solobox train --help` lists every choice",
    "losses": "all losses with formula and source; `solobox losses show NAME` draws one",
}


def main() -> None:
    """Hand the arguments to a verb."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help"):
        print("usage: solobox VERB [arguments]\n")
        print("\n".join(f"  {name:10} {what}" for name, what in VERBS.items()))
    elif verb == "train":
        from solobox.cli.train import main as train

        sys.argv = [f"{sys.argv[0]} train", *sys.argv[2:]]
        train()
    elif verb == "losses":
        from solobox.cli.losses import main as losses

        del sys.argv[1]
        losses()
    else:
        raise SystemExit(f"solobox: there is no verb {verb!r}; expected {', '.join(VERBS)}")
