"""`solobox VERB ...`, the same as `python -m solobox VERB ...`."""

import errno
import sys
from importlib import import_module

from solobox.cli.output import flush, give_up

VERBS = {
    "train": "train a model; `solobox train --help` lists every choice",
    "check": "check a folder of images: `solobox check PATH` lists all problems, writes a page",
    "shards": "pack images for data=shards: `solobox shards data=auto data.root=... --out SHARDS`",
    "tune": "find a learning rate and the largest batch; options as for train",
    "preview": "draw training images as a run sees them: `solobox preview data=auto data.root=...`",
    "evaluate": "judge a checkpoint: `solobox evaluate runs/NAME/checkpoints/best.ckpt`",
    "predict": "class and box of any images: `solobox predict best.ckpt photos/`",
    "demo": "a page to drop images on: `solobox demo best.ckpt` (needs solobox[demo])",
    "export": "a file for other programs: `solobox export best.ckpt --format onnx`",
    "report": "a run's own page: `solobox report runs/NAME` writes report.html",
    "study": "compare the runs of a sweep: `solobox study runs/SWEEP` writes study.html",
    "losses": "all losses with formula and source; `solobox losses show NAME` draws one",
}
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main() -> None:
    """Hand the arguments to a verb."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help"):
        print("usage: solobox VERB [arguments]\n")
        print("\n".join(f"  {name:10} {what}" for name, what in VERBS.items()))
    elif verb in VERBS:
        sys.argv = [f"{sys.argv[0]} {verb}", *sys.argv[2:]]
        _run(verb)
    else:
        raise SystemExit(f"solobox: there is no verb {verb!r}; expected {', '.join(VERBS)}")


def _run(verb: str) -> None:
    try:
        try:
            import_module(f"solobox.cli.{verb}").main()
        finally:
            flush()
    except KeyboardInterrupt:
        print(f"solobox {verb}: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # of `solobox ... | head`, which has seen enough
        give_up()
        sys.exit(1)
    except OSError as error:
        if error.filename is not None or error.errno not in FULL:
            raise
        give_up()
        sys.exit(f"error: cannot write standard output ({error.strerror})")
