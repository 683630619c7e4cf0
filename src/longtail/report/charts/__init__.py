"""Charts: pure functions from numbers to drawings, one kind each. No files, no pages, no metrics may enter."""
