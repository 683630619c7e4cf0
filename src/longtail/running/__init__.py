"""The running room: what any training needs that may be killed, gone on with, or spread over several processes.

The processes of one training, its state in one file, its log that forgets what a resume repeats. Both loops, of the
stages and of pre-training, stand on it. Nothing of what is trained enters: no batch, no loss, no recipe.
"""
