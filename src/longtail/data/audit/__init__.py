"""The audit room: what is in a manifest before anything is trained on it, as numbers, tables and one page of plots.

Everything here only looks; nothing may change a manifest or an image.
"""
