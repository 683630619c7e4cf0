"""Weights: reading files without unpickling objects, fitting their tensors to a backbone, the hub, packaged weights.

Pure functions on state dicts (name to tensor). Nothing is downloaded but by `hub`, and only timm does that; a model's
layers and a run's checkpoints of optimisers do not enter.
"""
