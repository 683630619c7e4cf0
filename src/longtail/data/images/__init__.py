"""The image room: from a file of any usual format to uint8 pixels, and from a manifest to prepared pixels on disk.

Decoders (JPEG, PNG, TIFF, WebP, BMP, DICOM), resizing, and the store of prepared images live here. Labels stay out.
"""
