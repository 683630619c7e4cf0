"""The report room: one self-contained HTML file that opens from disk, without a network.

Templates and what fills them live here. Nothing is computed here that another room could compute, and torch stays out.
"""
