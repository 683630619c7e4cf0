"""ML-Decoder against a re-statement of the public code on `nn.MultiheadAttention`, from its own checkpoints."""

import copy
import io

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from longtail.cli import run
from longtail.errors import UserError
from longtail.models import MLDecoder
from longtail.models.backbones.building import build_backbone
from longtail.models.backbones.shake_shake import shake_shake_26_2x32d
from longtail.models.class_changes import resize_head
from longtail.models.classifier import Classifier
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.building import build_head
from longtail.models.heads.cross_attention import CrossAttention
from longtail.models.heads.ml_decoder import chosen_logits, even_queries, grouped_logits, least_read
from longtail.models.heads.ml_decoder_public import from_public_names

SIZES = FeatureSizes(width=10, token_width=10, prefix_tokens=3, class_token=True)
SMALL = {"dim": 16, "hidden": 24}


class _Layer(nn.Module):
    """The public code's layer."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(dim) for _ in range(3))
        self.multihead_attn = nn.MultiheadAttention(dim, 8, dropout=0.1)
        self.linear1, self.linear2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        x = self.norm1(x + x)
        x = self.norm2(x + self.multihead_attn(x, memory, memory)[0])
        return self.norm3(x + self.linear2(torch.relu(self.linear1(x))))  # type: ignore[no-any-return]


class _Public(nn.Module):
    """The public head, whose entries are `decoder.*`, without dropout."""

    def __init__(self, classes: int, queries: int, width: int, dim: int = 16, hidden: int = 24) -> None:
        super().__init__()
        self.classes, each = classes, -(-classes // queries)
        self.decoder = nn.Module()
        self.decoder.layers = nn.ModuleList([_Layer(dim, hidden)])
        self.decoder.embed_standart = nn.Linear(width, dim)
        self.decoder.query_embed = nn.Embedding(queries, dim)
        self.decoder.duplicate_pooling = nn.Parameter(torch.randn(queries, dim, each))
        self.decoder.duplicate_pooling_bias = nn.Parameter(torch.randn(classes))
        for parameter in self.parameters():
            parameter.data += 0.1 * torch.randn_like(parameter)  # biases and norms too

    def forward(self, tokens: Tensor) -> Tensor:
        memory = torch.relu(self.decoder.embed_standart(tokens)).transpose(0, 1)  # type: ignore[operator]
        queries: Tensor = self.decoder.query_embed.weight  # type: ignore[union-attr,assignment]
        x = queries[:, None].expand(-1, len(tokens), -1)
        x = self.decoder.layers[0](x, memory).transpose(0, 1)  # type: ignore[index,operator]
        pooling: Tensor = self.decoder.duplicate_pooling  # type: ignore[assignment]
        out = torch.zeros(len(tokens), len(queries), pooling.shape[2])
        for query in range(len(queries)):
            out[:, query] = x[:, query] @ pooling[query]
        return out.flatten(1)[:, : self.classes] + self.decoder.duplicate_pooling_bias  # type: ignore[operator]


@pytest.mark.parametrize(("classes", "queries"), [(5, 5), (7, 3), (8, 4), (1, 1), (130, 100)])
def test_public_checkpoints_give_the_public_output(classes: int, queries: int) -> None:
    public = _Public(classes, queries, width=10).eval()
    state = {f"head.{name}": tensor for name, tensor in public.state_dict().items()}
    head = MLDecoder.from_public_state_dict({"body.conv.weight": torch.zeros(3), **state})
    tokens = torch.randn(3, 6, 10)
    torch.testing.assert_close(head(tokens), public(tokens))
    again = MLDecoder.from_public_state_dict(public.state_dict())
    torch.testing.assert_close(again(tokens), public(tokens))
    built = build_head("ml-decoder", SIZES, classes, groups=max(queries, 1), **SMALL).eval()
    built.load_state_dict(from_public_names(state))
    features = Features(tokens=torch.cat([torch.randn(3, 3, 10), tokens], 1))
    torch.testing.assert_close(built(features), public(tokens))  # class and register tokens are left out


def test_other_checkpoints_are_refused() -> None:
    state = _Public(5, 5, 10).state_dict()
    for changed, message in [
        ({}, "no entry 'decoder.duplicate_pooling'"),
        ({n: t for n, t in state.items() if "norm2" not in n}, "lacks layers.0.norm2.bias, layers.0.norm2.weight"),
        ({**state, "decoder.wordvec_proj.weight": torch.zeros(1)}, "has unknown wordvec_proj.weight"),
    ]:
        with pytest.raises(UserError) as told:
            MLDecoder.from_public_state_dict(changed)
        assert message in str(told.value)


def test_gradients_against_torchs_own_attention() -> None:
    layer, reference = CrossAttention(16, 4, 24, dropout=0.0), nn.MultiheadAttention(16, 4, batch_first=True)
    reference.in_proj_weight.data = torch.cat([layer.query.weight, layer.key_value.weight]).detach()
    reference.out_proj.load_state_dict(layer.out.state_dict())
    queries, memory = torch.randn(2, 3, 16, requires_grad=True), torch.randn(2, 5, 16, requires_grad=True)
    found, wanted = layer.read(queries, memory), reference(queries, memory, memory)[0]
    torch.testing.assert_close(found, wanted)
    for one, other in zip(
        torch.autograd.grad(found.square().sum(), (queries, memory)),
        torch.autograd.grad(wanted.square().sum(), (queries, memory)),
        strict=True,
    ):
        torch.testing.assert_close(one, other)
    bound = nn.MultiheadAttention(64, 4).in_proj_weight.abs().max()
    assert CrossAttention(64, 4, 8, 0.1).key_value.weight.abs().max().item() == pytest.approx(bound.item(), rel=0.01)


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 2**16))
@settings(max_examples=25, deadline=None)
def test_groups_against_a_loop(classes: int, queries: int, seed: int) -> None:
    queries = min(queries, classes)
    generator = torch.Generator().manual_seed(seed)
    answers, weight = torch.randn(2, queries, 3, generator=generator), torch.randn(classes, 3, generator=generator)
    found, each = grouped_logits(answers, weight), -(-classes // queries)
    for b in range(2):
        for c in range(classes):
            torch.testing.assert_close(found[b, c], answers[b, c // each] @ weight[c])
    torch.testing.assert_close(chosen_logits(answers, weight, even_queries(classes, queries)), found)


def test_parameters_as_published() -> None:
    def trainable(head: nn.Module) -> int:
        return sum(p.numel() for p in head.parameters() if p.requires_grad)

    with torch.device("meta"):
        assert trainable(MLDecoder(FeatureSizes(2432, token_width=2432), 26)) == 7_404_058
        blocks = FeatureSizes(4096, token_width=4096, prefix_tokens=1, class_token=True)
        assert trainable(MLDecoder(blocks, 40)) == 8_692_776  # GLoRI without and with the class token: 8.69, 8.86 M
        assert trainable(MLDecoder(blocks, 40, cat_cls=True)) == 8_856_616
        assert trainable(MLDecoder(FeatureSizes(2432, token_width=2432), 26, queries="learned")) == 7_404_058 + 26 * 768
        assert MLDecoder(FeatureSizes(8, token_width=8), 1000).queries.shape == (100, 768)


def test_fixed_queries_are_never_trained() -> None:
    head = MLDecoder(SIZES, 4, **SMALL)
    for _ in range(2):
        assert [name for name, p in head.named_parameters() if not p.requires_grad] == ["queries"]
        head.requires_grad_(False).requires_grad_()


def test_which_tokens_are_read() -> None:
    tokens = torch.randn(2, 8, 10)
    features = Features(tokens=tokens)
    head = MLDecoder(SIZES, 4, tokens="cls+patch", **SMALL).eval()
    torch.testing.assert_close(head(features), head(torch.cat([tokens[:, :1], tokens[:, 3:]], 1)))
    both = MLDecoder(SIZES, 4, cat_cls=True, **SMALL).eval()
    plain = MLDecoder(SIZES, 4, **SMALL).eval()
    plain.load_state_dict({**both.state_dict(), "weight": both.weight[:, :16]})
    torch.testing.assert_close(both(features), plain(features) + tokens[:, 0] @ both.weight[:, 16:].T)
    with pytest.raises(UserError, match="needs class tokens"):
        both(tokens)


def test_blocks_side_by_side_on_a_vision_transformer() -> None:
    backbone = build_backbone("test_vit", weights="none", image_size=64)
    model = Classifier(backbone, build_head("ml-decoder", backbone.sizes, 3, n_blocks=2, **SMALL)).eval()
    images = torch.randn(2, 3, 64, 64)
    maps = backbone.maps(images)[-2:]
    tokens = torch.stack([torch.cat([m[:, :, y, x] for m in maps], 1) for y in range(4) for x in range(4)], 1)
    torch.testing.assert_close(model(images), model.head(tokens))
    for name in ("test_vit", "resnet18"):
        one = build_backbone(name, weights="none", image_size=64).eval()
        tokens = one.tokens(images)[:, one.sizes.prefix_tokens :]
        alone = Classifier(one, build_head("ml-decoder", one.sizes, 3, **SMALL)).eval()
        torch.testing.assert_close(alone(images), alone.head(tokens))


def test_glori_reads_blocks_and_their_class_tokens() -> None:
    backbone = build_backbone("vit_small_patch14_reg4_dinov2", weights="none", image_size=28).eval()
    images = torch.randn(2, 3, 28, 28)
    features = backbone(images, {"pooled", "maps", "tokens", "blocks"})
    plain = backbone(images, {"pooled", "maps", "tokens"})
    torch.testing.assert_close(features.pooled, plain.pooled)
    torch.testing.assert_close(features.maps, plain.maps)
    torch.testing.assert_close(features.blocks[-1], plain.tokens)
    for block, found in zip(features.blocks, plain.maps, strict=True):
        torch.testing.assert_close(block[:, 5:], found.flatten(2).transpose(1, 2))
    glori = build_head("ml-decoder", backbone.sizes, 3, n_blocks=4, cat_cls=True, **SMALL).eval()
    assert glori.wants == {"blocks"}
    side_by_side = torch.cat(features.blocks, -1)
    expected = glori.token_logits(side_by_side[:, 5:], side_by_side[:, 0])
    torch.testing.assert_close(Classifier(backbone, glori).eval()(images), expected)
    assert glori.weight.shape == (3, 16 + 4 * 384)
    with pytest.raises(UserError, match="has no blocks with a class token"):
        build_backbone("test_resnet", weights="none")(torch.randn(1, 3, 32, 32), {"blocks"})


@pytest.mark.parametrize("blocks", [1, 2])
def test_glori_s_form_on_a_cnn_reads_the_mean_of_its_places(blocks: int) -> None:
    sizes = FeatureSizes(width=6, channels=(4, 10, 10), strides=(8, 16, 16), token_width=10)
    head = MLDecoder(sizes, 4, n_blocks=blocks, cat_cls=True, **SMALL).eval()
    maps = [torch.randn(2, 4, 6, 6), torch.randn(2, 10, 3, 3), torch.randn(2, 10, 3, 3)]
    places = torch.cat([found.flatten(2) for found in maps[-blocks:]], 1).transpose(1, 2)
    found = head(Features(maps=maps) if blocks > 1 else Features(tokens=places))
    plain = MLDecoder(sizes, 4, n_blocks=blocks, **SMALL).eval()
    plain.load_state_dict({**head.state_dict(), "weight": head.weight[:, :16]})
    torch.testing.assert_close(found, plain.token_logits(places) + places.mean(1) @ head.weight[:, 16:].T)


def test_tokens_that_are_not_there_are_never_read() -> None:
    head, tokens = MLDecoder(SIZES, 4, **SMALL).eval(), torch.randn(2, 8, 10)
    mask = torch.tensor([[True] * 5 + [False] * 3, [True] * 8])
    found = head.token_logits(tokens, mask=mask)
    torch.testing.assert_close(found[:1], head.token_logits(tokens[:1, :5]))
    torch.testing.assert_close(found[1:], head.token_logits(tokens[1:]))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("classes", [4, 9])
def test_any_float_type_of_tokens_with_and_without_autocast(dtype: torch.dtype, classes: int) -> None:
    head = MLDecoder(SIZES, classes, cat_cls=True, groups=4, **SMALL).eval()
    tokens = torch.randn(2, 8, 10)
    exact = head(Features(tokens=tokens))
    head.load_state_dict({**head.state_dict(), "query_of": head.query_of.flip(0)})
    shuffled = head(Features(tokens=tokens))
    for wanted, order in ((exact, even_queries(classes, 4)), (shuffled, head.query_of.clone())):
        head.load_state_dict({**head.state_dict(), "query_of": order})
        torch.testing.assert_close(head(Features(tokens=tokens.to(dtype))), wanted, atol=0.05, rtol=0.05)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = head(Features(tokens=tokens.to(dtype)))
        torch.testing.assert_close(found.float(), wanted, atol=0.1, rtol=0.1)


def test_dropout_rests_in_eval_and_works_in_training() -> None:
    head, tokens = MLDecoder(SIZES, 4, **SMALL), torch.randn(2, 8, 10)
    assert not torch.equal(head(tokens), head(tokens))
    functional.binary_cross_entropy_with_logits(head(tokens), torch.ones(2, 4)).backward()
    assert all(p.grad is not None for name, p in head.named_parameters() if name != "queries")
    assert torch.equal(head.eval()(tokens), head(tokens))


@pytest.mark.parametrize(
    ("before", "after"),
    [(3, [2, None, 0]), (3, [1]), (3, [0, None, 2, None, 1, None, None]), (9, [8, None, 3, 0, None, 5]), (9, [4, 8])],
)
def test_classes_keep_their_logits_and_weights_return(before: int, after: list[int | None]) -> None:
    options = {"groups": 4, "layers": 2, **SMALL}
    head = build_head("ml-decoder", SIZES, before, **options).eval()
    tokens = torch.randn(2, 8, 10)
    old = head(tokens)
    head.resize(after)
    found = head(tokens)
    assert found.shape == (2, len(after))
    for new, row in enumerate(after):
        if row is not None:
            torch.testing.assert_close(found[:, new], old[:, row])
    assert not head.queries.requires_grad
    fresh = build_head("ml-decoder", SIZES, len(after), **options).eval()
    fresh.load_state_dict(head.state_dict())  # as from a run's file: the same shapes
    torch.testing.assert_close(fresh(tokens), found)
    fresh.reset()
    assert not torch.equal(fresh(tokens), found)
    torch.testing.assert_close(copy.deepcopy(head)(tokens), found)


def test_new_classes_take_the_least_read_query() -> None:
    assert least_read([0, None, 0, None, None, 2], 3) == [0, 1, 0, 1, 2, 2]


def test_a_model_resizes_and_exports() -> None:
    backbone = shake_shake_26_2x32d(width=4, depth=8)
    model = Classifier(backbone, build_head("ml-decoder", backbone.sizes, 3, **SMALL)).eval()
    images = torch.randn(4, 3, 16, 16)
    logits = model(images)
    resize_head(model, ["a", "b", "c"], ["c", "new", "a"])
    torch.testing.assert_close(model(images)[:, [0, 2]], logits[:, [2, 0]])
    program, kept = torch.export.export(model, (images,)), io.BytesIO()
    torch.export.save(program, kept)
    kept.seek(0)
    torch.testing.assert_close(torch.export.load(kept).module()(images), model(images))


def test_mistakes_are_told() -> None:
    plain = FeatureSizes(width=4, channels=(3, 3, 4), strides=(8, 16, 16), token_width=4)
    for sizes, options, message in [
        (SIZES, {"tokens": "clss+patch"}, "Did you mean 'cls+patch'?"),
        (SIZES, {"dim": 20}, "heads divide"),
        (SIZES, {"groups": 0}, "sizes above 0"),
        (plain, {"tokens": "cls+patch"}, "the backbone has no class token"),
        (plain, {"n_blocks": 3}, "last stage maps of one size are 2"),
        (plain, {"n_blocks": 0}, "n_blocks is 0"),
        (FeatureSizes(width=4), {}, "needs a backbone with tokens"),
    ]:
        with pytest.raises(UserError) as told:
            build_head("ml-decoder", sizes, 3, **options)  # type: ignore[arg-type]
        assert message in str(told.value)


def test_it_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "heads"]) == 0
    assert "ml-decoder" in capsys.readouterr().out.replace("\n", "")
