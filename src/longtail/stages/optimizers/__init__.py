"""Optimisers of a stage, one file each: a function of parameter groups and keyword settings to one of torch's.

Models, schedules and losses do not enter: a group comes with its factor of the rate, and whether it may decay.
"""
