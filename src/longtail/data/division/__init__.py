"""The room of divisions: splits and folds of whole groups with every label's share, and cutting a long tail.

Functions here take a manifest (or arrays) and return one; they never look at an image.
"""
