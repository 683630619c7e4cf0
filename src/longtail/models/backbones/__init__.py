"""Backbones: images `(B, C, H, W)` to `Features`, through one interface; timm's by name and our own, one file each.

A backbone of our own registers a function `(*, channels, image_size, drop_path) -> Backbone` with `BACKBONES` and is
then built by its name. Weights are `longtail.models.weights`' business; heads never enter.
"""
