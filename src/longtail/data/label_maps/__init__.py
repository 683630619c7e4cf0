"""Label maps: how data sets' names for findings become one vocabulary. A map is one YAML file here, or the user's own.

    vocabulary: [Atelectasis, Pleural Effusion]
    maps:
      nih: {Effusion: Pleural Effusion, Infiltration: null}   # null: left out

Nothing but YAML files and the code that reads them may enter.
"""

from longtail.data.label_maps.label_map import LabelMap, load_label_map, shipped_label_maps

__all__ = ["LabelMap", "load_label_map", "shipped_label_maps"]
