"""Heads: `Features` of any backbone to logits `(B, C)`, one file each, a pure function first.

A head registers with `HEADS`, takes `(sizes, num_classes, *, options)` and says what features it `wants`. Backbones,
losses and class weights do not enter.
"""
