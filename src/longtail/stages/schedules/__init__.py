"""Learning-rate schedules, one file each: a function `(total, per_epoch, lr, *, settings)` to a rate for every step.

`total` and `per_epoch` count steps, `lr` is the optimiser's rate; what comes back maps a step, 0 for the first, to the
rate then. Groups with a factor of their own keep it.
"""
