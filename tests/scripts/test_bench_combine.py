"""What a combination adds to a step."""

import re
import sys

import pytest
import torch

from scripts import bench_combine


def test_each_combination_and_the_published_pcgrad_are_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--backbone", "tiny", "--size", "32", "--batch", "4", "--rounds", "1"]
    monkeypatch.setattr(sys, "argv", ["bench", *options, "--combine", "sum", "pcgrad", "gradnorm"])
    bench_combine.main()
    out = capsys.readouterr().out
    assert set(re.findall(r"^(\w+): [+-][\d.]+ %$", out, re.M)) == {"sum", "pcgrad", "gradnorm"}
    assert re.search(r"PCGrad as published: [+-][\d.]+ %", out)


def test_the_published_pcgrad_projects_both_gradients() -> None:
    step = bench_combine.Step("tiny", 32, 4, torch.device("cpu"))
    step.model.eval()  # the same features for each call
    parameters = list(step.model.parameters())
    one, other = (
        torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters, retain_graph=True,
                                                            materialize_grads=True)])
        for loss in step.tasks(step.model.features(step.images))
    )  # fmt: skip
    dot = one @ other
    expected = one + other
    if dot < 0:
        expected = expected - dot / (other @ other) * other - dot / (one @ one) * one
    step.pcgrad()
    found = torch.cat([p.grad.flatten() for p in parameters])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
