"""The tables and curves of the stage-training paper (Yamagishi & Hanaoka 2023), for one's own runs. No torch.

Each is a function to a `PaperTable`; `longtail tables` prints and writes them.
"""
