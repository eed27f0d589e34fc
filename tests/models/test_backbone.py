"""Trunks by name."""

import pytest
import torch

from solobox.errors import ConfigError
from solobox.models.backbone import build_trunk, cut, parts


@pytest.mark.parametrize(
    ("name", "channels", "side"),
    [
        ("tiny", 96, 8),
        ("small", 144, 4),
        ("resnet18", 512, 2),
        ("mobilenet_v3_small", 576, 2),
        ("squeezenet1_0", 512, 3),
    ],
)
def test_trunk_gives_a_map_and_takes_a_gradient(
    name: str, channels: int, side: int, device: torch.device
) -> None:
    trunk, found = build_trunk(name)
    features = trunk.to(device)(torch.randn(2, 3, 64, 64, device=device))
    assert found == channels
    assert features.shape == (2, channels, side, side)
    features.square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in trunk.parameters())


def test_trunk_is_handed_out_ready_to_train_and_unused() -> None:
    trunk, _ = build_trunk("resnet18")
    assert trunk.training
    assert all(m.num_batches_tracked == 0 for m in trunk.modules() if hasattr(m, "running_mean"))


def test_classifier_is_not_part_of_the_trunk() -> None:
    for name in ("resnet18", "squeezenet1_0"):
        shapes = {tuple(p.shape)[:1] for p in build_trunk(name)[0].parameters()}
        assert (1000,) not in shapes


def test_unknown_backbone_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match=r"one of tiny, small, .*resnet18.*; found resnet19"):
        build_trunk("resnet19")


def test_transformer_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.backbone must be"):
        build_trunk("vit_b_32")


def test_trunk_with_channels_last_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.backbone must be"):
        build_trunk("swin_t")


# The smallest of each family of torchvision's, and the sides that two of them need.
FAMILIES = {
    "alexnet": 64, "convnext_tiny": 32, "densenet121": 32, "efficientnet_b0": 32,
    "efficientnet_v2_s": 32, "googlenet": 32, "inception_v3": 75, "mnasnet0_5": 32,
    "mobilenet_v2": 32, "mobilenet_v3_large": 32, "mobilenet_v3_small": 32, "regnet_x_400mf": 32,
    "regnet_y_400mf": 32, "resnet18": 32, "resnext50_32x4d": 32, "shufflenet_v2_x0_5": 32,
    "squeezenet1_1": 32, "vgg11": 32, "vgg11_bn": 32, "wide_resnet50_2": 32,
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_gives_a_map_and_trains(name: str, device: torch.device) -> None:
    size = FAMILIES[name]
    trunk, channels = build_trunk(name, size)
    features = trunk.to(device)(torch.randn(2, 3, size, size, device=device))
    assert features.shape[:2] == (2, channels)
    features.square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in trunk.parameters())


@pytest.mark.parametrize("name", ["tiny", "small", *sorted(FAMILIES.keys() - {"inception_v3"})])
def test_fine_trunk_gives_a_map_about_twice_as_fine_with_the_same_weights(name: str) -> None:
    size = 2 * FAMILIES.get(name, 32)
    (coarse, channels), (fine, again) = build_trunk(name, size), build_trunk(name, size, fine=True)
    images = torch.randn(1, 3, size, size)
    shapes = [trunk.eval()(images).shape for trunk in (coarse, fine)]
    assert channels == again
    assert shapes[1][-1] > 1.4 * shapes[0][-1]
    fine.load_state_dict(coarse.state_dict())


def test_trunk_whose_halving_is_no_layer_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.fine=true does not suit inception_v3"):
        build_trunk("inception_v3", 150, fine=True)


def test_no_family_of_torchvision_is_left_out() -> None:
    from torchvision import models

    # Built here are those that fit into two seconds; their larger siblings share the code.
    stem = {name.rstrip("0123456789_").split("_")[0].rstrip("0123456789") for name in FAMILIES}
    for name in models.list_models(module=models):
        if not name.startswith(("vit_", "swin_", "maxvit")):
            assert any(name.startswith(known) for known in stem | {"wide"}), name


def test_image_that_a_trunk_shrinks_to_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"data\.size=16 is too small for alexnet"):
        build_trunk("alexnet", 16)


@pytest.mark.parametrize("name", ["tiny", "resnet18", "vgg11", "shufflenet_v2_x0_5"])
def test_grey_trunk_says_of_grey_what_the_colour_one_says(name: str) -> None:
    torch.manual_seed(0)
    colour, _ = build_trunk(name, 64)
    torch.manual_seed(0)
    grey, _ = build_trunk(name, 64, channels=1)
    picture = torch.rand(2, 1, 64, 64)
    expected = colour.eval()(picture.expand(-1, 3, -1, -1))
    torch.testing.assert_close(grey.eval()(picture), expected, rtol=1e-4, atol=1e-5)


def test_two_channels_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.channels must be 3 .* or 1 .*; found 2"):
        build_trunk("tiny", channels=2)


@pytest.mark.parametrize(
    ("name", "count"), [("tiny", 7), ("mobilenet_v2", 19), ("resnet18", 6), ("mnasnet0_5", 14)]
)
def test_parts_hold_all_weights_once(name: str, count: int) -> None:
    trunk, _ = build_trunk(name)
    found = parts(trunk)
    assert sum(sum(1 for _ in part.parameters()) for part in found) == len(list(trunk.parameters()))
    assert len(found) == count


@pytest.mark.parametrize(("name", "size"), [("googlenet", 64), ("inception_v3", 96)])
def test_inceptions_see_what_their_pretrained_weights_expect(name: str, size: int) -> None:
    from torchvision import models

    network = models.get_model(name, weights=None, transform_input=True, init_weights=True).eval()
    pooled: list[torch.Tensor] = []
    network.avgpool.register_forward_pre_hook(lambda _, inputs: pooled.append(inputs[0]))
    images = torch.randn(1, 3, size, size)
    network(images)
    torch.testing.assert_close(cut(network)(images), pooled[0], rtol=5e-3, atol=1e-2)
