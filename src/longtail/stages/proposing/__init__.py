"""The proposing room: a recipe for one manifest, with each setting's reason, after nnU-Net's plans.

What is there (`fingerprint`, `machine`), what follows from it (`rules`), and the file that says so (`proposal`).
Nothing is trained or tried out here.
"""
