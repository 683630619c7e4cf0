"""MedMNIST and MedMNIST+ (Yang et al. 2023), any subset and size, in files such as `pathmnist_64.npz` (medmnist.com).

The class names are those of the publication. The official splits are kept; patients and lesions are not published
(34.6 % of DermaMNIST's official test images show a lesion that is also in its training set).
"""

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest
from longtail.data.readers import READERS
from longtail.data.readers.array_images import Part, labelled, write_images
from longtail.data.readers.arrays import Npz, as_pixels, require_rows
from longtail.data.readers.published import find_files
from longtail.errors import UserError, listing, unknown_name

Volume = Literal["refuse", "middle"]

_ORGANS = (
    "bladder", "femur-left", "femur-right", "heart", "kidney-left", "kidney-right", "liver", "lung-left", "lung-right",
    "pancreas", "spleen",
)  # fmt: skip
CLASSES: dict[str, tuple[str, ...]] = {
    "pathmnist": (
        "adipose", "background", "debris", "lymphocytes", "mucus", "smooth muscle", "normal colon mucosa",
        "cancer-associated stroma", "colorectal adenocarcinoma epithelium",
    ),
    "chestmnist": (
        "atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumonia", "pneumothorax",
        "consolidation", "edema", "emphysema", "fibrosis", "pleural", "hernia",
    ),
    "dermamnist": (
        "actinic keratoses and intraepithelial carcinoma", "basal cell carcinoma", "benign keratosis-like lesions",
        "dermatofibroma", "melanoma", "melanocytic nevi", "vascular lesions",
    ),
    "octmnist": ("choroidal neovascularization", "diabetic macular edema", "drusen", "normal"),
    "pneumoniamnist": ("normal", "pneumonia"),
    "retinamnist": ("0", "1", "2", "3", "4"),  # grades of diabetic retinopathy
    "breastmnist": ("malignant", "normal, benign"),
    "bloodmnist": (
        "basophil", "eosinophil", "erythroblast", "immature granulocytes", "lymphocyte", "monocyte", "neutrophil",
        "platelet",
    ),
    "tissuemnist": (
        "Collecting Duct, Connecting Tubule", "Distal Convoluted Tubule", "Glomerular endothelial cells",
        "Interstitial endothelial cells", "Leukocytes", "Podocytes", "Proximal Tubule Segments", "Thick Ascending Limb",
    ),
    "organamnist": _ORGANS,
    "organcmnist": _ORGANS,
    "organsmnist": _ORGANS,
    "organmnist3d": (
        "liver", "kidney-right", "kidney-left", "femur-right", "femur-left", "bladder", "heart", "lung-right",
        "lung-left", "spleen", "pancreas",
    ),
    "nodulemnist3d": ("benign", "malignant"),
    "adrenalmnist3d": ("normal", "hyperplasia"),
    "fracturemnist3d": ("buckle rib fracture", "nondisplaced rib fracture", "displaced rib fracture"),
    "vesselmnist3d": ("vessel", "aneurysm"),
    "synapsemnist3d": ("inhibitory synapse", "excitatory synapse"),
}  # fmt: skip
SPLITS = ("train", "val", "test")


@READERS.register("medmnist", publication="Yang et al. 2023", files="any official .npz, such as dermamnist_64.npz")
def read_medmnist(root: Path, out: Path, *, subset: str | None = None, volume: Volume = "refuse") -> Manifest:
    """MedMNIST, any subset and size: official splits, one class per image (ChestMNIST: 14 labels).

    `subset` picks the file by its name where `root` holds several (`dermamnist` or `dermamnist_64`); `volume=middle`
    takes the central slice of the three-dimensional subsets, which are refused otherwise.
    """
    path = _file(root, subset)
    arrays = Npz(path)
    kind = path.stem.split("_")[0].lower()
    parts = [_part(arrays, split, volume) for split in SPLITS if f"{split}_images" in arrays.headers]
    if not parts:
        raise UserError(
            f"'{path}' has no array train_images, val_images or test_images, as MedMNIST files do; it has"
            f" {listing(list(arrays.headers)) or 'none'}. For other arrays, use 'npz'."
        )
    table = write_images(parts, out, kind)
    return labelled(table, np.concatenate([part.labels for part in parts]), CLASSES.get(kind), out, f"'{path.name}'")


def _file(root: Path, subset: str | None) -> Path:
    found = [root] if root.is_file() else find_files(root, ["*.npz", "**/*.npz"])
    if not found:
        raise UserError(f"no .npz file in '{root}'; MedMNIST publishes one for each subset, such as dermamnist_64.npz.")
    if subset:
        wanted = [path for path in found if path.stem.lower() == subset.lower().removesuffix(".npz")]
        if not wanted:
            raise unknown_name("subset", subset, [path.stem for path in found], f"'{root}'")
        return wanted[0]
    if len(found) > 1:
        names = listing([path.stem for path in found])
        raise UserError(f"'{root}' holds {len(found)} .npz files; pick one with subset=NAME ({names}).")
    return found[0]


def _part(arrays: Npz, split: str, volume: Volume) -> Part:
    images, labels = arrays.headers[f"{split}_images"], arrays.load(f"{split}_labels")
    require_rows(arrays.path, {f"{split}_images": images.shape[0], f"{split}_labels": len(labels)})
    what = f"array '{split}_images' of '{arrays.path}'"
    deep = len(images.shape) == 4 and images.shape[3] not in (1, 3, 4)
    if deep and volume == "refuse":
        raise UserError(f"{what} holds volumes of {images.shape[1:]}; take their central slice with volume=middle.")
    batches = (as_pixels(_middle(batch) if deep else batch, what) for batch in arrays.batches(f"{split}_images"))
    return Part(split, batches, int(np.prod(images.shape)) * images.dtype.itemsize, labels, {})


def _middle(volumes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return volumes[:, volumes.shape[1] // 2]
