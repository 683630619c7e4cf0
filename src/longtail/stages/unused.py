"""Whether every trained parameter gets a gradient in every step, so that several processes need not look for others.

Looking costs a walk over the whole graph in each step. Parts of a backbone behind the last map that a head reads, or a
mask token of pre-training, are what it is for.
"""

import torch
from torch import Tensor, nn

from longtail.stages.batch import Batch
from longtail.stages.learner import Learner
from longtail.stages.loss_term import When

_ROWS = 2  # of the batch that is looked at: the graph is the same for few


def every_gradient(learner: Learner, batch: Batch) -> bool:
    """Whether the loss of a batch hangs on all that trains: told by one forward of a few rows, without a backward.

    False in doubt: for losses that compare rows or features (no pair, no gradient) or count for a part of the training.
    """
    terms = list(learner.objective.all_terms())
    if any(term.needs != "logits" or term.reduction == "batch" or term.when != When() for term in terms):
        return False
    part = next(batch.parts(max(len(batch) // _ROWS, 1)))
    before, buffers = learner.training, {name: buffer.clone() for name, buffer in learner.named_buffers()}
    with torch.random.fork_rng():
        used = _leaves(learner.train()(part))
    learner.train(before)
    with torch.no_grad():
        for name, buffer in learner.named_buffers():  # running statistics
            buffer.copy_(buffers[name])
    return all(parameter in used for parameter in learner.parameters() if parameter.requires_grad)


def _leaves(loss: Tensor) -> set[nn.Parameter]:
    """The parameters that a loss would send gradients to."""
    left, seen, found = [loss.grad_fn], set(), set()
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.add(node.variable)
        left += [parent for parent, _ in node.next_functions]
    return found
